/* ops_norm.c: normalisation of rows: layer norm, RMS norm, unit length. Means and squares are summed in double, in the order of
 * the elements.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "tensor/ops.h"

typedef struct norm_saved {
    bool is_centered;
    double epsilon;
    double *mean, *inverse;    /* (N) */
    sid__real *gains, *biases; /* (ceil(N / SID__ROWS), D): sums over the rows of a task */
} norm_saved;

typedef struct norm_job {
    const norm_saved *saved;
    const sid__value *gain, *bias; /* bias NULL: none */
    sid__value *x, *y;
} norm_job;

static void norm_row(const norm_job *job, int64_t i)
{
    int dim = job->x->columns;
    const sid__real *x = job->x->data + i * dim;
    sid__real *y = job->y->data + i * dim;
    double sum = 0, square = 0;
    for (int d = 0; d < dim && job->saved->is_centered; d++)
        sum += (double)x[d];
    double mean = sum / dim;
    for (int d = 0; d < dim; d++)
        square += ((double)x[d] - mean) * ((double)x[d] - mean);
    double inverse = 1 / sqrt(square / dim + job->saved->epsilon);
    for (int d = 0; d < dim; d++)
        y[d] = (sid__real)(((double)x[d] - mean) * inverse * (double)job->gain->data[d] +
                           (job->bias ? (double)job->bias->data[d] : 0));
    job->saved->mean[i] = mean;
    job->saved->inverse[i] = inverse;
}

static void norm_task(void *arg, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        norm_row(arg, i);
}

/* dx = inverse (g' - mean g' - x' mean(g' x')), g' = gain g, x' the normalised row; without centring no mean g'. */
static void norm_back_row(const norm_job *job, int64_t i)
{
    int dim = job->x->columns;
    const sid__real *x = job->x->data + i * dim, *g = job->y->grad + i * dim;
    double mean = job->saved->mean[i], inverse = job->saved->inverse[i], along = 0, sum = 0;
    sid__real *to = job->x->grad + i * dim;
    for (int d = 0; d < dim; d++) {
        double scaled = (double)g[d] * (double)job->gain->data[d];
        along += scaled * ((double)x[d] - mean) * inverse;
        sum += job->saved->is_centered ? scaled : 0;
    }
    for (int d = 0; d < dim; d++) {
        double scaled = (double)g[d] * (double)job->gain->data[d], normal = ((double)x[d] - mean) * inverse;
        double grad = inverse * (scaled - sum / dim - normal * along / dim);
        to[d] = (sid__real)(job->x->has_grad ? (double)to[d] + grad : grad);
    }
}

static void sum_params(const norm_job *job, int64_t begin, int64_t end)
{
    int dim = job->x->columns;
    sid__real *gain = job->saved->gains + begin / SID__ROWS * dim, *bias = job->saved->biases + begin / SID__ROWS * dim;
    memset(gain, 0, (size_t)dim * sizeof *gain);
    memset(bias, 0, (size_t)dim * sizeof *bias);
    for (int64_t i = begin; i < end; i++) {
        const sid__real *x = job->x->data + i * dim, *g = job->y->grad + i * dim;
        double mean = job->saved->mean[i], inverse = job->saved->inverse[i];
        for (int d = 0; d < dim; d++) {
            gain[d] += (sid__real)((double)g[d] * ((double)x[d] - mean) * inverse);
            bias[d] += g[d];
        }
    }
}

static void norm_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const norm_job *job = arg;
    (void)worker;
    sum_params(job, begin, end);
    for (int64_t i = begin; i < end && sid__wants_grad(job->x); i++)
        norm_back_row(job, i);
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
    norm_job job = {.saved = saved, .gain = node->in[1], .bias = node->in[2], .x = node->in[0], .y = node->out};
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
    saved.mean = sid__tape_push(tape, rows, sizeof(double));
    saved.inverse = sid__tape_push(tape, rows, sizeof(double));
    saved.gains = sid__tape_push(tape, tasks * dim, sizeof(sid__real));
    saved.biases = sid__tape_push(tape, tasks * dim, sizeof(sid__real));
    if (tape->status != SID_OK)
        return NULL;
    norm_job job = {.saved = &saved, .gain = gain, .bias = bias, .x = x, .y = y};
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
