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
/* The deciding score of one code. */
double sid__score_exact(const sid__codebook *book, const float *x, int code);
/* The factors of spec/quantizers.md §2's filter for a row of that norm (rounded up). is_rounded and rounding: what dots
 * gave back. */
sid__bound sid__score_bound(const sid__codebook *book, double norm, bool is_rounded, float rounding);
/* |x|, rounded up. */
double sid__norm_above(const sid__kernels *kernels, const float *x, int dim);

/* Labels of `rows` rows x (rows, dim). scratch: SID__BLOCK_ROWS * groups * SID__GROUP floats; index: groups * SID__GROUP
 * ints. */
void sid__assign_rows(const sid__kernels *kernels, const sid__codebook *book, const float *x, int64_t rows,
                      float *scratch, int *index, uint16_t *label);
/* The scalar reference: every code decided in float64. margin (NULL allowed): second best score - best; infinite when
 * there is one code. */
uint16_t sid__assign_reference(const sid__codebook *book, const float *x, double *margin);

#endif
