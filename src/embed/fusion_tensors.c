/* fusion_tensors.c: a fusion to tensors and back: fusion.names (bytes, a line each), fusion.method (bytes), fusion.weight
 * (m), fusion.factor (m), fusion.dim (1), fusion.mean.<i> (D_i), fusion.v (sum of D_i, dim; absent where all is kept).
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "embed/fusion.h"

static sid_status save_bytes(sid__tensor_set *set, const char *name, const char *bytes, sid_error *err)
{
    char *data = NULL;
    int64_t size = (int64_t)strlen(bytes);
    SID_TRY(sid__tensor_add(set, name, SID__U8, 1, &size, &data, err));
    memcpy(data, bytes, (size_t)size);
    return SID_OK;
}

static sid_status save_names(const sid_fusion *fusion, sid__tensor_set *set, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = SID_OK;
    for (int m = 0; m < fusion->count && status == SID_OK; m++)
        status = sid__strbuf_printf(&text, err, "%s\n", fusion->part[m].name);
    if (status == SID_OK)
        status = save_bytes(set, "fusion.names", text.text ? text.text : "", err);
    sid__strbuf_drop(&text);
    return status;
}

static const char *mean_name(int m, char name[32])
{
    (void)snprintf(name, 32, "fusion.mean.%d", m);
    return name;
}

sid_status sid__fusion_save(const sid_fusion *fusion, sid__tensor_set *set, sid_error *err)
{
    const int64_t count = fusion->count, one = 1;
    double *weight = NULL;
    float *factor = NULL, *data = NULL;
    int64_t *dim = NULL;
    char name[32];
    SID_TRY(save_names(fusion, set, err));
    SID_TRY(save_bytes(set, "fusion.method", sid__fusion_method(fusion), err));
    SID_TRY(sid__tensor_add(set, "fusion.weight", SID__F64, 1, &count, &weight, err));
    SID_TRY(sid__tensor_add(set, "fusion.factor", SID__F32, 1, &count, &factor, err));
    SID_TRY(sid__tensor_add(set, "fusion.dim", SID__I64, 1, &one, &dim, err));
    *dim = fusion->dim;
    for (int m = 0; m < fusion->count; m++) {
        const sid__fused_part *part = &fusion->part[m];
        weight[m] = part->weight;
        factor[m] = part->factor;
        SID_TRY(sid__tensor_add(set, mean_name(m, name), SID__F32, 1, (const int64_t[]){part->dim}, &data, err));
        memcpy(data, part->mean, (size_t)part->dim * sizeof *data);
    }
    if (!fusion->v)
        return SID_OK;
    SID_TRY(sid__tensor_add(set, "fusion.v", SID__F32, 2, (const int64_t[]){fusion->width, fusion->dim}, &data, err));
    memcpy(data, fusion->v, (size_t)fusion->width * (size_t)fusion->dim * sizeof *data);
    return SID_OK;
}

/* ---- Loading ------------------------------------------------------------------------------------------------------ */

static sid_status load_names(const sid__tensor_set *set, sid_fusion *fusion, sid_error *err)
{
    const sid__tensor *names = NULL;
    SID_TRY(sid__tensor_get(set, "fusion.names", SID__U8, 1, (const int64_t[]){-1}, &names, err));
    const char *at = names->data, *end = at + names->shape[0];
    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        if (!line || line == at || line - at >= SID__MODALITY_NAME_SIZE || fusion->count == SID_MODALITIES_MAX)
            return sid__fail(err, SID_EDATA, "tensor fusion.names is no list of 1 to %d short lines",
                             SID_MODALITIES_MAX);
        (void)snprintf(fusion->part[fusion->count].name, SID__MODALITY_NAME_SIZE, "%.*s", (int)(line - at), at);
        fusion->count++;
        at = line + 1;
    }
    if (fusion->count < 1)
        return sid__fail(err, SID_EDATA, "tensor fusion.names is empty");
    return SID_OK;
}

static sid_status load_method(const sid__tensor_set *set, sid_fusion *fusion, sid_error *err)
{
    const sid__tensor *method = NULL;
    SID_TRY(sid__tensor_get(set, "fusion.method", SID__U8, 1, (const int64_t[]){-1}, &method, err));
    fusion->is_sum = method->shape[0] == 3 && memcmp(method->data, "sum", 3) == 0;
    fusion->is_separate = method->shape[0] == 8 && memcmp(method->data, "separate", 8) == 0;
    if (fusion->is_sum || fusion->is_separate || (method->shape[0] == 6 && memcmp(method->data, "concat", 6) == 0))
        return SID_OK;
    return sid__fail(err, SID_EDATA, "tensor fusion.method holds neither \"concat\", \"sum\" nor \"separate\"");
}

static sid_status load_floats(const sid__tensor_set *set, const char *name, int rank, const int64_t *shape, float **out,
                              int64_t *first, sid_error *err)
{
    const sid__tensor *t = NULL;
    SID_TRY(sid__tensor_get(set, name, SID__F32, rank, shape, &t, err));
    int64_t count = t->shape[0] * (rank > 1 ? t->shape[1] : 1);
    const float *data = t->data;
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(data[i]))
            return sid__fail(err, SID_EDATA, "tensor %s: value %" PRId64 " is %g", name, i, (double)data[i]);
    if (count < 1 || t->shape[0] > SID_DIM_MAX)
        return sid__fail(err, SID_EDATA, "tensor %s has %" PRId64 " rows; 1 to %d are expected", name, t->shape[0],
                         SID_DIM_MAX);
    SID_TRY(sid__alloc(out, (size_t)count, sizeof(float), name, err));
    memcpy(*out, data, (size_t)count * sizeof(float));
    *first = t->shape[0];
    return SID_OK;
}

static sid_status load_parts(const sid__tensor_set *set, sid_fusion *fusion, sid_error *err)
{
    const sid__tensor *weight = NULL, *factor = NULL;
    const int64_t count = fusion->count, any = -1;
    char name[32];
    SID_TRY(sid__tensor_get(set, "fusion.weight", SID__F64, 1, &count, &weight, err));
    SID_TRY(sid__tensor_get(set, "fusion.factor", SID__F32, 1, &count, &factor, err));
    for (int m = 0; m < fusion->count; m++) {
        sid__fused_part *part = &fusion->part[m];
        int64_t dim = 0;
        part->weight = ((const double *)weight->data)[m];
        part->factor = ((const float *)factor->data)[m];
        if (!(part->weight > 0) || !(part->weight <= SID_VALUE_MAX) || !(part->factor > 0) || !isfinite(part->factor))
            return sid__fail(err, SID_EDATA, "modality %d has weight %g and factor %g; positive numbers are expected",
                             m, part->weight, (double)part->factor);
        SID_TRY(load_floats(set, mean_name(m, name), 1, &any, &part->mean, &dim, err));
        part->dim = (int)dim;
    }
    return SID_OK;
}

static sid_status load(const sid__tensor_set *set, sid_fusion *fusion, sid_error *err)
{
    const sid__tensor *dim = NULL;
    int64_t width = 0;
    SID_TRY(load_names(set, fusion, err));
    SID_TRY(load_method(set, fusion, err));
    SID_TRY(load_parts(set, fusion, err));
    SID_TRY(sid__tensor_get(set, "fusion.dim", SID__I64, 1, (const int64_t[]){1}, &dim, err));
    sid__fusion_finish(fusion);
    int64_t wanted = *(const int64_t *)dim->data;
    bool is_reduced = sid__tensor_find(set, "fusion.v") != NULL;
    if (wanted < 1 || wanted > fusion->width || fusion->width > SID_DIM_MAX || (!is_reduced && wanted != fusion->width))
        return sid__fail(err, SID_EDATA, "fusion.dim is %" PRId64 " of %d", wanted, fusion->width);
    fusion->dim = (int)wanted;
    return is_reduced
               ? load_floats(set, "fusion.v", 2, (const int64_t[]){fusion->width, wanted}, &fusion->v, &width, err)
               : SID_OK;
}

sid_status sid__fusion_load(const sid__tensor_set *set, sid_fusion **out, sid_error *err)
{
    sid_fusion *fusion = NULL;
    SID_TRY(sid__alloc(&fusion, 1, sizeof *fusion, "the fusion", err));
    sid_status status = load(set, fusion, err);
    if (status == SID_OK)
        *out = fusion;
    else
        sid_fusion_free(fusion);
    return status;
}
