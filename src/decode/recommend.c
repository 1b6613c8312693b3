/* recommend.c: requests to the k best items: of a family that scores all items by a pass over the scores, of one that
 * generates by a search in its trie.
 */
#include <math.h>
#include <string.h>

#include "decode/cold.h"
#include "decode/prefixes.h"
#include "decode/quota.h"
#include "model/top_items.h"

/* A request with its ids as rows, all in the memory of the answer. */
typedef struct asked {
    const sid_request *request;
    int32_t *item; /* (known) of the history */
    int64_t known;
    sid__filter filter;
    sid__arena *arena;
} asked;

typedef struct answering {
    const sid_model *m;
    const sid_request *request; /* (count) */
    asked *asked;               /* (count) */
    sid_recommendations *out;   /* (count) */
    int64_t count, k;
    sid__decode_options plan;
    sid__quota quota;
} answering;

/* ---- Ids to rows ---- */

static sid_status take_ids(const sid_model *m, sid__arena *arena, const char *const *id, int64_t count, int64_t more,
                           int32_t **row, int64_t *known, sid_error *err)
{
    SID_TRY(sid__arena_push(arena, (size_t)(count + more + 1) * sizeof **row, row, err));
    for (int64_t i = 0; id && i < count; i++) {
        int64_t at = sid__model_find(m, id[i]);
        if (at >= 0)
            (*row)[(*known)++] = (int32_t)at;
    }
    return SID_OK;
}

/* What is denied: by id, below prefixes, and what was seen. */
static sid_status take_denied(const sid_model *m, const sid_request *request, asked *a, sid_error *err)
{
    sid__prefixes without;
    int32_t *deny = NULL;
    SID_TRY(sid__prefixes_parse(m, "without", request->without, request->without_count, a->arena, &without, err));
    int64_t below = sid__rows_below(m, &without, NULL);
    SID_TRY(
        take_ids(m, a->arena, request->deny, request->deny_count, a->known + below, &deny, &a->filter.deny_count, err));
    (void)sid__rows_below(m, &without, deny + a->filter.deny_count);
    a->filter.deny_count += below;
    if (!request->keep_history) {
        memcpy(deny + a->filter.deny_count, a->item, (size_t)a->known * sizeof *deny);
        a->filter.deny_count += a->known;
    }
    a->filter.deny = deny;
    return SID_OK;
}

/* What is allowed by id, below prefixes, or by both. */
static sid_status take_allowed(const sid_model *m, const sid_request *request, asked *a, sid_error *err)
{
    sid__prefixes within;
    int32_t *allow = NULL;
    SID_TRY(sid__prefixes_parse(m, "within", request->within, request->within_count, a->arena, &within, err));
    if (!request->allow && within.count == 0)
        return SID_OK;
    int64_t below = request->allow ? 0 : sid__rows_below(m, &within, NULL), kept = 0;
    SID_TRY(take_ids(m, a->arena, request->allow, request->allow_count, below, &allow, &a->filter.allow_count, err));
    for (int64_t i = 0; request->allow && i < a->filter.allow_count; i++)
        if (within.count == 0 || sid__is_below(&m->sids, &within, allow[i]))
            allow[kept++] = allow[i];
    a->filter.allow_count = request->allow ? kept : sid__rows_below(m, &within, allow);
    a->filter.allow = allow;
    return SID_OK;
}

static sid_status take_request(const sid_model *m, const sid_request *request, asked *a, sid_error *err)
{
    a->request = request;
    SID_TRY(take_ids(m, a->arena, request->history, request->history_count, 0, &a->item, &a->known, err));
    SID_TRY(take_denied(m, request, a, err));
    return take_allowed(m, request, a, err);
}

static sid__history history_of(const asked *a)
{
    const char *user = a->request->user;
    return (sid__history){.item = a->item, .count = a->known, .user = user ? sid__name_key(user) : 0};
}

/* ---- Rows to answers ---- */

static sid_status copy_sid(const sid_model *m, sid__arena *arena, int64_t row, const char **out, sid_error *err)
{
    char text[SID_SID_TEXT_MAX], *copy = NULL;
    *out = NULL;
    if (m->sids.levels == 0 || !m->sids.is_known[row])
        return SID_OK;
    sid__item_sids_text(&m->sids, row, text);
    SID_TRY(sid__arena_text(arena, text, strlen(text), &copy, err));
    *out = copy;
    return SID_OK;
}

static sid_status put_row(const sid_model *m, const asked *a, sid_recommendations *out, int64_t row, double score,
                          sid_error *err)
{
    sid_recommendation *r = &out->row[out->count++];
    *r = (sid_recommendation){.item_id = sid__model_item_id(m, row), .row = row, .score = score};
    return copy_sid(m, a->arena, row, &r->sid, err);
}

static sid_status make_rows(const asked *a, sid_recommendations *out, int64_t most, sid_error *err)
{
    return sid__arena_push(a->arena, (size_t)(most + 1) * sizeof *out->row, &out->row, err);
}

/* ---- Scores of all items ---- */

static void mask(const sid_model *m, const asked *a, float *score, uint8_t *is_allowed)
{
    int64_t items = m->items.count;
    if (a->filter.allow) {
        memset(is_allowed, 0, (size_t)items);
        for (int64_t i = 0; i < a->filter.allow_count; i++)
            is_allowed[a->filter.allow[i]] = 1;
    }
    for (int64_t i = 0; i < items; i++)
        if ((a->filter.allow && !is_allowed[i]) || (m->is_live && !m->is_live[i]))
            score[i] = -INFINITY;
    for (int64_t i = 0; i < a->filter.deny_count; i++)
        score[a->filter.deny[i]] = -INFINITY;
}

typedef struct scoring {
    float *score;          /* (block, items) */
    uint8_t *is_allowed;   /* (items) */
    int32_t *best;         /* (k) */
    sid__history *history; /* (block) */
    int64_t *request;      /* (block) whose histories these are */
} scoring;

static sid_status score_block(const answering *w, scoring *s, int64_t count, sid_error *err)
{
    const sid_model *m = w->m;
    if (count == 0)
        return SID_OK;
    SID_TRY(m->family->score(m->ctx, m, s->history, count, s->score, err));
    for (int64_t h = 0; h < count; h++) {
        const asked *a = &w->asked[s->request[h]];
        sid_recommendations *out = &w->out[s->request[h]];
        float *score = s->score + h * m->items.count;
        mask(m, a, score, s->is_allowed);
        int found = sid__top_items(score, m->items.count, (int)w->k, s->best);
        SID_TRY(make_rows(a, out, found, err));
        for (int i = 0; i < found; i++)
            SID_TRY(put_row(m, a, out, s->best[i], (double)score[s->best[i]], err));
        out->is_exact = true;
    }
    return SID_OK;
}

static sid_status score_all(const answering *w, scoring *s, int64_t block, sid_error *err)
{
    size_t items = (size_t)w->m->items.count, rows = (size_t)block;
    int64_t filled = 0;
    SID_TRY(sid__alloc(&s->score, rows, items * sizeof *s->score, "scores", err));
    SID_TRY(sid__alloc(&s->is_allowed, items, 1, "scores", err));
    SID_TRY(sid__alloc(&s->best, (size_t)w->k, sizeof *s->best, "the best items", err));
    SID_TRY(sid__alloc(&s->history, rows, sizeof *s->history, "histories", err));
    SID_TRY(sid__alloc(&s->request, rows, sizeof *s->request, "histories", err));
    for (int64_t i = 0; i < w->count; i++) {
        if (w->asked[i].known == 0)
            continue;
        s->request[filled] = i;
        s->history[filled++] = history_of(&w->asked[i]);
        if (filled < block)
            continue;
        SID_TRY(score_block(w, s, filled, err));
        filled = 0;
    }
    return score_block(w, s, filled, err);
}

static sid_status by_scores(const answering *w, sid_error *err)
{
    scoring s = {0};
    int64_t block = sid__model_block(w->m);
    sid_status status = score_all(w, &s, block < w->count ? block : w->count, err);
    sid__free(s.score);
    sid__free(s.is_allowed);
    sid__free(s.best);
    sid__free(s.history);
    sid__free(s.request);
    return status;
}

/* ---- Generated ---- */

static sid_status take_answer(const answering *w, int64_t i, const sid__answer *answer, sid_error *err)
{
    sid_recommendations *out = &w->out[i];
    int64_t most = answer->count < w->k ? answer->count : w->k;
    SID_TRY(make_rows(&w->asked[i], out, most, err));
    for (int64_t r = 0; r < most; r++)
        SID_TRY(put_row(w->m, &w->asked[i], out, answer->item[r], answer->score[r], err));
    out->is_exact = answer->is_exact;
    return SID_OK;
}

static sid_status generate_all(const answering *w, sid__question *question, sid__answer *answer, sid_error *err)
{
    int64_t count = 0;
    for (int64_t i = 0; i < w->count; i++)
        if (w->asked[i].known > 0) {
            question[count] = (sid__question){
                .history = history_of(&w->asked[i]), .filter = w->asked[i].filter, .trace = w->request[i].trace};
            count++;
        }
    int64_t rows = w->m->items.count + (w->m->family->uses_vectors ? 0 : w->m->added.count); /* sid_model_use_vectors */
    const sid__row_vectors vectors = {w->m->vectors, rows, w->m->dim};
    SID_TRY(w->quota.depth > 0 ? sid__decode_quota(w->m->ctx, w->m, &w->plan, &w->quota, question, count, answer, err)
                               : sid__decode_cold(w->m->ctx, w->m, &w->plan, &vectors, question, count, answer, err));
    count = 0;
    for (int64_t i = 0; i < w->count; i++)
        if (w->asked[i].known > 0)
            SID_TRY(take_answer(w, i, &answer[count++], err));
    return SID_OK;
}

static sid_status by_generation(const answering *w, sid_error *err)
{
    sid__question *question = NULL;
    sid__answer *answer = NULL;
    sid_status status = sid__alloc(&question, (size_t)w->count, sizeof *question, "requests", err);
    if (status == SID_OK)
        status = sid__alloc(&answer, (size_t)w->count, sizeof *answer, "answers", err);
    if (status == SID_OK)
        status = generate_all(w, question, answer, err);
    for (int64_t i = 0; answer && i < w->count; i++)
        sid__answer_drop(&answer[i]);
    sid__free(question);
    sid__free(answer);
    return status;
}

/* ---- Public ---- */

static sid_status answer_all(answering *w, sid_error *err)
{
    SID_TRY(sid__alloc(&w->asked, (size_t)w->count, sizeof *w->asked, "requests", err));
    for (int64_t i = 0; i < w->count; i++) {
        SID_TRY(sid__alloc(&w->asked[i].arena, 1, sizeof *w->asked[i].arena, "an answer", err));
        w->out[i].memory = w->asked[i].arena;
        SID_TRY(take_request(w->m, &w->request[i], &w->asked[i], err));
        w->out[i].unknown = w->request[i].history_count - w->asked[i].known;
    }
    return w->m->family->generator ? by_generation(w, err) : by_scores(w, err);
}

sid_status sid_model_recommend_many(const sid_model *m, const sid_request *request, int64_t count,
                                    sid_recommendations *out, sid_error *err)
{
    answering w = {.m = m, .request = request, .out = out, .count = count};
    int64_t all = m->items.count + m->added.count;
    if (count <= 0)
        return SID_OK;
    if (request->k < 0)
        return sid__fail(err, SID_EUSAGE, "k is %d; 1 or more is expected", request->k);
    w.k = request->k ? request->k : 10;
    w.k = w.k < all ? w.k : all;
    SID_TRY(sid__decode_plan(&request->search, w.k, &w.plan, err));
    SID_TRY(sid__quota_parse(m, request->quota, &w.quota, err));
    memset(out, 0, (size_t)count * sizeof *out);
    for (int64_t i = 0; i < count; i++)
        if (request[i].trace)
            *request[i].trace = (sid_trace){0};
    sid_status status = answer_all(&w, err);
    sid__free(w.asked);
    for (int64_t i = 0; status != SID_OK && i < count; i++) {
        sid_recommendations_drop(&out[i]);
        if (request[i].trace)
            sid_trace_drop(request[i].trace);
    }
    return status;
}

sid_status sid_model_recommend(const sid_model *m, const sid_request *request, sid_recommendations *out, sid_error *err)
{
    sid_recommendations made = {0};
    SID_TRY(sid_model_recommend_many(m, request, 1, &made, err));
    if (made.unknown == request->history_count) {
        sid_recommendations_drop(&made);
        return sid__fail(err, SID_ENOTFOUND,
                         "the model knows none of the %lld ids of the history, \"%s\" the first; ids are like \"%s\"",
                         (long long)request->history_count, request->history_count > 0 ? request->history[0] : "",
                         m->items.id[0]);
    }
    *out = made;
    return SID_OK;
}

void sid_recommendations_drop(sid_recommendations *recommendations)
{
    if (recommendations->memory)
        sid__arena_drop(recommendations->memory);
    sid__free(recommendations->memory);
    *recommendations = (sid_recommendations){0};
}
