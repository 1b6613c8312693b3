/* ops_sequence.h: the ops of sequence models: attention, recurrent states, sums and means of rows, losses over a catalogue and
 * over samples of it. See ops.h for the rules.
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
    bool is_causal; /* self attention, and cross attention of a sequence with itself */
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
 * memory. Under SID__PRECISION_BF16 its products take rounded factors. */
sid__value *sid__op_catalog_loss(sid__tape *tape, sid__value *h, sid__value *table, sid__value *bias,
                                 const int32_t *target, double scale);
/* About how many numbers it holds for V items of D. */
int64_t sid__catalog_loss_floats(int threads, int64_t items, int64_t dim);

/* What a row is told from: `count` items, the same for all rows, or (N, count) where is_by_row. Those equal to the row's target
 * are left out.
 *   ce       -log softmax over the target and the samples. log_expected (V), or NULL: log of how many times an item is
 *            expected among the samples, n q_j; it is taken from their logits (the logQ correction).
 *   bce      -log s(y+) - sum_j log(1 - s(y_j)): SASRec's, by_row and count 1
 *   gbce     -(b log s(y+) + sum_j log(1 - s(y_j))) / (count + 1), b = a (t (1 - 1/a) + 1/a), a = count / (V - 1), t =
 *            calibration (gSASRec, 2308.07192)
 *   bpr-max  -log sum_j p_j s(y+ - y_j) + penalty sum_j p_j y_j^2, p = softmax of the y_j (1706.03847) */
typedef enum sid__sampled_kind {
    SID__SAMPLED_CE,
    SID__SAMPLED_BCE,
    SID__SAMPLED_GBCE,
    SID__SAMPLED_BPR_MAX
} sid__sampled_kind;
typedef struct sid__negatives {
    sid__sampled_kind kind;
    const int32_t *item;
    int count; /* > 0 */
    bool is_by_row;
    const double *log_expected;
    double calibration, penalty;
} sid__negatives;

/* scale * sum_i of the loss above with y = h_i . table[item]; h (N, D), table (V, D). A target below 0 does not count, nor does a
 * row of which no sample is left. `target` and what `negatives` points to must live as long as the tape's memory. */
sid__value *sid__op_sampled_loss(sid__tape *tape, sid__value *h, sid__value *table, const int32_t *target,
                                 const sid__negatives *negatives, double scale);
/* scale * sum_i -log softmax(a_i . b^T / temperature)[i]: each row of a (N, D) is to find its own among those of b. */
sid__value *sid__op_info_nce(sid__tape *tape, sid__value *a, sid__value *b, double temperature, double scale);

/* The states of a GRU over each sequence from 0 on, as PyTorch's (gates r, z, n): x (T, I) -> (T, H). */
typedef struct sid__gru {
    sid__value *w_ih, *w_hh, *b_ih, *b_hh; /* (3 H, I), (3 H, H), (1, 3 H), (1, 3 H) */
} sid__gru;
sid__value *sid__op_gru(sid__tape *tape, sid__value *x, const sid__gru *weights, const sid__ragged *sequences);

/* x (N, 2 F), a row gate | up -> silu(gate) up, (N, F). */
sid__value *sid__op_swiglu(sid__tape *tape, sid__value *x);
/* a b, element by element; they may be one value. */
sid__value *sid__op_multiply(sid__tape *tape, sid__value *a, sid__value *b);
sid__value *sid__op_scale(sid__tape *tape, sid__value *x, double factor);

/* Uses begin[i] .. begin[i + 1] - 1 of rows of a table make bag i; a row below 0 adds nothing. begin[0] == 0. */
typedef struct sid__bags {
    const int64_t *begin; /* (count + 1) */
    const int32_t *row;
    int64_t count;
} sid__bags;
/* Sums of rows of table (V, D), (count, D), in the order of the uses; so are the gradients of a row. What `bags` points to must
 * live as long as the tape's memory. */
sid__value *sid__op_bag(sid__tape *tape, sid__value *table, const sid__bags *bags);
/* The mean of each sequence's rows, (count, D); 0 of none. */
sid__value *sid__op_mean_pool(sid__tape *tape, sid__value *x, const sid__ragged *sequences);

#endif
