/* ops_codes.h: ops around a choice of codes: soft codes, a gradient for codes that were not chosen, rounding to steps. The
 * straight-through and the rotation op stand in ops.h. As there, NULL gives NULL.
 */
#ifndef SEMID_TENSOR_OPS_CODES_H
#define SEMID_TENSOR_OPS_CODES_H

#include "tensor/ops.h"

/* Soft codes (Gumbel-softmax, 1611.01144): sum_k p_k e_k with p = softmax((g - |r - e_k|^2) / temperature), (N, D). rest (N, D)
 * is r, z less what is constant, and lives as long as the tape's memory: its gradient goes to z. noise (N, K) is g, likewise;
 * NULL: none. Gradients reach every code of book (K, D), through its share and through its distance. */
sid__value *sid__op_soft_codes(sid__tape *tape, sid__value *z, const sid__real *rest, sid__value *book,
                               const sid__real *noise, double temperature);

/* DenseSID (2604.03949): the value of x (N, D), which passes its gradient on; besides, as if s book were added and its value
 * taken away again, s (N, K) = cos(rest, e_k): every code gets a gradient, and z through the cosines. A vector of zeros has
 * cosine 0 with all, and no gradient by it. */
sid__value *sid__op_dense_codes(sid__tape *tape, sid__value *x, sid__value *z, const sid__real *rest, sid__value *book);

/* One channel that is rounded: q = round(h tanh(y + s) - o), halves to even, kept within lowest .. lowest + steps - 1. */
typedef struct sid__steps {
    int steps, lowest;
    double h, o, s;
} sid__steps;

/* y (N, C) -> (q + o) / h, straight through the rounding: the gradient is that of tanh(y + s) (2309.15505). channel (C). q (N, C)
 * less lowest is stored in `digit`, NULL allowed. */
sid__value *sid__op_round_steps(sid__tape *tape, sid__value *y, const sid__steps *channel, int *digit);

#endif
