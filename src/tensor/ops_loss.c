/* ops_loss.c: losses that are sums over all elements. */
#include <assert.h>

#include "tensor/ops.h"

typedef struct error_saved {
    double scale;
} error_saved;

typedef struct error_job {
    const sid__neural *kernels;
    const sid__value *a, *b;
    double *partial; /* a sum a task */
    sid__value *to;  /* gets step (a - b), added where it has a gradient */
    const sid__value *minus;
    sid__real step;
} error_job;

static void error_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const error_job *job = arg;
    int64_t columns = job->a->columns;
    (void)worker;
    job->partial[begin / SID__ROWS] = job->kernels->square_distance(
        (end - begin) * columns, job->a->data + begin * columns, job->b->data + begin * columns);
}

static void error_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const error_job *job = arg;
    int64_t at = begin * job->to->columns, count = (end - begin) * job->to->columns;
    (void)worker;
    if (job->to->has_grad) {
        job->kernels->add_scaled(count, job->step, job->to->data + at, job->to->grad + at);
        job->kernels->add_scaled(count, -job->step, job->minus->data + at, job->to->grad + at);
    } else {
        job->kernels->subtract(count, job->to->data + at, job->minus->data + at, job->to->grad + at);
        job->kernels->scale(count, job->step, job->to->grad + at, job->to->grad + at);
    }
}

static void error_grad(const sid_ctx *ctx, double step, sid__value *to, const sid__value *minus)
{
    if (!sid__wants_grad(to))
        return;
    error_job job = {.kernels = sid__neural_for(ctx->isa), .to = to, .minus = minus, .step = (sid__real)step};
    sid__ctx_for(ctx, to->rows, SID__ROWS, error_back_task, &job);
    to->has_grad = true;
}

static void error_backward(const sid_ctx *ctx, const sid__node *node)
{
    double step = 2 * ((const error_saved *)node->saved)->scale * (double)node->out->grad[0];
    error_grad(ctx, step, node->in[0], node->in[1]);
    error_grad(ctx, step, node->in[1], node->in[0]);
}

sid__value *sid__op_square_error(sid__tape *tape, sid__value *a, sid__value *b, double scale)
{
    if (!a || !b)
        return NULL;
    assert(a->rows == b->rows && a->columns == b->columns);
    int64_t tasks = (a->rows + SID__ROWS - 1) / SID__ROWS;
    sid__value *loss = sid__tape_value(tape, 1, 1, sid__wants_grad(a) || sid__wants_grad(b));
    error_job job = {.kernels = tape->kernels, .a = a, .b = b};
    job.partial = sid__tape_push(tape, (size_t)tasks, sizeof *job.partial);
    if (!loss || !job.partial)
        return NULL;
    sid__ctx_for(tape->ctx, a->rows, SID__ROWS, error_task, &job);
    double sum = 0;
    for (int64_t i = 0; i < tasks; i++)
        sum += job.partial[i];
    loss->data[0] = (sid__real)(scale * sum);
    sid__tape_record(tape,
                     &(sid__node){.backward = error_backward,
                                  .op = SID__OP_SQUARE_ERROR,
                                  .out = loss,
                                  .in = {a, b},
                                  .saved = &(error_saved){scale}},
                     sizeof(error_saved));
    return loss;
}
