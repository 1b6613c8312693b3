/* neural.h: the loops over numbers that training spends its time in beside matrix products: activations, sums of columns,
 * differences, steps of optimisers.
 *
 * One body of plain loops (neural_body.h), compiled per ISA. Elementwise loops round alike at any width; sums run in an order
 * that is written down (rows from the first on, or eight lanes), so all paths give the same bits.
 *
 * Numbers are sid__real: float, but double where gradcheck compiles kernel/neural* and tensor/ once more, since the
 * derivative of a float function cannot be told from its rounding.
 */
#ifndef SEMID_KERNEL_NEURAL_H
#define SEMID_KERNEL_NEURAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpu.h"

#ifdef SEMID_REAL_IS_DOUBLE
typedef double sid__real;
#else
typedef float sid__real;
#endif

/* What one step of AdamW multiplies with (1711.05101): m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2,
 * w = keep w - rate m / (root sqrt(v) + epsilon), g being scale times the gradient. */
typedef struct sid__adamw {
    sid__real beta1, beta2, rate, root, epsilon, keep, scale;
} sid__adamw;

typedef struct sid__neural {
    /* y (rows, columns) = y + bias (columns), less what is negative when is_relu. NaN stays. bias NULL: none. */
    void (*bias)(int64_t rows, int columns, const sid__real *bias, bool is_relu, sid__real *y);
    /* The way back: g (rows, columns) becomes 0 where y is not positive, when is_relu; sum (columns) = sums of g over the
     * rows, from the first on. */
    void (*bias_back)(int64_t rows, int columns, const sid__real *y, bool is_relu, sid__real *g, sid__real *sum);
    /* y (rows, columns) = x where it is above 0, else slope (columns) x; the way back: to = g or slope g, added when is_added;
     * sum (columns) += x g where x is not above 0, from the first row on. */
    void (*prelu)(int64_t rows, int columns, const sid__real *slope, const sid__real *x, sid__real *y);
    void (*prelu_back)(int64_t rows, int columns, const sid__real *slope, const sid__real *x, const sid__real *g,
                       bool is_added, sid__real *to);
    void (*prelu_slope)(int64_t rows, int columns, const sid__real *x, const sid__real *g, sid__real *sum);
    void (*add)(int64_t count, const sid__real *x, sid__real *y);                            /* y += x */
    void (*add_scaled)(int64_t count, sid__real s, const sid__real *x, sid__real *y);        /* y += s x */
    void (*scale)(int64_t count, sid__real s, const sid__real *x, sid__real *y);             /* y = s x */
    void (*sum)(int64_t count, const sid__real *a, const sid__real *b, sid__real *out);      /* out = a + b */
    void (*subtract)(int64_t count, const sid__real *a, const sid__real *b, sid__real *out); /* out = a - b */
    /* sum a_i b_i in double: eight lanes, i mod 8, added pairwise. */
    double (*dot)(int64_t count, const sid__real *a, const sid__real *b);
    double (*square_distance)(int64_t count, const sid__real *a, const sid__real *b); /* sum (a_i - b_i)^2, likewise */
    void (*adamw)(int64_t count, const sid__adamw *by, const sid__real *g, sid__real *m, sid__real *v, sid__real *w);
    /* h += (scale g)^2; w = keep w - rate scale g / (sqrt(h) + epsilon); the other members of `by` are not looked at. */
    void (*adagrad)(int64_t count, const sid__adamw *by, const sid__real *g, sid__real *h, sid__real *w);
    /* m = beta1 m + scale g; w = keep w - rate m */
    void (*sgd)(int64_t count, const sid__adamw *by, const sid__real *g, sid__real *m, sid__real *w);
} sid__neural;

const sid__neural *sid__neural_for(sid__isa isa);

extern const sid__neural sid__neural_portable, sid__neural_avx2, sid__neural_avx512;

#endif
