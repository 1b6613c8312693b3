/* ops_activation.c: elementwise ops beside the relu of the linear layer: gelu, silu, dropout. Exponentials and error functions are
 * our own, in double.
 */
#include <assert.h>

#include "base/philox.h"
#include "linalg/scalar.h"
#include "tensor/ops.h"

#define SQRT_HALF 0x1.6a09e667f3bcdp-1
#define INVERSE_ROOT_2_PI 0x1.9884533d43651p-2

typedef struct elementwise_saved {
    sid__activation activation;
    sid__dropout dropout;
} elementwise_saved;

typedef struct elementwise_job {
    const elementwise_saved *saved;
    const sid__value *x, *y;
    sid__value *to; /* gets the gradient; NULL: forward */
} elementwise_job;

/* The function and its derivative. */
static double apply(sid__activation activation, double x, double *slope)
{
    if (activation == SID__GELU) {
        double below = 0.5 * (1 + sid__erf(x * SQRT_HALF));
        *slope = below + x * INVERSE_ROOT_2_PI * sid__exp(-0.5 * x * x);
        return x * below;
    }
    if (activation == SID__SILU) {
        double s = 1 / (1 + sid__exp(-x));
        *slope = s * (1 + x * (1 - s));
        return x * s;
    }
    *slope = activation == SID__RELU && !(x > 0) ? 0 : 1;
    return activation == SID__RELU && x < 0 ? 0 : x;
}

static void add_grad(sid__value *to, int64_t at, double grad)
{
    to->grad[at] = (sid__real)(to->has_grad ? (double)to->grad[at] + grad : grad);
}

static void activation_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const elementwise_job *job = arg;
    (void)worker;
    for (int64_t i = begin * job->x->columns; i < end * job->x->columns; i++) {
        double slope, y = apply(job->saved->activation, (double)job->x->data[i], &slope);
        if (job->to)
            add_grad(job->to, i, slope * (double)job->y->grad[i]);
        else
            job->y->data[i] = (sid__real)y;
    }
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
    sid__ctx_for(ctx, job.x->rows, SID__ROWS, node->op == SID__OP_DROPOUT ? dropout_task : activation_task, &job);
    job.to->has_grad = true;
}

static sid__value *elementwise(sid__tape *tape, sid__value *x, sid__op op, const elementwise_saved *saved)
{
    sid__value *y = x ? sid__tape_value(tape, x->rows, x->columns, sid__wants_grad(x)) : NULL;
    if (!y)
        return NULL;
    elementwise_job job = {.saved = saved, .x = x, .y = y};
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
