/* real_product.h: matrix products of sid__real: linalg/gemm.h for floats; plain loops where gradcheck compiles doubles. */
#ifndef SEMID_TENSOR_REAL_PRODUCT_H
#define SEMID_TENSOR_REAL_PRODUCT_H

#include <stddef.h>

#include "base/ctx.h"
#include "kernel/neural.h"

/* One factor, as in linalg/gemm.h: element (depth p, lane i) is data[p * step + i] when is_by_depth, else
 * data[i * step + p]. */
typedef struct sid__real_factor {
    const sid__real *data;
    int64_t step;
    bool is_by_depth;
} sid__real_factor;

/* c (rows, columns), row step c_step (0: columns), = (is_added ? c : 0) + a b */
typedef struct sid__real_product {
    sid__real_factor a, b;
    const sid__real *packed; /* b by sid__pack_real, or a panel of it; NULL: b as it is */
    sid__real *c;
    int64_t c_step, rows;
    int columns, depth;
    bool is_added;
    sid__real *panel; /* scratch of sid__panel_count numbers, where b is worth packing once; NULL: none */
} sid__real_product;

/* What a product of this shape wants as its panel; 0: nothing, it has too few rows. */
size_t sid__panel_count(int64_t rows, int columns, int depth);

/* b for any number of products, into sid__packed_count numbers. Panels of 16 columns follow each other: b's columns from a
 * multiple of 16 on have theirs at column * depth. */
static inline size_t sid__packed_count(int depth, int64_t columns)
{
    return ((size_t)columns + 15) / 16 * 16 * (size_t)depth;
}
void sid__pack_real(const sid_ctx *ctx, sid__real_factor b, int depth, int columns, sid__real *panel);

/* Inside a task of the pool, its caller's alone. */
void sid__multiply_real(const sid_ctx *ctx, const sid__real_product *product);

#endif
