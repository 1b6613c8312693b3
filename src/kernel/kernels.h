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

/* A codebook as the kernels want it. groups * SID__GROUP >= codes; entries past `codes` can never win. */
typedef struct sid__codebook {
    int codes, dim, groups;
    const float *code; /* (codes, dim) row-major */
    float *packed;     /* (groups, dim, SID__GROUP) */
    uint16_t
        *packed_bf16;   /* (groups, ceil(dim / 2), SID__GROUP, 2) rounded to nearest even; NULL: this CPU has no use */
    float *half;        /* (groups * SID__GROUP) fl32 of half_exact; a huge value past `codes` */
    float *norm;        /* (groups * SID__GROUP) |c_k| rounded up */
    double *half_exact; /* (codes) 1/2 |c_k|^2 */
    double bf16_rounding; /* max_k |c_k - bf16(c_k)| / |c_k| */
    bool bf16_is_safe;    /* every magnitude is far from what bf16 products flush to zero */
} sid__codebook;

typedef struct sid__kernels {
    /* out[i * groups * 16 + k] = x_i . c_k, proposing, never deciding. On fp32 paths any rounding within gamma_dim, and
     * false is returned. On the bf16 path the operands were rounded first: true, and rounding[i] = |x_i - bf16(x_i)|,
     * rounded up. rows <= SID__BLOCK_ROWS. */
    bool (*dots)(const sid__codebook *book, const float *x, int rows, float *out, float *rounding);
    /* out[i * groups * 16 + j] = sum_d x[i * dim + d] * packed[..], each element exactly one fused multiply-add chain
     * from 0: its output is the answer (PCA). */
    void (*project)(const float *x, int rows, int dim, const float *packed, int groups, float *out);
    /* Writes the codes that are not out, ascending, to index (room for groups * 16); gives their number. half and norm
     * have groups * 16 entries. */
    int (*filter)(const float *dot, const float *half, const float *norm, int groups, sid__bound bound, int *index);
    /* For the beam: half costs base + half[k] - (dot[k] - sum_c cross[c][k]), less and plus the bound, into low and high
     * (groups * 16 each). */
    void (*intervals)(const float *dot, const float *const *cross, int cross_count, const sid__codebook *book,
                      sid__bound bound, float base, float *low, float *high);
    /* Places with value <= limit (or no number), ascending, of `count` values, a multiple of 16; gives their number. */
    int (*at_most)(const float *value, int count, float limit, int *index);
    /* |x|^2 in fp32, in any order: it only scales bounds. */
    float (*square)(const float *x, int dim);
    /* sum[d] += round_half_even(x[d] * scale), |x * scale| <= 2^50, modulo 2^64 and each shifted by SID__FIXED_BIAS. */
    void (*accumulate)(const float *x, int dim, double scale, uint64_t *sum);
} sid__kernels;

/* accumulate adds the bits of (v + 1.5 * 2^52) as an integer, which is v plus this bias: the caller subtracts it once. */
#define SID__FIXED_BIAS UINT64_C(0x4338000000000000)

const sid__kernels *sid__kernels_of(const sid_ctx *ctx);
const sid__kernels *sid__kernels_for(sid__isa isa);
/* The same path with fp32 dots, where bf16 would propose too much. */
const sid__kernels *sid__kernels_fp32(const sid_ctx *ctx);

extern const sid__kernels sid__kernels_portable;
extern const sid__kernels sid__kernels_avx2;
extern const sid__kernels sid__kernels_avx512;
extern const sid__kernels sid__kernels_avx512bf16;

#endif
