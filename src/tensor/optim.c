/* optim.c: see optim.h. The block of all parameters is cut into chunks of CHUNK elements, whatever the thread count; sums of
 * squares are added in their order.
 */
#include "tensor/optim.h"

#include <math.h>
#include <string.h>

#include "linalg/scalar.h"

enum { CHUNK = 1 << 14 };

sid__optim_options sid__optim_default(void)
{
    return (sid__optim_options){
        .kind = SID__ADAMW, .rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .rate_least = 0};
}

sid_status sid__optim_create(const sid__optim_options *options, sid__params *params, sid__optim *out, sid_error *err)
{
    size_t size = (size_t)params->size, chunks = (size < CHUNK ? 0 : size / CHUNK) + 1;
    *out = (sid__optim){.options = *options, .params = params, .beta1_power = 1, .beta2_power = 1};
    sid_status status = sid__alloc(&out->first, size, sizeof(sid__real), "moments", err);
    if (status == SID_OK && options->kind == SID__ADAMW)
        status = sid__alloc(&out->second, size, sizeof(sid__real), "moments", err);
    if (status == SID_OK && options->average > 0)
        status = sid__alloc(&out->average, size, sizeof(sid__real), "averages of parameters", err);
    if (status == SID_OK)
        status = sid__alloc(&out->partial, chunks, sizeof(double), "sums of squares", err);
    if (status != SID_OK) {
        sid__optim_drop(out);
        return status;
    }
    if (out->average)
        memcpy(out->average, params->data, size * sizeof *out->average);
    return SID_OK;
}

void sid__optim_drop(sid__optim *optim)
{
    sid__free(optim->first);
    sid__free(optim->second);
    sid__free(optim->average);
    sid__free(optim->partial);
    *optim = (sid__optim){0};
}

double sid__optim_rate(const sid__optim_options *o, int64_t step)
{
    if (step <= o->warmup)
        return o->rate * (double)step / (double)o->warmup;
    if (o->steps <= o->warmup)
        return o->rate;
    double share = step >= o->steps ? 1 : (double)(step - o->warmup) / (double)(o->steps - o->warmup);
    return o->rate * (o->rate_least + (1 - o->rate_least) * 0.5 * (1 + sid__cos_2pi(share / 2)));
}

typedef struct optim_job {
    const sid__neural *kernels;
    sid__optim *optim;
    sid__adamw by;
    double decay;
} optim_job;

static void norm_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const optim_job *job = arg;
    const sid__real *grad = job->optim->params->grad + begin;
    (void)worker;
    job->optim->partial[begin / CHUNK] = job->kernels->dot(end - begin, grad, grad);
}

static void step_range(const optim_job *job, const sid__adamw *by, int64_t at, int64_t count)
{
    sid__optim *optim = job->optim;
    const sid__real *grad = optim->params->grad + at;
    sid__real *data = optim->params->data + at;
    if (optim->options.kind == SID__ADAMW)
        job->kernels->adamw(count, by, grad, optim->first + at, optim->second + at, data);
    else if (optim->options.kind == SID__ADAGRAD)
        job->kernels->adagrad(count, by, grad, optim->first + at, data);
    else
        job->kernels->sgd(count, by, grad, optim->first + at, data);
    sid__real *average = optim->average ? optim->average + at : NULL, keep = (sid__real)optim->options.average;
    for (int64_t i = 0; i < count && average; i++)
        average[i] = keep * average[i] + (1 - keep) * data[i];
}

/* The part of every parameter that lies in the chunk. */
static void step_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const optim_job *job = arg;
    const sid__params *params = job->optim->params;
    (void)worker;
    for (int i = 0; i < params->count; i++) {
        const sid__param *param = &params->param[i];
        int64_t first = param->at, last = param->at + param->value.rows * param->value.columns;
        first = first > begin ? first : begin;
        last = last < end ? last : end;
        if (param->is_fixed || first >= last)
            continue;
        sid__adamw by = job->by;
        by.keep = param->is_decayed ? (sid__real)(1 - job->decay) : 1;
        step_range(job, &by, first, last - first);
    }
}

static void zero_absent(sid__params *params)
{
    for (int i = 0; i < params->count; i++) {
        const sid__value *value = &params->param[i].value;
        if (value->grad && !value->has_grad)
            memset(value->grad, 0, (size_t)(value->rows * value->columns) * sizeof *value->grad);
    }
}

static double norm_of(const sid_ctx *ctx, optim_job *job)
{
    int64_t size = job->optim->params->size;
    double sum = 0;
    sid__ctx_for(ctx, size, CHUNK, norm_task, job);
    for (int64_t i = 0; i * CHUNK < size; i++)
        sum += job->optim->partial[i];
    return sqrt(sum);
}

double sid__optim_step(const sid_ctx *ctx, sid__optim *optim)
{
    const sid__optim_options *o = &optim->options;
    optim_job job = {.kernels = sid__neural_for(ctx->isa), .optim = optim};
    zero_absent(optim->params);
    double norm = norm_of(ctx, &job);
    if (!isfinite(norm))
        return norm;
    double rate = sid__optim_rate(o, ++optim->step);
    optim->beta1_power *= o->beta1;
    optim->beta2_power *= o->beta2;
    bool is_adamw = o->kind == SID__ADAMW;
    job.decay = rate * o->decay;
    job.by = (sid__adamw){.beta1 = (sid__real)o->beta1,
                          .beta2 = (sid__real)o->beta2,
                          .rate = (sid__real)(is_adamw ? rate / (1 - optim->beta1_power) : rate),
                          .root = (sid__real)(is_adamw ? 1 / sqrt(1 - optim->beta2_power) : 1),
                          .epsilon = (sid__real)o->epsilon,
                          .scale = (sid__real)(o->clip > 0 && norm > o->clip ? o->clip / norm : 1)};
    sid__ctx_for(ctx, optim->params->size, CHUNK, step_task, &job);
    return norm;
}

void sid__optim_forget(sid__optim *optim, int param, int64_t row)
{
    const sid__value *value = &optim->params->param[param].value;
    int64_t at = optim->params->param[param].at + row * value->columns;
    size_t size = (size_t)value->columns * sizeof(sid__real);
    memset(optim->first + at, 0, size);
    if (optim->second)
        memset(optim->second + at, 0, size);
    if (optim->average)
        memcpy(optim->average + at, optim->params->data + at, size);
}
