/* ops_round.c: numbers rounded to steps between the bounds of tanh, straight through (finite scalar quantization, 2309.15505). */
#include <assert.h>
#include <math.h>

#include "linalg/scalar.h"
#include "tensor/ops_codes.h"

typedef struct round_job {
    const sid__steps *channel; /* (C) */
    sid__value *y, *out;
    sid__real *slope; /* (N, C) 1 - tanh^2 */
    int *digit;       /* (N, C), or NULL */
} round_job;

/* Halves to the even neighbour, whatever the rounding mode of the process. */
static double round_half_even(double x)
{
    double low = floor(x), part = x - low;
    bool is_odd = fmod(low, 2) != 0;
    return part > 0.5 || (part >= 0.5 && is_odd) ? low + 1 : low;
}

static void round_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const round_job *job = arg;
    int columns = job->y->columns;
    (void)worker;
    for (int64_t at = begin * columns; at < end * columns; at++) {
        const sid__steps *c = &job->channel[at % columns];
        double t = sid__tanh((double)job->y->data[at] + c->s), most = c->lowest + c->steps - 1;
        double q = round_half_even(c->h * t - c->o);
        q = q < c->lowest ? c->lowest : q > most ? most : q;
        job->out->data[at] = (sid__real)((q + c->o) / c->h);
        job->slope[at] = (sid__real)(1 - t * t);
        if (job->digit)
            job->digit[at] = (int)q - c->lowest;
    }
}

static void round_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const round_job *job = arg;
    int columns = job->y->columns;
    (void)worker;
    for (int64_t at = begin * columns; at < end * columns; at++) {
        sid__real grad = job->out->grad[at] * job->slope[at];
        job->y->grad[at] = job->y->has_grad ? job->y->grad[at] + grad : grad;
    }
}

static void round_backward(const sid_ctx *ctx, const sid__node *node)
{
    round_job job = *(const round_job *)node->saved;
    sid__ctx_for(ctx, job.y->rows, SID__ROWS, round_back_task, &job);
    job.y->has_grad = true;
}

sid__value *sid__op_round_steps(sid__tape *tape, sid__value *y, const sid__steps *channel, int *digit)
{
    if (!y)
        return NULL;
    round_job job = {.channel = channel, .y = y, .digit = digit};
    job.out = sid__tape_value(tape, y->rows, y->columns, sid__wants_grad(y));
    job.slope = sid__tape_push(tape, (size_t)y->rows * (size_t)y->columns, sizeof *job.slope);
    if (tape->status != SID_OK)
        return NULL;
    sid__ctx_for(tape->ctx, y->rows, SID__ROWS, round_task, &job);
    sid__tape_record(
        tape,
        &(sid__node){.backward = round_backward, .op = SID__OP_ROUND_STEPS, .out = job.out, .in = {y}, .saved = &job},
        sizeof job);
    return job.out;
}
