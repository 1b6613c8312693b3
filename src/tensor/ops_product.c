/* ops_product.c: elementwise products: of two values, with a number, and SwiGLU (2002.05202). */
#include <assert.h>

#include "kernel/curve.h"
#include "tensor/ops_sequence.h"

typedef struct product_job {
    const sid__curve *curve;
    const sid__neural *kernels;
    sid__value *a, *b, *y; /* b NULL: none */
    sid__real factor;
} product_job;

static void multiply_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const product_job *job = arg;
    int64_t columns = job->y->columns, at = begin * columns;
    (void)worker;
    job->curve->multiply((end - begin) * columns, job->a->data + at, job->b->data + at, false, job->y->data + at);
}

static void multiply_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const product_job *job = arg;
    int64_t columns = job->y->columns, at = begin * columns, count = (end - begin) * columns;
    const sid__real *g = job->y->grad + at;
    (void)worker;
    if (sid__wants_grad(job->a))
        job->curve->multiply(count, g, job->b->data + at, job->a->has_grad, job->a->grad + at);
    if (sid__wants_grad(job->b)) /* a and b may be one */
        job->curve->multiply(count, g, job->a->data + at, job->b->has_grad || job->a == job->b, job->b->grad + at);
}

static void multiply_backward(const sid_ctx *ctx, const sid__node *node)
{
    product_job job = *(const product_job *)node->saved;
    sid__ctx_for(ctx, job.y->rows, SID__ROWS, multiply_back_task, &job);
    job.a->has_grad = job.b->has_grad = true;
}

sid__value *sid__op_multiply(sid__tape *tape, sid__value *a, sid__value *b)
{
    if (!a || !b)
        return NULL;
    assert(a->rows == b->rows && a->columns == b->columns);
    product_job job = {.curve = sid__curve_for(tape->ctx->isa), .a = a, .b = b};
    job.y = sid__tape_value(tape, a->rows, a->columns, sid__wants_grad(a) || sid__wants_grad(b));
    if (!job.y)
        return NULL;
    sid__ctx_for(tape->ctx, a->rows, SID__ROWS, multiply_task, &job);
    sid__tape_record(
        tape,
        &(sid__node){.backward = multiply_backward, .op = SID__OP_MULTIPLY, .out = job.y, .in = {a, b}, .saved = &job},
        sizeof job);
    return job.y;
}

/* ---- Scale -------------------------------------------------------------------------------------------------------- */

static void scale_backward(const sid_ctx *ctx, const sid__node *node)
{
    const product_job *job = node->saved;
    const sid__neural *kernels = sid__neural_for(ctx->isa);
    int64_t count = job->y->rows * job->y->columns;
    if (job->a->has_grad)
        kernels->add_scaled(count, job->factor, job->y->grad, job->a->grad);
    else
        kernels->scale(count, job->factor, job->y->grad, job->a->grad);
    job->a->has_grad = true;
}

sid__value *sid__op_scale(sid__tape *tape, sid__value *x, double factor)
{
    product_job job = {.a = x, .factor = (sid__real)factor};
    job.y = x ? sid__tape_value(tape, x->rows, x->columns, sid__wants_grad(x)) : NULL;
    if (!job.y)
        return NULL;
    tape->kernels->scale(x->rows * x->columns, job.factor, x->data, job.y->data);
    sid__tape_record(
        tape, &(sid__node){.backward = scale_backward, .op = SID__OP_SCALE, .out = job.y, .in = {x}, .saved = &job},
        sizeof job);
    return job.y;
}

/* ---- SwiGLU ------------------------------------------------------------------------------------------------------- */

static void swiglu_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const product_job *job = arg;
    int64_t columns = job->y->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *gate = job->a->data + 2 * i * columns;
        job->curve->swiglu(columns, gate, gate + columns, job->y->data + i * columns);
    }
}

static void swiglu_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const product_job *job = arg;
    int64_t columns = job->y->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *gate = job->a->data + 2 * i * columns;
        sid__real *to = job->a->grad + 2 * i * columns;
        job->curve->swiglu_back(columns, gate, gate + columns, job->y->grad + i * columns, job->a->has_grad, to,
                                to + columns);
    }
}

static void swiglu_backward(const sid_ctx *ctx, const sid__node *node)
{
    product_job job = *(const product_job *)node->saved;
    sid__ctx_for(ctx, job.y->rows, SID__ROWS, swiglu_back_task, &job);
    job.a->has_grad = true;
}

sid__value *sid__op_swiglu(sid__tape *tape, sid__value *x)
{
    product_job job = {.curve = sid__curve_for(tape->ctx->isa), .a = x};
    if (!x)
        return NULL;
    assert(x->columns % 2 == 0);
    job.y = sid__tape_value(tape, x->rows, x->columns / 2, sid__wants_grad(x));
    if (!job.y)
        return NULL;
    sid__ctx_for(tape->ctx, x->rows, SID__ROWS, swiglu_task, &job);
    sid__tape_record(
        tape, &(sid__node){.backward = swiglu_backward, .op = SID__OP_SWIGLU, .out = job.y, .in = {x}, .saved = &job},
        sizeof job);
    return job.y;
}
