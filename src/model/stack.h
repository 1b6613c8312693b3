/* stack.h: a stack of causal transformer layers as models of tokens have it: pre-RMS-norm, rotary positions, SwiGLU, no biases.
 *
 *     x += Drop(Wo attention(Wqkv norm1(x)));  x += Drop(Wd swiglu(Wu norm2(x)));  last: norm(x)
 *
 * Twice the same arithmetic: sid__stack_run over whole sequences on a tape, for training; stack_cache.h token by token with
 * what came before kept, for inference. They give the same bits (test_stack_cache).
 */
#ifndef SEMID_MODEL_STACK_H
#define SEMID_MODEL_STACK_H

#include "tensor/ops_sequence.h"
#include "tensor/params.h"

enum { SID__STACK_LAYERS_MAX = 24 };

/* Indices of parameters. */
typedef struct sid__stack_layer {
    int norm1, qkv, out, norm2, up, down; /* (1, D), (3 D, D), (D, D), (1, D), (2 F, D), (D, F) */
} sid__stack_layer;

typedef struct sid__stack {
    int layers, dim, heads, hidden; /* hidden: F */
    sid__stack_layer layer[SID__STACK_LAYERS_MAX];
    int last_norm;
} sid__stack;

/* Declares the parameters, "<name>.1.norm1.weight" and so on; layers, dim, heads and hidden are there. SID_EUSAGE: sizes that do
 * not go together. */
sid_status sid__stack_declare(sid__stack *stack, sid__params *params, const char *name, sid_error *err);

/* What a pass works with. dropout: its layer counts on, so that a model's dropouts differ; rate 0: none. */
typedef struct sid__stack_pass {
    sid__params *params;
    sid__tape *tape;
    const sid__ragged *sequences; /* lives as long as the tape's memory */
    sid__dropout dropout;
} sid__stack_pass;

/* x (T, D) -> (T, D), after the last norm. qkv (layers), NULL: not wanted: what each layer's attention looked at. */
sid__value *sid__stack_run(const sid__stack *stack, sid__stack_pass *pass, sid__value *x, sid__value **qkv);
/* Drops, where there is something to drop. */
sid__value *sid__stack_drop(sid__stack_pass *pass, sid__value *x);

/* ---- Parts, for stack_cache.c ---- */

extern const double sid__stack_rope_base, sid__stack_epsilon;
sid__value *sid__stack_qkv(const sid__stack *stack, sid__stack_pass *pass, int layer, sid__value *x);
/* The rest of a layer, after its attention. */
sid__value *sid__stack_finish(const sid__stack *stack, sid__stack_pass *pass, int layer, sid__value *x,
                              sid__value *attended);
sid__value *sid__stack_last(const sid__stack *stack, sid__stack_pass *pass, sid__value *x);

#endif
