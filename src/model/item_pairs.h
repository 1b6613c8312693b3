/* item_pairs.h: how items follow each other in histories: what itemknn and last go by.
 *
 * T(i, j) = sum of 1 / d over train pairs with i before j at distance d <= SID__PAIR_DISTANCE_MAX in one history;
 * S = T + (1 - forward) T'; similarity = S(i, j) / ((n_i n_j)^1/4 + shrink), n the train events of an item. Of each item the
 * `neighbors` most similar are kept, by (similarity, then lower row).
 */
#ifndef SEMID_MODEL_ITEM_PAIRS_H
#define SEMID_MODEL_ITEM_PAIRS_H

#include "data/split.h"
#include "io/tensor_set.h"

enum { SID__PAIR_DISTANCE_MAX = 10 };

/* Neighbours of item i: neighbor[begin[i] .. begin[i + 1] - 1], most similar first. Invariant: begin rises, all is in range,
 * similarities are finite and above 0. */
typedef struct sid__item_pairs {
    int64_t item_count;
    int64_t *begin;    /* (item_count + 1) */
    int32_t *neighbor; /* (begin[item_count]) */
    float *similarity; /* likewise */
} sid__item_pairs;

typedef struct sid__pair_options {
    double forward; /* 0: both directions count alike; 1: only what came after */
    double shrink;
    int64_t neighbors;
} sid__pair_options;

/* The same bits for any number of threads. */
sid_status sid__item_pairs_make(sid_ctx *ctx, const sid__split *split, const sid__pair_options *options,
                                sid__item_pairs *out, sid_error *err);
void sid__item_pairs_drop(sid__item_pairs *pairs);
/* score[j] += weight * similarity(item, j) for the neighbours j of `item`. */
void sid__item_pairs_add(const sid__item_pairs *pairs, int64_t item, float weight, float *score);
/* Tensors pairs.begin, pairs.neighbor, pairs.similarity. */
sid_status sid__item_pairs_save(const sid__item_pairs *pairs, sid__tensor_set *set, sid_error *err);
/* Checks what the invariant says: SID_ECORRUPT. */
sid_status sid__item_pairs_load(int64_t item_count, const sid__tensor_set *set, sid__item_pairs *out, sid_error *err);

#endif
