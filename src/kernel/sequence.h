/* sequence.h: what sequence models do between their matrix products: softmax of attention scores and its way back, the
 * softmax over a catalogue in parts, what dropout drops.
 *
 * One body (sequence_body.h) on compiler vector extensions, compiled per ISA. The exponential is our own; no product is
 * fused with a sum; sums are kept by sixteen lanes, element i in lane i mod 16, and the lanes are added from the first on:
 * the same bits on every path. Numbers are sid__real (neural.h).
 *
 * A row here has room up to the next multiple of 16 elements: what stands after its end is overwritten.
 */
#ifndef SEMID_KERNEL_SEQUENCE_H
#define SEMID_KERNEL_SEQUENCE_H

#include <stddef.h>

#include "kernel/neural.h"

enum { SID__ROW_GROUP = 16 };
/* The step of rows of `columns` elements. */
static inline int64_t sid__row_step(int64_t columns)
{
    return (columns + SID__ROW_GROUP - 1) / SID__ROW_GROUP * SID__ROW_GROUP;
}

/* Which draws a dropout takes: element e has word e mod 4 of Philox draw first + e / 4. */
typedef struct sid__drop {
    uint64_t seed, first;
    uint32_t stream, least; /* words below `least` drop */
} sid__drop;

typedef struct sid__norm_row {
    sid__real mean, inverse; /* mean 0 of RMS norm */
} sid__norm_row;

/* Rows of scores, row i with visible + i visible_step columns that count, bias + i bias_step to be added. */
typedef struct sid__softmax_rows {
    int visible, visible_step, columns;
    sid__real scale;
    const sid__real *bias; /* NULL: none */
    int64_t bias_step;
} sid__softmax_rows;

typedef struct sid__sequence_kernels {
    /* row[0 .. visible) = softmax(scale row + bias), row[visible .. step) = 0. bias NULL: none; it can be read up to the
     * step. NaN stays NaN. */
    void (*softmax)(int visible, int columns, sid__real scale, const sid__real *bias, sid__real *row);
    /* The same of some rows, `step` apart. */
    void (*softmax_rows)(int64_t rows, int64_t step, const sid__softmax_rows *of, sid__real *row);
    /* g = p (g - sum p g) over a row; columns past the end become 0 where p is 0 there. */
    void (*softmax_back)(int columns, const sid__real *p, sid__real *g);
    /* A part of a row whose softmax is wanted: row = exp(row + bias - most), most the largest yet, sum the sum of all
     * exponentials yet. Gives what earlier exponentials are to be multiplied with. Start: *most = -INFINITY, *sum = 0. */
    sid__real (*absorb)(int columns, const sid__real *bias, sid__real *row, sid__real *most, double *sum);
    /* row[j] = share[j] exp(row[j] + bias - most[j]), share and most readable up to the step; gives the sum. */
    sid__real (*shares)(int columns, sid__real bias, const sid__real *most, const sid__real *share, sid__real *row);
    /* p = -p where element first_element + j is dropped; first_element a multiple of 4. */
    void (*mark)(int columns, const sid__drop *drop, uint64_t first_element, sid__real *p);
    /* out = p < 0 ? 0 : keep p */
    void (*drop)(int columns, sid__real keep, const sid__real *p, sid__real *out);
    /* g = p < 0 ? 0 : keep g; p = |p| */
    void (*drop_back)(int columns, sid__real keep, sid__real *p, sid__real *g);
    /* y[j] = (is_added ? y[j] : 0) + (first_element + j is dropped ? 0 : keep x[j]) */
    void (*dropout)(int64_t count, const sid__drop *drop, uint64_t first_element, sid__real keep, bool is_added,
                    const sid__real *x, sid__real *y);
    /* A row of layer norm (centred) or RMS norm: y = (x - mean) inverse gain + shift; shift NULL: none. */
    void (*norm)(int columns, bool is_centered, double epsilon, const sid__real *x, const sid__real *gain,
                 const sid__real *shift, sid__norm_row *of, sid__real *y);
    /* to (+)= the gradient of x where g is that of y. */
    void (*norm_back)(int columns, bool is_centered, bool is_added, const sid__real *x, const sid__real *gain,
                      const sid__real *g, const sid__norm_row *of, sid__real *to);
    /* gains, shifts (columns) = gradients of gain and shift over rows of x and g, from the first on. */
    void (*norm_sums)(int64_t rows, int columns, const sid__real *x, const sid__real *g, const sid__norm_row *of,
                      sid__real *gains, sid__real *shifts);
    /* The sum of exp(row[j] - *most) in double, *most the largest: eight lanes, j mod 8, added pairwise; terms below exp(-700) are 0.
     * NaN where a number is not finite. The row need have no room after its end. */
    double (*exp_sum)(int64_t count, const sid__real *row, double *most);
    /* Attention of one query (heads, size) over few keys that lie apart: score[h * step + j] = the chain of fma over a head's numbers of
     * q k[j], from 0, for at most 64 keys; out (heads, size) = the chain over j of weight[h * step + j] v[j], from 0. */
    void (*path_scores)(int heads, int size, int keys, const sid__real *q, const sid__real *const *k, int64_t step,
                        sid__real *score);
    void (*path_sums)(int heads, int size, int keys, const sid__real *weight, int64_t step, const sid__real *const *v,
                      sid__real *out);
} sid__sequence_kernels;

const sid__sequence_kernels *sid__sequence_for(sid__isa isa);

extern const sid__sequence_kernels sid__sequence_portable, sid__sequence_avx2, sid__sequence_avx512;

#endif
