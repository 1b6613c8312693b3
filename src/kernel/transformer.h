/* transformer.h: what a transformer encoder does between its matrix products: bias and GELU, softmax of attention scores,
 * addition and layer normalisation.
 *
 * One body (transformer_body.h) on compiler vector extensions, compiled per ISA. Exponential and error function are our
 * own; no product is fused with a sum; sums are kept by sixteen lanes, element i in lane i mod 16, and the lanes are added
 * from the first on: the same bits on every path.
 */
#ifndef SEMID_KERNEL_TRANSFORMER_H
#define SEMID_KERNEL_TRANSFORMER_H

#include <stdint.h>

#include "base/cpu.h"

enum { SID__SOFTMAX_GROUP = 16 };

typedef struct sid__transformer {
    /* y (rows, columns) = gelu(y + bias), gelu(x) = x / 2 (1 + erf(x / sqrt 2)); within 5e-7 (1 + |x|) of the exact. */
    void (*gelu)(int64_t rows, int columns, const float *bias, float *y);
    /* Each row of y (rows, columns), row step `step`, a multiple of 16 from columns on, becomes softmax(scale * row);
     * scale > 0. What stands between columns and the next multiple of 16 becomes 0. */
    void (*softmax)(int64_t rows, int columns, int64_t step, float scale, float *y);
    /* y (rows, columns) = norm(y + bias + residual) gain + shift, norm(v) = (v - mean v) / sqrt(variance v + epsilon).
     * residual (rows, columns); bias, gain, shift (columns). */
    void (*norm)(int64_t rows, int columns, const float *bias, const float *residual, const float *gain,
                 const float *shift, double epsilon, float *y);
} sid__transformer;

const sid__transformer *sid__transformer_for(sid__isa isa);

extern const sid__transformer sid__transformer_portable, sid__transformer_avx2, sid__transformer_avx512;

#endif
