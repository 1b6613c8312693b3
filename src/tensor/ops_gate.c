/* ops_gate.c: what weighs rows and columns against each other in rankers: see ops_rank.h. Tasks take SID__ROWS rows. */
#include <assert.h>

#include "linalg/scalar.h"
#include "tensor/ops_rank.h"

typedef struct gate_job {
    const sid__neural *kernels;
    sid__value *x, *w, *y;
    int fields; /* of pair_dots */
} gate_job;

/* What an op writes on the way back: zeroes first where there was no gradient. */
static void begin_grad(sid__value *value)
{
    if (!sid__wants_grad(value) || value->has_grad)
        return;
    for (int64_t i = 0; i < value->rows * value->columns; i++)
        value->grad[i] = 0;
    value->has_grad = true;
}

static sid__value *record(sid__tape *tape, sid__op op, sid__backward_fn *backward, const gate_job *job)
{
    sid__tape_record(tape,
                     &(sid__node){.backward = backward, .op = op, .out = job->y, .in = {job->x, job->w}, .saved = job},
                     sizeof *job);
    return job->y;
}

/* ---- PReLU ---- */

static void prelu_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gate_job *job = arg;
    int64_t first = begin * job->x->columns;
    (void)worker;
    job->kernels->prelu(end - begin, job->x->columns, job->w->data, job->x->data + first, job->y->data + first);
}

static void prelu_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gate_job *job = arg;
    int64_t first = begin * job->x->columns;
    (void)worker;
    job->kernels->prelu_back(end - begin, job->x->columns, job->w->data, job->x->data + first, job->y->grad + first,
                             job->x->has_grad, job->x->grad + first);
}

static void prelu_backward(const sid_ctx *ctx, const sid__node *node)
{
    gate_job job = *(const gate_job *)node->saved;
    job.kernels = sid__neural_for(ctx->isa);
    begin_grad(job.w);
    if (sid__wants_grad(job.w)) /* in order: one sum a column */
        job.kernels->prelu_slope(job.x->rows, job.x->columns, job.x->data, job.y->grad, job.w->grad);
    if (!sid__wants_grad(job.x))
        return;
    sid__ctx_for(ctx, job.x->rows, SID__ROWS, prelu_back_task, &job);
    job.x->has_grad = true;
}

sid__value *sid__op_prelu(sid__tape *tape, sid__value *x, sid__value *slope)
{
    if (!x || !slope)
        return NULL;
    assert(slope->rows == 1 && slope->columns == x->columns);
    gate_job job = {.kernels = tape->kernels, .x = x, .w = slope};
    job.y = sid__tape_value(tape, x->rows, x->columns, sid__wants_grad(x) || sid__wants_grad(slope));
    if (!job.y)
        return NULL;
    sid__ctx_for(tape->ctx, x->rows, SID__ROWS, prelu_task, &job);
    return record(tape, SID__OP_PRELU, prelu_backward, &job);
}

/* ---- A weight a row ---- */

static void weigh_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gate_job *job = arg;
    int width = job->x->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        job->kernels->scale(width, job->w->data[i], job->x->data + i * width, job->y->data + i * width);
}

static void weigh_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gate_job *job = arg;
    int width = job->x->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *g = job->y->grad + i * width;
        if (sid__wants_grad(job->w))
            job->w->grad[i] += (sid__real)job->kernels->dot(width, g, job->x->data + i * width);
        if (sid__wants_grad(job->x))
            job->kernels->add_scaled(width, job->w->data[i], g, job->x->grad + i * width);
    }
}

static void weigh_backward(const sid_ctx *ctx, const sid__node *node)
{
    gate_job job = *(const gate_job *)node->saved;
    job.kernels = sid__neural_for(ctx->isa);
    begin_grad(job.x);
    begin_grad(job.w);
    sid__ctx_for(ctx, job.x->rows, SID__ROWS, weigh_back_task, &job);
}

sid__value *sid__op_weigh_rows(sid__tape *tape, sid__value *x, sid__value *weight)
{
    if (!x || !weight)
        return NULL;
    assert(weight->columns == 1 && weight->rows == x->rows);
    gate_job job = {.kernels = tape->kernels, .x = x, .w = weight};
    job.y = sid__tape_value(tape, x->rows, x->columns, sid__wants_grad(x) || sid__wants_grad(weight));
    if (!job.y)
        return NULL;
    sid__ctx_for(tape->ctx, x->rows, SID__ROWS, weigh_task, &job);
    return record(tape, SID__OP_WEIGH_ROWS, weigh_backward, &job);
}

/* ---- Softmax of rows ---- */

static void softmax_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gate_job *job = arg;
    int width = job->x->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *x = job->x->data + i * width;
        sid__real most = x[0];
        double sum = 0;
        for (int d = 1; d < width; d++)
            most = x[d] > most ? x[d] : most;
        for (int d = 0; d < width; d++)
            sum += sid__exp((double)x[d] - (double)most);
        for (int d = 0; d < width; d++)
            job->y->data[i * width + d] = (sid__real)(sid__exp((double)x[d] - (double)most) / sum);
    }
}

static void softmax_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gate_job *job = arg;
    int width = job->x->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *y = job->y->data + i * width, *g = job->y->grad + i * width;
        sid__real mean = (sid__real)job->kernels->dot(width, y, g);
        for (int d = 0; d < width; d++)
            job->x->grad[i * width + d] += y[d] * (g[d] - mean);
    }
}

static void softmax_backward(const sid_ctx *ctx, const sid__node *node)
{
    gate_job job = *(const gate_job *)node->saved;
    job.kernels = sid__neural_for(ctx->isa);
    begin_grad(job.x);
    if (sid__wants_grad(job.x))
        sid__ctx_for(ctx, job.x->rows, SID__ROWS, softmax_back_task, &job);
}

sid__value *sid__op_softmax(sid__tape *tape, sid__value *x)
{
    gate_job job = {.x = x};
    job.y = x ? sid__tape_value(tape, x->rows, x->columns, sid__wants_grad(x)) : NULL;
    if (!job.y)
        return NULL;
    sid__ctx_for(tape->ctx, x->rows, SID__ROWS, softmax_task, &job);
    return record(tape, SID__OP_SOFTMAX, softmax_backward, &job);
}

/* ---- Products of pairs of fields ---- */

static void pairs_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gate_job *job = arg;
    int width = job->x->columns / job->fields;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *x = job->x->data + i * job->x->columns;
        sid__real *y = job->y->data + i * job->y->columns;
        for (int a = 0; a < job->fields; a++)
            for (int b = a + 1; b < job->fields; b++)
                *y++ = (sid__real)job->kernels->dot(width, x + a * width, x + b * width);
    }
}

static void pairs_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gate_job *job = arg;
    int width = job->x->columns / job->fields;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *x = job->x->data + i * job->x->columns, *g = job->y->grad + i * job->y->columns;
        sid__real *to = job->x->grad + i * job->x->columns;
        for (int a = 0; a < job->fields; a++)
            for (int b = a + 1; b < job->fields; b++, g++) {
                job->kernels->add_scaled(width, *g, x + b * width, to + a * width);
                job->kernels->add_scaled(width, *g, x + a * width, to + b * width);
            }
    }
}

static void pairs_backward(const sid_ctx *ctx, const sid__node *node)
{
    gate_job job = *(const gate_job *)node->saved;
    job.kernels = sid__neural_for(ctx->isa);
    begin_grad(job.x);
    if (sid__wants_grad(job.x))
        sid__ctx_for(ctx, job.x->rows, SID__ROWS, pairs_back_task, &job);
}

sid__value *sid__op_pair_dots(sid__tape *tape, sid__value *x, int fields)
{
    if (!x)
        return NULL;
    assert(fields > 1 && x->columns % fields == 0);
    gate_job job = {.kernels = tape->kernels, .x = x, .fields = fields};
    job.y = sid__tape_value(tape, x->rows, fields * (fields - 1) / 2, sid__wants_grad(x));
    if (!job.y)
        return NULL;
    sid__ctx_for(tape->ctx, x->rows, SID__ROWS, pairs_task, &job);
    return record(tape, SID__OP_PAIR_DOTS, pairs_backward, &job);
}
