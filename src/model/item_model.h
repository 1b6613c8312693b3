/* item_model.h: what the families share that read a sequence of items and score all items by products with their embeddings
 * (sasrec, gru4rec, bert4rec): the items and their file, layers by name, and the way from histories to scores. The state of
 * such a family begins with a sid__item_model.
 */
#ifndef SEMID_MODEL_ITEM_MODEL_H
#define SEMID_MODEL_ITEM_MODEL_H

#include "model/knn_part.h"
#include "model/sequence_scores.h"

typedef struct sid__item_model {
    sid__item_table items;
    float *table; /* (items, dim) what scores are products with */
    float *bias;  /* (items) what is added to them; NULL: nothing */
    sid__knn_part knn;
} sid__item_model;

/* ---- State and file: m->state begins with a sid__item_model ---- */

/* For build and load: m->state of that size, zeroed, where there is none yet. */
sid_status sid__item_model_begin(sid_model *m, size_t size, sid_error *err);
/* For build, after the seal: table, and bias where it has one. */
sid_status sid__item_model_make_room(sid_model *m, int dim, bool has_bias, sid_error *err);
sid_status sid__item_model_save(const sid_model *m, sid__tensor_set *set, sid_error *err);
sid_status sid__item_model_load(sid_model *m, size_t size, const sid__tensor_set *set, sid_error *err);
void sid__item_model_drop(sid_model *m);
sid_status sid__item_model_ready(sid_model *m, sid_error *err);

/* ---- Parameters ---- */

/* Indices of a matrix and its bias, or of a norm's gain and bias. */
typedef struct sid__linear {
    int weight, bias;
} sid__linear;

/* "<prefix><name>.weight" (rows, columns) and .bias; rows 0: of a norm, both (columns). */
sid_status sid__linear_add(sid__params *params, const char *prefix, const char *name, int64_t rows, int columns,
                           sid__linear *to, sid_error *err);
/* Matrices N(0, deviation^2), gains 1, biases 0. */
void sid__item_model_start(const sid_model *m, sid__params *params, double deviation);

/* ---- Forward ---- */

/* One forward; dropout.rate 0 outside of training. */
typedef struct sid__pass {
    const sid_model *m;
    sid__params *params;
    sid__tape *tape;
    const sid__ragged *sequences;
    sid__dropout dropout;
    uint32_t layer; /* of the next dropout */
} sid__pass;

/* Of a step of a training with that share dropped. */
sid__pass sid__pass_of_batch(const sid_model *m, sid__params *params, sid__tape *tape, const sid__batch *batch);
/* Embeddings (T, D) of the batch's items; the table they are rows of, and the targets' rows in it (T). */
sid__value *sid__pass_read(const sid__pass *p, const sid__batch *batch, sid__value **table, const int32_t **target);
sid__value *sid__pass_param(const sid__pass *p, int index);
/* NULL in, NULL out, all of them. */
sid__value *sid__pass_drop(sid__pass *p, sid__value *x);
sid__value *sid__pass_norm(const sid__pass *p, sid__value *x, const sid__linear *norm);
sid__value *sid__pass_apply(const sid__pass *p, sid__value *x, const sid__linear *layer, sid__activation activation);

/* How a family answers: hidden states of the `last` tokens (asked->sequences.count, D) from items' embeddings x (T, D). */
typedef struct sid__answering {
    int64_t history_max;
    int mask; /* parameter that stands behind a history as what is asked for; -1: none does */
    sid__value *(*hidden)(sid__pass *p, sid__value *x, const sid__asked *asked);
} sid__answering;
/* For score: histories to scores of all items. */
sid_status sid__item_model_score(sid_ctx *ctx, const sid_model *m, const sid__answering *how,
                                 const sid__history *history, int64_t count, float *out, sid_error *err);

#endif
