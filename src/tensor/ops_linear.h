/* ops_linear.h: what the two ways of a linear layer share: ops_linear.c multiplies in fp32, linear_bf16.c rounds first. */
#ifndef SEMID_TENSOR_OPS_LINEAR_H
#define SEMID_TENSOR_OPS_LINEAR_H

#include "tensor/tape.h"

/* Partial sums of a bias' gradient: one a SID__ROWS rows. */
static inline int64_t sid__partials(int64_t rows)
{
    return (rows + SID__ROWS - 1) / SID__ROWS;
}

/* bias->grad (+)= the sums of all tasks, in order. */
void sid__add_partials(const sid__neural *kernels, const sid__real *partial, int64_t count, sid__value *bias);

/* sid__op_linear under SID__PRECISION_BF16. */
sid__value *sid__linear_bf16(sid__tape *tape, sid__value *x, sid__value *w, sid__value *b, bool is_relu);

#endif
