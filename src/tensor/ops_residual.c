/* ops_residual.c: residual codes and their losses (2203.01941, 2305.05065).
 *
 * |sg r_l - e_l|^2 and |z - sg sum_{j<=l} e_j|^2 have the same value, |r_{l+1}|^2; their gradients are -2 r_{l+1} for the
 * code chosen and 2 r_{l+1} for z. So one pass over the residuals gives both.
 */
#include <assert.h>
#include <string.h>

#include "tensor/ops.h"

typedef struct rest_job {
    const sid__neural *kernels;
    sid__quantized *of;
    int level;
    double *partial; /* a sum a task */
} rest_job;

/* r_{l+1} = r_l - e, sum += e, and |r_{l+1}|^2 */
static void rest_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const rest_job *job = arg;
    sid__quantized *of = job->of;
    int dim = of->z->columns, l = job->level;
    const sid__real *before = l ? of->rest[l - 1] : of->z->data;
    double square = 0;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *code = of->book[l]->data + (int64_t)of->code[l][i] * dim;
        sid__real *rest = of->rest[l] + i * dim, *sum = of->sum->data + i * dim;
        job->kernels->subtract(dim, before + i * dim, code, rest);
        if (l)
            job->kernels->add(dim, code, sum);
        else
            memcpy(sum, code, (size_t)dim * sizeof *sum);
        square += job->kernels->dot(dim, rest, rest);
    }
    job->partial[begin / SID__ROWS] = square;
}

static bool push_level(sid__tape *tape, sid__quantized *of, int level)
{
    size_t rows = (size_t)of->z->rows;
    of->rest[level] = sid__tape_push(tape, rows * (size_t)of->z->columns, sizeof(sid__real));
    of->code[level] = sid__tape_push(tape, rows, sizeof(uint16_t));
    return tape->status == SID_OK;
}

sid__quantized *sid__residual_quantize(sid__tape *tape, sid__value *z, sid__value *const *book, int levels,
                                       sid__choose_fn *choose, void *user)
{
    if (!z)
        return NULL;
    int64_t tasks = (z->rows + SID__ROWS - 1) / SID__ROWS;
    sid__quantized *of = sid__tape_push(tape, 1, sizeof *of);
    double *partial = sid__tape_push(tape, (size_t)tasks, sizeof *partial);
    if (!of || !partial)
        return NULL;
    *of = (sid__quantized){.levels = levels, .z = z, .sum = sid__tape_value(tape, z->rows, z->columns, false)};
    for (int l = 0; l < levels; l++) {
        if (!book[l] || !push_level(tape, of, l))
            return NULL;
        assert(book[l]->columns == z->columns);
        of->book[l] = book[l];
        choose(user, l, l ? of->rest[l - 1] : z->data, z->rows, of->code[l]);
        sid__ctx_for(tape->ctx, z->rows, SID__ROWS, rest_task,
                     &(rest_job){.kernels = tape->kernels, .of = of, .level = l, .partial = partial});
        for (int64_t i = 0; i < tasks; i++)
            of->square[l] += partial[i];
    }
    return of;
}

/* ---- The losses --------------------------------------------------------------------------------------------------- */

typedef struct residual_saved {
    const sid__quantized *of;
    sid__residual_weights weights;
} residual_saved;

typedef struct residual_job {
    const sid__neural *kernels;
    const sid__quantized *of;
    sid__real step;
} residual_job;

/* dz += step sum_l r_{l+1}, from the first level on */
static void commitment_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const residual_job *job = arg;
    sid__value *z = job->of->z;
    int64_t at = begin * z->columns, count = (end - begin) * z->columns;
    (void)worker;
    for (int l = 0; l < job->of->levels; l++) {
        if (l == 0 && !z->has_grad)
            job->kernels->scale(count, job->step, job->of->rest[l] + at, z->grad + at);
        else
            job->kernels->add_scaled(count, job->step, job->of->rest[l] + at, z->grad + at);
    }
}

/* de_{code} -= step r_{l+1}, rows from the first on; a task is a level. */
static void codebook_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const residual_job *job = arg;
    int dim = job->of->z->columns;
    (void)worker;
    for (int64_t l = begin; l < end; l++) {
        sid__value *book = job->of->book[l];
        if (!sid__wants_grad(book))
            continue;
        if (!book->has_grad)
            memset(book->grad, 0, (size_t)book->rows * (size_t)dim * sizeof *book->grad);
        book->has_grad = true;
        for (int64_t i = 0; i < job->of->z->rows; i++)
            job->kernels->add_scaled(dim, -job->step, job->of->rest[l] + i * dim,
                                     book->grad + (int64_t)job->of->code[l][i] * dim);
    }
}

static void residual_backward(const sid_ctx *ctx, const sid__node *node)
{
    const residual_saved *saved = node->saved;
    double out = 2 * (double)node->out->grad[0];
    residual_job job = {.kernels = sid__neural_for(ctx->isa), .of = saved->of};
    job.step = (sid__real)(out * saved->weights.codebook);
    if (saved->weights.codebook > 0)
        sid__ctx_for(ctx, saved->of->levels, 1, codebook_task, &job);
    job.step = (sid__real)(out * saved->weights.commitment);
    sid__value *z = saved->of->z;
    if (!sid__wants_grad(z))
        return;
    sid__ctx_for(ctx, z->rows, SID__ROWS, commitment_task, &job);
    z->has_grad = true;
}

sid__value *sid__op_residual_loss(sid__tape *tape, const sid__quantized *quantized,
                                  const sid__residual_weights *weights)
{
    if (!quantized)
        return NULL;
    double sum = 0;
    bool wants_grad = sid__wants_grad(quantized->z);
    for (int l = 0; l < quantized->levels; l++) {
        sum += quantized->square[l];
        wants_grad = wants_grad || sid__wants_grad(quantized->book[l]);
    }
    sid__value *loss = sid__tape_value(tape, 1, 1, wants_grad);
    if (!loss)
        return NULL;
    loss->data[0] = (sid__real)((weights->codebook + weights->commitment) * sum);
    sid__tape_record(tape,
                     &(sid__node){.backward = residual_backward,
                                  .op = SID__OP_RESIDUAL_LOSS,
                                  .out = loss,
                                  .in = {quantized->z},
                                  .saved = &(residual_saved){quantized, *weights}},
                     sizeof(residual_saved));
    return loss;
}
