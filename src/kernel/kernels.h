/* kernels.h: the hot loops, one table an instruction set. Pointers and ints in, nothing allocated, nothing failing.
 *
 * Codes (or output columns) come in groups of SID__GROUP: packed[group][d][lane], so that a loop over d loads whole
 * vectors and every output element is one chain in d order: tiling, lanes and threads cannot change a bit.
 */
#ifndef SEMID_KERNEL_KERNELS_H
#define SEMID_KERNEL_KERNELS_H

#include "base/ctx.h"

enum {
    SID__GROUP = 16,      /* codes in a group: one AVX-512 register of floats */
    SID__BLOCK_ROWS = 96, /* rows handled at once: their scores stay in the level-2 cache */
    SID__TILE_ROWS = 6,   /* the most rows of a register tile; divides SID__BLOCK_ROWS */
    SID__BF16_DIM_MAX = 4096
};

/* How far a proposed score of a row may be from the canonical one: norm_factor * |c_k| + half_factor * half[k] + floor. */
typedef struct sid__bound {
    float norm_factor, half_factor, floor;
} sid__bound;

/* A row's size in fp32, summed in any order: it only scales bounds. */
typedef struct sid__row_size {
    float square, lost, largest; /* |x|^2; |x - bf16(x)|^2, 0 on fp32 paths; max |x_d| */
} sid__row_size;

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
    float half_max, norm_max; /* the largest of the codes */
    double gamma;             /* relative error of an fp32 score, see assign.c */
    double bf16_rounding;     /* max_k |c_k - bf16(c_k)| / |c_k| */
    bool bf16_is_safe;        /* every magnitude is far from what bf16 products flush to zero */
} sid__codebook;

typedef struct sid__two_least {
    int index; /* a place of the least */
    float least, second;
} sid__two_least;

typedef struct sid__kernels {
    /* out[i * groups * 16 + k] = half[k] - row[i] . c_k, proposing, never deciding: any rounding within gamma_dim. rows
     * <= SID__BLOCK_ROWS; out has room for rows rounded up to a multiple of SID__TILE_ROWS. */
    void (*scores)(const sid__codebook *book, const float *const *row, int rows, float *out);
    /* The same after rounding both operands to bf16, at twice the rate; NULL where the CPU has none. dim <=
     * SID__BF16_DIM_MAX, book->packed_bf16 is there, and magnitudes are far from what the instruction flushes (else the
     * scores mean nothing, but the sizes hold). next: SID__TILE_ROWS rows that are wanted after these, fetched meanwhile;
     * size (rows): what `measure` gives of them. Both may be NULL. */
    void (*scores_bf16)(const sid__codebook *book, const float *const *row, int rows, const float *const *next,
                        sid__row_size *size, float *out);
    sid__row_size (*measure)(const float *x, int dim);
    /* a . b in fp32, in any order. */
    float (*dot)(const float *a, const float *b, int dim);
    /* The two smallest of `count` values, a multiple of 16. */
    sid__two_least (*two_least)(const float *value, int count);
    /* out[i * groups * 16 + j] = sum_d x[i * dim + d] * packed[..], each element exactly one fused multiply-add chain
     * from 0: its output is the answer (PCA). */
    void (*project)(const float *x, int rows, int dim, const float *packed, int groups, float *out);
    /* For the beam: half costs base + score[k] + sum_c cross[c][k], less and plus the bound, into low and high (groups *
     * 16 each); least (16): the smallest high of every 16th code. */
    void (*intervals)(const float *score, const float *const *cross, int cross_count, const sid__codebook *book,
                      sid__bound bound, float base, float *low, float *high, float *least);
    /* Places with value <= limit (or no number), ascending, of `count` values, a multiple of 16; gives their number. */
    int (*at_most)(const float *value, int count, float limit, int *index);
    /* sum[d] += round_half_even(x[d] * scale), |x * scale| <= 2^50. */
    void (*accumulate)(const float *x, int dim, double scale, int64_t *sum);
} sid__kernels;

const sid__kernels *sid__kernels_of(const sid_ctx *ctx);
const sid__kernels *sid__kernels_for(sid__isa isa);
extern const sid__kernels sid__kernels_portable;
extern const sid__kernels sid__kernels_avx2;
extern const sid__kernels sid__kernels_avx512;
extern const sid__kernels sid__kernels_avx512bf16;

#endif
