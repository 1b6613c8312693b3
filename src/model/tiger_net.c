/* tiger_net.c: see tiger_net.h. */
#include "model/tiger_net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/learner.h"
#include "tensor/positions.h"

static const double epsilon = 1e-6;

/* ---- Parameters ---- */

static sid_status add_to(sid__params *params, const char *prefix, const char *name, int64_t rows, int columns,
                         int *index, sid_error *err)
{
    char text[SID__PARAM_NAME_SIZE];
    (void)snprintf(text, sizeof text, "%s%s", prefix, name);
    return sid__learner_add(params, text, rows, columns, rows > 0, index, err);
}

static sid_status add_cross(const sid__tiger_shape *s, const char *prefix, sid__params *params, sid__tiger_layer *layer,
                            sid_error *err)
{
    int inner = s->heads * s->head_size;
    SID_TRY(add_to(params, prefix, "cross_norm", 0, s->dim, &layer->cross_norm, err));
    SID_TRY(add_to(params, prefix, "cross_q", inner, s->dim, &layer->cross_q, err));
    SID_TRY(add_to(params, prefix, "cross_kv", 2 * (int64_t)inner, s->dim, &layer->cross_kv, err));
    return add_to(params, prefix, "cross_out", s->dim, inner, &layer->cross_out, err);
}

static sid_status add_stack(const sid__tiger_shape *s, const char *name, bool is_decoder, sid__params *params,
                            sid__tiger_stack *stack, sid_error *err)
{
    int inner = s->heads * s->head_size;
    char prefix[32], bias[32];
    (void)snprintf(bias, sizeof bias, "%s.bias", name);
    SID_TRY(sid__learner_add(params, bias, SID__BUCKETS, s->heads, false, &stack->bias, err));
    for (int i = 0; i < s->layers; i++) {
        sid__tiger_layer *layer = &stack->layer[i];
        (void)snprintf(prefix, sizeof prefix, "%s.%d.", name, i + 1);
        SID_TRY(add_to(params, prefix, "norm1", 0, s->dim, &layer->norm1, err));
        SID_TRY(add_to(params, prefix, "qkv", 3 * (int64_t)inner, s->dim, &layer->qkv, err));
        SID_TRY(add_to(params, prefix, "out", s->dim, inner, &layer->out, err));
        if (is_decoder)
            SID_TRY(add_cross(s, prefix, params, layer, err));
        SID_TRY(add_to(params, prefix, "norm2", 0, s->dim, &layer->norm2, err));
        SID_TRY(add_to(params, prefix, "up", s->ff, s->dim, &layer->up, err));
        SID_TRY(add_to(params, prefix, "down", s->dim, s->ff, &layer->down, err));
    }
    (void)snprintf(prefix, sizeof prefix, "%s.", name);
    return add_to(params, prefix, "norm", 0, s->dim, &stack->norm, err);
}

sid_status sid__tiger_declare(const sid__tiger_shape *shape, const sid__item_sids *sids, sid__params *params,
                              sid__tiger_net *out, sid_error *err)
{
    *out = (sid__tiger_net){.shape = *shape, .width = sids->width};
    for (int l = 0; l < sids->width; l++) {
        out->first_code[l] = out->bos;
        out->bos += sids->codes[l];
    }
    SID_TRY(sid__learner_add(params, "embedding", (int64_t)out->bos + 1 + shape->users, shape->dim, false,
                             &out->embedding, err));
    SID_TRY(add_stack(shape, "encoder", false, params, &out->encoder, err));
    SID_TRY(add_stack(shape, "decoder", true, params, &out->decoder, err));
    for (int l = 0; l < sids->width; l++) {
        char name[16];
        (void)snprintf(name, sizeof name, "head.%d", l + 1);
        SID_TRY(add_to(params, "", name, sids->codes[l], shape->dim, &out->head[l], err));
    }
    return SID_OK;
}

/* The deviation by the part of the name behind its last dot. */
static double deviation_of(const sid__tiger_shape *s, const char *name)
{
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    if (strcmp(last, "embedding") == 0)
        return 1;
    if (strcmp(last, "out") == 0 || strcmp(last, "cross_out") == 0)
        return 1 / sqrt((double)s->heads * s->head_size);
    if (strcmp(last, "down") == 0)
        return 1 / sqrt((double)s->ff);
    if (strcmp(last, "cross_q") == 0)
        return 1 / sqrt((double)s->dim * s->head_size);
    return 1 / sqrt((double)s->dim);
}

/* Its first third is q, which stands without a scale: what dh^-1/2 would do to the scores lies in the weights. */
static void start_q(const sid__tiger_shape *s, sid__value *qkv)
{
    float scale = (float)(1 / sqrt((double)s->head_size));
    for (int64_t i = 0; i < (int64_t)s->heads * s->head_size * s->dim; i++)
        qkv->data[i] *= scale;
}

void sid__tiger_start(const sid__tiger_net *net, sid__params *params, uint64_t seed)
{
    for (int i = 0; i < params->count; i++)
        if (params->param[i].is_vector)
            sid__param_fill(params, i, 1);
        else
            sid__param_normal(params, i, seed, deviation_of(&net->shape, params->param[i].name));
    for (int l = 0; l < net->shape.layers; l++) {
        start_q(&net->shape, &params->param[net->encoder.layer[l].qkv].value);
        start_q(&net->shape, &params->param[net->decoder.layer[l].qkv].value);
    }
}

/* ---- Forward ---- */

static sid__value *param(const sid__tiger_pass *pass, int index)
{
    return &pass->params->param[index].value;
}

static sid__value *apply(const sid__tiger_pass *pass, sid__value *x, int index, sid__activation activation)
{
    return sid__op_linear(pass->tape, x, param(pass, index), NULL, activation);
}

static sid__value *norm(const sid__tiger_pass *pass, sid__value *x, int index)
{
    return sid__op_norm(pass->tape, x, param(pass, index), NULL, SID__RMS_NORM, epsilon);
}

static sid__value *drop_some(sid__tiger_pass *pass, sid__value *x)
{
    sid__dropout dropout = pass->dropout;
    dropout.layer = pass->dropout_layer++;
    return x ? sid__op_dropout(pass->tape, x, &dropout) : NULL;
}

static sid__value *attend(sid__tiger_pass *pass, sid__value *qkv, const sid__ragged *sequences, int bias,
                          bool is_causal)
{
    sid__dropout dropout = pass->dropout;
    dropout.layer = pass->dropout_layer++;
    return sid__op_attention(pass->tape, qkv,
                             &(sid__attention){.heads = pass->net->shape.heads,
                                               .is_causal = is_causal,
                                               .scale = 1,
                                               .queries = sequences,
                                               .keys = sequences,
                                               .bias = param(pass, bias),
                                               .dropout = dropout.rate > 0 ? &dropout : NULL});
}

sid__value *sid__tiger_qkv(const sid__tiger_pass *pass, const sid__tiger_layer *layer, sid__value *x)
{
    return apply(pass, norm(pass, x, layer->norm1), layer->qkv, SID__NO_ACTIVATION);
}

sid__value *sid__tiger_after_attention(sid__tiger_pass *pass, const sid__tiger_layer *layer, sid__value *x,
                                       sid__value *attended)
{
    sid__value *y = apply(pass, attended, layer->out, SID__NO_ACTIVATION);
    return sid__op_add(pass->tape, x, drop_some(pass, y));
}

sid__value *sid__tiger_cross_kv(const sid__tiger_pass *pass, int layer, sid__value *memory)
{
    return apply(pass, memory, pass->net->decoder.layer[layer].cross_kv, SID__NO_ACTIVATION);
}

sid__value *sid__tiger_cross_q(const sid__tiger_pass *pass, const sid__tiger_layer *layer, sid__value *x)
{
    return apply(pass, norm(pass, x, layer->cross_norm), layer->cross_q, SID__NO_ACTIVATION);
}

sid__value *sid__tiger_after_cross(sid__tiger_pass *pass, const sid__tiger_layer *layer, sid__value *x,
                                   sid__value *attended)
{
    sid__value *y = apply(pass, attended, layer->cross_out, SID__NO_ACTIVATION);
    return sid__op_add(pass->tape, x, drop_some(pass, y));
}

static sid__value *cross(sid__tiger_pass *pass, const sid__tiger_layer *layer, sid__value *x, sid__value *kv,
                         const sid__ragged *queries, const sid__ragged *keys)
{
    sid__dropout dropout = pass->dropout;
    dropout.layer = pass->dropout_layer++;
    sid__value *q = sid__tiger_cross_q(pass, layer, x);
    sid__value *y = sid__op_cross_attention(pass->tape, q, kv,
                                            &(sid__attention){.heads = pass->net->shape.heads,
                                                              .scale = 1,
                                                              .queries = queries,
                                                              .keys = keys,
                                                              .dropout = dropout.rate > 0 ? &dropout : NULL});
    return sid__tiger_after_cross(pass, layer, x, y);
}

sid__value *sid__tiger_feed(sid__tiger_pass *pass, const sid__tiger_layer *layer, sid__value *x)
{
    sid__value *y = drop_some(pass, apply(pass, norm(pass, x, layer->norm2), layer->up, SID__RELU));
    y = apply(pass, y, layer->down, SID__NO_ACTIVATION);
    return sid__op_add(pass->tape, x, drop_some(pass, y));
}

sid__value *sid__tiger_last_norm(sid__tiger_pass *pass, const sid__tiger_stack *stack, sid__value *x)
{
    return drop_some(pass, norm(pass, x, stack->norm));
}

static sid__value *embed(sid__tiger_pass *pass, const int32_t *token, int64_t count)
{
    return drop_some(pass, sid__op_gather(pass->tape, param(pass, pass->net->embedding), token, count));
}

sid__value *sid__tiger_encode(sid__tiger_pass *pass, const int32_t *token, const sid__ragged *sequences)
{
    const sid__tiger_stack *stack = &pass->net->encoder;
    sid__value *x = embed(pass, token, sequences->begin[sequences->count]);
    for (int l = 0; l < pass->net->shape.layers; l++) {
        const sid__tiger_layer *layer = &stack->layer[l];
        sid__value *y = attend(pass, sid__tiger_qkv(pass, layer, x), sequences, stack->bias, false);
        x = sid__tiger_feed(pass, layer, sid__tiger_after_attention(pass, layer, x, y));
    }
    return sid__tiger_last_norm(pass, stack, x);
}

sid__value *sid__tiger_decode(sid__tiger_pass *pass, const int32_t *token, const sid__ragged *decoded,
                              sid__value *memory, const sid__ragged *encoded)
{
    const sid__tiger_stack *stack = &pass->net->decoder;
    sid__value *x = embed(pass, token, decoded->begin[decoded->count]);
    for (int l = 0; l < pass->net->shape.layers; l++) {
        const sid__tiger_layer *layer = &stack->layer[l];
        sid__value *y = attend(pass, sid__tiger_qkv(pass, layer, x), decoded, stack->bias, true);
        x = sid__tiger_after_attention(pass, layer, x, y);
        x = cross(pass, layer, x, sid__tiger_cross_kv(pass, l, memory), decoded, encoded);
        x = sid__tiger_feed(pass, layer, x);
    }
    return sid__tiger_last_norm(pass, stack, x);
}

sid__value *sid__tiger_logits(const sid__tiger_pass *pass, sid__value *hidden, int level)
{
    return apply(pass, hidden, pass->net->head[level], SID__NO_ACTIVATION);
}
