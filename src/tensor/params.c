/* params.c: see params.h. */
#include "tensor/params.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "tensor/real_product.h"

enum { ALIGN_COUNT = 16, TENSOR_NAME_SIZE = 96 };

sid_status sid__params_add(sid__params *params, const sid__param *like, const char *name, sid_error *err)
{
    int64_t size;
    assert(!params->data && strlen(name) < SID__PARAM_NAME_SIZE);
    if (!sid__mul_i64(like->value.rows, like->value.columns, &size) || size > INT64_MAX / 64 - params->size)
        return sid__fail_memory(err, name, SIZE_MAX);
    SID_TRY(sid__grow(&params->param, &params->capacity, params->count + 1, sizeof *params->param, "parameters", err));
    sid__param *param = &params->param[params->count++];
    *param = *like;
    param->at = params->size;
    (void)snprintf(param->name, sizeof param->name, "%s", name);
    params->size += (size + ALIGN_COUNT - 1) / ALIGN_COUNT * ALIGN_COUNT;
    return SID_OK;
}

sid_status sid__params_seal(sid__params *params, sid_error *err)
{
    SID_TRY(sid__alloc(&params->data, (size_t)params->size, sizeof *params->data, "parameters", err));
    SID_TRY(sid__alloc(&params->grad, (size_t)params->size, sizeof *params->grad, "gradients", err));
    for (int i = 0; i < params->count; i++) {
        sid__param *param = &params->param[i];
        param->value.data = params->data + param->at;
        param->value.grad = param->is_fixed ? NULL : params->grad + param->at;
    }
    return SID_OK;
}

static size_t packed_count(const sid__param *param)
{
    return param->is_vector ? 0 : sid__packed_count(param->value.columns, param->value.rows);
}

sid_status sid__params_settle(const sid_ctx *ctx, sid__params *params, sid_error *err)
{
    size_t count = 0;
    for (int i = 0; i < params->count; i++)
        count += packed_count(&params->param[i]);
    SID_TRY(sid__alloc(&params->packed, count, sizeof *params->packed, "packed parameters", err));
    sid__real *at = params->packed;
    for (int i = 0; i < params->count; i++) {
        sid__value *value = &params->param[i].value;
        value->grad = NULL;
        if (params->param[i].is_vector)
            continue;
        sid__pack_real(ctx, (sid__real_factor){value->data, value->columns, false}, value->columns, (int)value->rows,
                       at);
        value->packed = at;
        at += packed_count(&params->param[i]);
    }
    sid__free(params->grad);
    params->grad = NULL;
    return SID_OK;
}

void sid__params_drop(sid__params *params)
{
    sid__free(params->packed);
    sid__free(params->param);
    sid__free(params->data);
    sid__free(params->grad);
    *params = (sid__params){0};
}

void sid__params_clear(sid__params *params)
{
    for (int i = 0; i < params->count; i++)
        params->param[i].value.has_grad = false;
}

int sid__params_find(const sid__params *params, const char *name)
{
    for (int i = 0; i < params->count; i++)
        if (strcmp(params->param[i].name, name) == 0)
            return i;
    return -1;
}

#ifndef SEMID_REAL_IS_DOUBLE

/* Its name in a tensor set, and its shape there. */
static int describe(const sid__param *param, const char *prefix, char name[TENSOR_NAME_SIZE], int64_t shape[2])
{
    (void)snprintf(name, TENSOR_NAME_SIZE, "%s%s", prefix, param->name);
    shape[0] = param->is_vector ? param->value.columns : param->value.rows;
    shape[1] = param->value.columns;
    return param->is_vector ? 1 : 2;
}

sid_status sid__params_save(const sid__params *params, const char *prefix, const float *block, sid__tensor_set *set,
                            sid_error *err)
{
    for (int i = 0; i < params->count; i++) {
        const sid__param *param = &params->param[i];
        char name[TENSOR_NAME_SIZE];
        int64_t shape[2];
        int rank = describe(param, prefix, name, shape);
        float *copy = NULL;
        SID_TRY(sid__tensor_add(set, name, SID__F32, rank, shape, &copy, err));
        memcpy(copy, block + param->at, (size_t)(param->value.rows * param->value.columns) * sizeof *copy);
    }
    return SID_OK;
}

sid_status sid__params_load(const sid__params *params, const char *prefix, const sid__tensor_set *set, float *block,
                            sid_error *err)
{
    for (int i = 0; i < params->count; i++) {
        const sid__param *param = &params->param[i];
        int64_t shape[2], count = param->value.rows * param->value.columns;
        const sid__tensor *tensor = NULL;
        char name[TENSOR_NAME_SIZE];
        int rank = describe(param, prefix, name, shape);
        SID_TRY(sid__tensor_get(set, name, SID__F32, rank, shape, &tensor, err));
        const float *data = tensor->data;
        for (int64_t j = 0; j < count; j++)
            if (!isfinite(data[j]))
                return sid__fail(err, SID_EDATA, "tensor %s: element %lld is not finite; finite numbers are expected",
                                 name, (long long)j);
        memcpy(block + param->at, data, (size_t)count * sizeof *data);
    }
    return SID_OK;
}

#endif
