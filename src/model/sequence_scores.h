/* sequence_scores.h: histories to rows of tokens, hidden states to scores of all items: the same in every family that reads a
 * sequence of items and scores by products with their embeddings.
 */
#ifndef SEMID_MODEL_SEQUENCE_SCORES_H
#define SEMID_MODEL_SEQUENCE_SCORES_H

#include "model/item_table.h"
#include "tensor/ops_sequence.h"

/* Items of histories that the table knows, the last `most` of each, one behind the other; then, with_mask, a -1. A history of
 * none is its last item, whose embedding is zero; with_mask it is the -1 alone. */
typedef struct sid__asked {
    sid__ragged sequences;
    int32_t *item; /* (T) */
    int32_t *last; /* (count): rows of the last tokens */
} sid__asked;

/* In the tape's memory. */
sid_status sid__take_histories(const sid_model *m, const sid__item_table *table, const sid__history *history,
                               int64_t count, int64_t most, bool with_mask, sid__tape *tape, sid__asked *out);
/* Rows of embedding (items, dim), `mask` (dim) where an item is -1: a value without a gradient. */
sid__value *sid__embed_asked(sid__tape *tape, const sid__asked *asked, const float *embedding, int dim,
                             const float *mask);
/* out (count, items) = x (count, dim) . embedding^T + bias (items) or NULL; items that the table does not know come last. */
void sid__score_items(sid_ctx *ctx, const sid_model *m, const sid__item_table *table, const sid__value *x,
                      const float *embedding, const float *bias, float *out);
/* Items to rows of the training's table, -1 stays: (count) in the tape's memory. */
int32_t *sid__table_rows(const sid__item_table *table, sid__tape *tape, const int32_t *item, int64_t count);
/* Distances from the end of each sequence, (T), in the tape's memory. */
int32_t *sid__places_from_end(sid__tape *tape, const sid__ragged *sequences);

#endif
