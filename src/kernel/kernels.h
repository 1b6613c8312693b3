/* kernels.h: the hot loops, one table an instruction set. Pointers and ints in, nothing allocated, nothing failing.
 *
 * Codes (or output columns) come in groups of SID__GROUP: packed[group][d][lane], so that a loop over d loads whole
 * vectors and every output element is one chain in d order: tiling, lanes and threads cannot change a bit.
 */
#ifndef SEMID_KERNEL_KERNELS_H
#define SEMID_KERNEL_KERNELS_H

#include "base/ctx.h"

enum {
    SID__GROUP = 16,     /* codes in a group: one AVX-512 register of floats */
    SID__BLOCK_ROWS = 96 /* rows handled at once: their scores stay in the level-2 cache */
};

/* What one row needs to be filtered: a code k is out when score_k - bound_k > min_j (score_j + bound_j), where
 * score_k = half[k] - dot[k] and bound_k = norm_factor * norm[k] + half_factor * half[k] + floor. */
typedef struct sid__bound {
    float norm_factor, half_factor, floor;
} sid__bound;

typedef struct sid__kernels {
    /* out[i * groups * 16 + k] = sum_d x[i * dim + d] * packed[..], any rounding within gamma_dim: proposes, never decides.
     * rows <= SID__BLOCK_ROWS. */
    void (*dots)(const float *x, int rows, int dim, const float *packed, int groups, float *out);
    /* The same with each element exactly one fused multiply-add chain from 0: its output is the answer (PCA). */
    void (*project)(const float *x, int rows, int dim, const float *packed, int groups, float *out);
    /* Writes the codes that are not out, ascending, to index (room for groups * 16); gives their number. half and norm
     * have groups * 16 entries. */
    int (*filter)(const float *dot, const float *half, const float *norm, int groups, sid__bound bound, int *index);
    /* sum[d] += round_half_even(x[d] * scale), |x * scale| <= 2^50, modulo 2^64 and each shifted by SID__FIXED_BIAS. */
    void (*accumulate)(const float *x, int dim, double scale, uint64_t *sum);
} sid__kernels;

/* accumulate adds the bits of (v + 1.5 * 2^52) as an integer, which is v plus this bias: the caller subtracts it once. */
#define SID__FIXED_BIAS UINT64_C(0x4338000000000000)

const sid__kernels *sid__kernels_of(const sid_ctx *ctx);
const sid__kernels *sid__kernels_for(sid__isa isa);

extern const sid__kernels sid__kernels_portable;
extern const sid__kernels sid__kernels_avx2;
extern const sid__kernels sid__kernels_avx512;

#endif
