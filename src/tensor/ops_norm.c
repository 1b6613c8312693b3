/* ops_norm.c: normalisation of rows: layer norm, RMS norm, unit length. */
#include <assert.h>
#include <math.h>

#include "kernel/sequence.h"
#include "tensor/ops.h"

typedef struct norm_saved {
    bool is_centered;
    double epsilon;
    sid__norm_row *row;        /* (N) */
    sid__real *gains, *biases; /* (ceil(N / SID__ROWS), D): sums over the rows of a task */
} norm_saved;

typedef struct norm_job {
    const norm_saved *saved;
    const sid__sequence_kernels *kernels;
    const sid__value *gain, *bias; /* bias NULL: none */
    sid__value *x, *y;
} norm_job;

static void norm_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const norm_job *job = arg;
    int dim = job->x->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        job->kernels->norm(dim, job->saved->is_centered, job->saved->epsilon, job->x->data + i * dim, job->gain->data,
                           job->bias ? job->bias->data : NULL, &job->saved->row[i], job->y->data + i * dim);
}

static void norm_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const norm_job *job = arg;
    const norm_saved *saved = job->saved;
    int dim = job->x->columns;
    int64_t at = begin * dim, part = begin / SID__ROWS * dim;
    (void)worker;
    job->kernels->norm_sums(end - begin, dim, job->x->data + at, job->y->grad + at, saved->row + begin,
                            saved->gains + part, saved->biases + part);
    for (int64_t i = begin; i < end && sid__wants_grad(job->x); i++)
        job->kernels->norm_back(dim, saved->is_centered, job->x->has_grad, job->x->data + i * dim, job->gain->data,
                                job->y->grad + i * dim, &saved->row[i], job->x->grad + i * dim);
}

/* to->grad (+)= the rows of partial, in order */
static void add_partials(const sid__neural *kernels, const sid__real *partial, int64_t count, sid__value *to)
{
    for (int64_t i = 0; i < count && sid__wants_grad(to); i++, partial += to->columns) {
        if (to->has_grad)
            kernels->add(to->columns, partial, to->grad);
        else
            kernels->scale(to->columns, 1, partial, to->grad);
        to->has_grad = true;
    }
}

static void norm_backward(const sid_ctx *ctx, const sid__node *node)
{
    const norm_saved *saved = node->saved;
    const sid__neural *kernels = sid__neural_for(ctx->isa);
    norm_job job = {.saved = saved,
                    .kernels = sid__sequence_for(ctx->isa),
                    .gain = node->in[1],
                    .bias = node->in[2],
                    .x = node->in[0],
                    .y = node->out};
    int64_t tasks = (job.x->rows + SID__ROWS - 1) / SID__ROWS;
    sid__ctx_for(ctx, job.x->rows, SID__ROWS, norm_back_task, &job);
    if (sid__wants_grad(job.x))
        job.x->has_grad = true;
    add_partials(kernels, saved->gains, tasks, node->in[1]);
    add_partials(kernels, saved->biases, tasks, node->in[2]);
}

sid__value *sid__op_norm(sid__tape *tape, sid__value *x, sid__value *gain, sid__value *bias, sid__norm_kind kind,
                         double epsilon)
{
    if (!x || !gain)
        return NULL;
    assert(gain->columns == x->columns && (!bias || bias->columns == x->columns));
    size_t rows = (size_t)x->rows, tasks = (rows + SID__ROWS - 1) / SID__ROWS, dim = (size_t)x->columns;
    norm_saved saved = {.is_centered = kind == SID__LAYER_NORM, .epsilon = epsilon};
    sid__value *y = sid__tape_value(tape, x->rows, x->columns,
                                    sid__wants_grad(x) || sid__wants_grad(gain) || sid__wants_grad(bias));
    saved.row = sid__tape_push(tape, rows, sizeof *saved.row);
    saved.gains = sid__tape_push(tape, tasks * dim, sizeof(sid__real));
    saved.biases = sid__tape_push(tape, tasks * dim, sizeof(sid__real));
    if (tape->status != SID_OK)
        return NULL;
    norm_job job = {
        .saved = &saved, .kernels = sid__sequence_for(tape->ctx->isa), .gain = gain, .bias = bias, .x = x, .y = y};
    sid__ctx_for(tape->ctx, x->rows, SID__ROWS, norm_task, &job);
    sid__tape_record(
        tape,
        &(sid__node){.backward = norm_backward, .op = SID__OP_NORM, .out = y, .in = {x, gain, bias}, .saved = &saved},
        sizeof saved);
    return y;
}

/* ---- Unit length -------------------------------------------------------------------------------------------------- */

typedef struct length_job {
    sid__value *x, *y;
    double *inverse; /* (N) 1 / |x|; 0 of a row of zeroes */
    const sid__neural *kernels;
} length_job;

static void length_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const length_job *job = arg;
    int dim = job->x->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *x = job->x->data + i * dim;
        double norm = sqrt(job->kernels->dot(dim, x, x));
        job->inverse[i] = norm > 0 ? 1 / norm : 0;
        for (int d = 0; d < dim; d++)
            job->y->data[i * dim + d] = (sid__real)((double)x[d] * job->inverse[i]);
    }
}

/* dx = (g - y (y.g)) / |x| */
static void length_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const length_job *job = arg;
    int dim = job->x->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *y = job->y->data + i * dim, *g = job->y->grad + i * dim;
        double along = job->kernels->dot(dim, y, g);
        for (int d = 0; d < dim; d++) {
            double grad = job->inverse[i] * ((double)g[d] - (double)y[d] * along);
            sid__real *to = &job->x->grad[i * dim + d];
            *to = (sid__real)(job->x->has_grad ? (double)*to + grad : grad);
        }
    }
}

static void length_backward(const sid_ctx *ctx, const sid__node *node)
{
    length_job job = *(const length_job *)node->saved;
    sid__ctx_for(ctx, job.x->rows, SID__ROWS, length_back_task, &job);
    job.x->has_grad = true;
}

sid__value *sid__op_unit_length(sid__tape *tape, sid__value *x)
{
    length_job job = {.x = x, .kernels = tape->kernels};
    if (!x)
        return NULL;
    job.y = sid__tape_value(tape, x->rows, x->columns, sid__wants_grad(x));
    job.inverse = sid__tape_push(tape, (size_t)x->rows, sizeof(double));
    if (tape->status != SID_OK)
        return NULL;
    sid__ctx_for(tape->ctx, x->rows, SID__ROWS, length_task, &job);
    sid__tape_record(
        tape,
        &(sid__node){.backward = length_backward, .op = SID__OP_UNIT_LENGTH, .out = job.y, .in = {x}, .saved = &job},
        sizeof job);
    return job.y;
}
