/* gemm.h: fp32 matrix products whose output is the answer: projections, MLPs, attention, training. c = a b, where every
 * element is one chain acc = fma(a, b, acc) in rising depth from 0, or from what c holds: tiles, threads, instruction sets
 * and batch sizes cannot change a bit.
 *
 *     sid__gemm_packed weight; // once; w (out, in), y = x w^T
 *     SID_TRY(sid__gemm_pack(ctx, sid__gemm_by_lane(w, in), in, out, &weight, err));
 *     sid__gemm(ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(x, in), .packed = &weight, .c = y, .c_step = out,
 *                                         .rows = batch, .columns = out, .depth = in}); // often; allocates nothing
 *
 * A factor b that changes with each call (attention, gradients) goes in as .b; it is packed block by block on the stack,
 * once for every 96 rows of c. A task takes 330 KiB of stack. Threads share the blocks of c; a small product, or one
 * inside another loop over the pool, is its caller's alone.
 */
#ifndef SEMID_LINALG_GEMM_H
#define SEMID_LINALG_GEMM_H

#include "base/ctx.h"

/* One factor in memory. The depth is the index summed over; a lane is a row of a, or a column of b. */
typedef struct sid__gemm_factor {
    const float *data;
    int64_t step;     /* floats from one line of the array to the next */
    bool is_by_depth; /* element (depth p, lane i) is data[p * step + i]; else data[i * step + p] */
} sid__gemm_factor;

/* Lanes one after the other: a (rows, depth) row-major, or b stored transposed, (columns, depth). */
static inline sid__gemm_factor sid__gemm_by_lane(const float *data, int64_t step)
{
    return (sid__gemm_factor){.data = data, .step = step};
}

/* Depths one after the other: b (depth, columns) row-major, or a stored transposed, (depth, rows). */
static inline sid__gemm_factor sid__gemm_by_depth(const float *data, int64_t step)
{
    return (sid__gemm_factor){.data = data, .step = step, .is_by_depth = true};
}

/* A factor b made ready for any number of products. Invariant: columns past the last are zero. */
typedef struct sid__gemm_packed {
    float *panel; /* (ceil(columns / 16), depth, 16) */
    int columns, depth;
} sid__gemm_packed;

/* Owns `out` until dropped; the source may go. SID_ENOMEM. */
sid_status sid__gemm_pack(const sid_ctx *ctx, sid__gemm_factor b, int depth, int columns, sid__gemm_packed *out,
                          sid_error *err);
void sid__gemm_packed_drop(sid__gemm_packed *packed);
/* The same into memory of the caller, 64-byte aligned, of sid__gemm_panel_count floats; not to be dropped. */
sid__gemm_packed sid__gemm_pack_into(const sid_ctx *ctx, sid__gemm_factor b, int depth, int columns, float *panel);
static inline size_t sid__gemm_panel_count(int depth, int columns)
{
    return ((size_t)columns + 15) / 16 * 16 * (size_t)depth;
}

/* c (rows, columns), row step c_step, = (is_added ? c : 0) + a b. c overlaps no factor. */
typedef struct sid__gemm_product {
    sid__gemm_factor a, b;          /* b is looked at when packed is NULL */
    const sid__gemm_packed *packed; /* of the same depth and columns */
    float *c;
    int64_t c_step, rows;
    int columns, depth;
    bool is_added;
} sid__gemm_product;

void sid__gemm(const sid_ctx *ctx, const sid__gemm_product *product);

/* `count` products of one shape; product i has its data at a.data + i * a_stride and so on (0: all share it). Threads
 * share the products. */
typedef struct sid__gemm_batch {
    sid__gemm_product first;
    int64_t count, a_stride, b_stride, c_stride;
} sid__gemm_batch;

void sid__gemm_batched(const sid_ctx *ctx, const sid__gemm_batch *batch);

#endif
