/* ops_linear.c: the linear layer, with the bias and the activation in the pass that follows the product, and addition. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "tensor/ops.h"
#include "tensor/ops_linear.h"
#include "tensor/real_product.h"

typedef struct linear_saved {
    bool is_relu;
    sid__real *partial; /* (ceil(N / SID__ROWS), O): sums over the rows of a task */
    sid__real *panel;   /* for the largest of the three products; they come one after the other. NULL: none */
} linear_saved;

typedef struct linear_job {
    const sid__neural *kernels;
    const sid__value *bias; /* NULL: none */
    sid__value *y;
    linear_saved saved;
} linear_job;

static void bias_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const linear_job *job = arg;
    (void)worker;
    job->kernels->bias(end - begin, job->y->columns, job->bias ? job->bias->data : NULL, job->saved.is_relu,
                       job->y->data + begin * job->y->columns);
}

static void bias_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const linear_job *job = arg;
    int64_t at = begin * job->y->columns;
    (void)worker;
    job->kernels->bias_back(end - begin, job->y->columns, job->y->data + at, job->saved.is_relu, job->y->grad + at,
                            job->saved.partial + begin / SID__ROWS * job->y->columns);
}

void sid__add_partials(const sid__neural *kernels, const sid__real *partial, int64_t count, sid__value *bias)
{
    for (int64_t i = 0; i < count; i++, partial += bias->columns) {
        if (i == 0 && !bias->has_grad)
            kernels->scale(bias->columns, 1, partial, bias->grad);
        else
            kernels->add(bias->columns, partial, bias->grad);
    }
    bias->has_grad = true;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Numbers that the largest product of the layer wants to pack; the two of the way back only where it is gone. */
static size_t panel_count(const sid__value *x, const sid__value *y)
{
    size_t forward = sid__panel_count(x->rows, y->columns, x->columns);
    if (!sid__wants_grad(y))
        return forward;
    size_t of_w = sid__panel_count(y->columns, x->columns, (int)y->rows);
    return larger(forward, larger(of_w, sid__panel_count(y->rows, x->columns, y->columns)));
}

static sid__real *panel_of(sid__real *panel, int64_t rows, int columns, int depth)
{
    return sid__panel_count(rows, columns, depth) ? panel : NULL;
}

/* dy -> d(pre-activation) in place, db; then dw = dy^T x and dx = dy w. */
static void linear_backward(const sid_ctx *ctx, const sid__node *node)
{
    const linear_saved *saved = node->saved;
    sid__value *x = node->in[0], *w = node->in[1], *b = node->in[2], *y = node->out;
    linear_job job = {.kernels = sid__neural_for(ctx->isa), .bias = b, .y = y, .saved = *saved};
    if (saved->is_relu || sid__wants_grad(b))
        sid__ctx_for(ctx, y->rows, SID__ROWS, bias_back_task, &job);
    if (sid__wants_grad(b))
        sid__add_partials(job.kernels, saved->partial, sid__partials(y->rows), b);
    if (sid__wants_grad(w)) {
        sid__multiply_real(ctx,
                           &(sid__real_product){.a = {y->grad, y->columns, true},
                                                .b = {x->data, x->columns, true},
                                                .c = w->grad,
                                                .rows = y->columns,
                                                .columns = x->columns,
                                                .depth = (int)y->rows,
                                                .is_added = w->has_grad,
                                                .panel = panel_of(saved->panel, y->columns, x->columns, (int)y->rows)});
        w->has_grad = true;
    }
    if (sid__wants_grad(x)) {
        sid__multiply_real(ctx, &(sid__real_product){.a = {y->grad, y->columns, false},
                                                     .b = {w->data, w->columns, true},
                                                     .c = x->grad,
                                                     .rows = y->rows,
                                                     .columns = x->columns,
                                                     .depth = y->columns,
                                                     .is_added = x->has_grad,
                                                     .panel = panel_of(saved->panel, y->rows, x->columns, y->columns)});
        x->has_grad = true;
    }
}

sid__value *sid__op_linear(sid__tape *tape, sid__value *x, sid__value *w, sid__value *b, sid__activation activation)
{
    if (!x || !w)
        return NULL;
    assert(x->columns == w->columns && (!b || b->columns == w->rows));
#ifndef SEMID_REAL_IS_DOUBLE
    if (tape->precision == SID__PRECISION_BF16)
        return sid__linear_bf16(tape, x, w, b, activation == SID__RELU);
#endif
    sid__value *y =
        sid__tape_value(tape, x->rows, (int)w->rows, sid__wants_grad(x) || sid__wants_grad(w) || sid__wants_grad(b));
    if (!y)
        return NULL;
    linear_job job = {.kernels = tape->kernels, .bias = b, .y = y, .saved = {.is_relu = activation == SID__RELU}};
    size_t count = w->packed ? 0 : panel_count(x, y);
    if (count && !(job.saved.panel = sid__tape_push(tape, count, sizeof(sid__real))))
        return NULL;
    sid__multiply_real(tape->ctx,
                       &(sid__real_product){.a = {x->data, x->columns, false},
                                            .b = {w->data, w->columns, false},
                                            .packed = w->packed,
                                            .c = y->data,
                                            .rows = x->rows,
                                            .columns = y->columns,
                                            .depth = x->columns,
                                            .panel = panel_of(job.saved.panel, x->rows, y->columns, x->columns)});
    if (b || job.saved.is_relu)
        sid__ctx_for(tape->ctx, y->rows, SID__ROWS, bias_task, &job);
    if (sid__wants_grad(y)) {
        job.saved.partial =
            sid__tape_push(tape, (size_t)sid__partials(y->rows) * (size_t)y->columns, sizeof(sid__real));
        sid__tape_record(
            tape,
            &(sid__node){
                .backward = linear_backward, .op = SID__OP_LINEAR, .out = y, .in = {x, w, b}, .saved = &job.saved},
            sizeof job.saved);
    }
    return y;
}

/* ---- Addition ----------------------------------------------------------------------------------------------------- */

enum { ADD_ROWS = 8 * SID__ROWS };

typedef struct add_job {
    const sid__neural *kernels;
    const sid__real *from, *other; /* other NULL: to += from where is_added, else to = from */
    sid__real *to;
    int columns;
    bool is_added;
} add_job;

static void add_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const add_job *job = arg;
    int64_t at = begin * job->columns, count = (end - begin) * job->columns;
    (void)worker;
    if (job->other)
        job->kernels->sum(count, job->from + at, job->other + at, job->to + at);
    else if (job->is_added)
        job->kernels->add(count, job->from + at, job->to + at);
    else
        memcpy(job->to + at, job->from + at, (size_t)count * sizeof *job->to);
}

static void pass_on(const sid_ctx *ctx, const sid__value *out, sid__value *in)
{
    if (!sid__wants_grad(in))
        return;
    sid__ctx_for(ctx, out->rows, ADD_ROWS, add_task,
                 &(add_job){.kernels = sid__neural_for(ctx->isa),
                            .from = out->grad,
                            .to = in->grad,
                            .columns = out->columns,
                            .is_added = in->has_grad});
    in->has_grad = true;
}

static void add_backward(const sid_ctx *ctx, const sid__node *node)
{
    pass_on(ctx, node->out, node->in[0]);
    pass_on(ctx, node->out, node->in[1]);
}

sid__value *sid__op_add(sid__tape *tape, sid__value *a, sid__value *b)
{
    if (!a || !b)
        return NULL;
    assert(a->rows == b->rows && a->columns == b->columns);
    sid__value *y = sid__tape_value(tape, a->rows, a->columns, sid__wants_grad(a) || sid__wants_grad(b));
    if (!y)
        return NULL;
    sid__ctx_for(
        tape->ctx, y->rows, ADD_ROWS, add_task,
        &(add_job){.kernels = tape->kernels, .from = a->data, .other = b->data, .to = y->data, .columns = y->columns});
    sid__tape_record(tape, &(sid__node){.backward = add_backward, .op = SID__OP_ADD, .out = y, .in = {a, b}}, 0);
    return y;
}
