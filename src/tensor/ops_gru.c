/* ops_gru.c: a GRU over ragged sequences (1406.1078, gates as PyTorch has them). What comes from the inputs is one product for
 * all rows. Then sequences go in groups, longest first, a task a group: at each moment the states of those that still run
 * are one small product. Gradients of the weights are products over all rows again.
 */
#include <assert.h>
#include <string.h>

#include "kernel/curve.h"
#include "tensor/ops_sequence.h"
#include "tensor/real_product.h"

enum { GROUP = 32 }; /* sequences of a task */

typedef struct gru_job {
    const sid_ctx *ctx;
    const sid__neural *kernels;
    const sid__curve *curve;
    sid__ragged sequences;
    sid__value *x, *w_ih, *w_hh, *b_ih, *b_hh, *h;
    int64_t *order;           /* (count) sequences, longest first */
    sid__real *gx, *gh;       /* (T, 3 H) of inputs and of states, biases included */
    sid__real *gate, *before; /* (T, 3 H), (T, H) */
    sid__real *to_gh, *to_h;  /* w_hh packed for both ways; to_h NULL: no gradient */
    sid__real *dgx, *dgh;     /* (T, 3 H) */
    sid__real *own;           /* (groups, 5 GROUP H): states, gates and what is carried */
    sid__real *partial;       /* (ceil(T / SID__ROWS), 3 H) */
} gru_job;

static int64_t length_at(const gru_job *job, int64_t rank)
{
    int64_t s = job->order[rank];
    return job->sequences.begin[s + 1] - job->sequences.begin[s];
}

static int64_t row_at(const gru_job *job, int64_t rank, int64_t moment)
{
    return job->sequences.begin[job->order[rank]] + moment;
}

/* Of the sequences begin .. end - 1 by rank, how many still run. */
static int running(const gru_job *job, int64_t begin, int64_t end, int64_t moment)
{
    while (end > begin && length_at(job, end - 1) <= moment)
        end--;
    return (int)(end - begin);
}

static void gru_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gru_job *job = arg;
    const int size = job->h->columns;
    sid__real *state = job->own + begin / GROUP * 5 * GROUP * size, *gh = state + GROUP * size;
    (void)worker;
    memset(state, 0, (size_t)GROUP * (size_t)size * sizeof *state);
    for (int64_t moment = 0, rows; (rows = running(job, begin, end, moment)) > 0; moment++) {
        sid__multiply_real(job->ctx, &(sid__real_product){.a = {state, size, false},
                                                          .b = {job->w_hh->data, size, false},
                                                          .packed = job->to_gh,
                                                          .c = gh,
                                                          .rows = rows,
                                                          .columns = 3 * size,
                                                          .depth = size});
        job->kernels->bias(rows, 3 * size, job->b_hh->data, false, gh);
        for (int i = 0; i < rows; i++) {
            int64_t row = row_at(job, begin + i, moment);
            memcpy(job->gh + row * 3 * size, gh + (ptrdiff_t)i * 3 * size, 3 * (size_t)size * sizeof *gh);
            memcpy(job->before + row * size, state + (ptrdiff_t)i * size, (size_t)size * sizeof *state);
            job->curve->gru(&(sid__gru_row){.size = size,
                                            .gx = job->gx + row * 3 * size,
                                            .gh = job->gh + row * 3 * size,
                                            .before = job->before + row * size,
                                            .gate = job->gate + row * 3 * size,
                                            .h = job->h->data + row * size});
            memcpy(state + (ptrdiff_t)i * size, job->h->data + row * size, (size_t)size * sizeof *state);
        }
    }
}

/* ---- Backward ----------------------------------------------------------------------------------------------------- */

static void gru_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gru_job *job = arg;
    const int size = job->h->columns;
    sid__real *carry = job->own + begin / GROUP * 5 * GROUP * size, *dgh = carry + GROUP * size,
              *g = dgh + 3 * GROUP * size;
    (void)worker;
    memset(carry, 0, (size_t)GROUP * (size_t)size * sizeof *carry);
    for (int64_t moment = length_at(job, begin) - 1; moment >= 0; moment--) {
        int rows = running(job, begin, end, moment);
        for (int i = 0; i < rows; i++) {
            int64_t row = row_at(job, begin + i, moment);
            sid__real *slope = g + (ptrdiff_t)i * size, *to = dgh + (ptrdiff_t)i * 3 * size;
            memcpy(slope, job->h->grad + row * size, (size_t)size * sizeof *g);
            job->kernels->add(size, carry + (ptrdiff_t)i * size, slope);
            job->curve->gru_back(&(sid__gru_row_back){.size = size,
                                                      .gate = job->gate + row * 3 * size,
                                                      .gh = job->gh + row * 3 * size,
                                                      .before = job->before + row * size,
                                                      .g = slope,
                                                      .dgx = job->dgx + row * 3 * size,
                                                      .dgh = to,
                                                      .carry = carry + (ptrdiff_t)i * size});
            memcpy(job->dgh + row * 3 * size, to, 3 * (size_t)size * sizeof *to);
        }
        sid__multiply_real(job->ctx, &(sid__real_product){.a = {dgh, 3 * size, false},
                                                          .b = {job->w_hh->data, size, true},
                                                          .packed = job->to_h,
                                                          .c = carry,
                                                          .rows = rows,
                                                          .columns = size,
                                                          .depth = 3 * size,
                                                          .is_added = true});
    }
}

typedef struct sum_job {
    const gru_job *job;
    sid__real *g;
} sum_job;

static void sum_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const sum_job *sum = arg;
    int columns = 3 * sum->job->h->columns;
    (void)worker;
    sum->job->kernels->bias_back(end - begin, columns, sum->job->gate, false, sum->g + begin * columns,
                                 sum->job->partial + begin / SID__ROWS * columns);
}

static void bias_grad(const gru_job *job, sid__real *g, sid__value *bias)
{
    if (!sid__wants_grad(bias))
        return;
    sum_job sum = {job, g};
    sid__ctx_for(job->ctx, job->x->rows, SID__ROWS, sum_task, &sum);
    for (int64_t i = 0; i * SID__ROWS < job->x->rows; i++) {
        if (bias->has_grad)
            job->kernels->add(bias->columns, job->partial + i * bias->columns, bias->grad);
        else
            job->kernels->scale(bias->columns, 1, job->partial + i * bias->columns, bias->grad);
        bias->has_grad = true;
    }
}

/* to (+)= g^T in, over all rows */
static void weight_grad(const gru_job *job, const sid__real *g, const sid__real *in, sid__value *to)
{
    if (!sid__wants_grad(to))
        return;
    sid__multiply_real(job->ctx, &(sid__real_product){.a = {g, to->rows, true},
                                                      .b = {in, to->columns, true},
                                                      .c = to->grad,
                                                      .rows = to->rows,
                                                      .columns = to->columns,
                                                      .depth = (int)job->x->rows,
                                                      .is_added = to->has_grad});
    to->has_grad = true;
}

static void gru_backward(const sid_ctx *ctx, const sid__node *node)
{
    gru_job job = *(const gru_job *)node->saved;
    sid__value *x = job.x;
    job.ctx = ctx;
    sid__ctx_for(ctx, job.sequences.count, GROUP, gru_back_task, &job);
    bias_grad(&job, job.dgx, job.b_ih);
    bias_grad(&job, job.dgh, job.b_hh);
    weight_grad(&job, job.dgx, x->data, job.w_ih);
    weight_grad(&job, job.dgh, job.before, job.w_hh);
    if (!sid__wants_grad(x))
        return;
    sid__multiply_real(ctx, &(sid__real_product){.a = {job.dgx, job.w_ih->rows, false},
                                                 .b = {job.w_ih->data, x->columns, true},
                                                 .c = x->grad,
                                                 .rows = x->rows,
                                                 .columns = x->columns,
                                                 .depth = (int)job.w_ih->rows,
                                                 .is_added = x->has_grad});
    x->has_grad = true;
}

/* ---- The op ------------------------------------------------------------------------------------------------------- */

/* By counting lengths; equals keep their order. */
static void sort_by_length(sid__tape *tape, gru_job *job)
{
    const int64_t *begin = job->sequences.begin;
    int64_t longest = 0, count = job->sequences.count, at = 0;
    job->order = sid__tape_push(tape, (size_t)count, sizeof *job->order);
    for (int64_t s = 0; s < count; s++)
        longest = begin[s + 1] - begin[s] > longest ? begin[s + 1] - begin[s] : longest;
    int64_t *first = sid__tape_push(tape, (size_t)longest + 1, sizeof *first);
    if (!job->order || !first)
        return;
    memset(first, 0, ((size_t)longest + 1) * sizeof *first);
    for (int64_t s = 0; s < count; s++)
        first[begin[s + 1] - begin[s]]++;
    for (int64_t length = longest; length >= 0; length--) {
        int64_t of_length = first[length];
        first[length] = at;
        at += of_length;
    }
    for (int64_t s = 0; s < count; s++)
        job->order[first[begin[s + 1] - begin[s]]++] = s;
}

static void place(sid__tape *tape, gru_job *job)
{
    size_t rows = (size_t)job->x->rows, size = (size_t)job->h->columns;
    size_t groups = ((size_t)job->sequences.count + GROUP - 1) / GROUP;
    job->gx = sid__tape_push(tape, rows * 3 * size, sizeof(sid__real));
    job->gh = sid__tape_push(tape, rows * 3 * size, sizeof(sid__real));
    job->gate = sid__tape_push(tape, rows * 3 * size, sizeof(sid__real));
    job->before = sid__tape_push(tape, rows * size, sizeof(sid__real));
    job->own = sid__tape_push(tape, groups * 5 * GROUP * size, sizeof(sid__real));
    job->to_gh = sid__tape_push(tape, sid__packed_count((int)size, 3 * (int64_t)size), sizeof(sid__real));
    if (!sid__wants_grad(job->h))
        return;
    job->to_h = sid__tape_push(tape, sid__packed_count(3 * (int)size, (int64_t)size), sizeof(sid__real));
    job->dgx = sid__tape_push(tape, rows * 3 * size, sizeof(sid__real));
    job->dgh = sid__tape_push(tape, rows * 3 * size, sizeof(sid__real));
    job->partial = sid__tape_push(tape, (rows + SID__ROWS - 1) / SID__ROWS * 3 * size, sizeof(sid__real));
}

static void run(gru_job *job)
{
    int size = job->h->columns;
    sid__multiply_real(job->ctx, &(sid__real_product){.a = {job->x->data, job->x->columns, false},
                                                      .b = {job->w_ih->data, job->x->columns, false},
                                                      .c = job->gx,
                                                      .rows = job->x->rows,
                                                      .columns = 3 * size,
                                                      .depth = job->x->columns});
    job->kernels->bias(job->x->rows, 3 * size, job->b_ih->data, false, job->gx);
    sid__pack_real(job->ctx, (sid__real_factor){job->w_hh->data, size, false}, size, 3 * size, job->to_gh);
    if (job->to_h)
        sid__pack_real(job->ctx, (sid__real_factor){job->w_hh->data, size, true}, 3 * size, size, job->to_h);
    sid__ctx_for(job->ctx, job->sequences.count, GROUP, gru_task, job);
}

sid__value *sid__op_gru(sid__tape *tape, sid__value *x, const sid__gru *weights, const sid__ragged *sequences)
{
    if (!x || !weights->w_ih || !weights->w_hh || !weights->b_ih || !weights->b_hh)
        return NULL;
    gru_job job = {.ctx = tape->ctx, .kernels = tape->kernels, .curve = sid__curve_for(tape->ctx->isa)};
    int size = weights->w_hh->columns;
    assert(weights->w_ih->rows == 3 * (int64_t)size && weights->w_hh->rows == 3 * (int64_t)size);
    assert(weights->b_ih->columns == 3 * size && weights->b_hh->columns == 3 * size);
    assert(weights->w_ih->columns == x->columns && sequences->begin[sequences->count] == x->rows);
    job.sequences = *sequences;
    job.x = x;
    job.w_ih = weights->w_ih;
    job.w_hh = weights->w_hh;
    job.b_ih = weights->b_ih;
    job.b_hh = weights->b_hh;
    job.h = sid__tape_value(tape, x->rows, size,
                            sid__wants_grad(x) || sid__wants_grad(job.w_ih) || sid__wants_grad(job.w_hh) ||
                                sid__wants_grad(job.b_ih) || sid__wants_grad(job.b_hh));
    if (!job.h)
        return NULL;
    sort_by_length(tape, &job);
    place(tape, &job);
    if (tape->status != SID_OK)
        return NULL;
    run(&job);
    sid__tape_record(tape,
                     &(sid__node){.backward = gru_backward,
                                  .op = SID__OP_GRU,
                                  .out = job.h,
                                  .in = {x, job.w_ih, job.w_hh, job.b_ih, job.b_hh},
                                  .saved = &job},
                     sizeof job);
    return job.h;
}
