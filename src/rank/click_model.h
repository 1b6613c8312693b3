/* click_model.h: the inside of sid_ranker: tables and a family as a feature file names them, and what they were trained on.
 *
 *   click_model.c        made and freed
 *   click_model_items.c  users and items it has met, and keys of each for every feature
 *   click_model_dense.c  numeric columns
 *   click_model_step.c   a batch: embeddings, logits, back again
 *   click_model_run.c    days: training, asking, metrics
 *   click_model_file.c   saved and opened
 *   click_model_towers.c a two-tower one as vectors of items and of requests
 */
#ifndef SEMID_RANK_CLICK_MODEL_H
#define SEMID_RANK_CLICK_MODEL_H

#include <string.h>

#include "data/impressions.h"
#include "rank/click_history.h"
#include "rank/feature_file.h"
#include "rank/item_chances.h"
#include "tensor/optim.h"

enum { SID__GAP_BUCKETS = 16 }; /* of the time since a click: bucket b is of 2^b - 1 minutes on */

/* Keys of items by their number, for one feature: those of item i are key[begin[i]] .. key[begin[i + 1] - 1]. */
typedef struct sid__item_keys {
    uint64_t *key;
    int64_t *begin;
} sid__item_keys;

/* Of a feature of kind sid: where codes and rows come from. */
typedef struct sid__sid_source {
    sid_catalog *catalog;
    sid_pieces *pieces;
} sid__sid_source;

/* What numeric columns become: frozen by the first day that is trained on. */
typedef struct sid__dense_state {
    double mean[SID_DENSE_MAX], deviation[SID_DENSE_MAX];
    double edge[SID_DENSE_MAX][SID__BUCKETS_MAX]; /* buckets - 1 of them, rising */
    bool is_frozen;
} sid__dense_state;

/* Of a batch; grows with it. */
typedef struct sid__click_model_batch {
    int64_t count, capacity, past_capacity, met_capacity, key_capacity;
    int32_t *user, *item, *target; /* (B) the ranker's numbers; target: into `met` */
    uint8_t *label[SID__RANK_TASKS_MAX];
    int64_t *past_begin; /* (B + 1) */
    int32_t *past, *past_of, *position, *gap;
    int32_t *met; /* (met_count) items, each once */
    int64_t met_count;
    int32_t *index_of; /* (items) into met; -1 */
    int64_t index_capacity;
    int32_t *recent; /* (history) */
    double *recent_time, *log_chance;
    uint64_t *key; /* of a feature at a time */
    int64_t *begin;
} sid__click_model_batch;

struct sid_ranker {
    sid_ctx *ctx;
    char *text; /* the feature file */
    size_t text_size;
    sid__feature_plan plan;
    sid_ranker_options options;
    sid_table *table[SID__TABLES_MAX];
    sid__sid_source source[SID__FEATURES_MAX];
    sid__params params;
    sid__optim optim;
    sid__memory memory;
    int dim, dense_width;
    /* What it has met. */
    sid__id_list users, items;
    int64_t *shown; /* (shown_capacity >= items) impressions trained on */
    int64_t shown_capacity;
    sid__click_history history;
    sid__item_chances chances;
    sid__dense_state dense;
    int64_t impressions, clicks, last_day; /* last_day INT64_MIN: none */
    double last_time;
    /* Of the items met, made anew when there are more. */
    sid__item_keys keys[SID__FEATURES_MAX];
    uint8_t *has_sid; /* (keyed_items) NULL: no feature wants SIDs */
    int64_t keyed_items;
    sid__click_model_batch batch;
    sid__attention_look look; /* of the last asking */
};

/* ---- click_model.c ---- */

/* A ranker of the text of a feature file. `text` is copied; `path` is for messages. */
sid_status sid__ranker_make(sid_ctx *ctx, const char *text, size_t size, const char *path,
                            const sid_ranker_options *options, sid_ranker **out, sid_error *err);

/* ---- click_model_items.c ---- */

/* Impressions by the ranker's numbers, and keys of ids that are not the item's. */
typedef struct sid__run_maps {
    int32_t *user, *item;                  /* (users, items of the impressions) */
    uint64_t *key[SID__FEATURES_MAX];      /* of an id feature: by the user's, or the column's, number there */
    const int32_t *row[SID__FEATURES_MAX]; /* its number in each impression, or NULL: the user's */
    int step[SID__FEATURES_MAX];
} sid__run_maps;
/* Notes the users and items of the impressions. Drop the maps in any case. */
sid_status sid__run_maps_make(sid_ranker *ranker, const sid_impressions *impressions, sid__run_maps *out,
                              sid_error *err);
void sid__run_maps_drop(sid__run_maps *maps);
/* The key of an id of a column: equal ids of equal columns have one key, wherever they stand. */
uint64_t sid__id_key(const char *column, const char *id);
static inline bool sid__feature_is_of_item(const sid__feature_plan *plan, int feature)
{
    return plan->feature[feature].kind <= SID__FEATURE_SID &&
           strcmp(plan->feature[feature].column, plan->item_column) == 0;
}
/* The further columns of ids that a plan wants, each once; gives how many. column (SID__FEATURES_MAX). */
int sid__more_id_columns(const sid__feature_plan *plan, const char **column);

/* ---- click_model_dense.c ---- */

int sid__dense_width(const sid__feature_plan *plan);
/* Learns what the transforms need of rows begin .. end - 1. */
sid_status sid__dense_freeze(const sid__feature_plan *plan, const sid_impressions *impressions, int64_t begin,
                             int64_t end, sid__dense_state *out, sid_error *err);
/* A row of numbers (plan->dense_count) as the family gets it, (sid__dense_width). */
void sid__dense_row(const sid__feature_plan *plan, const sid__dense_state *state, const float *from, float *to);

/* ---- click_model_step.c ---- */

/* Impressions begin .. end - 1 in order; p (end - begin) gets scores from before what is learned of them. Their clicks go into
 * the histories. */
sid_status sid__click_model_step(sid_ranker *ranker, const sid_impressions *impressions, const sid__run_maps *maps,
                                 int64_t begin, int64_t end, bool is_training, double *p, sid_error *err);
/* Of the time since a click: which of SID__GAP_BUCKETS. */
int32_t sid__gap_bucket(double seconds);
void sid__click_model_batch_drop(sid__click_model_batch *batch);

#endif
