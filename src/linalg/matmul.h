/* matmul.h: dense products in double, the engine under linalg.h. Every output element is one chain of multiply, add
 * over the depth in rising order, so blocks, threads and instruction sets cannot change a bit. Nothing is allocated:
 * blocks are packed on the stack (160 KiB).
 */
#ifndef SEMID_LINALG_MATMUL_H
#define SEMID_LINALG_MATMUL_H

#include "base/ctx.h"

/* One factor: element (depth p, lane i) is data[p * depth_step + i * lane_step], a double or a float. */
typedef struct sid__operand {
    const double *f64; /* or */
    const float *f32;
    int64_t depth_step, lane_step;
    bool is_negated;
} sid__operand;

/* c (m, n), row step c_step: c[i, j] = (is_added ? c[i, j] : 0) + sum over p of a(p, i) * b(p, j). */
typedef struct sid__product {
    sid__operand a, b;
    int64_t m, n, depth;
    double *c;
    int64_t c_step;
    bool is_added;
    bool is_upper; /* only elements j >= i are wanted; those below get anything */
} sid__product;

void sid__multiply(const sid_ctx *ctx, const sid__product *product);

/* a (rows, n) becomes a r, in place; r (n, n) upper triangular, zeroes below. */
void sid__multiply_triangular(const sid_ctx *ctx, double *a, int64_t rows, const double *r, int n);

#endif
