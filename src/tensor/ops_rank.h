/* ops_rank.h: ops of rankers: what makes a logit of embeddings, and the loss of clicks. As in ops.h, NULL gives NULL. */
#ifndef SEMID_TENSOR_OPS_RANK_H
#define SEMID_TENSOR_OPS_RANK_H

#include "tensor/tape.h"

/* a, b (N, D) -> (N, 1): the product of each row of a with that of b. */
sid__value *sid__op_row_dot(sid__tape *tape, sid__value *a, sid__value *b);
/* Columns first .. first + count - 1 of x (N, D), (N, count). */
sid__value *sid__op_columns(sid__tape *tape, sid__value *x, int first, int count);
/* a (N, A) and b (N, B) side by side, (N, A + B). */
sid__value *sid__op_concat(sid__tape *tape, sid__value *a, sid__value *b);
/* x where it is positive, else slope (1, D) times it, x (N, D). */
sid__value *sid__op_prelu(sid__tape *tape, sid__value *x, sid__value *slope);
/* Row i of x (N, D) times weight_i, (N, 1). */
sid__value *sid__op_weigh_rows(sid__tape *tape, sid__value *x, sid__value *weight);
/* softmax of each row. */
sid__value *sid__op_softmax(sid__tape *tape, sid__value *x);
/* x (N, F D), F fields side by side -> (N, F (F - 1) / 2): the products of each field with those after it. F > 1. */
sid__value *sid__op_pair_dots(sid__tape *tape, sid__value *x, int fields);
/* scale * sum_i -log p(label_i), p = 1 / (1 + exp -logit), logit (N, 1), label (N) 0 or 1: binary cross-entropy. `label` must live
 * as long as the tape's memory. */
sid__value *sid__op_click_loss(sid__tape *tape, sid__value *logit, const uint8_t *label, double scale);

#endif
