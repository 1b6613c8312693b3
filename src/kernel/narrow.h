/* narrow.h: nearest codes of rows with few dimensions: the slices of a product quantizer, the first stages of k-means.
 *
 * With a dozen dimensions the scores themselves are cheap, and what the general path (assign.h) does with each score
 * costs more than the products. Here rows lie across vector lanes: a block of rows is transposed, every code is broadcast,
 * and each lane keeps its least score, the code it belongs to and the second least score. No score is stored.
 *
 * The labels are those of assign.h on every path: a row whose second score is not above its least by twice the bound
 * (narrow.c derives it) is decided again by sid__assign_rows.
 */
#ifndef SEMID_KERNEL_NARROW_H
#define SEMID_KERNEL_NARROW_H

#include "kernel/assign.h"

enum {
    SID__NARROW_ROWS = 64,   /* rows of a block: their scores stay in registers */
    SID__NARROW_DIM_MAX = 64 /* above, the general path is as fast: fewer scores a product */
};

/* x (dim, SID__NARROW_ROWS): a transposed block. least, second: the two least of half[k] - x . code_k over k < codes, in
 * fp32 of any rounding within gamma; index: of the first least one; square: |x|^2. All (SID__NARROW_ROWS). */
typedef void sid__narrow_fn(const float *x, int dim, const float *code, const float *half, int codes, float *least,
                            float *second, int32_t *index, float *square);

sid__narrow_fn *sid__narrow_for(sid__isa isa);
sid__narrow_fn sid__narrow_portable, sid__narrow_avx2, sid__narrow_avx512;

/* A packed codebook of at most SID__NARROW_DIM_MAX dimensions, with what is the same for all rows. */
typedef struct sid__narrow_book {
    const sid__codebook *book;
    int live;           /* codes before the copies of code 0 at the end, which never win */
    float square_max;   /* max |c_k|^2, rounded up */
    float gamma, floor; /* twice the bound is gamma * (|x|^2 / 2 + square_max) + floor */
} sid__narrow_book;

sid__narrow_book sid__narrow_book_of(const sid__codebook *book);

/* Labels of `rows` <= SID__NARROW_ROWS rows, wherever they stand. scratch, index and nearest (rows, NULL allowed) as for
 * sid__assign_block. */
void sid__assign_narrow_block(sid__isa isa, const sid__narrow_book *narrow, const float *const *row, int rows,
                              float *scratch, int *index, uint16_t *label, sid__nearest *nearest);
/* Labels of any number of rows; row i starts at x + i * stride. */
void sid__assign_narrow(sid__isa isa, const sid__narrow_book *narrow, const float *x, int64_t stride, int64_t rows,
                        float *scratch, int *index, uint16_t *label);

#endif
