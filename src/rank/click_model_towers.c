/* click_model_towers.c: sid_towers: a two-tower ranker as vectors of a catalogue's items and of requests. Nothing of the ranker changes:
 * items that it never met are described by their SIDs as those that it did.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rank/click_model.h"
#include "rank/ranker_parts.h"
#include "semid_model.h"
#include "tensor/ops_rank.h"

enum { BLOCK = 1024, DAY_S = 86400 };

struct sid_towers {
    sid_ranker *ranker;
    sid__id_list items;
    float *embedding; /* (items, D) what the item is to histories */
    int dim;          /* E */
    /* Those with a vector. */
    int64_t count;
    const char **id; /* (count) */
    float *vector;   /* (count, E) */
};

/* ---- What can be taken apart -------------------------------------------------------------------------------------------- */

static sid_status check_ranker(const sid_ranker *r, sid_error *err)
{
    const sid__feature_plan *plan = &r->plan;
    if (!plan->family->item_vector)
        return sid__fail(err, SID_EUSAGE,
                         "a ranker of family %s scores request and item together; vectors of items are made by "
                         "two-tower",
                         plan->family->info.name);
    for (int f = 0; f < plan->feature_count; f++) {
        const sid__feature *of = &plan->feature[f];
        if (of->kind == SID__FEATURE_HISTORY && of->pool == SID__POOL_DIN)
            return sid__fail(err, SID_EUSAGE,
                             "feature \"%s\" weighs clicks by the item shown (din); a request's vector is made before "
                             "that is known: train with mean, sum, last or pma",
                             of->name);
        if (f != plan->user && f != plan->item && f != plan->history)
            return sid__fail(err, SID_EUSAGE,
                             "feature \"%s\" stands beside user, item and clicks; a request of candidates does not "
                             "know it: train a two-tower ranker without",
                             of->name);
    }
    return SID_OK;
}

/* ---- Items -------------------------------------------------------------------------------------------------------------- */

static sid_status key_ids(const sid_ranker *r, const sid_hits *hits, sid__item_keys *out, sid_error *err)
{
    const char *column = r->plan.feature[r->plan.item].column;
    SID_TRY(sid__alloc(&out->key, (size_t)hits->count, sizeof *out->key, "keys of items", err));
    for (int64_t i = 0; i < hits->count; i++) {
        out->key[i] = sid__id_key(column, hits->row[i].item_id);
        out->begin[i + 1] = i + 1;
    }
    return SID_OK;
}

/* Base codes, never an added digit. */
static sid_status parse_sids(const sid_hits *hits, int levels, uint16_t *code, uint8_t *is_known, sid_error *err)
{
    for (int64_t i = 0; i < hits->count; i++) {
        uint16_t all[SID_LEVELS_MAX + 1];
        int count = 0;
        is_known[i] = hits->row[i].sid[0] != 0;
        if (!is_known[i])
            continue;
        SID_TRY(sid_parse(hits->row[i].sid, SID_LEVELS_MAX + 1, all, &count, err));
        memcpy(code + i * levels, all, (size_t)levels * sizeof *code);
    }
    return SID_OK;
}

static sid_status key_sids(const sid_ranker *r, sid_catalog *catalog, const sid_hits *hits, sid__item_keys *out,
                           sid_error *err)
{
    const sid_pieces *pieces = r->source[r->plan.item].pieces;
    sid_catalog_info info;
    sid_pieces_info of;
    uint16_t *code = NULL;
    uint8_t *is_known = NULL;
    sid_catalog_get_info(catalog, &info);
    sid_pieces_get_info(pieces, &of);
    sid_error why = {0};
    sid_status is_of_it = sid_pieces_check(pieces, info.fingerprint, info.codes, info.levels, &why);
    if (is_of_it != SID_OK)
        return sid__fail(err, is_of_it, "the ranker is of another catalogue: %s", why.message);
    size_t count = (size_t)hits->count;
    SID_TRY(sid__alloc(&out->key, count, (size_t)of.item_rows_max * sizeof *out->key, "rows of items", err));
    sid_status status = sid__alloc(&code, count, (size_t)info.levels * sizeof *code, "codes of items", err);
    if (status == SID_OK)
        status = sid__alloc(&is_known, count, 1, "codes of items", err);
    if (status == SID_OK)
        status = parse_sids(hits, info.levels, code, is_known, err);
    if (status == SID_OK)
        status = sid_pieces_rows(pieces, code, is_known, hits->count, out->key, out->begin, err);
    sid__free(code);
    sid__free(is_known);
    return status;
}

static bool is_zero(const float *x, int dim)
{
    for (int d = 0; d < dim; d++)
        if (x[d] != 0)
            return false;
    return true;
}

/* Items first .. first + count - 1: embeddings, then vectors of those whose embedding says something. */
static sid_status run_items(sid_towers *t, const sid__item_keys *keys, int64_t first, int64_t count, sid_error *err)
{
    sid_ranker *r = t->ranker;
    int width = r->dim + 1;
    sid__memory_reset(&r->memory);
    sid__tape tape = sid__tape_begin(r->ctx, &r->memory, false);
    sid__value *rows = sid__tape_value(&tape, count, width, false);
    SID_TRY(sid__tape_status(&tape, err));
    SID_TRY(sid_table_gather_sum(r->table[r->plan.feature[r->plan.item].table], keys->key, keys->begin + first, count,
                                 SID_UNSEEN_ZERO, rows->data, err));
    sid__value *x = sid__op_columns(&tape, rows, 0, r->dim);
    sid__value *v = r->plan.family->item_vector(r->plan.options, &r->params, &tape, x);
    SID_TRY(sid__tape_status(&tape, err));
    memcpy(t->embedding + first * r->dim, x->data, (size_t)(count * r->dim) * sizeof *t->embedding);
    t->dim = v->columns;
    if (!t->vector)
        SID_TRY(sid__alloc(&t->vector, (size_t)t->items.count, (size_t)t->dim * sizeof *t->vector, "vectors of items",
                           err));
    for (int64_t i = 0; i < count; i++) {
        if (is_zero(x->data + i * r->dim, r->dim))
            continue;
        memcpy(t->vector + t->count * t->dim, v->data + i * t->dim, (size_t)t->dim * sizeof *t->vector);
        t->id[t->count++] = t->items.id[first + i];
    }
    return SID_OK;
}

static sid_status make_items(sid_towers *t, sid_catalog *catalog, const sid_hits *hits, sid__item_keys *keys,
                             sid_error *err)
{
    sid_ranker *r = t->ranker;
    size_t count = (size_t)hits->count;
    bool has_sids = r->plan.feature[r->plan.item].kind == SID__FEATURE_SID;
    for (int64_t i = 0, row = 0; i < hits->count; i++)
        SID_TRY(sid__id_list_add(&t->items, hits->row[i].item_id, strlen(hits->row[i].item_id), &row, err));
    SID_TRY(sid__alloc(&keys->begin, count + 1, sizeof *keys->begin, "keys of items", err));
    SID_TRY(has_sids ? key_sids(r, catalog, hits, keys, err) : key_ids(r, hits, keys, err));
    SID_TRY(sid__alloc(&t->embedding, count, (size_t)r->dim * sizeof *t->embedding, "embeddings of items", err));
    SID_TRY(sid__alloc(&t->id, count, sizeof *t->id, "vectors of items", err));
    for (int64_t i = 0; i < hits->count; i += BLOCK) {
        SID_TRY(sid__ctx_check(r->ctx, err));
        SID_TRY(run_items(t, keys, i, hits->count - i < BLOCK ? hits->count - i : BLOCK, err));
    }
    if (t->count == 0)
        return sid__fail(err, SID_EDATA,
                         "the ranker has learned of not one of the %" PRId64
                         " items of the catalogue: none has a vector",
                         hits->count);
    return SID_OK;
}

sid_status sid_towers_create(sid_ranker *ranker, sid_catalog *catalog, sid_towers **out, sid_error *err)
{
    sid_towers *t = NULL;
    sid_hits hits = {0};
    sid__item_keys keys = {0};
    SID_TRY(check_ranker(ranker, err));
    SID_TRY(sid__alloc(&t, 1, sizeof *t, "towers", err));
    t->ranker = ranker;
    sid_status status = sid_catalog_items(catalog, &hits, err);
    if (status == SID_OK)
        status = make_items(t, catalog, &hits, &keys, err);
    sid_hits_drop(&hits);
    sid__free(keys.key);
    sid__free(keys.begin);
    if (status != SID_OK)
        sid_towers_free(t);
    else
        *out = t;
    return status;
}

void sid_towers_free(sid_towers *t)
{
    if (!t)
        return;
    sid__id_list_drop(&t->items);
    sid__free(t->embedding);
    sid__free(t->id);
    sid__free(t->vector);
    sid__free(t);
}

/* ---- Requests ----------------------------------------------------------------------------------------------------------- */

/* The last clicks of each request, side by side. */
typedef struct past_lists {
    int64_t count;
    int64_t *begin; /* (requests + 1) */
    int32_t *item, *of, *position, *gap;
} past_lists;

static void list_past(const sid_towers *t, const sid_tower_request *q, int32_t request, past_lists *p)
{
    int64_t max = t->ranker->history.max, first = p->count;
    bool has_time = q->age_days && t->ranker->last_time > 0;
    for (int64_t i = q->history_count - 1; i >= 0 && p->count - first < max; i--) { /* newest first */
        int64_t item = sid__id_list_find(&t->items, q->history[i]);
        if (item < 0)
            continue;
        p->item[p->count] = (int32_t)item;
        p->of[p->count] = request;
        p->gap[p->count] = has_time ? sid__gap_bucket(q->age_days[i] * DAY_S) : 0;
        p->position[p->count] = (int32_t)(p->count - first);
        p->count++;
    }
    for (int64_t a = first, b = p->count - 1; a < b; a++, b--) { /* oldest first, as in training */
        int32_t item = p->item[a], gap = p->gap[a], position = p->position[a];
        p->item[a] = p->item[b];
        p->gap[a] = p->gap[b];
        p->position[a] = p->position[b];
        p->item[b] = item;
        p->gap[b] = gap;
        p->position[b] = position;
    }
    p->begin[request + 1] = p->count;
}

static bool list_pasts(const sid_towers *t, const sid_tower_request *q, int64_t count, sid__tape *tape, past_lists *p)
{
    size_t room = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t max = t->ranker->history.max;
        room += (size_t)(q[i].history_count < max ? q[i].history_count : max);
    }
    p->begin = sid__tape_push(tape, (size_t)count + 1, sizeof *p->begin);
    p->item = sid__tape_push(tape, room + 1, sizeof *p->item);
    p->of = sid__tape_push(tape, room + 1, sizeof *p->of);
    p->position = sid__tape_push(tape, room + 1, sizeof *p->position);
    p->gap = sid__tape_push(tape, room + 1, sizeof *p->gap);
    if (!p->begin || !p->item || !p->of || !p->position || !p->gap)
        return false;
    p->begin[0] = 0;
    for (int64_t i = 0; i < count; i++)
        list_past(t, &q[i], (int32_t)i, p);
    return true;
}

static sid__value *history_of(const sid_towers *t, const past_lists *p, const sid__ragged *pasts, sid__tape *tape)
{
    sid_ranker *r = t->ranker;
    const sid__feature *of = r->plan.history >= 0 ? &r->plan.feature[r->plan.history] : NULL;
    sid__value *past = sid__tape_value(tape, p->count, r->dim, false);
    for (int64_t i = 0; past && i < p->count; i++)
        memcpy(past->data + i * r->dim, t->embedding + (int64_t)p->item[i] * r->dim, (size_t)r->dim * sizeof(float));
    if (of) {
        sid__value *position = sid__rank_param(&r->params, "history.position");
        sid__value *gap = sid__rank_param(&r->params, "history.gap");
        past = sid__op_add(tape, past, sid__op_gather(tape, position, p->position, p->count));
        past = sid__op_add(tape, past, sid__op_gather(tape, gap, p->gap, p->count));
    }
    const sid__pooled pooled = {.past = past, .target = past, .pasts = pasts, .of = p->of};
    return sid__pooling_forward(of ? of->pool : SID__POOL_MEAN, "history", &r->params, tape, &pooled);
}

static sid_status users_of(const sid_towers *t, const sid_tower_request *q, int64_t count, sid__tape *tape,
                           sid__value **out, sid_error *err)
{
    sid_ranker *r = t->ranker;
    const sid__feature *of = &r->plan.feature[r->plan.user];
    int dim = r->plan.table[of->table].dim;
    uint64_t *key = sid__tape_push(tape, (size_t)count, sizeof *key);
    sid__value *rows = sid__tape_value(tape, count, dim + 1, false);
    SID_TRY(sid__tape_status(tape, err));
    for (int64_t i = 0; i < count; i++)
        key[i] = sid__id_key(of->column, q[i].user_id ? q[i].user_id : "");
    SID_TRY(sid_table_lookup(r->table[of->table], key, count, SID_UNSEEN_ZERO, rows->data, err));
    for (int64_t i = 0; i < count; i++)
        if (!q[i].user_id) /* a hashed table has a row for any key */
            memset(rows->data + i * (dim + 1), 0, (size_t)(dim + 1) * sizeof *rows->data);
    sid__value *x = sid__op_columns(tape, rows, 0, dim);
    *out =
        dim == r->dim ? x : sid__op_linear(tape, x, sid__rank_param(&r->params, "map.user"), NULL, SID__NO_ACTIVATION);
    return SID_OK;
}

static sid_status run_requests(sid_towers *t, const sid_tower_request *q, int64_t count, float *vector, sid_error *err)
{
    sid_ranker *r = t->ranker;
    past_lists p = {0};
    sid__memory_reset(&r->memory);
    sid__tape tape = sid__tape_begin(r->ctx, &r->memory, false);
    sid__rank_inputs in = {0};
    SID_TRY(users_of(t, q, count, &tape, &in.user, err));
    if (list_pasts(t, q, count, &tape, &p)) {
        const sid__ragged pasts = {.begin = p.begin, .count = count};
        in.history = history_of(t, &p, &pasts, &tape);
        sid__value *u = r->plan.family->request_vector(r->plan.options, &r->params, &tape, &in);
        if (u)
            memcpy(vector, u->data, (size_t)(count * t->dim) * sizeof *vector);
    }
    return sid__tape_status(&tape, err);
}

sid_status sid_towers_request(sid_towers *t, const sid_tower_request *request, int64_t count, float *vector,
                              sid_error *err)
{
    for (int64_t i = 0; i < count; i += BLOCK)
        SID_TRY(run_requests(t, request + i, count - i < BLOCK ? count - i : BLOCK, vector + i * t->dim, err));
    return SID_OK;
}

static sid_status answer_request(void *user, const char *user_id, const char *const *history, const double *age_days,
                                 int64_t history_count, float *out, sid_error *err)
{
    const sid_tower_request request = {
        .user_id = user_id, .history = history, .age_days = age_days, .history_count = history_count};
    return sid_towers_request(user, &request, 1, out, err);
}

void sid_towers_vectors(sid_towers *t, struct sid_retriever_vectors *out)
{
    *out = (sid_retriever_vectors){
        .item_id = t->id, .vector = t->vector, .count = t->count, .dim = t->dim, .request = answer_request, .user = t};
}
