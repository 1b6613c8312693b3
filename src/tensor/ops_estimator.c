/* ops_estimator.c: how a gradient passes a choice of codes, which has none: straight through, or turned as the choice turned
 * the vector (the rotation trick). The value is that of the quantized vector, to the bit.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "tensor/ops.h"

/* Opposite vectors have no rotation of their own: below, the gradient passes straight. */
#define OPPOSITE 1e-6

typedef struct estimator_job {
    const sid__neural *kernels;
    const sid__value *z, *q;
    sid__value *out, *to;
} estimator_job;

static void straight_row(const sid__neural *kernels, const sid__real *g, int dim, bool is_added, sid__real *to)
{
    if (is_added)
        kernels->add(dim, g, to);
    else
        kernels->scale(dim, 1, g, to);
}

static void straight_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const estimator_job *job = arg;
    int dim = job->out->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        straight_row(job->kernels, job->out->grad + i * dim, dim, job->to->has_grad, job->to->grad + i * dim);
}

/* With W = u + v and 1 + u.v = |W|^2 / 2: 2 w (w.g) = W (W.g) / (1 + u.v). */
static void rotate_row(const sid__neural *kernels, const sid__real *z, const sid__real *q, const sid__real *g, int dim,
                       bool is_added, sid__real *to)
{
    double z_norm = sqrt(kernels->dot(dim, z, z)), q_norm = sqrt(kernels->dot(dim, q, q));
    double cosine = z_norm > 0 && q_norm > 0 ? kernels->dot(dim, z, q) / (z_norm * q_norm) : -1;
    if (!(1 + cosine >= OPPOSITE)) {
        straight_row(kernels, g, dim, is_added, to);
        return;
    }
    double along_u = kernels->dot(dim, z, g) / z_norm, along_v = kernels->dot(dim, q, g) / q_norm;
    double both = (along_u + along_v) / (1 + cosine), scale = q_norm / z_norm;
    double of_z = scale * (2 * along_v - both) / z_norm, of_q = -scale * both / q_norm;
    for (int d = 0; d < dim; d++) {
        double turned = scale * (double)g[d] + of_z * (double)z[d] + of_q * (double)q[d];
        to[d] = (sid__real)(is_added ? (double)to[d] + turned : turned);
    }
}

static void rotate_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const estimator_job *job = arg;
    int dim = job->out->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        rotate_row(job->kernels, job->z->data + i * dim, job->q->data + i * dim, job->out->grad + i * dim, dim,
                   job->to->has_grad, job->to->grad + i * dim);
}

static void estimator_backward(const sid_ctx *ctx, const sid__node *node)
{
    sid__value *z = node->in[0];
    estimator_job job = {.kernels = sid__neural_for(ctx->isa), .z = z, .q = node->in[1], .out = node->out, .to = z};
    sid__ctx_for(ctx, z->rows, SID__ROWS, node->op == SID__OP_ROTATION ? rotate_task : straight_task, &job);
    z->has_grad = true;
}

static sid__value *estimate(sid__tape *tape, sid__value *z, sid__value *q, sid__op op)
{
    if (!z || !q)
        return NULL;
    assert(z->rows == q->rows && z->columns == q->columns && !sid__wants_grad(q));
    sid__value *out = sid__tape_value(tape, z->rows, z->columns, sid__wants_grad(z));
    if (!out)
        return NULL;
    memcpy(out->data, q->data, (size_t)z->rows * (size_t)z->columns * sizeof *out->data);
    sid__tape_record(tape, &(sid__node){.backward = estimator_backward, .op = op, .out = out, .in = {z, q}}, 0);
    return out;
}

sid__value *sid__op_straight_through(sid__tape *tape, sid__value *z, sid__value *q)
{
    return estimate(tape, z, q, SID__OP_STRAIGHT_THROUGH);
}

sid__value *sid__op_rotation(sid__tape *tape, sid__value *z, sid__value *q)
{
    return estimate(tape, z, q, SID__OP_ROTATION);
}
