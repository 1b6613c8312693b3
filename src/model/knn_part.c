/* knn_part.c: see knn_part.h. */
#include "model/knn_part.h"

sid_status sid__knn_part_begin(const sid_model *m, double weight, const sid__split *split, sid__knn_part *out,
                               sid_error *err)
{
    sid_model *part = NULL;
    if (weight == 0 || out->itemknn)
        return SID_OK;
    SID_TRY(sid__model_create(m->ctx, "itemknn", NULL, &part, err));
    *out = (sid__knn_part){.itemknn = part, .weight = (float)weight};
    part->items = m->items;
    return split ? part->family->train(m->ctx, part, split, err) : SID_OK;
}

sid_status sid__knn_part_save(const sid__knn_part *part, sid__tensor_set *set, sid_error *err)
{
    return part->itemknn ? part->itemknn->family->save(part->itemknn, set, err) : SID_OK;
}

sid_status sid__knn_part_load(const sid__knn_part *part, const sid__tensor_set *set, sid_error *err)
{
    return part->itemknn ? part->itemknn->family->load(part->itemknn, set, err) : SID_OK;
}

void sid__knn_part_drop(sid__knn_part *part)
{
    if (!part->itemknn)
        return;
    part->itemknn->items = (sid__id_list){0};
    sid_model_close(part->itemknn);
    *part = (sid__knn_part){0};
}

typedef struct adding {
    const float *from;
    float weight, *to;
} adding;

static void add_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const adding *a = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        a->to[i] += a->weight * a->from[i];
}

sid_status sid__knn_part_add(sid_ctx *ctx, const sid_model *m, const sid__knn_part *part, const sid__history *history,
                             int64_t count, float *score, sid_error *err)
{
    float *from = NULL;
    if (!part->itemknn)
        return SID_OK;
    sid_model itemknn = *part->itemknn;
    itemknn.vectors = m->vectors;
    itemknn.dim = m->dim;
    int64_t numbers = count * m->items.count;
    SID_TRY(sid__alloc(&from, (size_t)numbers, sizeof *from, "scores", err));
    sid_status status = itemknn.family->score(ctx, &itemknn, history, count, from, err);
    adding a = {.from = from, .weight = part->weight, .to = score};
    if (status == SID_OK)
        sid__ctx_for(ctx, numbers, 4096, add_chunk, &a);
    sid__free(from);
    return status;
}
