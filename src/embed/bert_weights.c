/* bert_weights.c: see bert_weights.h. Loading and saving walk the same tables of names. */
#include "embed/bert_weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/mem.h"

enum { NAME_SIZE = 128, FULL_SIZE = NAME_SIZE + 32 };
#define PREFIX "bert." /* what Hugging Face puts before the names of a model within a larger one */

static const struct vector_name {
    const char *name;
    int at; /* in widths */
} vector_name[] = {{"attention.self.query.bias", SID__BERT_QKV_BIAS},
                   {"attention.self.key.bias", SID__BERT_QKV_BIAS + 1},
                   {"attention.self.value.bias", SID__BERT_QKV_BIAS + 2},
                   {"attention.output.dense.bias", SID__BERT_MIXED_BIAS},
                   {"attention.output.LayerNorm.weight", SID__BERT_MIXED_GAIN},
                   {"attention.output.LayerNorm.bias", SID__BERT_MIXED_SHIFT},
                   {"output.dense.bias", SID__BERT_DOWN_BIAS},
                   {"output.LayerNorm.weight", SID__BERT_DOWN_GAIN},
                   {"output.LayerNorm.bias", SID__BERT_DOWN_SHIFT},
                   {"intermediate.dense.bias", SID__BERT_UP_BIAS}};
enum { VECTORS = sizeof vector_name / sizeof *vector_name, PARTS_MAX = 3 };

static const struct product_name {
    const char *name[PARTS_MAX]; /* one below the other */
} product_name[SID__BERT_PRODUCT_COUNT] = {
    [SID__BERT_QKV] = {{"attention.self.query.weight", "attention.self.key.weight", "attention.self.value.weight"}},
    [SID__BERT_MIXED] = {{"attention.output.dense.weight"}},
    [SID__BERT_UP] = {{"intermediate.dense.weight"}},
    [SID__BERT_DOWN] = {{"output.dense.weight"}}};

static int part_count(int product)
{
    return product == SID__BERT_QKV ? 3 : 1;
}

/* Rows and columns of each part of a product. */
static int part_rows(const sid__bert_shape *shape, int product)
{
    return product == SID__BERT_UP ? shape->inner : shape->width;
}

static int part_columns(const sid__bert_shape *shape, int product)
{
    return product == SID__BERT_DOWN ? shape->inner : shape->width;
}

static int vector_size(const sid__bert_shape *shape, int at)
{
    return at == SID__BERT_UP_BIAS ? shape->inner : shape->width;
}

size_t sid__bert_weights_size(const sid__bert_shape *s)
{
    size_t width = (size_t)s->width, inner = (size_t)s->inner + 15; /* packed in sixteens */
    size_t rows = (size_t)s->vocab + (size_t)s->positions + (size_t)s->types + 2;
    size_t layer = (4 * (width + 15) + 2 * inner + 9) * (width + 15) + inner;
    return (rows * width + (size_t)s->layers * layer) * sizeof(float);
}

static void layer_name(char name[NAME_SIZE], int layer, const char *part)
{
    (void)snprintf(name, NAME_SIZE, "encoder.layer.%d.%s", layer, part);
}

/* ---- Loading ------------------------------------------------------------------------------------------------------ */

typedef struct reader {
    const sid_ctx *ctx;
    const sid__tensor_set *set;
    const char *path;
    const char *prefix;
    float *part; /* scratch for a product's weights */
    int64_t capacity;
    sid_error *err;
} reader;

static sid__place place_of(const reader *r)
{
    return (sid__place){.file = r->path, .byte = -1};
}

/* The names that older programs gave: LayerNorm.gamma, LayerNorm.beta. NULL when absent. */
static const sid__tensor *find_old(const reader *r, const char *name)
{
    char old[FULL_SIZE];
    const char *norm = strstr(name, "LayerNorm.");
    if (!norm)
        return NULL;
    (void)snprintf(old, sizeof old, "%s%.*sLayerNorm.%s", r->prefix, (int)(norm - name), name,
                   strcmp(norm, "LayerNorm.weight") == 0 ? "gamma" : "beta");
    return sid__tensor_find(r->set, old);
}

static sid_status check_tensor(const reader *r, const sid__tensor *tensor, int rank, const int64_t *shape)
{
    char seen[SID__SHAPE_TEXT_SIZE], wanted[SID__SHAPE_TEXT_SIZE];
    if (tensor->dtype != SID__F32 && tensor->dtype != SID__F16 && tensor->dtype != SID__BF16)
        return sid__fail_at(r->err, SID_EDATA, place_of(r), "tensor %s is %s; F32, F16 or BF16 is expected",
                            tensor->name, sid__dtype_name(tensor->dtype));
    if (tensor->rank == rank && memcmp(tensor->shape, shape, (size_t)rank * sizeof *shape) == 0)
        return SID_OK;
    return sid__fail_at(r->err, SID_EDATA, place_of(r), "tensor %s is %s; %s is expected by config.json", tensor->name,
                        sid__shape_text(tensor->rank, tensor->shape, seen), sid__shape_text(rank, shape, wanted));
}

static sid_status check_finite(const reader *r, const char *name, const float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(x[i]))
            return sid__fail_at(r->err, SID_EDATA, place_of(r),
                                "tensor %s holds %g at element %" PRId64 "; finite numbers are expected", name,
                                (double)x[i], i);
    return SID_OK;
}

/* The tensor of that name, which is as it should be; rows 0: a vector of `columns`. Nothing is allocated by what config.json
 * says before the file has shown that it holds as much. */
static sid_status locate(const reader *r, const char *name, int64_t rows, int64_t columns, const sid__tensor **out)
{
    char full[FULL_SIZE];
    const int64_t shape[] = {rows ? rows : columns, columns};
    (void)snprintf(full, sizeof full, "%s%s", r->prefix, name);
    const sid__tensor *tensor = sid__tensor_find(r->set, full);
    if (!tensor)
        tensor = find_old(r, name);
    if (!tensor)
        return sid__fail_at(r->err, SID_EDATA, place_of(r), "tensor %s is not there; a BERT model has it", full);
    *out = tensor;
    return check_tensor(r, tensor, rows ? 2 : 1, shape);
}

static sid_status convert(const reader *r, const sid__tensor *tensor, float *out)
{
    int64_t count = tensor->shape[0] * (tensor->rank == 2 ? tensor->shape[1] : 1);
    sid__dtype_to_f32(tensor->dtype, tensor->data, count, out);
    return check_finite(r, tensor->name, out, count);
}

static sid_status fetch_table(const reader *r, const char *name, int64_t rows, int64_t columns, float **out)
{
    const sid__tensor *tensor = NULL;
    SID_TRY(locate(r, name, rows, columns, &tensor));
    SID_TRY(sid__alloc(out, (size_t)(rows ? rows : 1) * (size_t)columns, sizeof **out, "encoder weights", r->err));
    return convert(r, tensor, *out);
}

static sid_status load_embeddings(const reader *r, sid__bert_weights *w)
{
    const sid__bert_shape *s = &w->shape;
    SID_TRY(fetch_table(r, "embeddings.word_embeddings.weight", s->vocab, s->width, &w->word));
    SID_TRY(fetch_table(r, "embeddings.position_embeddings.weight", s->positions, s->width, &w->position));
    SID_TRY(fetch_table(r, "embeddings.token_type_embeddings.weight", s->types, s->width, &w->type));
    SID_TRY(fetch_table(r, "embeddings.LayerNorm.weight", 0, s->width, &w->gain));
    return fetch_table(r, "embeddings.LayerNorm.bias", 0, s->width, &w->shift);
}

static sid_status load_product(reader *r, const sid__bert_shape *s, int layer, int product, sid__gemm_packed *out)
{
    char name[NAME_SIZE];
    int parts = part_count(product), rows = part_rows(s, product), columns = part_columns(s, product);
    const sid__tensor *tensor[PARTS_MAX];
    int64_t entries = (int64_t)rows * columns;
    for (int i = 0; i < parts; i++) {
        layer_name(name, layer, product_name[product].name[i]);
        SID_TRY(locate(r, name, rows, columns, &tensor[i]));
    }
    SID_TRY(sid__grow(&r->part, &r->capacity, parts * entries, sizeof *r->part, "encoder weights", r->err));
    for (int i = 0; i < parts; i++)
        SID_TRY(convert(r, tensor[i], r->part + i * entries));
    return sid__gemm_pack(r->ctx, sid__gemm_by_lane(r->part, columns), columns, parts * rows, out, r->err);
}

static sid_status load_layer(reader *r, const sid__bert_shape *s, int index, sid__bert_layer *layer)
{
    char name[NAME_SIZE];
    const sid__tensor *tensor = NULL;
    size_t entries = 9 * (size_t)s->width + (size_t)s->inner;
    SID_TRY(sid__alloc(&layer->vector, entries, sizeof *layer->vector, "encoder weights", r->err));
    for (int i = 0; i < VECTORS; i++) {
        int at = vector_name[i].at;
        layer_name(name, index, vector_name[i].name);
        SID_TRY(locate(r, name, 0, vector_size(s, at), &tensor));
        SID_TRY(convert(r, tensor, layer->vector + (int64_t)at * s->width));
    }
    for (int i = 0; i < SID__BERT_PRODUCT_COUNT; i++)
        SID_TRY(load_product(r, s, index, i, &layer->product[i]));
    return SID_OK;
}

/* A model of more layers than config.json says would give other vectors than its makers'. */
static sid_status check_no_more_layers(const reader *r, int layers)
{
    char name[NAME_SIZE], full[FULL_SIZE];
    layer_name(name, layers, product_name[SID__BERT_DOWN].name[0]);
    (void)snprintf(full, sizeof full, "%s%s", r->prefix, name);
    if (!sid__tensor_find(r->set, full))
        return SID_OK;
    return sid__fail_at(r->err, SID_EDATA, place_of(r), "tensor %s is there, but config.json says %d layers", full,
                        layers);
}

static sid_status load_parts(reader *r, sid__bert_weights *w)
{
    const sid__bert_shape *s = &w->shape;
    SID_TRY(check_no_more_layers(r, s->layers));
    SID_TRY(load_embeddings(r, w));
    SID_TRY(sid__alloc(&w->layer, (size_t)s->layers, sizeof *w->layer, "encoder weights", r->err));
    for (int i = 0; i < s->layers; i++)
        SID_TRY(load_layer(r, s, i, &w->layer[i]));
    return SID_OK;
}

sid_status sid__bert_weights_load(const sid_ctx *ctx, const sid__bert_shape *shape, const sid__tensor_set *set,
                                  const char *path, sid__bert_weights *out, sid_error *err)
{
    sid__bert_weights weights = {.shape = *shape};
    bool is_inner = sid__tensor_find(set, PREFIX "embeddings.word_embeddings.weight") != NULL;
    reader r = {.ctx = ctx, .set = set, .path = path, .prefix = is_inner ? PREFIX : "", .err = err};
    sid_status status = load_parts(&r, &weights);
    sid__free(r.part);
    if (status != SID_OK)
        sid__bert_weights_drop(&weights);
    else
        *out = weights;
    return status;
}

void sid__bert_weights_drop(sid__bert_weights *weights)
{
    for (int i = 0; weights->layer && i < weights->shape.layers; i++) {
        for (int j = 0; j < SID__BERT_PRODUCT_COUNT; j++)
            sid__gemm_packed_drop(&weights->layer[i].product[j]);
        sid__free(weights->layer[i].vector);
    }
    sid__free(weights->layer);
    sid__free(weights->word);
    sid__free(weights->position);
    sid__free(weights->type);
    sid__free(weights->gain);
    sid__free(weights->shift);
    *weights = (sid__bert_weights){0};
}

/* ---- Saving ------------------------------------------------------------------------------------------------------- */

static sid_status save_table(sid__tensor_set *set, const char *name, int64_t rows, int64_t columns, const float *from,
                             sid_error *err)
{
    char full[FULL_SIZE];
    float *data = NULL;
    const int64_t shape[] = {rows ? rows : columns, columns};
    (void)snprintf(full, sizeof full, PREFIX "%s", name);
    SID_TRY(sid__tensor_add(set, full, SID__F32, rows ? 2 : 1, shape, &data, err));
    memcpy(data, from, (size_t)(rows ? rows : 1) * (size_t)columns * sizeof *data);
    return SID_OK;
}

/* Columns first .. first + rows - 1 of a packed factor are the rows of a tensor. */
static sid_status save_product(sid__tensor_set *set, const char *name, const sid__gemm_packed *packed, int64_t first,
                               int64_t rows, sid_error *err)
{
    char full[FULL_SIZE];
    float *data = NULL;
    (void)snprintf(full, sizeof full, PREFIX "%s", name);
    SID_TRY(sid__tensor_add(set, full, SID__F32, 2, (const int64_t[]){rows, packed->depth}, &data, err));
    for (int64_t i = first; i < first + rows; i++) {
        const float *from = packed->panel + i / 16 * 16 * packed->depth + i % 16;
        for (int p = 0; p < packed->depth; p++, from += 16)
            *data++ = *from;
    }
    return SID_OK;
}

static sid_status save_layer(const sid__bert_shape *s, int index, const sid__bert_layer *layer, sid__tensor_set *set,
                             sid_error *err)
{
    char name[NAME_SIZE];
    for (int i = 0; i < VECTORS; i++) {
        int at = vector_name[i].at;
        layer_name(name, index, vector_name[i].name);
        SID_TRY(save_table(set, name, 0, vector_size(s, at), layer->vector + (int64_t)at * s->width, err));
    }
    for (int i = 0; i < SID__BERT_PRODUCT_COUNT; i++) {
        int rows = part_rows(s, i);
        for (int part = 0; part < part_count(i); part++) {
            layer_name(name, index, product_name[i].name[part]);
            SID_TRY(save_product(set, name, &layer->product[i], (int64_t)part * rows, rows, err));
        }
    }
    return SID_OK;
}

sid_status sid__bert_weights_save(const sid__bert_weights *w, sid__tensor_set *set, sid_error *err)
{
    const sid__bert_shape *s = &w->shape;
    SID_TRY(save_table(set, "embeddings.word_embeddings.weight", s->vocab, s->width, w->word, err));
    SID_TRY(save_table(set, "embeddings.position_embeddings.weight", s->positions, s->width, w->position, err));
    SID_TRY(save_table(set, "embeddings.token_type_embeddings.weight", s->types, s->width, w->type, err));
    SID_TRY(save_table(set, "embeddings.LayerNorm.weight", 0, s->width, w->gain, err));
    SID_TRY(save_table(set, "embeddings.LayerNorm.bias", 0, s->width, w->shift, err));
    for (int i = 0; i < s->layers; i++)
        SID_TRY(save_layer(s, i, &w->layer[i], set, err));
    return SID_OK;
}
