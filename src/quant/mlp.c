/* mlp.c: see mlp.h. */
#include "quant/mlp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"

static sid_status add_width(const char *option, const char *hidden, long width, sid__mlp_shape *shape, sid_error *err)
{
    if (width < 1 || width > SID__MLP_WIDTH_MAX || shape->layers == SID__MLP_LAYERS_MAX)
        return sid__fail(err, SID_EUSAGE,
                         "%s is \"%s\"; up to %d widths from 1 to %d are expected, such as 512,256,128", option, hidden,
                         SID__MLP_LAYERS_MAX - 1, SID__MLP_WIDTH_MAX);
    shape->width[shape->layers++] = (int)width;
    return SID_OK;
}

sid_status sid__mlp_shape_parse(const char *option, const char *hidden, int in, int out, sid__mlp_shape *shape,
                                sid_error *err)
{
    *shape = (sid__mlp_shape){.layers = 1, .width = {in}};
    for (const char *at = hidden; *at;) {
        char *end = NULL;
        long width = strtol(at, &end, 10);
        bool is_number = end > at && (*end == 0 || (*end == ',' && end[1]));
        SID_TRY(add_width(option, hidden, is_number ? width : 0, shape, err));
        at = *end ? end + 1 : end;
    }
    shape->width[shape->layers] = out;
    return SID_OK;
}

sid__mlp_shape sid__mlp_shape_mirror(const sid__mlp_shape *shape)
{
    sid__mlp_shape mirror = {.layers = shape->layers,
                             .skip = shape->skip == SID__SKIP_INPUT ? SID__SKIP_INPUT : SID__NO_SKIP};
    for (int i = 0; i <= shape->layers; i++)
        mirror.width[i] = shape->width[shape->layers - i];
    return mirror;
}

int sid__mlp_param_count(const sid__mlp_shape *shape)
{
    return 2 * shape->layers + (shape->skip == SID__SKIP_MATRIX);
}

static sid_status declare_skip(sid__params *params, const char *name, const sid__mlp_shape *shape, bool is_fixed,
                               sid_error *err)
{
    char text[SID__PARAM_NAME_SIZE];
    sid__param weight = {.value = {.rows = shape->width[shape->layers], .columns = shape->width[0]},
                         .is_fixed = is_fixed};
    (void)snprintf(text, sizeof text, "%s.skip.weight", name);
    return sid__params_add(params, &weight, text, err);
}

sid_status sid__mlp_declare(sid__params *params, const char *name, const sid__mlp_shape *shape, bool is_fixed,
                            int *first, sid_error *err)
{
    *first = params->count;
    for (int i = 0; i < shape->layers; i++) {
        char text[SID__PARAM_NAME_SIZE];
        sid__param weight = {.value = {.rows = shape->width[i + 1], .columns = shape->width[i]},
                             .is_decayed = true,
                             .is_fixed = is_fixed};
        sid__param bias = {
            .value = {.rows = 1, .columns = shape->width[i + 1]}, .is_vector = true, .is_fixed = is_fixed};
        (void)snprintf(text, sizeof text, "%s.%d.weight", name, 2 * i);
        SID_TRY(sid__params_add(params, &weight, text, err));
        (void)snprintf(text, sizeof text, "%s.%d.bias", name, 2 * i);
        SID_TRY(sid__params_add(params, &bias, text, err));
    }
    return shape->skip == SID__SKIP_MATRIX ? declare_skip(params, name, shape, is_fixed, err) : SID_OK;
}

void sid__mlp_start(sid__params *params, int first, const sid__mlp_shape *shape, uint64_t seed, uint64_t part)
{
    for (int i = 0; i < 2 * shape->layers; i++) {
        const sid__value *value = &params->param[first + i].value;
        int layer = i / 2;
        bool is_zero = shape->skip != SID__NO_SKIP && layer + 1 == shape->layers;
        double most = is_zero ? 0 : 1 / sqrt((double)shape->width[layer]);
        uint64_t from = part << 48 | (uint64_t)i << 40;
        for (int64_t j = 0; j < value->rows * value->columns; j++)
            value->data[j] =
                (float)(most * (2 * sid__philox_uniform(seed, SID__STREAM_WEIGHTS, from + (uint64_t)j) - 1));
    }
}

sid__value *sid__mlp_forward(sid__tape *tape, sid__params *params, int first, const sid__mlp_shape *shape,
                             sid__value *x)
{
    sid__value *input = x;
    for (int i = 0; i < shape->layers; i++)
        x = sid__op_linear(tape, x, &params->param[first + 2 * i].value, &params->param[first + 2 * i + 1].value,
                           i + 1 < shape->layers ? SID__RELU : SID__NO_ACTIVATION);
    if (shape->skip == SID__NO_SKIP)
        return x;
    sid__value *matrix = shape->skip == SID__SKIP_MATRIX ? &params->param[first + 2 * shape->layers].value : NULL;
    return sid__op_add(tape, x, matrix ? sid__op_linear(tape, input, matrix, NULL, SID__NO_ACTIVATION) : input);
}

/* ---- In use ------------------------------------------------------------------------------------------------------- */

static sid_status pack_skip(const sid_ctx *ctx, const sid__value *weight, sid__mlp *out, sid_error *err)
{
    if (weight->rows > out->widest)
        out->widest = (int)weight->rows;
    return sid__gemm_pack(ctx, sid__gemm_by_lane(weight->data, weight->columns), weight->columns, (int)weight->rows,
                          &out->skip, err);
}

sid_status sid__mlp_pack(const sid_ctx *ctx, const sid__params *params, int first, const sid__mlp_shape *shape,
                         sid__mlp *out, sid_error *err)
{
    sid_status status = SID_OK;
    *out = (sid__mlp){.shape = *shape, .widest = 1};
    for (int i = 0; i < shape->layers && status == SID_OK; i++) {
        const sid__value *weight = &params->param[first + 2 * i].value;
        if (i > 0 && shape->width[i] > out->widest)
            out->widest = shape->width[i];
        out->bias[i] = params->param[first + 2 * i + 1].value.data;
        status = sid__gemm_pack(ctx, sid__gemm_by_lane(weight->data, weight->columns), weight->columns,
                                (int)weight->rows, &out->weight[i], err);
    }
    if (status == SID_OK && shape->skip == SID__SKIP_MATRIX)
        status = pack_skip(ctx, &params->param[first + 2 * shape->layers].value, out, err);
    if (status != SID_OK)
        sid__mlp_drop(out);
    return status;
}

void sid__mlp_drop(sid__mlp *mlp)
{
    for (int i = 0; i < mlp->shape.layers; i++)
        sid__gemm_packed_drop(&mlp->weight[i]);
    sid__gemm_packed_drop(&mlp->skip);
    *mlp = (sid__mlp){0};
}

static void multiply(const sid_ctx *ctx, const sid__gemm_packed *weight, const float *x, int64_t rows, float *y)
{
    sid__gemm(ctx, &(sid__gemm_product){.a = sid__gemm_by_lane(x, weight->depth),
                                        .packed = weight,
                                        .c = y,
                                        .c_step = weight->columns,
                                        .rows = rows,
                                        .columns = weight->columns,
                                        .depth = weight->depth});
}

void sid__mlp_apply(const sid_ctx *ctx, const sid__mlp *mlp, const float *x, int64_t rows, float *scratch, float *y)
{
    const sid__neural *kernels = sid__neural_for(ctx->isa);
    const sid__mlp_shape *shape = &mlp->shape;
    const float *input = x;
    for (int i = 0; i < shape->layers; i++) {
        bool is_last = i + 1 == shape->layers;
        float *to = is_last ? y : scratch + (i % 2) * rows * mlp->widest;
        multiply(ctx, &mlp->weight[i], x, rows, to);
        kernels->bias(rows, shape->width[i + 1], mlp->bias[i], !is_last, to);
        x = to;
    }
    if (shape->skip == SID__SKIP_MATRIX)
        multiply(ctx, &mlp->skip, input, rows, scratch);
    if (shape->skip != SID__NO_SKIP)
        kernels->add(rows * shape->width[shape->layers], shape->skip == SID__SKIP_MATRIX ? scratch : input, y);
}
