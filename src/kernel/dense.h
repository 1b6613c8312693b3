/* dense.h: loops over doubles for linalg/ and embed/. Multiply and add are rounded apart (no fused multiply-add) and
 * every output element is one chain in a fixed order, vectorised across outputs: all paths give the same bits.
 *
 * One body (dense_body.h) on compiler vector extensions, compiled per ISA by dense_portable.c, dense_avx2.c and
 * dense_avx512.c; dense.c picks.
 */
#ifndef SEMID_KERNEL_DENSE_H
#define SEMID_KERNEL_DENSE_H

#include "base/cpu.h"

enum { SID__DENSE_TILE = 16 }; /* columns of a packed panel */

typedef struct sid__dense {
    /* c (16, 16), row step c_step, += a^T b; a, b (depth, 16) packed; the sums run in depth order. */
    void (*tile)(int64_t depth, const double *a, const double *b, double *c, int64_t c_step);
    /* y += s x */
    void (*add_scaled)(int64_t count, double s, const double *x, double *y);
    /* (x, y) becomes (c x - s y, s x + c y) */
    void (*rotate)(int64_t count, double c, double s, double *x, double *y);
    /* out (width) = sum over j of weight[j] * x[index[j]], x (any, width); the sum runs in j order from 0. */
    void (*gather_sum)(int64_t count, const double *weight, const int32_t *index, const double *x, int64_t width,
                       double *out);
    /* to (count doubles) from (count floats) */
    void (*widen)(int64_t count, const float *from, double *to);
} sid__dense;

const sid__dense *sid__dense_for(sid__isa isa);

extern const sid__dense sid__dense_portable, sid__dense_avx2, sid__dense_avx512;

#endif
