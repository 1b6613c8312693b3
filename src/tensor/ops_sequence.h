/* ops_sequence.h: the ops of sequence models: attention, the softmax over a whole catalogue. See ops.h for the rules.
 *
 * Sequences are ragged: their rows follow each other in one matrix and nothing is padded.
 */
#ifndef SEMID_TENSOR_OPS_SEQUENCE_H
#define SEMID_TENSOR_OPS_SEQUENCE_H

#include "tensor/ops.h"

/* Rows begin[s] .. begin[s + 1] - 1 of a matrix are sequence s, oldest first. begin[0] == 0; sequences may be empty. */
typedef struct sid__ragged {
    const int64_t *begin; /* (count + 1) */
    int64_t count;
} sid__ragged;

typedef struct sid__attention {
    int heads;      /* of D / heads numbers each */
    bool is_causal; /* self attention alone */
    double scale;   /* of the scores; 0: 1 / sqrt(D / heads). T5: 1 */
    const sid__ragged *queries,
        *keys;        /* equal for self attention, where keys is not looked at; all must live as long as the
                                          tape's memory */
    sid__value *bias; /* T5's relative bias (SID__BUCKETS, heads), self attention alone; NULL: none */
    double rope_base; /* of rotary positions within the sequence, self attention alone, D / heads even; 0: none */
    const sid__dropout *dropout; /* of the weights; NULL: none */
} sid__attention;

/* softmax(scale q k^T + bias) v a sequence and head: qkv (T, 3 D), a row q | k | v -> (T, D). */
sid__value *sid__op_attention(sid__tape *tape, sid__value *qkv, const sid__attention *how);
/* The same with the queries of sequence s looking at the keys of sequence s: q (Tq, D), kv (Tk, 2 D) -> (Tq, D). Without
 * keys: 0. */
sid__value *sid__op_cross_attention(sid__tape *tape, sid__value *q, sid__value *kv, const sid__attention *how);

/* scale * sum_i -log softmax(h_i . table^T + bias)[target_i] over the whole table, (1, 1); the logits are never stored whole.
 * h (N, D), table (V, D), bias (1, V) or NULL. A target below 0 does not count. `target` must live as long as the tape's
 * memory. */
sid__value *sid__op_catalog_loss(sid__tape *tape, sid__value *h, sid__value *table, sid__value *bias,
                                 const int32_t *target, double scale);

#endif
