/* bf16_tile.h: the loops of the bf16 matrix product: factors rounded to bf16, sums in fp32. linalg/gemm_bf16.h is the whole
 * product.
 *
 * Every output element is one chain over pairs of depths, in rising order, as VDPBF16PS does a step of it:
 *
 *     acc = flush(fma(a[2p + 1], b[2p + 1], acc)); acc = flush(fma(a[2p], b[2p], acc))
 *
 * rounding to nearest even; flush makes 0 (of the same sign) of what, rounded to 24 bits, is below 2^-126. So chains, not tilings,
 * fix the bits, and a CPU without the instruction gives the same ones: bf16_tile_body.h is compiled with it
 * (bf16_tile_avx512bf16.c), with two fused products that flush by the control word (avx512, avx2), and with plain C
 * (portable). Rounding to bf16 is to nearest even too; what is below 2^-126 becomes 0, NaN stays.
 */
#ifndef SEMID_KERNEL_BF16_TILE_H
#define SEMID_KERNEL_BF16_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpu.h"

enum { SID__BF16_GROUP = 16 }; /* lanes of a panel */

/* c (rows, columns), row step c_step, = (is_added ? c : 0) + a b. Steps of a and b count bf16 numbers. */
typedef struct sid__bf16_block {
    const uint16_t *a; /* pair p of lane i at (i / 16) * a_group + (i % 16) * a_lane + p * a_pair */
    int64_t a_lane, a_pair, a_group;
    const uint16_t *b; /* (ceil(columns / 16), pairs, 16, 2), zeroes beyond the columns */
    int64_t b_group;   /* from one group of columns to the next */
    float *c;
    int64_t c_step;
    int rows, columns, pairs;
    bool is_added;
} sid__bf16_block;

/* Where rounded rows go; NULL: not wanted. Both are padded with zeroes: rows to a multiple of 16 columns, panels to
 * whole groups and pairs. */
typedef struct sid__bf16_target {
    uint16_t *rows; /* (rows, ..), row step row_step */
    int64_t row_step;
    uint16_t *pairs;     /* panels of pairs of rows: (ceil(columns / 16), ceil(rows / 2), 16, 2) */
    int64_t pairs_group; /* from one group of columns to the next */
} sid__bf16_target;

/* Rows x (rows, columns) at steps of x_step, and what is done with them in the pass that rounds them; NULL, false: nothing. */
typedef struct sid__bf16_rows {
    float *x;
    int64_t x_step, rows;
    int columns;
    bool is_relu;
    const float *bias; /* (columns); x becomes x + bias, less what is negative when is_relu */
    const uint16_t
        *kept; /* (rows, columns padded to 16) bf16: x counts as 0 where it is not positive, but stays as it is
                           * in memory; may be what is written to, to->rows */
    int64_t kept_step;
    float *sum; /* (columns) gets the sums over the rows, from the first on */
} sid__bf16_rows;

typedef struct sid__bf16_tile {
    void (*block)(const sid__bf16_block *block);
    void (*round)(const sid__bf16_rows *rows, const sid__bf16_target *to);
} sid__bf16_tile;

const sid__bf16_tile *sid__bf16_tile_for(sid__isa isa);

extern const sid__bf16_tile sid__bf16_tile_portable, sid__bf16_tile_avx2, sid__bf16_tile_avx512,
    sid__bf16_tile_avx512bf16;

#endif
