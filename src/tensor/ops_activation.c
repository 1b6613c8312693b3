/* ops_activation.c: elementwise ops beside the relu of the linear layer: gelu, silu, dropout. */
#include <assert.h>
#include <string.h>

#include "base/philox.h"
#include "kernel/curve.h"
#include "tensor/ops.h"

typedef struct elementwise_saved {
    sid__activation activation;
    sid__dropout dropout;
} elementwise_saved;

typedef struct elementwise_job {
    const elementwise_saved *saved;
    const sid__value *x, *y;
    sid__value *to; /* gets the gradient; NULL: forward */
    const sid__curve *curve;
    const sid__neural *kernels;
} elementwise_job;

static void add_grad(sid__value *to, int64_t at, double grad)
{
    to->grad[at] = (sid__real)(to->has_grad ? (double)to->grad[at] + grad : grad);
}

static void apply(const sid__curve *curve, sid__activation activation, int64_t count, const sid__real *x, sid__real *y)
{
    if (activation == SID__GELU)
        curve->gelu(count, x, y);
    else if (activation == SID__SILU)
        curve->silu(count, x, y);
    else if (activation == SID__RELU)
        curve->relu(count, x, y);
    else
        memcpy(y, x, (size_t)count * sizeof *y);
}

static void apply_back(const elementwise_job *job, int64_t at, int64_t count)
{
    const sid__curve *curve = job->curve;
    const sid__real *x = job->x->data + at, *g = job->y->grad + at;
    sid__real *to = job->to->grad + at;
    bool is_added = job->to->has_grad;
    if (job->saved->activation == SID__GELU)
        curve->gelu_back(count, x, g, is_added, to);
    else if (job->saved->activation == SID__SILU)
        curve->silu_back(count, x, g, is_added, to);
    else if (job->saved->activation == SID__RELU)
        curve->relu_back(count, x, g, is_added, to);
    else if (is_added)
        job->kernels->add(count, g, to);
    else
        memcpy(to, g, (size_t)count * sizeof *to);
}

static void activation_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const elementwise_job *job = arg;
    int64_t at = begin * job->x->columns, count = (end - begin) * job->x->columns;
    (void)worker;
    if (job->to)
        apply_back(job, at, count);
    else
        apply(job->curve, job->saved->activation, count, job->x->data + at, job->y->data + at);
}

/* Four elements share a draw. */
static void dropout_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const elementwise_job *job = arg;
    const sid__dropout *d = &job->saved->dropout;
    uint32_t word[4], least = (uint32_t)(d->rate * 0x1p32);
    double scale = 1 / (1 - d->rate);
    int64_t first = begin * job->x->columns;
    (void)worker;
    for (int64_t i = first; i < end * job->x->columns; i++) {
        if (i == first || i % 4 == 0)
            sid__philox(d->seed ^ (uint64_t)d->layer << 48, SID__STREAM_DROPOUT,
                        (uint64_t)d->step << 32 | (uint64_t)(i / 4), word);
        double kept = word[i % 4] >= least ? scale : 0;
        if (job->to)
            add_grad(job->to, i, kept * (double)job->y->grad[i]);
        else
            job->y->data[i] = (sid__real)(kept * (double)job->x->data[i]);
    }
}

static void elementwise_backward(const sid_ctx *ctx, const sid__node *node)
{
    elementwise_job job = {.saved = node->saved, .x = node->in[0], .y = node->out, .to = node->in[0]};
    job.curve = sid__curve_for(ctx->isa);
    job.kernels = sid__neural_for(ctx->isa);
    sid__ctx_for(ctx, job.x->rows, SID__ROWS, node->op == SID__OP_DROPOUT ? dropout_task : activation_task, &job);
    job.to->has_grad = true;
}

static sid__value *elementwise(sid__tape *tape, sid__value *x, sid__op op, const elementwise_saved *saved)
{
    sid__value *y = x ? sid__tape_value(tape, x->rows, x->columns, sid__wants_grad(x)) : NULL;
    if (!y)
        return NULL;
    elementwise_job job = {.saved = saved, .x = x, .y = y, .curve = sid__curve_for(tape->ctx->isa)};
    sid__ctx_for(tape->ctx, x->rows, SID__ROWS, op == SID__OP_DROPOUT ? dropout_task : activation_task, &job);
    sid__tape_record(tape,
                     &(sid__node){.backward = elementwise_backward, .op = op, .out = y, .in = {x}, .saved = saved},
                     sizeof *saved);
    return y;
}

sid__value *sid__op_activation(sid__tape *tape, sid__value *x, sid__activation activation)
{
    return elementwise(tape, x, SID__OP_ACTIVATION, &(elementwise_saved){.activation = activation});
}

sid__value *sid__op_dropout(sid__tape *tape, sid__value *x, const sid__dropout *dropout)
{
    assert(dropout->rate >= 0 && dropout->rate < 1 && dropout->layer < 1 << 16);
    return dropout->rate > 0 ? elementwise(tape, x, SID__OP_DROPOUT, &(elementwise_saved){.dropout = *dropout}) : x;
}
