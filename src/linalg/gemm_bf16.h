/* gemm_bf16.h: matrix products of factors rounded to bf16, with fp32 sums: training under `--precision bf16`. Every element is
 * one chain over pairs of depths (kernel/bf16_tile.h): threads, tiles and instruction sets cannot change a bit.
 *
 * Factors come rounded, in one of two layouts. Rows: row-major, for a factor a whose depth runs along the rows. Pairs: panels
 * of 16 columns in which two rows lie beside each other, for a factor of either side whose depth runs down the rows.
 * A layer wants its input in both: rows for x w^T, pairs for dy^T x. So one pass over x makes both.
 *
 *     sid__bf16_round(ctx, x, &shape, &copy);                                        // once
 *     sid__gemm_bf16(ctx, &(sid__bf16_product){.a = sid__bf16_by_row(copy.rows, copy.row_step), .b = weight, ..}, 1);
 */
#ifndef SEMID_LINALG_GEMM_BF16_H
#define SEMID_LINALG_GEMM_BF16_H

#include <stddef.h>

#include "base/ctx.h"
#include "kernel/bf16_tile.h"

/* Numbers from one rounded row to the next: an odd count of cache lines, so that rows do not share cache sets. */
static inline int64_t sid__bf16_row_step(int columns)
{
    return ((((int64_t)columns + 31) / 32) | 1) * 32;
}

/* Numbers of a panel of pairs of `rows` rows, from one group of columns to the next: an odd count of lines too. */
static inline int64_t sid__bf16_pairs_step(int64_t rows)
{
    return ((rows + 1) / 2 | 1) * 2 * SID__BF16_GROUP;
}

/* Numbers of all panels. */
static inline int64_t sid__bf16_pairs_count(int64_t rows, int columns)
{
    return ((int64_t)columns + SID__BF16_GROUP - 1) / SID__BF16_GROUP * sid__bf16_pairs_step(rows);
}

/* A matrix x (rows, columns), row-major and packed, in one or both layouts; NULL: not wanted. */
typedef struct sid__bf16_copy {
    int64_t row_count;
    int columns;
    uint16_t *rows;  /* row_count x sid__bf16_row_step(columns) */
    uint16_t *pairs; /* sid__bf16_pairs_count(row_count, columns) */
} sid__bf16_copy;

/* A part of x, from row `row` (even) and column `column` (a multiple of 16) on, to its place in the copy; for callers that
 * round while they compute. part->x and what goes with it point at the part's first number. */
void sid__bf16_round_part(const sid_ctx *ctx, const sid__bf16_rows *part, int64_t row, int column,
                          const sid__bf16_copy *copy);
void sid__bf16_round(const sid_ctx *ctx, const float *x, const sid__bf16_copy *copy);

/* Weights w (out, in) of a layer. by_lane: panels (ceil(out / 16), ceil(in / 2), 16, 2) at the same steps, factor b of x w^T; `by_depth`: the
 * pairs of its rows, factor b of dy w. NULL: not wanted. */
typedef struct sid__bf16_weights {
    uint16_t *by_lane; /* sid__bf16_pairs_count(in, out) */
    uint16_t *by_depth;
} sid__bf16_weights;
void sid__bf16_round_weights(const sid_ctx *ctx, const float *w, int out, int in, const sid__bf16_weights *to);

/* by_lane of a matrix x (lanes, depth) whose rows are `step` apart, its caller's alone. */
void sid__bf16_round_lanes(const sid_ctx *ctx, const float *x, int64_t step, int lanes, int depth, uint16_t *panels);

/* A factor a: pair p of lane i at data[(i / 16) * group + (i % 16) * lane + p * pair]. */
typedef struct sid__bf16_lanes {
    const uint16_t *data;
    int64_t lane, pair, group;
} sid__bf16_lanes;

/* Lanes are rows of the copy. */
static inline sid__bf16_lanes sid__bf16_by_row(const sid__bf16_copy *x)
{
    int64_t step = sid__bf16_row_step(x->columns);
    return (sid__bf16_lanes){.data = x->rows, .lane = step, .pair = 2, .group = SID__BF16_GROUP * step};
}

/* Lanes are columns of the copy. */
static inline sid__bf16_lanes sid__bf16_by_column(const sid__bf16_copy *x)
{
    return (sid__bf16_lanes){
        .data = x->pairs, .lane = 2, .pair = 2 * SID__BF16_GROUP, .group = sid__bf16_pairs_step(x->row_count)};
}

/* c (rows, columns), packed, = (is_added ? c : 0) + a b. `finish`, unless NULL, is called with every block of c as it is done:
 * rows from a multiple of 16 on, columns likewise; on several threads at a time. */
typedef struct sid__bf16_product {
    sid__bf16_lanes a;
    const uint16_t *b; /* panels at steps of sid__bf16_pairs_step(depth) */
    float *c;
    int64_t rows, depth;
    int columns;
    bool is_added;
    void (*finish)(void *user, int64_t row, int64_t row_end, int column, int column_end);
    void *user;
} sid__bf16_product;

/* Products that do not depend on each other; threads share the blocks of all. */
enum { SID__BF16_PRODUCTS_MAX = 2 };
void sid__gemm_bf16(const sid_ctx *ctx, const sid__bf16_product *product, int count);

#endif
