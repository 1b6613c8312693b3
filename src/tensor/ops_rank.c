/* ops_rank.c: see ops_rank.h. Tasks take SID__ROWS rows; sums over all rows add those of the tasks in order. */
#include "tensor/ops_rank.h"

#include <assert.h>
#include <math.h>

#include "linalg/scalar.h"

/* ---- Products of rows ---- */

typedef struct dot_job {
    const sid__neural *kernels;
    const sid__value *a, *b, *y;
    sid__value *to; /* gets dy_i other_i */
    const sid__value *other;
} dot_job;

static void dot_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const dot_job *job = arg;
    int width = job->a->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        job->y->data[i] = (sid__real)job->kernels->dot(width, job->a->data + i * width, job->b->data + i * width);
}

static void dot_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const dot_job *job = arg;
    int width = job->to->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        (job->to->has_grad ? job->kernels->add_scaled : job->kernels->scale)(
            width, job->y->grad[i], job->other->data + i * width, job->to->grad + i * width);
}

static void dot_grad(const sid_ctx *ctx, const sid__value *y, sid__value *to, const sid__value *other)
{
    dot_job job = {.kernels = sid__neural_for(ctx->isa), .y = y, .to = to, .other = other};
    if (!sid__wants_grad(to))
        return;
    sid__ctx_for(ctx, to->rows, SID__ROWS, dot_back_task, &job);
    to->has_grad = true;
}

static void dot_backward(const sid_ctx *ctx, const sid__node *node)
{
    dot_grad(ctx, node->out, node->in[0], node->in[1]);
    dot_grad(ctx, node->out, node->in[1], node->in[0]);
}

sid__value *sid__op_row_dot(sid__tape *tape, sid__value *a, sid__value *b)
{
    if (!a || !b)
        return NULL;
    assert(a->rows == b->rows && a->columns == b->columns);
    sid__value *y = sid__tape_value(tape, a->rows, 1, sid__wants_grad(a) || sid__wants_grad(b));
    if (!y)
        return NULL;
    sid__ctx_for(tape->ctx, a->rows, SID__ROWS, dot_task, &(dot_job){.kernels = tape->kernels, .a = a, .b = b, .y = y});
    sid__tape_record(tape, &(sid__node){.backward = dot_backward, .op = SID__OP_ROW_DOT, .out = y, .in = {a, b}}, 0);
    return y;
}

/* ---- Columns ---- */

/* to[:, to_first ..] (+)= from[:, from_first ..], `count` columns. */
typedef struct copy_job {
    const sid__neural *kernels;
    const sid__real *from;
    sid__real *to;
    int from_width, to_width, from_first, to_first, count;
    bool is_added;
} copy_job;

static void copy_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const copy_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *from = job->from + i * job->from_width + job->from_first;
        sid__real *to = job->to + i * job->to_width + job->to_first;
        if (job->is_added)
            job->kernels->add(job->count, from, to);
        else
            job->kernels->scale(job->count, 1, from, to);
    }
}

typedef struct columns_saved {
    int first;
} columns_saved;

/* What is beside the columns gets no gradient. */
static void columns_backward(const sid_ctx *ctx, const sid__node *node)
{
    const columns_saved *saved = node->saved;
    sid__value *x = node->in[0], *y = node->out;
    if (!sid__wants_grad(x))
        return;
    if (!x->has_grad)
        for (int64_t i = 0; i < x->rows * x->columns; i++)
            x->grad[i] = 0;
    sid__ctx_for(ctx, x->rows, SID__ROWS, copy_task,
                 &(copy_job){.kernels = sid__neural_for(ctx->isa),
                             .from = y->grad,
                             .to = x->grad,
                             .from_width = y->columns,
                             .to_width = x->columns,
                             .to_first = saved->first,
                             .count = y->columns,
                             .is_added = true});
    x->has_grad = true;
}

sid__value *sid__op_columns(sid__tape *tape, sid__value *x, int first, int count)
{
    if (!x)
        return NULL;
    assert(first >= 0 && count > 0 && first + count <= x->columns);
    sid__value *y = sid__tape_value(tape, x->rows, count, sid__wants_grad(x));
    if (!y)
        return NULL;
    sid__ctx_for(tape->ctx, x->rows, SID__ROWS, copy_task,
                 &(copy_job){.kernels = tape->kernels,
                             .from = x->data,
                             .to = y->data,
                             .from_width = x->columns,
                             .to_width = count,
                             .from_first = first,
                             .count = count});
    sid__tape_record(
        tape,
        &(sid__node){
            .backward = columns_backward, .op = SID__OP_COLUMNS, .out = y, .in = {x}, .saved = &(columns_saved){first}},
        sizeof(columns_saved));
    return y;
}

/* The part of a wide matrix that begins at column `first`, to or from a narrow one. */
static void narrow_grad(const sid_ctx *ctx, const sid__value *wide, int first, sid__value *narrow)
{
    if (!sid__wants_grad(narrow))
        return;
    sid__ctx_for(ctx, wide->rows, SID__ROWS, copy_task,
                 &(copy_job){.kernels = sid__neural_for(ctx->isa),
                             .from = wide->grad,
                             .to = narrow->grad,
                             .from_width = wide->columns,
                             .to_width = narrow->columns,
                             .from_first = first,
                             .count = narrow->columns,
                             .is_added = narrow->has_grad});
    narrow->has_grad = true;
}

static void concat_backward(const sid_ctx *ctx, const sid__node *node)
{
    narrow_grad(ctx, node->out, 0, node->in[0]);
    narrow_grad(ctx, node->out, node->in[0]->columns, node->in[1]);
}

static void widen(const sid__tape *tape, const sid__value *narrow, int first, const sid__value *wide)
{
    sid__ctx_for(tape->ctx, wide->rows, SID__ROWS, copy_task,
                 &(copy_job){.kernels = tape->kernels,
                             .from = narrow->data,
                             .to = wide->data,
                             .from_width = narrow->columns,
                             .to_width = wide->columns,
                             .to_first = first,
                             .count = narrow->columns});
}

sid__value *sid__op_concat(sid__tape *tape, sid__value *a, sid__value *b)
{
    if (!a || !b)
        return NULL;
    assert(a->rows == b->rows);
    sid__value *y = sid__tape_value(tape, a->rows, a->columns + b->columns, sid__wants_grad(a) || sid__wants_grad(b));
    if (!y)
        return NULL;
    widen(tape, a, 0, y);
    widen(tape, b, a->columns, y);
    sid__tape_record(tape, &(sid__node){.backward = concat_backward, .op = SID__OP_CONCAT, .out = y, .in = {a, b}}, 0);
    return y;
}

/* ---- The loss of clicks ---- */

typedef struct click_saved {
    const uint8_t *label;
    double scale;
} click_saved;

/* sigmoid(z) - label, in double, without the difference of what is nearly equal. */
static double slope(double z, uint8_t label)
{
    double e = sid__exp(-fabs(z)), away = e / (1 + e), toward = 1 / (1 + e);
    if (label)
        return z >= 0 ? -away : -toward;
    return z >= 0 ? toward : away;
}

static void click_backward(const sid_ctx *ctx, const sid__node *node)
{
    const click_saved *saved = node->saved;
    sid__value *logit = node->in[0];
    double step = saved->scale * (double)node->out->grad[0];
    (void)ctx;
    if (!sid__wants_grad(logit))
        return;
    for (int64_t i = 0; i < logit->rows; i++) {
        sid__real g = (sid__real)(step * slope((double)logit->data[i], saved->label[i]));
        logit->grad[i] = logit->has_grad ? logit->grad[i] + g : g;
    }
    logit->has_grad = true;
}

sid__value *sid__op_click_loss(sid__tape *tape, sid__value *logit, const uint8_t *label, double scale)
{
    double sum = 0;
    if (!logit)
        return NULL;
    assert(logit->columns == 1);
    sid__value *loss = sid__tape_value(tape, 1, 1, sid__wants_grad(logit));
    if (!loss)
        return NULL;
    for (int64_t i = 0; i < logit->rows; i++) { /* max(z, 0) - z y + log(1 + exp -|z|) */
        double z = (double)logit->data[i];
        sum += (z > 0 ? z : 0) - (label[i] ? z : 0) + sid__log(1 + sid__exp(-fabs(z)));
    }
    loss->data[0] = (sid__real)(scale * sum);
    sid__tape_record(tape,
                     &(sid__node){.backward = click_backward,
                                  .op = SID__OP_CLICK_LOSS,
                                  .out = loss,
                                  .in = {logit},
                                  .saved = &(click_saved){label, scale}},
                     sizeof(click_saved));
    return loss;
}
