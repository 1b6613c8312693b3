/* curve.h: activations and gates, and their ways back. One body (curve_body.h) on compiler vector extensions, compiled per ISA;
 * exponential and error function are our own: the same bits on every path. Numbers are sid__real (neural.h).
 *
 * `is_added`: gradients are added to what `to` holds, else written.
 */
#ifndef SEMID_KERNEL_CURVE_H
#define SEMID_KERNEL_CURVE_H

#include "kernel/neural.h"

/* Rows of a GRU as PyTorch has it: r = s(gx_r + gh_r), z = s(gx_z + gh_z), n = tanh(gx_n + r gh_n), h = (1 - z) n + z before. */
typedef struct sid__gru_row {
    int size;                /* of h */
    const sid__real *gx;     /* (3 size) of the input, biases included: r | z | n */
    const sid__real *gh;     /* (3 size) of the state */
    const sid__real *before; /* (size) */
    sid__real *gate;         /* (3 size): r | z | n */
    sid__real *h;            /* (size) */
} sid__gru_row;

/* g: gradient of h, (size). dgx, dgh: (3 size); carry (size): of the state before, but for what passes gh. */
typedef struct sid__gru_row_back {
    int size;
    const sid__real *gate, *gh, *before, *g;
    sid__real *dgx, *dgh, *carry;
} sid__gru_row_back;

typedef struct sid__curve {
    /* gelu(x) = x/2 (1 + erf(x / sqrt 2)), within 5e-7 (1 + |x|); silu(x) = x / (1 + exp -x). */
    void (*gelu)(int64_t count, const sid__real *x, sid__real *y);
    void (*gelu_back)(int64_t count, const sid__real *x, const sid__real *g, bool is_added, sid__real *to);
    void (*silu)(int64_t count, const sid__real *x, sid__real *y);
    void (*silu_back)(int64_t count, const sid__real *x, const sid__real *g, bool is_added, sid__real *to);
    void (*relu)(int64_t count, const sid__real *x, sid__real *y); /* NaN stays */
    void (*relu_back)(int64_t count, const sid__real *x, const sid__real *g, bool is_added, sid__real *to);
    /* y = silu(gate) up */
    void (*swiglu)(int64_t count, const sid__real *gate, const sid__real *up, sid__real *y);
    void (*swiglu_back)(int64_t count, const sid__real *gate, const sid__real *up, const sid__real *g, bool is_added,
                        sid__real *to_gate, sid__real *to_up);
    void (*multiply)(int64_t count, const sid__real *a, const sid__real *b, bool is_added, sid__real *y); /* y = a b */
    void (*gru)(const sid__gru_row *row);
    void (*gru_back)(const sid__gru_row_back *row);
} sid__curve;

const sid__curve *sid__curve_for(sid__isa isa);

extern const sid__curve sid__curve_portable, sid__curve_avx2, sid__curve_avx512;

#endif
