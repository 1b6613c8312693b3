/* tiger_attend.c: see tiger_attend.h. */
#include "model/tiger_attend.h"

#include <assert.h>
#include <string.h>

#include "linalg/gemm.h"
#include "tensor/positions.h"

enum { KEYS_MAX = SID__TIGER_LEVELS_MAX };

/* ---- To the encoder's tokens ---- */

static int64_t padded(int64_t count)
{
    return sid__row_step(count);
}

size_t sid__tiger_k_count(const sid__tiger_memory *memory, int64_t histories)
{
    return (size_t)(memory->padded[histories] * memory->heads * memory->size);
}

size_t sid__tiger_v_count(const sid__tiger_memory *memory, int64_t histories)
{
    return (size_t)(memory->begin[histories] * memory->heads * padded(memory->size));
}

static int tokens_of(const sid__tiger_memory *memory, int64_t history)
{
    return (int)(memory->begin[history + 1] - memory->begin[history]);
}

static float *k_of(const sid__tiger_memory *memory, int layer, int64_t history, int head)
{
    int64_t tokens = memory->padded[history + 1] - memory->padded[history];
    return memory->k[layer] + (memory->padded[history] * memory->heads + head * tokens) * memory->size;
}

static float *v_of(const sid__tiger_memory *memory, int layer, int64_t history, int head)
{
    int64_t tokens = tokens_of(memory, history);
    return memory->v[layer] + (memory->begin[history] * memory->heads + head * tokens) * padded(memory->size);
}

void sid__tiger_remember(const sid_ctx *ctx, const sid__tiger_memory *memory, int layer, int64_t history,
                         const float *kv)
{
    int inner = memory->heads * memory->size, tokens = tokens_of(memory, history);
    for (int h = 0; h < memory->heads && tokens > 0; h++) {
        (void)sid__gemm_pack_into(ctx, sid__gemm_by_lane(kv + h * memory->size, 2 * inner), memory->size, tokens,
                                  k_of(memory, layer, history, h));
        (void)sid__gemm_pack_into(ctx, sid__gemm_by_depth(kv + inner + h * memory->size, 2 * inner), tokens,
                                  memory->size, v_of(memory, layer, history, h));
    }
}

/* One head of the rows of one history; weight (rows of the run, padded tokens). */
static void attend_head(const sid_ctx *ctx, const sid__tiger_memory *memory, int layer, const sid__tiger_run *run,
                        int head, const float *q, float *weight, float *out)
{
    int inner = memory->heads * memory->size, tokens = tokens_of(memory, run->history);
    const sid__sequence_kernels *kernels = sid__sequence_for(ctx->isa);
    const sid__gemm_packed k = {
        .panel = k_of(memory, layer, run->history, head), .columns = tokens, .depth = memory->size};
    const sid__gemm_packed v = {
        .panel = v_of(memory, layer, run->history, head), .columns = memory->size, .depth = tokens};
    sid__gemm(ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(q, inner),
                                        .packed = &k,
                                        .c = weight,
                                        .c_step = padded(tokens),
                                        .rows = run->count,
                                        .columns = tokens,
                                        .depth = memory->size});
    kernels->softmax_rows(run->count, padded(tokens),
                          &(sid__softmax_rows){.visible = tokens, .columns = tokens, .scale = 1}, weight);
    sid__gemm(ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(weight, padded(tokens)),
                                        .packed = &v,
                                        .c = out,
                                        .c_step = inner,
                                        .rows = run->count,
                                        .columns = memory->size,
                                        .depth = tokens});
}

sid__value *sid__tiger_attend_memory(sid__tape *tape, const sid__tiger_memory *memory, int layer, const sid__value *q,
                                     const sid__tiger_run *runs, int64_t run_count)
{
    int inner = memory->heads * memory->size;
    int64_t most = 0;
    for (int64_t i = 0; i < run_count; i++) {
        int64_t count = runs[i].count * padded(tokens_of(memory, runs[i].history));
        most = count > most ? count : most;
    }
    sid__value *out = q ? sid__tape_value(tape, q->rows, inner, false) : NULL;
    float *weight = sid__tape_push(tape, (size_t)most, sizeof *weight);
    if (!out || !weight)
        return NULL;
    for (int64_t i = 0; i < run_count; i++) {
        const sid__tiger_run *run = &runs[i];
        const float *query = q->data + run->first * inner;
        float *to = out->data + run->first * inner;
        if (tokens_of(memory, run->history) == 0)
            memset(to, 0, (size_t)(run->count * inner) * sizeof *to);
        for (int h = 0; h < memory->heads && tokens_of(memory, run->history) > 0; h++)
            attend_head(tape->ctx, memory, layer, run, h, query + h * memory->size, weight, to + h * memory->size);
    }
    return out;
}

/* ---- To the rows it came from ---- */

sid__value *sid__tiger_attend_path(sid__tape *tape, const sid__value *qkv, int heads, const float *const *path,
                                   int keys, const sid__value *bias)
{
    const sid__sequence_kernels *kernels = sid__sequence_for(tape->ctx->isa);
    int inner = qkv ? qkv->columns / 3 : 0, size = inner / heads;
    int64_t step = sid__row_step(keys);
    sid__value *out = qkv ? sid__tape_value(tape, qkv->rows, inner, false) : NULL;
    float *weight = sid__tape_push(tape, (size_t)(heads * step), sizeof *weight);
    float *shift = sid__tape_push(tape, (size_t)(heads * step), sizeof *shift);
    if (!out || !weight || !shift)
        return NULL;
    assert(keys <= KEYS_MAX);
    for (int64_t i = 0; i < heads * step; i++) {
        int64_t distance = i % step - (keys - 1);
        shift[i] = distance > 0 ? 0 : bias->data[sid__relative_bucket(distance, true) * heads + i / step];
    }
    for (int64_t r = 0; r < qkv->rows; r++) {
        const float *v[KEYS_MAX], *const *k = path + r * keys;
        for (int j = 0; j < keys; j++)
            v[j] = k[j] + inner;
        kernels->path_scores(heads, size, keys, qkv->data + r * qkv->columns, k, step, weight);
        kernels->softmax_rows(
            heads, step,
            &(sid__softmax_rows){.visible = keys, .columns = keys, .scale = 1, .bias = shift, .bias_step = step},
            weight);
        kernels->path_sums(heads, size, keys, weight, step, v, out->data + r * inner);
    }
    return out;
}
