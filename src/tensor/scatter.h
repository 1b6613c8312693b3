/* scatter.h: gradients of rows that were looked up, added to their table in the order of the uses. */
#ifndef SEMID_TENSOR_SCATTER_H
#define SEMID_TENSOR_SCATTER_H

#include "tensor/tape.h"

/* table->grad[row[i]] (+)= weight[i * weight_step] g[of[i]], i = 0, 1, ..; a row below 0 takes nothing. Rows without a use
 * become 0 where there was no gradient. */
typedef struct sid__scatter {
    const int32_t *row;
    int64_t count;
    const sid__real *g;      /* rows of table->columns numbers */
    const int64_t *of;       /* NULL: i / each */
    int64_t each;            /* 0: 1 */
    const sid__real *weight; /* NULL: 1 */
    int64_t weight_step;
} sid__scatter;

void sid__scatter_rows(const sid_ctx *ctx, const sid__scatter *scatter, sid__value *table);

#endif
