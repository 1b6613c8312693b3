/* recommend.c: one request to the k best items. */
#include <math.h>

#include "model/model.h"
#include "model/top_items.h"

typedef struct answer {
    const sid_model *m;
    int32_t *item; /* (history_count) known items of the history */
    int64_t known;
    float *score;  /* (items) */
    int32_t *best; /* (k) */
} answer;

static sid_status take_history(answer *a, const sid_request *request, sid_error *err)
{
    for (int64_t i = 0; i < request->history_count; i++) {
        int64_t row = sid__id_list_find(&a->m->items, request->history[i]);
        if (row >= 0)
            a->item[a->known++] = (int32_t)row;
    }
    if (a->known == 0)
        return sid__fail(err, SID_ENOTFOUND,
                         "the model knows none of the %lld ids of the history, \"%s\" the first; ids are like \"%s\"",
                         (long long)request->history_count, request->history_count > 0 ? request->history[0] : "",
                         a->m->items.id[0]);
    return SID_OK;
}

static sid_status fill(answer *a, const sid_request *request, int64_t k, sid_recommendations *out, sid_error *err)
{
    const sid_model *m = a->m;
    SID_TRY(take_history(a, request, err));
    SID_TRY(m->family->score(m->ctx, m, &(sid__history){.item = a->item, .count = a->known}, 1, a->score, err));
    for (int64_t i = 0; !request->keep_history && i < a->known; i++)
        a->score[a->item[i]] = -INFINITY;
    for (int64_t i = 0; m->is_live && i < m->items.count; i++)
        if (!m->is_live[i])
            a->score[i] = -INFINITY;
    out->count = sid__top_items(a->score, m->items.count, (int)k, a->best);
    for (int64_t i = 0; i < out->count; i++)
        out->row[i] = (sid_recommendation){
            .item_id = m->items.id[a->best[i]], .row = a->best[i], .score = (double)a->score[a->best[i]]};
    out->unknown = request->history_count - a->known;
    return SID_OK;
}

sid_status sid_model_recommend(const sid_model *m, const sid_request *request, sid_recommendations *out, sid_error *err)
{
    answer a = {.m = m};
    sid_recommendations made = {0};
    int64_t k = request->k ? request->k : 10, most = k < m->items.count ? k : m->items.count;
    if (request->k < 0)
        return sid__fail(err, SID_EUSAGE, "k is %d; 1 or more is expected", request->k);
    sid_status status = sid__alloc(&a.item, (size_t)request->history_count, sizeof *a.item, "a history", err);
    if (status == SID_OK)
        status = sid__alloc(&a.score, (size_t)m->items.count, sizeof *a.score, "scores", err);
    if (status == SID_OK)
        status = sid__alloc(&a.best, (size_t)most, sizeof *a.best, "the best items", err);
    if (status == SID_OK)
        status = sid__alloc(&made.row, (size_t)most, sizeof *made.row, "recommendations", err);
    if (status == SID_OK)
        status = fill(&a, request, most, &made, err);
    sid__free(a.item);
    sid__free(a.score);
    sid__free(a.best);
    if (status != SID_OK) {
        sid__free(made.row);
        return status;
    }
    made.memory = made.row;
    *out = made;
    return SID_OK;
}

void sid_recommendations_drop(sid_recommendations *recommendations)
{
    sid__free(recommendations->memory);
    *recommendations = (sid_recommendations){0};
}
