/* rounded.h: bf16 copies of values and weights, for ops that multiply under tape.precision SID__PRECISION_BF16.
 *
 * A copy is made once a step and kept beside its value for the ops that follow and for the way back. Values that a tape made
 * keep theirs; a caller's value, which may change between tapes, gets a copy an op. Weights are found by their memory: they
 * must not change while a tape records. Small products, whose factors are used once or twice, round them by themselves.
 */
#ifndef SEMID_TENSOR_ROUNDED_H
#define SEMID_TENSOR_ROUNDED_H

#include "tensor/real_product.h"
#include "tensor/tape.h"

/* Numbers that sid__multiply_rounded wants as scratch for factors of at most so many lanes and depths, either way around. */
size_t sid__rounded_scratch(int64_t lanes, int64_t depth);
/* The product of both factors rounded (packed and panel are not looked at), its caller's alone. */
void sid__multiply_rounded(const sid_ctx *ctx, const sid__real_product *product, uint16_t *scratch_a,
                           uint16_t *scratch_b);

#ifdef SEMID_REAL_IS_DOUBLE

/* gradcheck knows no rounding. */
static inline sid__rounded *sid__rounded_none(sid__tape *tape)
{
    (void)tape;
    return NULL;
}

#else

#include "linalg/gemm_bf16.h"

struct sid__rounded {
    sid__bf16_copy copy; /* layouts that are NULL were not wanted yet */
};

typedef struct sid__rounded_weights {
    struct sid__rounded_weights *before;
    const sid__real *data;
    int out, in;
    sid__bf16_weights to;
} sid__rounded_weights;

typedef enum sid__layout { SID__BY_ROW = 1, SID__BY_PAIR = 2 } sid__layout; /* bits */

/* For a new value: nothing yet. */
sid__rounded *sid__rounded_none(sid__tape *tape);
/* Memory for the layouts of a (rows, columns) matrix that `copy` lacks; not written. */
void sid__rounded_reserve(sid__tape *tape, int64_t rows, int columns, int layouts, sid__bf16_copy *copy);
/* The copy of x in (at least) these layouts; NULL: no memory, and the tape knows. */
sid__bf16_copy *sid__rounded_value(sid__tape *tape, sid__value *x, int layouts);
/* w (out, in); by_depth only where wanted. NULL likewise. */
const sid__bf16_weights *sid__rounded_weights_of(sid__tape *tape, const sid__value *w, bool wants_depth);

#endif
#endif
