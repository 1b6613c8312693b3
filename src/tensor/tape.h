/* tape.h: values, and the tape that knows how they came about.
 *
 * An op (ops.h) runs at once, gives a new value and, where a gradient will be wanted, appends a node; sid__tape_backward walks
 * the nodes from the end. A model is its forward pass:
 *
 *     sid__tape tape = sid__tape_begin(ctx, &memory, true);
 *     sid__value *y = sid__op_linear(&tape, x, w, b, SID__RELU);
 *     sid__value *loss = sid__op_square_error(&tape, y, target, 1.0 / rows);
 *     SID_TRY(sid__tape_backward(&tape, loss, err)); // w->grad, b->grad
 *
 * Memory has three lifetimes: parameters live with their object (params.h); what ops make lives in the step's memory until
 * that is reset; inference passes a tape that does not record, and its memory is the request's. An op that finds no memory
 * gives NULL and the tape remembers why; ops take NULL and give NULL, so that a model need not look before its end.
 *
 * The same bits for any number of threads: products are chains (linalg/gemm.h), other sums run over SID__ROWS rows at a
 * time, whose results are added in order.
 */
#ifndef SEMID_TENSOR_TAPE_H
#define SEMID_TENSOR_TAPE_H

#include "base/ctx.h"
#include "kernel/neural.h"
#include "tensor/step_memory.h"

enum { SID__ROWS = 64 }; /* rows of a task, and of a partial sum */

/* What matrix products take: numbers as they are, or rounded to bf16 with sums in fp32 (linalg/gemm_bf16.h). Everything else
 * is fp32 under both: parameters, sums, norms, losses, optimisers. */
typedef enum sid__precision { SID__PRECISION_FP32, SID__PRECISION_BF16 } sid__precision;
#define SID__PRECISION_CHOICES "fp32|bf16" /* for option tables of learners */

typedef struct sid__rounded sid__rounded; /* bf16 copies of a value (rounded.h) */

/* Invariant: grad is NULL where no gradient is wanted; has_grad says that grad holds one, so that the first op on the way
 * back writes it and the others add to it. */
typedef struct sid__value {
    sid__real *data, *grad; /* (rows, columns) row-major */
    int64_t rows;
    int columns;
    bool has_grad;
    sid__rounded *rounded; /* NULL: none is kept, since others than the tape may write data */
    const sid__real
        *packed; /* of weights (out, in) that change no more: as op_linear multiplies by them; NULL: as data has them */
} sid__value;

/* Every op has a name here; gradcheck fails when one has no case. */
#define SID__OP_LIST(X)                                                                                                \
    X(LINEAR, "linear")                                                                                                \
    X(ADD, "add")                                                                                                      \
    X(SQUARE_ERROR, "square_error")                                                                                    \
    X(STRAIGHT_THROUGH, "straight_through")                                                                            \
    X(ROTATION, "rotation")                                                                                            \
    X(RESIDUAL_LOSS, "residual_loss")                                                                                  \
    X(SOFT_CODES, "soft_codes")                                                                                        \
    X(DENSE_CODES, "dense_codes")                                                                                      \
    X(ROUND_STEPS, "round_steps")                                                                                      \
    X(ACTIVATION, "activation")                                                                                        \
    X(DROPOUT, "dropout")                                                                                              \
    X(NORM, "norm")                                                                                                    \
    X(UNIT_LENGTH, "unit_length")                                                                                      \
    X(GATHER, "gather")                                                                                                \
    X(ROW_DOT, "row_dot")                                                                                              \
    X(COLUMNS, "columns")                                                                                              \
    X(CONCAT, "concat")                                                                                                \
    X(CLICK_LOSS, "click_loss")                                                                                        \
    X(CROSS_ENTROPY, "cross_entropy")                                                                                  \
    X(ATTENTION, "attention")                                                                                          \
    X(CROSS_ATTENTION, "cross_attention")                                                                              \
    X(CATALOG_LOSS, "catalog_loss")                                                                                    \
    X(SAMPLED_LOSS, "sampled_loss")                                                                                    \
    X(GRU, "gru")                                                                                                      \
    X(SWIGLU, "swiglu")                                                                                                \
    X(MULTIPLY, "multiply")                                                                                            \
    X(SCALE, "scale")                                                                                                  \
    X(BAG, "bag")                                                                                                      \
    X(MEAN_POOL, "mean_pool")                                                                                          \
    X(PRELU, "prelu")                                                                                                  \
    X(WEIGH_ROWS, "weigh_rows")                                                                                        \
    X(SOFTMAX, "softmax")                                                                                              \
    X(PAIR_DOTS, "pair_dots")

typedef enum sid__op {
#define SID__OP_ENUM_(name, text) SID__OP_##name,
    SID__OP_LIST(SID__OP_ENUM_)
#undef SID__OP_ENUM_
        SID__OP_COUNT
} sid__op;

enum { SID__INPUTS_MAX = 5 };

typedef struct sid__node sid__node;
typedef void sid__backward_fn(const sid_ctx *ctx, const sid__node *node);

struct sid__node {
    sid__node *before;
    sid__backward_fn *backward;
    sid__op op;
    sid__value *out, *in[SID__INPUTS_MAX];
    const void *saved; /* the op's own, in the step's memory */
};

/* Invariant: status SID_OK or error says what failed first. */
typedef struct sid__tape {
    const sid_ctx *ctx;
    const sid__neural *kernels;
    sid__memory *memory;
    sid__node *newest;
    struct sid__rounded_weights *weights; /* rounded so far, newest first */
    bool is_recording;
    sid__precision
        precision; /* of the products that follow; fp32 unless set after begin, and it may change between ops */
    sid_status status;
    sid_error error;
} sid__tape;

sid__tape sid__tape_begin(const sid_ctx *ctx, sid__memory *memory, bool is_recording);
/* From d loss / d loss = 1 to the gradients of everything that takes one. loss (1, 1), or NULL where an op failed: then its
 * failure. Parameters' has_grad must have been cleared (sid__params_clear). */
sid_status sid__tape_backward(const sid__tape *tape, sid__value *loss, sid_error *err);
/* Says, at the start of a training, where bf16 costs time rather than saves it: on a path without the instruction. */
void sid__precision_warn(const sid_ctx *ctx, sid__precision precision);
/* The tape's failure, for tapes that do not go back. */
sid_status sid__tape_status(const sid__tape *tape, sid_error *err);

/* For inputs: a value around the caller's memory that takes no gradient. */
sid__value sid__value_of(sid__real *data, int64_t rows, int columns);

/* ---- For ops ------------------------------------------------------------------------------------------------------ */

/* Memory of the step; NULL: failed, and the tape knows. */
void *sid__tape_push(sid__tape *tape, size_t count, size_t size);
/* A value whose data is to be written; with room for a gradient where the tape records and `wants_grad`. */
sid__value *sid__tape_value(sid__tape *tape, int64_t rows, int columns, bool wants_grad);
/* Appends a node where out takes a gradient. `saved` (saved_size bytes) is copied; NULL: nothing. */
void sid__tape_record(sid__tape *tape, const sid__node *node, size_t saved_size);
static inline bool sid__wants_grad(const sid__value *value)
{
    return value && value->grad;
}

#endif
