/* stack_cache.c: the arithmetic of sid__op_attention, row by row: scores are chains over a head's numbers, the softmax is the
 * same kernel, sums of values are chains over the keys, oldest first. Products with the history are one for all rows of a
 * question that stand together; the few keys after it are walked.
 */
#include "model/stack_cache.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/sequence.h"
#include "linalg/gemm.h"
#include "tensor/positions.h"

enum { RUN_ROWS = 64 };

/* ---- Made ---- */

sid_status sid__cache_create(const sid__stack *stack, sid__params *params, const sid_ctx *ctx, int64_t question_count,
                             int levels, sid__stack_cache *out, sid_error *err)
{
    assert(levels >= 1 && levels <= SID_LEVELS_MAX + 1);
    *out = (sid__stack_cache){
        .stack = stack, .params = params, .ctx = ctx, .question_count = question_count, .levels = levels};
    (void)err;
    return SID_OK;
}

void sid__cache_drop(sid__stack_cache *cache)
{
    for (int l = 0; l < cache->levels; l++) {
        sid__free(cache->level[l].parent);
        sid__free(cache->level[l].question);
        sid__free(cache->level[l].kv);
    }
    sid__free(cache->cosine);
    sid__free(cache->sine);
    sid__memory_drop(&cache->prefix_memory);
    sid__memory_drop(&cache->step_memory);
    *cache = (sid__stack_cache){0};
}

sid__tape sid__cache_tape(sid__stack_cache *cache)
{
    return sid__tape_begin(cache->ctx, &cache->prefix_memory, false);
}

sid__tape sid__cache_begin_step(sid__stack_cache *cache)
{
    sid__memory_reset(&cache->step_memory);
    return sid__tape_begin(cache->ctx, &cache->step_memory, false);
}

/* ---- The history ---- */

static int size_of(const sid__stack_cache *cache)
{
    return cache->stack->dim / cache->stack->heads;
}

static int64_t prefix_of(const sid__stack_cache *cache, int64_t question)
{
    return cache->prefix_begin ? cache->prefix_begin[question + 1] - cache->prefix_begin[question] : 0;
}

static sid_status make_positions(sid__stack_cache *cache, sid_error *err)
{
    int size = size_of(cache);
    if (cache->cosine)
        return SID_OK;
    for (int64_t q = 0; q < cache->question_count; q++)
        cache->positions = prefix_of(cache, q) > cache->positions ? prefix_of(cache, q) : cache->positions;
    cache->positions += cache->levels;
    SID_TRY(
        sid__alloc(&cache->cosine, (size_t)cache->positions, (size_t)size * sizeof *cache->cosine, "positions", err));
    SID_TRY(sid__alloc(&cache->sine, (size_t)cache->positions, (size_t)size * sizeof *cache->sine, "positions", err));
    sid__rotary_table(sid__stack_rope_base, cache->positions, size, cache->cosine, cache->sine);
    return SID_OK;
}

/* to (dim) = a row of all heads at `position`, turned. */
static void turn(const sid__stack_cache *cache, const float *row, int64_t position, float *to)
{
    int size = size_of(cache);
    for (int h = 0; h < cache->stack->heads; h++)
        sid__rotate_rows(row + h * size, cache->stack->dim, 1, size, cache->cosine + position * (size / 2),
                         cache->sine + position * (size / 2), to + h * size);
}

static void turn_prefix(sid__stack_cache *cache, int layer)
{
    int dim = cache->stack->dim;
    const sid__value *qkv = cache->prefix[layer];
    for (int64_t q = 0; q < cache->question_count; q++)
        for (int64_t t = cache->prefix_begin[q]; t < cache->prefix_begin[q + 1]; t++)
            turn(cache, qkv->data + t * 3 * dim + dim, t - cache->prefix_begin[q], cache->prefix_k[layer] + t * dim);
}

sid_status sid__cache_prefix(sid__stack_cache *cache, sid__tape *tape, sid__value *x, const sid__ragged *sequences,
                             sid_error *err)
{
    sid__stack_pass pass = {.params = cache->params, .tape = tape, .sequences = sequences};
    int64_t tokens = sequences->begin[sequences->count];
    assert(sequences->count == cache->question_count && (!x || x->rows == tokens));
    cache->prefix_begin = sequences->begin;
    SID_TRY(make_positions(cache, err));
    if (tokens == 0)
        return SID_OK;
    (void)sid__stack_run(cache->stack, &pass, x, cache->prefix);
    for (int l = 0; l < cache->stack->layers; l++)
        cache->prefix_k[l] = sid__tape_push(tape, (size_t)(tokens * cache->stack->dim), sizeof(float));
    SID_TRY(sid__tape_status(tape, err));
    for (int l = 0; l < cache->stack->layers; l++)
        turn_prefix(cache, l);
    return SID_OK;
}

/* ---- A step ---- */

/* Rows of one question that stand together. */
typedef struct run {
    int64_t first, count;
} run;

typedef struct stepping {
    sid__stack_cache *cache;
    const sid__sequence_kernels *kernels;
    int level, layer;
    int64_t first; /* of the new rows in the level */
    const sid__value *qkv;
    float *query;  /* (rows, D) turned */
    float *weight; /* (rows, heads, step) */
    int64_t step;
    run *runs; /* (run_count) */
    int64_t run_count;
    sid__value *out; /* (rows, D) */
    float scale;
} stepping;

static float *kv_of(const sid__stack_cache *cache, int level, int64_t row, int layer)
{
    return cache->level[level].kv + (row * cache->stack->layers + layer) * 2 * cache->stack->dim;
}

/* Keys and values of the new rows to the cache, queries turned. */
static void keep_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const stepping *s = arg;
    int dim = s->cache->stack->dim;
    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        const float *row = s->qkv->data + r * 3 * dim;
        int64_t question = s->cache->level[s->level].question[s->first + r];
        int64_t position = prefix_of(s->cache, question) + s->level;
        float *kv = kv_of(s->cache, s->level, s->first + r, s->layer);
        turn(s->cache, row, position, s->query + r * dim);
        turn(s->cache, row + dim, position, kv);
        memcpy(kv + dim, row + 2 * dim, (size_t)dim * sizeof *kv);
    }
}

/* The row and those it stands on, oldest first: kv of each, for a layer. */
static void find_path(const stepping *s, int64_t row, const float **path)
{
    for (int level = s->level; level >= 0; level--) {
        path[level] = kv_of(s->cache, level, row, s->layer);
        row = s->cache->level[level].parent[row];
    }
}

static void weigh_prefix(const stepping *s, const run *of, int head, int64_t tokens, int64_t first_token)
{
    int dim = s->cache->stack->dim, size = size_of(s->cache), heads = s->cache->stack->heads;
    sid__gemm(s->cache->ctx,
              &(sid__gemm_product){
                  .a = sid__gemm_by_lane(s->query + of->first * dim + head * size, dim),
                  .b = sid__gemm_by_lane(s->cache->prefix_k[s->layer] + first_token * dim + head * size, dim),
                  .c = s->weight + (of->first * heads + head) * s->step,
                  .c_step = heads * s->step,
                  .rows = of->count,
                  .columns = (int)tokens,
                  .depth = size});
}

static void sum_prefix(const stepping *s, const run *of, int head, int64_t tokens, int64_t first_token)
{
    int dim = s->cache->stack->dim, size = size_of(s->cache), heads = s->cache->stack->heads;
    sid__gemm(s->cache->ctx,
              &(sid__gemm_product){
                  .a = sid__gemm_by_lane(s->weight + (of->first * heads + head) * s->step, heads * s->step),
                  .b = sid__gemm_by_depth(
                      s->cache->prefix[s->layer]->data + first_token * 3 * dim + 2 * dim + head * size, 3 * dim),
                  .c = s->out->data + of->first * dim + head * size,
                  .c_step = dim,
                  .rows = of->count,
                  .columns = size,
                  .depth = (int)tokens});
}

static void weigh_path(const stepping *s, int64_t r, int head, int64_t tokens)
{
    int dim = s->cache->stack->dim, size = size_of(s->cache);
    const float *path[SID_LEVELS_MAX + 1] = {NULL}, *q = s->query + r * dim + head * size;
    float *weight = s->weight + (r * s->cache->stack->heads + head) * s->step;
    find_path(s, s->first + r, path);
    for (int l = 0; l <= s->level; l++) {
        const float *k = path[l] + head * size;
        float sum = 0;
        for (int d = 0; d < size; d++)
            sum = fmaf(q[d], k[d], sum);
        weight[tokens + l] = sum;
    }
    int keys = (int)tokens + s->level + 1;
    s->kernels->softmax(keys, keys, s->scale, NULL, weight);
}

static void sum_path(const stepping *s, int64_t r, int head, int64_t tokens)
{
    int dim = s->cache->stack->dim, size = size_of(s->cache);
    const float *path[SID_LEVELS_MAX + 1];
    const float *weight = s->weight + (r * s->cache->stack->heads + head) * s->step;
    float *out = s->out->data + r * dim + head * size;
    find_path(s, s->first + r, path);
    for (int d = 0; d < size && tokens == 0; d++)
        out[d] = 0;
    for (int l = 0; l <= s->level; l++) {
        const float *v = path[l] + dim + head * size;
        for (int d = 0; d < size; d++)
            out[d] = fmaf(weight[tokens + l], v[d], out[d]);
    }
}

static void attend_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const stepping *s = arg;
    int heads = s->cache->stack->heads;
    (void)worker;
    for (int64_t task = begin; task < end; task++) {
        const run *of = &s->runs[task / heads];
        int head = (int)(task % heads);
        int64_t question = s->cache->level[s->level].question[s->first + of->first];
        int64_t tokens = prefix_of(s->cache, question);
        int64_t first_token = tokens > 0 ? s->cache->prefix_begin[question] : 0;
        if (tokens > 0)
            weigh_prefix(s, of, head, tokens, first_token);
        for (int64_t r = of->first; r < of->first + of->count; r++)
            weigh_path(s, r, head, tokens);
        if (tokens > 0)
            sum_prefix(s, of, head, tokens, first_token);
        for (int64_t r = of->first; r < of->first + of->count; r++)
            sum_path(s, r, head, tokens);
    }
}

static sid__value *attend(stepping *s, sid__tape *tape, sid__value *qkv)
{
    int64_t rows = qkv ? qkv->rows : 0;
    s->qkv = qkv;
    s->out = qkv ? sid__tape_value(tape, rows, s->cache->stack->dim, false) : NULL;
    if (!s->out)
        return NULL;
    sid__ctx_for(s->cache->ctx, rows, 16, keep_chunk, s);
    sid__ctx_for(s->cache->ctx, s->run_count * s->cache->stack->heads, 1, attend_chunk, s);
    return s->out;
}

static sid_status append_rows(sid__stack_cache *cache, int level, const int32_t *parent, int64_t rows, sid_error *err)
{
    sid__cache_level *own = &cache->level[level];
    size_t row_size = (size_t)cache->stack->layers * 2 * (size_t)cache->stack->dim * sizeof(float);
    if (own->count + rows > own->capacity) {
        int64_t wanted = own->count + rows, room = own->capacity; /* one capacity for all three */
        SID_TRY(sid__grow(&own->parent, &room, wanted, sizeof *own->parent, "rows", err));
        room = own->capacity;
        SID_TRY(sid__grow(&own->question, &room, wanted, sizeof *own->question, "rows", err));
        SID_TRY(sid__grow(&own->kv, &own->capacity, wanted, row_size, "keys and values", err));
    }
    for (int64_t r = 0; r < rows; r++) {
        own->parent[own->count + r] = parent[r];
        own->question[own->count + r] = level == 0 ? parent[r] : cache->level[level - 1].question[parent[r]];
    }
    own->count += rows;
    return SID_OK;
}

static void find_runs(stepping *s, int64_t rows)
{
    const int32_t *question = s->cache->level[s->level].question + s->first;
    int64_t longest = 0;
    s->run_count = 0;
    for (int64_t r = 0; r < rows; r++) {
        run *last = s->run_count > 0 ? &s->runs[s->run_count - 1] : NULL;
        if (last && question[r] == question[last->first] && last->count < RUN_ROWS) {
            last->count++;
            continue;
        }
        s->runs[s->run_count++] = (run){.first = r, .count = 1};
        longest = prefix_of(s->cache, question[r]) > longest ? prefix_of(s->cache, question[r]) : longest;
    }
    s->step = sid__row_step(longest + s->level + 1);
}

sid_status sid__cache_step(sid__stack_cache *cache, sid__tape *tape, int level, sid__value *x, const int32_t *parent,
                           sid__value **h, sid_error *err)
{
    sid__stack_pass pass = {.params = cache->params, .tape = tape};
    stepping s = {.cache = cache, .level = level, .first = cache->level[level].count};
    SID_TRY(sid__tape_status(tape, err));
    SID_TRY(make_positions(cache, err));
    SID_TRY(append_rows(cache, level, parent, x->rows, err));
    s.kernels = sid__sequence_for(cache->ctx->isa);
    s.scale = (float)(1 / sqrt(size_of(cache)));
    s.runs = sid__tape_push(tape, (size_t)x->rows, sizeof *s.runs);
    s.query = sid__tape_push(tape, (size_t)(x->rows * cache->stack->dim), sizeof *s.query);
    SID_TRY(sid__tape_status(tape, err));
    find_runs(&s, x->rows);
    s.weight = sid__tape_push(tape, (size_t)(x->rows * cache->stack->heads * s.step), sizeof *s.weight);
    SID_TRY(sid__tape_status(tape, err));
    for (s.layer = 0; s.layer < cache->stack->layers; s.layer++)
        x = sid__stack_finish(cache->stack, &pass, s.layer, x,
                              attend(&s, tape, sid__stack_qkv(cache->stack, &pass, s.layer, x)));
    *h = sid__stack_last(cache->stack, &pass, x);
    return sid__tape_status(tape, err);
}

void sid__cache_forget(sid__stack_cache *cache, int level, int64_t rows)
{
    cache->level[level].count = rows;
}
