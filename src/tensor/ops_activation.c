/* ops_activation.c: elementwise ops beside the relu of the linear layer: gelu, silu, dropout. */
#include <assert.h>
#include <string.h>

#include "base/philox.h"
#include "kernel/curve.h"
#include "kernel/sequence.h"
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
    const sid__sequence_kernels *row;
} elementwise_job;

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
    const sid__drop how = {.seed = d->seed ^ (uint64_t)d->layer << 48,
                           .first = (uint64_t)d->step << 32,
                           .stream = SID__STREAM_DROPOUT,
                           .least = (uint32_t)(d->rate * 0x1p32)};
    int64_t at = begin * job->x->columns, count = (end - begin) * job->x->columns;
    (void)worker;
    job->row->dropout(count, &how, (uint64_t)at, (sid__real)(1 / (1 - d->rate)), job->to && job->to->has_grad,
                      job->to ? job->y->grad + at : job->x->data + at,
                      job->to ? job->to->grad + at : job->y->data + at);
}

static void elementwise_backward(const sid_ctx *ctx, const sid__node *node)
{
    elementwise_job job = {.saved = node->saved, .x = node->in[0], .y = node->out, .to = node->in[0]};
    job.curve = sid__curve_for(ctx->isa);
    job.kernels = sid__neural_for(ctx->isa);
    job.row = sid__sequence_for(ctx->isa);
    sid__ctx_for(ctx, job.x->rows, SID__ROWS, node->op == SID__OP_DROPOUT ? dropout_task : activation_task, &job);
    job.to->has_grad = true;
}

static sid__value *elementwise(sid__tape *tape, sid__value *x, sid__op op, const elementwise_saved *saved)
{
    sid__value *y = x ? sid__tape_value(tape, x->rows, x->columns, sid__wants_grad(x)) : NULL;
    if (!y)
        return NULL;
    elementwise_job job = {.saved = saved, .x = x, .y = y, .curve = sid__curve_for(tape->ctx->isa)};
    job.row = sid__sequence_for(tape->ctx->isa);
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
