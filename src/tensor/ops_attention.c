/* ops_attention.c: attention of ragged sequences, a task a (sequence, head): two small products on the way there, four on the
 * way back. Weights are kept for the way back, rows to a multiple of 16 numbers; what dropout drops is kept as their sign.
 * Without a tape that records, they lie in a thread's own memory. Under SID__PRECISION_BF16 each product rounds its factors.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/philox.h"
#include "kernel/sequence.h"
#include "tensor/ops_sequence.h"
#include "tensor/positions.h"
#include "tensor/real_product.h"
#include "tensor/rounded.h"

/* Queries, keys or values: columns of a matrix from `first` on. */
typedef struct side {
    sid__value *in;
    int first;
} side;

typedef struct attention_job {
    const sid_ctx *ctx;
    const sid__neural *kernels;
    const sid__sequence_kernels *row;
    sid__ragged queries, keys;
    side q, k, v;
    sid__value *out, *bias;
    int heads, size; /* size: of a head */
    bool is_causal, is_rotary, is_dropping;
    int64_t longest;   /* sequence */
    sid__real *weight; /* a sequence's heads one after the other, each (queries, step); NULL: in the worker's memory */
    int64_t *at;       /* (count) of a sequence's first head in `weight` */
    sid__real *shift;  /* (heads, shift_step): the bias of distances from 1 - longest on */
    int64_t shift_step;
    double *bucket;           /* (count, heads, SID__BUCKETS): gradients of the bias */
    sid__real *cosine, *sine; /* (longest, size / 2) */
    sid__real *own;           /* (threads, own_count): two squares of weights, three slices of a head, distances */
    int64_t own_count, square, slice;
    uint16_t *rounded; /* (threads, 2 rounded_count): factors of a product; NULL: fp32 */
    int64_t rounded_count;
    sid__drop drop;
    sid__real keep, scale;
} attention_job;

/* One head of one sequence. */
typedef struct head {
    uint16_t *rounded;
    const sid__real *q, *k, *v;
    int64_t q_step, k_step, v_step;
    int64_t step; /* of rows of weights */
    int queries, keys, index;
    int64_t sequence, first_query, first_key, at;
    sid__real *weight, *used; /* (queries, step); used: after dropout */
    sid__real *slope;         /* (queries, step): gradient of the scores; in the place of weights that are not kept */
    sid__real *turned[3];     /* (longest, size): q, k and a gradient, where positions are rotary */
    sid__real *by_distance;   /* (2 longest + 16) */
} head;

static const sid__real *rows_of(const attention_job *job, const side *of, int64_t row, int head_index)
{
    return of->in->data + row * of->in->columns + of->first + head_index * job->size;
}

static head head_of(const attention_job *job, int64_t sequence, int index, int worker)
{
    sid__real *own = job->own + worker * job->own_count;
    const int64_t *q = job->queries.begin + sequence, *k = job->keys.begin + sequence;
    head h = {.sequence = sequence, .index = index, .first_query = q[0], .first_key = k[0]};
    h.rounded = job->rounded ? job->rounded + 2 * worker * job->rounded_count : NULL;
    h.queries = (int)(q[1] - q[0]);
    h.keys = (int)(k[1] - k[0]);
    h.step = sid__row_step(h.keys);
    h.q_step = job->q.in->columns;
    h.k_step = h.v_step = job->k.in->columns;
    h.q = rows_of(job, &job->q, h.first_query, index);
    h.k = rows_of(job, &job->k, h.first_key, index);
    h.v = rows_of(job, &job->v, h.first_key, index);
    h.at = job->at[sequence] + index * h.queries * h.step;
    h.weight = job->weight ? job->weight + h.at : own;
    h.slope = own;
    h.used = job->is_dropping ? own + job->square : h.weight;
    for (int i = 0; i < 3; i++)
        h.turned[i] = own + 2 * job->square + i * job->slice;
    h.by_distance = own + 2 * job->square + 3 * job->slice;
    if (job->is_rotary) {
        sid__rotate_rows(h.q, h.q_step, h.queries, job->size, job->cosine, job->sine, h.turned[0]);
        sid__rotate_rows(h.k, h.k_step, h.keys, job->size, job->cosine, job->sine, h.turned[1]);
        h.q = h.turned[0];
        h.k = h.turned[1];
        h.q_step = h.k_step = job->size;
    }
    return h;
}

static void multiply(const attention_job *job, const head *h, const sid__real_product *product)
{
    if (h->rounded)
        sid__multiply_rounded(job->ctx, product, h->rounded, h->rounded + job->rounded_count);
    else
        sid__multiply_real(job->ctx, product);
}

static void use(const attention_job *job, const head *h)
{
    for (int i = 0; i < h->queries && job->is_dropping; i++)
        job->row->drop(h->keys, job->keep, h->weight + i * h->step, h->used + i * h->step);
}

/* ---- Forward ------------------------------------------------------------------------------------------------------ */

static void weigh(const attention_job *job, const head *h)
{
    multiply(job, h,
             &(sid__real_product){.a = {h->q, h->q_step, false},
                                  .b = {h->k, h->k_step, false},
                                  .c = h->weight,
                                  .c_step = h->step,
                                  .rows = h->queries,
                                  .columns = h->keys,
                                  .depth = job->size});
    const sid__real *shift = job->bias ? job->shift + h->index * job->shift_step + (job->longest - 1) : NULL;
    job->row->softmax_rows(h->queries, h->step,
                           &(sid__softmax_rows){.visible = job->is_causal ? 1 : h->keys,
                                                .visible_step = job->is_causal,
                                                .columns = h->keys,
                                                .scale = job->scale,
                                                .bias = shift,
                                                .bias_step = -1},
                           h->weight);
    for (int i = 0; i < h->queries && job->is_dropping; i++)
        job->row->mark(h->keys, &job->drop, (uint64_t)(h->at + i * h->step), h->weight + i * h->step);
}

static void attention_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const attention_job *job = arg;
    for (int64_t task = begin; task < end; task++) {
        head h = head_of(job, task / job->heads, (int)(task % job->heads), worker);
        weigh(job, &h);
        use(job, &h);
        multiply(job, &h,
                 &(sid__real_product){.a = {h.used, h.step, false},
                                      .b = {h.v, h.v_step, true},
                                      .c = job->out->data + h.first_query * job->out->columns + h.index * job->size,
                                      .c_step = job->out->columns,
                                      .rows = h.queries,
                                      .columns = job->size,
                                      .depth = h.keys});
    }
}

/* ---- Backward ----------------------------------------------------------------------------------------------------- */

/* The gradient of q or k, a b, to its place; turned back where positions are rotary. */
static void pass_on(const attention_job *job, const head *h, const side *to, int64_t first_row, int rows,
                    const sid__real_product *product)
{
    sid__real *grad = to->in->grad + first_row * to->in->columns + to->first + h->index * job->size;
    sid__real_product p = *product;
    p.rows = rows;
    p.columns = job->size;
    p.is_added = to->in->has_grad && !job->is_rotary;
    p.c = job->is_rotary ? h->turned[2] : grad;
    p.c_step = job->is_rotary ? job->size : to->in->columns;
    multiply(job, h, &p);
    if (job->is_rotary)
        sid__rotate_back(h->turned[2], rows, job->size, job->cosine, job->sine, to->in->has_grad, grad,
                         to->in->columns);
}

/* Rows of a head lie on diagonals of one distance each. */
static void sum_buckets(const attention_job *job, const head *h)
{
    double *bucket = job->bucket + (h->sequence * job->heads + h->index) * SID__BUCKETS;
    int64_t span = 2 * (int64_t)h->keys - 1;
    memset(bucket, 0, SID__BUCKETS * sizeof *bucket);
    for (int64_t i = 0; i < span; i++)
        h->by_distance[i] = 0;
    for (int i = 0; i < h->queries; i++)
        job->kernels->add(h->keys, h->slope + i * h->step, h->by_distance + (h->keys - 1 - i));
    for (int64_t i = 0; i < span; i++)
        bucket[sid__relative_bucket(i - (h->keys - 1), job->is_causal)] += (double)h->by_distance[i];
}

static void slopes(const attention_job *job, const head *h, const sid__real *g)
{
    multiply(job, h,
             &(sid__real_product){.a = {g, job->out->columns, false},
                                  .b = {h->v, h->v_step, false},
                                  .c = h->slope,
                                  .c_step = h->step,
                                  .rows = h->queries,
                                  .columns = h->keys,
                                  .depth = job->size});
    for (int i = 0; i < h->queries; i++) {
        if (job->is_dropping)
            job->row->drop_back(h->keys, job->keep, h->weight + i * h->step, h->slope + i * h->step);
        job->row->softmax_back(h->keys, h->weight + i * h->step, h->slope + i * h->step);
    }
    if (sid__wants_grad(job->bias))
        sum_buckets(job, h);
    for (int i = 0; i < h->queries; i++)
        job->kernels->scale(h->keys, job->scale, h->slope + i * h->step, h->slope + i * h->step);
}

static void attention_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const attention_job *job = arg;
    for (int64_t task = begin; task < end; task++) {
        head h = head_of(job, task / job->heads, (int)(task % job->heads), worker);
        const int64_t dim = job->out->columns;
        const sid__real *g = job->out->grad + h.first_query * dim + h.index * job->size;
        use(job, &h);
        if (sid__wants_grad(job->v.in))
            multiply(
                job, &h,
                &(sid__real_product){.a = {h.used, h.step, true},
                                     .b = {g, dim, true},
                                     .c = job->v.in->grad + h.first_key * h.v_step + job->v.first + h.index * job->size,
                                     .c_step = h.v_step,
                                     .rows = h.keys,
                                     .columns = job->size,
                                     .depth = h.queries,
                                     .is_added = job->v.in->has_grad});
        slopes(job, &h, g);
        if (sid__wants_grad(job->q.in))
            pass_on(job, &h, &job->q, h.first_query, h.queries,
                    &(sid__real_product){.a = {h.slope, h.step, false}, .b = {h.k, h.k_step, true}, .depth = h.keys});
        if (sid__wants_grad(job->k.in))
            pass_on(job, &h, &job->k, h.first_key, h.keys,
                    &(sid__real_product){.a = {h.slope, h.step, true}, .b = {h.q, h.q_step, true}, .depth = h.queries});
    }
}

/* Sequence by sequence, in double. */
static void bias_grad(const attention_job *job)
{
    for (int bucket = 0; bucket < SID__BUCKETS; bucket++)
        for (int index = 0; index < job->heads; index++) {
            double sum = 0;
            for (int64_t s = 0; s < job->queries.count; s++)
                sum += job->bucket[(s * job->heads + index) * SID__BUCKETS + bucket];
            sid__real *to = &job->bias->grad[bucket * job->heads + index];
            *to = (sid__real)(job->bias->has_grad ? (double)*to + sum : sum);
        }
    job->bias->has_grad = true;
}

static int64_t grain_of(const attention_job *job)
{
    return job->queries.count >= 64 ? job->heads : 1;
}

static void attention_backward(const sid_ctx *ctx, const sid__node *node)
{
    attention_job job = *(const attention_job *)node->saved;
    job.ctx = ctx;
    sid__ctx_for(ctx, job.queries.count * job.heads, grain_of(&job), attention_back_task, &job);
    if (sid__wants_grad(job.bias))
        bias_grad(&job);
    job.q.in->has_grad = job.k.in->has_grad = true;
}

/* ---- The ops ------------------------------------------------------------------------------------------------------ */

static int64_t longest_of(const sid__ragged *ragged)
{
    int64_t longest = 0;
    for (int64_t s = 0; s < ragged->count; s++) {
        assert(ragged->begin[s + 1] >= ragged->begin[s]);
        if (ragged->begin[s + 1] - ragged->begin[s] > longest)
            longest = ragged->begin[s + 1] - ragged->begin[s];
    }
    return longest;
}

/* Places of all weights, by which dropout counts too; memory where they are kept. */
static void place_weights(sid__tape *tape, attention_job *job)
{
    int64_t total = 0;
    job->at = sid__tape_push(tape, (size_t)job->queries.count, sizeof *job->at);
    for (int64_t s = 0; s < job->queries.count && job->at; s++) {
        job->at[s] = total;
        total += job->heads * (job->queries.begin[s + 1] - job->queries.begin[s]) *
                 sid__row_step(job->keys.begin[s + 1] - job->keys.begin[s]);
    }
    if (sid__wants_grad(job->out))
        job->weight = sid__tape_push(tape, (size_t)total, sizeof *job->weight);
}

static void place_positions(sid__tape *tape, attention_job *job, double rope_base)
{
    size_t half = (size_t)job->longest * (size_t)(job->size / 2);
    if (job->bias) {
        job->shift_step = 2 * job->longest + SID__ROW_GROUP;
        job->shift = sid__tape_push(tape, (size_t)(job->heads * job->shift_step), sizeof *job->shift);
        job->bucket = sid__tape_push(tape, (size_t)(job->queries.count * job->heads * SID__BUCKETS), sizeof(double));
        for (int64_t i = 0; i < job->heads * job->shift_step && job->shift; i++) {
            int64_t distance = i % job->shift_step - (job->longest - 1);
            job->shift[i] =
                job->bias->data[sid__relative_bucket(distance, job->is_causal) * job->heads + i / job->shift_step];
        }
    }
    if (job->is_rotary) {
        job->cosine = sid__tape_push(tape, half, sizeof *job->cosine);
        job->sine = sid__tape_push(tape, half, sizeof *job->sine);
        if (job->cosine && job->sine)
            sid__rotary_table(rope_base, job->longest, job->size, job->cosine, job->sine);
    }
}

static void place_own(sid__tape *tape, attention_job *job)
{
    int64_t queries = longest_of(&job->queries);
    job->square = queries * sid__row_step(longest_of(&job->keys));
    job->slice = job->is_rotary ? sid__row_step(job->longest * job->size) : 0;
    job->own_count = 2 * job->square + 3 * job->slice + (job->bias ? sid__row_step(2 * job->longest + 16) : 0);
    job->own = sid__tape_push(tape, (size_t)(job->own_count * sid_ctx_threads(tape->ctx)), sizeof *job->own);
    if (tape->precision != SID__PRECISION_BF16)
        return;
    int64_t longest = queries > longest_of(&job->keys) ? queries : longest_of(&job->keys);
    size_t square = sid__rounded_scratch(longest, longest), slice = sid__rounded_scratch(longest, job->size);
    job->rounded_count = (int64_t)(square > slice ? square : slice);
    job->rounded =
        sid__tape_push(tape, 2 * (size_t)(job->rounded_count * sid_ctx_threads(tape->ctx)), sizeof(uint16_t));
}

static void prepare_drop(attention_job *job, const sid__dropout *dropout)
{
    job->is_dropping = dropout && dropout->rate > 0;
    if (!job->is_dropping)
        return;
    assert(dropout->rate < 1 && dropout->layer < 1 << 16);
    job->drop = (sid__drop){.seed = dropout->seed ^ (uint64_t)dropout->layer << 48,
                            .first = (uint64_t)dropout->step << 32,
                            .stream = SID__STREAM_DROPOUT,
                            .least = (uint32_t)(dropout->rate * 0x1p32)};
    job->keep = (sid__real)(1 / (1 - dropout->rate));
}

static sid__value *attend(sid__tape *tape, attention_job *job, const sid__attention *how, sid__op op)
{
    int dim = job->q.in->columns / (op == SID__OP_ATTENTION ? 3 : 1);
    bool wants_grad = sid__wants_grad(job->q.in) || sid__wants_grad(job->k.in) || sid__wants_grad(how->bias);
    assert(how->heads > 0 && dim % how->heads == 0 && job->queries.count == job->keys.count);
    assert(job->queries.begin[job->queries.count] == job->q.in->rows);
    assert(job->keys.begin[job->keys.count] == job->k.in->rows);
    job->ctx = tape->ctx;
    job->kernels = tape->kernels;
    job->row = sid__sequence_for(tape->ctx->isa);
    job->heads = how->heads;
    job->size = dim / how->heads;
    job->scale = (sid__real)(how->scale > 0 ? how->scale : 1 / sqrt(job->size));
    job->bias = how->bias;
    job->is_causal = how->is_causal;
    job->is_rotary = how->rope_base > 0;
    job->longest = longest_of(&job->queries);
    prepare_drop(job, how->dropout);
    job->out = sid__tape_value(tape, job->q.in->rows, dim, wants_grad);
    place_weights(tape, job);
    place_positions(tape, job, how->rope_base);
    place_own(tape, job);
    if (tape->status != SID_OK)
        return NULL;
    sid__ctx_for(tape->ctx, job->queries.count * job->heads, grain_of(job), attention_task, job);
    sid__tape_record(tape,
                     &(sid__node){.backward = attention_backward,
                                  .op = op,
                                  .out = job->out,
                                  .in = {job->q.in, op == SID__OP_ATTENTION ? how->bias : job->k.in},
                                  .saved = job},
                     sizeof *job);
    return job->out;
}

sid__value *sid__op_attention(sid__tape *tape, sid__value *qkv, const sid__attention *how)
{
    if (!qkv)
        return NULL;
    int dim = qkv->columns / 3;
    assert(qkv->columns % 3 == 0 && (!how->bias || how->bias->columns == how->heads));
    attention_job job = {
        .queries = *how->queries, .keys = *how->queries, .q = {qkv, 0}, .k = {qkv, dim}, .v = {qkv, 2 * dim}};
    return attend(tape, &job, how, SID__OP_ATTENTION);
}

sid__value *sid__op_cross_attention(sid__tape *tape, sid__value *q, sid__value *kv, const sid__attention *how)
{
    if (!q || !kv)
        return NULL;
    assert(kv->columns == 2 * q->columns && !how->bias && !(how->rope_base > 0));
    assert(!how->is_causal || how->queries == how->keys);
    attention_job job = {
        .queries = *how->queries, .keys = *how->keys, .q = {q, 0}, .k = {kv, 0}, .v = {kv, q->columns}};
    return attend(tape, &job, how, SID__OP_CROSS_ATTENTION);
}
