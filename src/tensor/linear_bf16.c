/* linear_bf16.c: the linear layer where tape.precision is SID__PRECISION_BF16. Input, weights and the gradient that comes back are rounded,
 * once each, to the layouts that the three products read; sums, bias, activation and gradients are fp32.
 *
 * Where a relu let through is read from the copy, on which the gradient's is then written: what is below 2^-126 counts as 0.
 *
 * Behind a relu stands another layer, as a rule: its input is rounded while the block that holds it is in the cache. Other
 * outputs are rounded when somebody multiplies them.
 */
#include "tensor/ops_linear.h"

#ifndef SEMID_REAL_IS_DOUBLE

#include <assert.h>

#include "tensor/rounded.h"

typedef struct bf16_saved {
    bool is_relu;
    const sid__bf16_copy *x;    /* pairs: where w takes a gradient */
    const sid__bf16_weights *w; /* by_depth: where x does */
    sid__bf16_copy dy;          /* room for the gradient: in what y's copy took, which is not needed by then */
    sid__real *partial;         /* (partials, O) */
} bf16_saved;

typedef struct bf16_job {
    const sid_ctx *ctx;
    const sid__neural *kernels;
    const sid__value *bias; /* NULL: none */
    sid__value *y;
    const sid__bf16_copy *copy; /* to round y, or its gradient, to; NULL: not now */
    bf16_saved saved;
} bf16_job;

/* Bias, activation and rounding of a block of y. */
static void finish_block(void *user, int64_t row, int64_t row_end, int column, int column_end)
{
    const bf16_job *job = user;
    const sid__real *bias = job->bias ? job->bias->data + column : NULL;
    const sid__bf16_rows part = {.x = job->y->data + row * job->y->columns + column,
                                 .x_step = job->y->columns,
                                 .rows = row_end - row,
                                 .columns = column_end - column,
                                 .bias = bias,
                                 .is_relu = job->saved.is_relu};
    if (job->copy)
        sid__bf16_round_part(job->ctx, &part, row, column, job->copy);
    else
        for (int64_t i = 0; i < part.rows && bias; i++)
            job->kernels->bias(1, part.columns, bias, false, part.x + i * part.x_step);
}

/* dy -> d(pre-activation), rounded, and the sums of its columns. */
static void back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const bf16_job *job = arg;
    const uint16_t *kept = job->saved.is_relu ? job->y->rounded->copy.rows : NULL;
    int columns = job->y->columns;
    const sid__bf16_rows part = {.x = job->y->grad + begin * columns,
                                 .x_step = columns,
                                 .rows = end - begin,
                                 .columns = columns,
                                 .kept = kept ? kept + begin * sid__bf16_row_step(columns) : NULL,
                                 .kept_step = sid__bf16_row_step(columns),
                                 .sum = job->bias ? job->saved.partial + begin / SID__ROWS * columns : NULL};
    (void)worker;
    sid__bf16_round_part(job->ctx, &part, begin, 0, job->copy);
}

static void multiply_back(const sid_ctx *ctx, const sid__node *node)
{
    const bf16_saved *saved = node->saved;
    sid__value *x = node->in[0], *w = node->in[1], *y = node->out;
    sid__bf16_product product[2];
    int count = 0;
    if (sid__wants_grad(w)) {
        product[count++] = (sid__bf16_product){.a = sid__bf16_by_column(&saved->dy),
                                               .b = saved->x->pairs,
                                               .c = w->grad,
                                               .rows = y->columns,
                                               .columns = x->columns,
                                               .depth = y->rows,
                                               .is_added = w->has_grad};
        w->has_grad = true;
    }
    if (sid__wants_grad(x)) {
        product[count++] = (sid__bf16_product){.a = sid__bf16_by_row(&saved->dy),
                                               .b = saved->w->by_depth,
                                               .c = x->grad,
                                               .rows = y->rows,
                                               .columns = x->columns,
                                               .depth = y->columns,
                                               .is_added = x->has_grad};
        x->has_grad = true;
    }
    sid__gemm_bf16(ctx, product, count);
}

static void bf16_backward(const sid_ctx *ctx, const sid__node *node)
{
    const bf16_saved *saved = node->saved;
    sid__value *b = node->in[2], *y = node->out;
    bf16_job job = {.ctx = ctx, .kernels = sid__neural_for(ctx->isa), .y = y, .copy = &saved->dy, .saved = *saved};
    job.bias = sid__wants_grad(b) ? b : NULL;
    sid__ctx_for(ctx, y->rows, SID__ROWS, back_task, &job);
    if (job.bias)
        sid__add_partials(job.kernels, saved->partial, sid__partials(y->rows), b);
    multiply_back(ctx, node);
}

static void record(sid__tape *tape, const sid__node *node, bf16_saved *saved)
{
    const sid__value *x = node->in[0], *w = node->in[1], *y = node->out;
    if (!sid__wants_grad(y))
        return;
    saved->dy = y->rounded->copy;
    if (!sid__wants_grad(x))
        saved->dy.rows = NULL;
    sid__rounded_reserve(tape, y->rows, y->columns,
                         (sid__wants_grad(x) ? SID__BY_ROW : 0) | (sid__wants_grad(w) ? SID__BY_PAIR : 0), &saved->dy);
    saved->partial = sid__tape_push(tape, (size_t)sid__partials(y->rows) * (size_t)y->columns, sizeof(sid__real));
    sid__tape_record(tape, node, sizeof *saved);
}

sid__value *sid__linear_bf16(sid__tape *tape, sid__value *x, sid__value *w, sid__value *b, bool is_relu)
{
    bool wants_dw = tape->is_recording && sid__wants_grad(w), wants_dx = tape->is_recording && sid__wants_grad(x);
    sid__value *y =
        sid__tape_value(tape, x->rows, (int)w->rows, sid__wants_grad(x) || sid__wants_grad(w) || sid__wants_grad(b));
    bf16_job job = {.ctx = tape->ctx, .kernels = tape->kernels, .bias = b, .y = y, .saved = {.is_relu = is_relu}};
    job.saved.x = sid__rounded_value(tape, x, SID__BY_ROW | (wants_dw ? SID__BY_PAIR : 0));
    job.saved.w = sid__rounded_weights_of(tape, w, wants_dx);
    if (is_relu && y) {
        sid__rounded_reserve(tape, y->rows, y->columns, SID__BY_ROW | (tape->is_recording ? SID__BY_PAIR : 0),
                             &y->rounded->copy);
        job.copy = &y->rounded->copy;
    }
    if (tape->status != SID_OK || !y)
        return NULL;
    const sid__bf16_product product = {.a = sid__bf16_by_row(job.saved.x),
                                       .b = job.saved.w->by_lane,
                                       .c = y->data,
                                       .rows = y->rows,
                                       .columns = y->columns,
                                       .depth = x->columns,
                                       .finish = finish_block,
                                       .user = &job};
    sid__gemm_bf16(tape->ctx, &product, 1);
    record(
        tape,
        &(sid__node){.backward = bf16_backward, .op = SID__OP_LINEAR, .out = y, .in = {x, w, b}, .saved = &job.saved},
        &job.saved);
    return y;
}

#else
typedef int sid__linear_bf16_is_absent; /* gradcheck: numbers are double */
#endif
