/* rank_model.h: a ranker at work: tables of users and of items, a family on top, one pass over impressions in the order of time.
 *
 * What describes an item is data (sid__item_source): keys of a table whose rows are summed (ids, hashed ids, pieces of a SID), its
 * content through a small network, or both. A row is an embedding and a weight. Gradients of tables are of the summed loss, so that
 * their rate does not depend on the batch.
 */
#ifndef SEMID_RANK_RANK_MODEL_H
#define SEMID_RANK_RANK_MODEL_H

#include "rank/item_chances.h"
#include "rank/rank_batch.h"
#include "rank/ranker.h"
#include "tensor/optim.h"

typedef struct sid__item_source {
    const uint64_t *key;     /* those of item i: key[begin[i]] .. key[begin[i + 1] - 1] */
    const int64_t *begin;    /* (items + 1); NULL: items have no rows */
    sid_table_options table; /* of these keys; slices are set by the ranker */
    const float *content;    /* (items, content_dim); NULL: none */
    int content_dim;
    int64_t past_from; /* item i of a history is item past_from + i of key and begin; 0: the same as when it is shown */
} sid__item_source;

typedef struct sid__rank_options {
    const sid__ranker_class *family;
    const void *options; /* the family's */
    int dim;             /* of an embedding */
    int batch;           /* impressions a step */
    int history;         /* clicks remembered */
    double table_rate;   /* of Adagrad, of tables */
    double rate;         /* of AdamW, of the rest */
    uint64_t seed;
} sid__rank_options;

typedef struct sid__rank_model {
    sid_ctx *ctx;
    sid__rank_options options;
    sid__item_source source;
    sid_table *users, *items; /* items NULL: without rows */
    sid__params params;
    sid__optim optim;
    sid__memory memory;
    sid__click_history history;
    sid__rank_batch batch;
    uint64_t *key;  /* of the items of a batch */
    int64_t *begin; /* (items of a batch + 1) */
    int64_t key_capacity;
    int content_first; /* parameter; -1: none */
    sid__item_chances chances;
    double *log_chance; /* (batch); NULL: the family does not want it */
} sid__rank_model;

/* Sizes are those of the impressions that it will see. `source` must outlive the model. Drop it in any case. */
sid_status sid__rank_model_create(sid_ctx *ctx, const sid__rank_options *options, const sid__item_source *source,
                                  const sid_impressions *impressions, sid__rank_model *out, sid_error *err);
void sid__rank_model_drop(sid__rank_model *model);
/* Impressions begin .. end - 1 in order, which must be those after the last call's: p (end - begin; NULL: not wanted) gets the
 * probability of a click as it was before the step of its batch. SID_EDATA: a step that is not finite, with its impression. */
sid_status sid__rank_model_run(sid__rank_model *model, const sid_impressions *impressions, int64_t begin, int64_t end,
                               bool is_training, double *p, sid_error *err);

#endif
