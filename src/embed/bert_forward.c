/* bert_forward.c: see bert_forward.h (Devlin et al., "BERT", arXiv 1810.04805). Nearly all the time goes into the four
 * products of a layer; what stands between them is one pass each over values that are still in the cache.
 */
#include "embed/bert_forward.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "kernel/gemm_tile.h"
#include "kernel/neural.h"
#include "kernel/transformer.h"

enum { GROUP = SID__GEMM_GROUP };

static int64_t round_up(int64_t count)
{
    return (count + GROUP - 1) / GROUP * GROUP;
}

/* ---- Room --------------------------------------------------------------------------------------------------------- */

static int64_t wide_columns(const sid__bert_shape *s)
{
    return s->inner > 3 * s->width ? s->inner : 3 * s->width;
}

static int room_for(int longest)
{
    return longest > SID__BERT_PACK_TOKENS ? longest : SID__BERT_PACK_TOKENS;
}

size_t sid__bert_pack_size(const sid__bert_shape *s, int longest)
{
    size_t tokens = (size_t)room_for(longest), padded = (size_t)round_up(longest);
    return (tokens * (2 * (size_t)s->width + (size_t)wide_columns(s) + 1) + padded * padded +
            2 * padded * (size_t)round_up(s->head_size)) *
           sizeof(float);
}

sid_status sid__bert_pack_init(sid__bert_pack *pack, const sid__bert_shape *s, int longest, sid_error *err)
{
    *pack = (sid__bert_pack){.tokens = room_for(longest), .longest = longest};
    size_t tokens = (size_t)pack->tokens, padded = (size_t)round_up(longest);
    size_t head = padded * (size_t)round_up(s->head_size) * sizeof(float);
    SID_TRY(sid__alloc(&pack->id, tokens, sizeof *pack->id, "tokens", err));
    SID_TRY(sid__alloc(&pack->x, tokens, (size_t)s->width * sizeof(float), "encoder values", err));
    SID_TRY(sid__alloc(&pack->next, tokens, (size_t)s->width * sizeof(float), "encoder values", err));
    SID_TRY(sid__alloc(&pack->wide, tokens, (size_t)wide_columns(s) * sizeof(float), "encoder values", err));
    SID_TRY(sid__alloc(&pack->score, padded, padded * sizeof(float), "encoder values", err));
    SID_TRY(sid__alloc(&pack->key, 1, head, "encoder values", err));
    return sid__alloc(&pack->value, 1, head, "encoder values", err);
}

void sid__bert_pack_drop(sid__bert_pack *pack)
{
    sid__free(pack->id);
    sid__free(pack->x);
    sid__free(pack->next);
    sid__free(pack->wide);
    sid__free(pack->score);
    sid__free(pack->key);
    sid__free(pack->value);
    *pack = (sid__bert_pack){0};
}

/* ---- One pack ----------------------------------------------------------------------------------------------------- */

typedef struct run {
    const sid_ctx *ctx;
    const sid__bert_weights *weights;
    const sid__gemm_tile *tile;
    const sid__neural *neural;
    const sid__transformer *kernels;
    sid__bert_pack *pack;
    int64_t tokens; /* of the sequences there are */
} run;

/* x = norm(word + position + type) */
static void embed(const run *r)
{
    const sid__bert_weights *w = r->weights;
    const sid__bert_pack *pack = r->pack;
    int64_t width = w->shape.width;
    for (int64_t i = 0; i < r->tokens; i++)
        memcpy(pack->x + i * width, w->word + pack->id[i] * width, (size_t)width * sizeof *pack->x);
    for (int i = 0; i < pack->count; i++)
        r->kernels->norm(pack->start[i + 1] - pack->start[i], w->shape.width, w->type, w->position, w->gain, w->shift,
                         w->shape.epsilon, pack->x + pack->start[i] * width);
}

static void multiply(const run *r, const float *x, const sid__gemm_packed *packed, float *out)
{
    sid__gemm(r->ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(x, packed->depth),
                                           .packed = packed,
                                           .c = out,
                                           .c_step = packed->columns,
                                           .rows = r->tokens,
                                           .columns = packed->columns,
                                           .depth = packed->depth});
}

/* Keys (count, size), row step `step`, as a factor whose columns they are: (count / 16, size, 16). */
static void pack_keys(const sid__gemm_tile *tile, const float *key, int64_t step, int count, int size, float *to)
{
    for (int i = 0; i < count; i += GROUP, to += GROUP * size)
        for (int p = 0; p < size; p += GROUP)
            tile->transpose(key + i * step + p, step, count - i < GROUP ? count - i : GROUP,
                            size - p < GROUP ? size - p : GROUP, to + p * GROUP, GROUP);
}

/* Values (count, size) as a factor: (size / 16, count, 16). */
static void pack_values(const sid__gemm_tile *tile, const float *value, int64_t step, int count, int size, float *to)
{
    for (int p = 0; p < size; p += GROUP, to += GROUP * count)
        tile->copy(value + p, step, count, size - p < GROUP ? size - p : GROUP, to, GROUP);
}

/* One head of one sequence: out = softmax(q k^T / sqrt size) v, all (count, size); q, k, v with row step 3 width. */
static void attend(const run *r, const float *q, int count, float *out)
{
    const sid__bert_shape *s = &r->weights->shape;
    const sid__bert_pack *pack = r->pack;
    int64_t step = 3 * (int64_t)s->width, score_step = round_up(count);
    pack_keys(r->tile, q + s->width, step, count, s->head_size, pack->key);
    pack_values(r->tile, q + 2 * s->width, step, count, s->head_size, pack->value);
    r->tile->block(&(sid__gemm_block){.a = q,
                                      .a_step = step,
                                      .b = pack->key,
                                      .b_step = (int64_t)GROUP * s->head_size,
                                      .c = pack->score,
                                      .c_step = score_step,
                                      .rows = count,
                                      .columns = count,
                                      .depth = s->head_size});
    r->kernels->softmax(count, count, score_step, (float)(1 / sqrt(s->head_size)), pack->score);
    r->tile->block(&(sid__gemm_block){.a = pack->score,
                                      .a_step = score_step,
                                      .b = pack->value,
                                      .b_step = (int64_t)GROUP * count,
                                      .c = out,
                                      .c_step = s->width,
                                      .rows = count,
                                      .columns = s->head_size,
                                      .depth = count});
}

static void run_layer(const run *r, const sid__bert_layer *layer)
{
    const sid__bert_shape *s = &r->weights->shape;
    sid__bert_pack *pack = r->pack;
    const float *vector = layer->vector;
    const int64_t width = s->width;
    multiply(r, pack->x, &layer->product[SID__BERT_QKV], pack->wide);
    r->neural->bias(r->tokens, 3 * s->width, vector + SID__BERT_QKV_BIAS * width, false, pack->wide);
    for (int i = 0; i < pack->count; i++)
        for (int head = 0; head < s->heads; head++)
            attend(r, pack->wide + pack->start[i] * 3 * width + head * s->head_size,
                   pack->start[i + 1] - pack->start[i], pack->next + pack->start[i] * width + head * s->head_size);
    multiply(r, pack->next, &layer->product[SID__BERT_MIXED], pack->wide);
    r->kernels->norm(r->tokens, s->width, vector + SID__BERT_MIXED_BIAS * width, pack->x,
                     vector + SID__BERT_MIXED_GAIN * width, vector + SID__BERT_MIXED_SHIFT * width, s->epsilon,
                     pack->wide);
    memcpy(pack->next, pack->wide, (size_t)(r->tokens * width) * sizeof *pack->next);
    multiply(r, pack->next, &layer->product[SID__BERT_UP], pack->wide);
    r->kernels->gelu(r->tokens, s->inner, vector + SID__BERT_UP_BIAS * width, pack->wide);
    multiply(r, pack->wide, &layer->product[SID__BERT_DOWN], pack->x);
    r->kernels->norm(r->tokens, s->width, vector + SID__BERT_DOWN_BIAS * width, pack->next,
                     vector + SID__BERT_DOWN_GAIN * width, vector + SID__BERT_DOWN_SHIFT * width, s->epsilon, pack->x);
}

/* The mean of rows (count, width), or the first, to unit length. False: not finite. */
static bool pool_rows(const float *rows, int count, int width, float *out)
{
    double square = 0;
    for (int j = 0; j < width; j++) {
        double sum = 0;
        for (int i = 0; i < count; i++)
            sum += (double)rows[(int64_t)i * width + j];
        out[j] = (float)(sum / count);
        square += (double)out[j] * (double)out[j];
    }
    double length = sqrt(square);
    for (int j = 0; j < width; j++)
        out[j] = length > 0 ? (float)((double)out[j] / length) : 0;
    return isfinite(length);
}

sid_status sid__bert_forward(const sid_ctx *ctx, const sid__bert_weights *weights, sid__bert_pool pool,
                             sid__bert_pack *pack, sid_error *err)
{
    int width = weights->shape.width;
    run r = {.ctx = ctx,
             .weights = weights,
             .tile = sid__gemm_tile_for(ctx->isa),
             .neural = sid__neural_for(ctx->isa),
             .kernels = sid__transformer_for(ctx->isa),
             .pack = pack,
             .tokens = pack->start[pack->count]};
    bool is_finite = true;
    embed(&r);
    for (int i = 0; i < weights->shape.layers; i++)
        run_layer(&r, &weights->layer[i]);
    for (int i = 0; i < pack->count; i++) {
        int rows = pool == SID__BERT_CLS ? 1 : pack->start[i + 1] - pack->start[i];
        is_finite &= pool_rows(pack->x + (int64_t)pack->start[i] * width, rows, width, pack->out[i]);
    }
    pack->count = 0;
    return is_finite
               ? SID_OK
               : sid__fail(err, SID_EDATA,
                           "the encoder gives numbers that are not finite; its weights are not those of a trained "
                           "model");
}
