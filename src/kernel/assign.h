/* assign.h: nearest codes of rows, canonically (design.md §6, spec/quantizers.md §2).
 *
 *     score_k = 1/2 |c_k|^2 - x . c_k
 *
 * A fast pass proposes: fp32 scores with a proven bound leave the codes that can be best. Float64 decides among them: the
 * dot product and the half norm are each one chain from 0 in d order (products of two floats are exact in double, so
 * fused or not is the same), then one subtraction; ties go to the lowest index. Labels are therefore the same on every
 * path, thread count and compiler.
 */
#ifndef SEMID_KERNEL_ASSIGN_H
#define SEMID_KERNEL_ASSIGN_H

#include "kernel/kernels.h"

/* Fills the packed arrays from book->code. */
void sid__codebook_pack(sid__codebook *book);

/* The float64 dot product, in d order. */
double sid__dot_exact(const float *a, const float *b, int dim);
/* Four of them: the same bits, but four additions are under way together. */
void sid__dot_four(const float *const a[4], const float *const b[4], int dim, double dot[4]);
/* The float64 |x_i|^2 of rows x (rows, dim), each in d order. */
void sid__squares_exact(const float *x, int64_t rows, int dim, double *square);
/* The deciding score of one code. */
double sid__score_exact(const sid__codebook *book, const float *x, int code);

/* What the bounds need of a row: |x|, and |x - bf16(x)|, INFINITY where it must not be rounded; both rounded up. */
typedef struct sid__row_norm {
    float norm, rounding;
} sid__row_norm;

sid__row_norm sid__measure_row(const sid__kernels *kernels, const float *x, int dim);
/* The same from what kernels->measure gave for x (dim). */
sid__row_norm sid__row_norm_of(sid__row_size size, const float *x, int dim);
/* scores_bf16 may be used: the CPU has it, and the magnitudes of the codes are far from its limits ... */
bool sid__may_round(const sid__kernels *kernels, const sid__codebook *book);
/* ... and so are those of these rows. */
bool sid__rows_may_round(const sid__row_norm *of, int rows);
/* Norms `of` and scores `out` of rows <= SID__BLOCK_ROWS that are read once; true: the scores are those of scores_bf16.
 * next: as for scores_bf16. */
bool sid__measure_and_score(const sid__kernels *kernels, const sid__codebook *book, const float *const *row, int rows,
                            const float *const *next, sid__row_norm *of, float *out);
/* The factors of spec/quantizers.md §2's filter; is_rounded: for scores_bf16. */
sid__bound sid__score_bound(const sid__codebook *book, sid__row_norm of, bool is_rounded);

/* Where a row's exact (real) scores are: that of its label at most best_high, those of all other codes at least
 * others_low. */
typedef struct sid__nearest {
    double best_high, others_low;
} sid__nearest;

/* Labels of `rows` <= SID__BLOCK_ROWS rows, wherever they stand. scratch: SID__BLOCK_ROWS * groups * SID__GROUP floats;
 * index: groups * SID__GROUP ints; nearest (rows), NULL allowed. */
void sid__assign_block(const sid__kernels *kernels, const sid__codebook *book, const float *const *row,
                       const sid__row_norm *of, int rows, float *scratch, int *index, uint16_t *label,
                       sid__nearest *nearest);
/* Labels of any number of rows x (rows, dim), with the same scratch. */
void sid__assign_rows(const sid__kernels *kernels, const sid__codebook *book, const float *x, int64_t rows,
                      float *scratch, int *index, uint16_t *label);
/* The scalar reference: every code decided in float64. margin (NULL allowed): second best score - best; infinite when
 * there is one code. */
uint16_t sid__assign_reference(const sid__codebook *book, const float *x, double *margin);

#endif
