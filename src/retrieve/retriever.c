/* retriever.c: sid_retriever_create, a catalogue made to an inventory, and sid_retrieve, a history to items. */
#include "retrieve/retriever.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "linalg/scalar.h"
#include "retrieve/prefix_histogram.h"
#include "retrieve/round_robin.h"

enum { USUAL_K = 100, USUAL_PREFIXES = 10, USUAL_DEPTH = 2, K_MAX = 1000000, DAYS_USUAL = 7, SPAN_PARTS = 4 };

/* ---- Made ------------------------------------------------------------------------------------------------------------------ */

static sid_status list_ids(sid_retriever *r, sid_error *err)
{
    for (int64_t i = 0; i < r->hits.count; i++) {
        int64_t row = 0;
        SID_TRY(sid__id_list_add(&r->ids, r->hits.row[i].item_id, strlen(r->hits.row[i].item_id), &row, err));
    }
    return SID_OK;
}

/* Base codes, never an added digit. */
static sid_status read_codes(const sid_retriever *r, int levels, uint16_t *code, sid_error *err)
{
    for (int64_t i = 0; i < r->hits.count; i++) {
        uint16_t all[SID_LEVELS_MAX + 1];
        int count = 0;
        SID_TRY(sid_parse(r->hits.row[i].sid, SID_LEVELS_MAX + 1, all, &count, err));
        memcpy(code + i * levels, all, (size_t)levels * sizeof *code);
    }
    return SID_OK;
}

/* Where none is given, a quarter of the time between the first birth and the last. */
static void set_half_life(sid_retriever *r, sid__stock *stock)
{
    double first = (double)INFINITY;
    r->now = -(double)INFINITY;
    for (int64_t i = 0; i < stock->count; i++) {
        r->now = stock->birth[i] > r->now ? stock->birth[i] : r->now;
        first = stock->birth[i] < first ? stock->birth[i] : first;
    }
    if (stock->half_life_days == 0)
        stock->half_life_days = r->now > first ? (r->now - first) / SPAN_PARTS : (double)INFINITY;
    r->half_life_days = stock->half_life_days;
}

static sid_status make_inventory(sid_retriever *r, const sid_retriever_options *o, sid__stock *stock, uint16_t *code,
                                 double *quality, double *birth, sid_error *err)
{
    SID_TRY(read_codes(r, stock->levels, code, err));
    SID_TRY(sid__stock_read(r, o, quality, birth, err));
    stock->code = code;
    stock->quality = quality;
    stock->birth = birth;
    set_half_life(r, stock);
    SID_TRY(sid__inventory_create(stock, &r->inventory, err));
    r->now *= sid__log(2) / stock->half_life_days;
    return SID_OK;
}

static sid_status make(sid_retriever *r, sid_catalog *catalog, const sid_retriever_options *o, sid_error *err)
{
    sid_catalog_info info;
    sid__stock stock = {.half_life_days = o->half_life_days};
    uint16_t *code = NULL;
    double *quality = NULL, *birth = NULL;
    if (!(stock.half_life_days >= 0))
        return sid__fail(err, SID_EUSAGE, "half-life is %g days; more than 0 are expected", stock.half_life_days);
    sid_catalog_get_info(catalog, &info);
    SID_TRY(sid_catalog_items(catalog, &r->hits, err));
    SID_TRY(list_ids(r, err));
    stock.count = r->hits.count;
    stock.levels = info.levels;
    size_t count = (size_t)stock.count;
    sid_status status = sid__alloc(&code, count, (size_t)stock.levels * sizeof *code, "codes of items", err);
    if (status == SID_OK)
        status = sid__alloc(&quality, count, sizeof *quality, "quality of items", err);
    if (status == SID_OK)
        status = sid__alloc(&birth, count, sizeof *birth, "births of items", err);
    if (status == SID_OK)
        status = make_inventory(r, o, &stock, code, quality, birth, err);
    sid__free(code);
    sid__free(quality);
    sid__free(birth);
    return status;
}

sid_status sid_retriever_create(sid_catalog *catalog, const sid_retriever_options *options, sid_retriever **out,
                                sid_error *err)
{
    static const sid_retriever_options defaults;
    sid_retriever *r = NULL;
    SID_TRY(sid__alloc(&r, 1, sizeof *r, "a retriever", err));
    sid_status status = make(r, catalog, options ? options : &defaults, err);
    if (status != SID_OK)
        sid_retriever_free(r);
    else
        *out = r;
    return status;
}

void sid_retriever_free(sid_retriever *r)
{
    if (!r)
        return;
    sid_hits_drop(&r->hits);
    sid__id_list_drop(&r->ids);
    sid__inventory_drop(&r->inventory);
    sid__free(r);
}

void sid_retriever_get_info(const sid_retriever *r, sid_retriever_info *out)
{
    const sid__inventory *inv = &r->inventory;
    *out = (sid_retriever_info){
        .items = inv->count, .unseen = r->unseen, .levels = inv->levels, .half_life_days = r->half_life_days};
    out->size = (size_t)inv->count * ((size_t)inv->levels * sizeof *inv->code + sizeof *inv->score +
                                      (size_t)(inv->levels + 1) * SID__STOCK_ORDERS * sizeof(int32_t));
    for (int d = 0; d <= inv->levels; d++)
        out->size += (size_t)inv->depth[d].count * (sizeof(uint16_t) + sizeof(int64_t) + sizeof(int32_t));
}

/* ---- Asked ----------------------------------------------------------------------------------------------------------------- */

typedef struct asking {
    const sid_retriever *retriever;
    const sid_retrieve_request *request;
    int depth;
    sid__budget budget;
    const sid__resolver *resolver;
    uint8_t *is_out; /* (items) */
    uint16_t *code;  /* (known, levels) of the history */
    double *age;     /* (known) */
    int64_t known;
    sid__prefix_weight *prefix; /* (found) */
    int64_t found;
    uint16_t *prefix_code; /* (found, SID_LEVELS_MAX) */
    int32_t *item, *from;  /* (budget.k) */
    int64_t count;
} asking;

static sid_status in_range(const char *name, int64_t value, int64_t most, sid_error *err)
{
    if (value >= 1 && value <= most)
        return SID_OK;
    return sid__fail(err, SID_EUSAGE, "%s is %" PRId64 "; 1 to %" PRId64 " are possible", name, value, most);
}

static sid_status plan(asking *a, sid_error *err)
{
    const sid_retrieve_request *q = a->request;
    int levels = a->retriever->inventory.levels;
    a->budget.k = q->k ? q->k : USUAL_K;
    a->budget.prefixes = q->prefixes ? q->prefixes : USUAL_PREFIXES;
    a->budget.items = q->items ? q->items : a->budget.k;
    a->depth = q->depth ? q->depth : levels < USUAL_DEPTH ? levels : USUAL_DEPTH;
    SID_TRY(in_range("k", a->budget.k, K_MAX, err));
    SID_TRY(in_range("the budget's prefixes", a->budget.prefixes, SID_BUDGET_PREFIXES_MAX, err));
    SID_TRY(in_range("the budget's items", a->budget.items, K_MAX, err));
    SID_TRY(in_range("depth", a->depth, levels, err));
    if (!(q->gamma >= 0) || !isfinite(q->gamma) || !(q->half_life_days >= 0))
        return sid__fail(err, SID_EUSAGE, "gamma is %g, half-life %g; neither is below 0", q->gamma, q->half_life_days);
    return sid__resolver_find(q->resolver ? q->resolver : "score", &a->resolver, err);
}

static sid_status set_below(asking *a, const char *text, uint8_t value, sid_error *err)
{
    const sid__inventory *inv = &a->retriever->inventory;
    uint16_t prefix[SID_LEVELS_MAX];
    int depth = 0;
    int64_t begin, end;
    SID_TRY(sid_parse(text, SID_LEVELS_MAX, prefix, &depth, err));
    if (sid__inventory_find(inv, prefix, depth, &begin, &end))
        for (int64_t p = begin; p < end; p++)
            a->is_out[inv->depth[depth].item[SID__BY_SCORE][p]] = value;
    return SID_OK;
}

static void set_ids(asking *a, const char *const *id, int64_t count, uint8_t value)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t item = sid__id_list_find(&a->retriever->ids, id[i]);
        if (item >= 0)
            a->is_out[item] = value;
    }
}

/* What is allowed, then of it what is within, then all that is refused goes. */
static sid_status mask(asking *a, sid_error *err)
{
    const sid_retrieve_request *q = a->request;
    int64_t items = a->retriever->inventory.count;
    SID_TRY(sid__alloc(&a->is_out, (size_t)items, 1, "items that may come", err));
    if (q->within_count > 0) {
        memset(a->is_out, 1, (size_t)items);
        for (int64_t i = 0; i < q->within_count; i++)
            SID_TRY(set_below(a, q->within[i], 0, err));
    }
    if (q->allow) {
        for (int64_t i = 0; i < items; i++)
            a->is_out[i] |= 4;
        for (int64_t i = 0; i < q->allow_count; i++) {
            int64_t item = sid__id_list_find(&a->retriever->ids, q->allow[i]);
            if (item >= 0)
                a->is_out[item] &= (uint8_t)~4;
        }
    }
    for (int64_t i = 0; i < q->without_count; i++)
        SID_TRY(set_below(a, q->without[i], 1, err));
    set_ids(a, q->deny, q->deny_count, 1);
    if (!q->keep_history)
        set_ids(a, q->history, q->history_count, 1);
    return SID_OK;
}

static sid_status read_history(asking *a, sid_error *err)
{
    const sid_retrieve_request *q = a->request;
    const sid__inventory *inv = &a->retriever->inventory;
    SID_TRY(sid__alloc(&a->code, (size_t)q->history_count, (size_t)inv->levels * sizeof *a->code, "a history", err));
    SID_TRY(sid__alloc(&a->age, (size_t)q->history_count, sizeof *a->age, "a history", err));
    for (int64_t i = 0; i < q->history_count; i++) {
        int64_t item = sid__id_list_find(&a->retriever->ids, q->history[i]);
        if (item < 0)
            continue;
        memcpy(a->code + a->known * inv->levels, inv->code + item * inv->levels, (size_t)inv->levels * sizeof *a->code);
        a->age[a->known++] = q->age_days ? q->age_days[i] : 0;
    }
    return SID_OK;
}

static sid_status find_prefixes(asking *a, sid_error *err)
{
    const sid_retrieve_request *q = a->request;
    const sid__histogram_options options = {.depth = a->depth,
                                            .half_life_days = q->half_life_days > 0 ? q->half_life_days : DAYS_USUAL,
                                            .gamma = q->gamma,
                                            .seed = q->seed ? q->seed : 42};
    int64_t most = a->budget.prefixes;
    SID_TRY(sid__alloc(&a->prefix, (size_t)most, sizeof *a->prefix, "prefixes of a history", err));
    SID_TRY(sid__prefix_histogram(a->code, a->retriever->inventory.levels, a->age, a->known, &options, most, a->prefix,
                                  &a->found, err));
    SID_TRY(sid__alloc(&a->prefix_code, (size_t)a->found, SID_LEVELS_MAX * sizeof *a->prefix_code,
                       "prefixes of a history", err));
    for (int64_t i = 0; i < a->found; i++)
        memcpy(a->prefix_code + i * SID_LEVELS_MAX, a->prefix[i].code, sizeof a->prefix[i].code);
    return SID_OK;
}

static sid_status find_items(asking *a, sid_error *err)
{
    const sid_retriever *r = a->retriever;
    int64_t most = a->budget.k < r->inventory.count ? a->budget.k : r->inventory.count;
    const sid__round_robin_request request = {
        .prefix = a->prefix_code,
        .prefix_count = a->found,
        .depth = a->depth,
        .budget = {.prefixes = a->budget.prefixes, .items = a->budget.items, .k = most},
        .resolver = a->resolver,
        .seed = a->request->seed ? a->request->seed : 42,
        .is_out = a->is_out};
    SID_TRY(sid__alloc(&a->item, (size_t)most, sizeof *a->item, "items of a request", err));
    SID_TRY(sid__alloc(&a->from, (size_t)most, sizeof *a->from, "items of a request", err));
    return sid__round_robin(&r->inventory, &request, a->item, a->from, &a->count, err);
}

/* One block: items, then prefixes. */
static sid_status tell(const asking *a, sid_retrieved *out, sid_error *err)
{
    const sid_retriever *r = a->retriever;
    char *memory = NULL;
    size_t items_size = (size_t)a->count * sizeof *out->row;
    SID_TRY(sid__alloc(&memory, 1, items_size + (size_t)a->found * sizeof *out->prefix, "an answer", err));
    *out = (sid_retrieved){.row = (sid_retrieved_item *)(void *)memory,
                           .prefix = (sid_retrieved_prefix *)(void *)(memory + items_size),
                           .count = a->count,
                           .prefix_count = a->found,
                           .unknown = a->request->history_count - a->known,
                           .memory = memory};
    for (int64_t i = 0; i < a->found; i++) {
        sid_format(a->prefix[i].code, a->depth, out->prefix[i].prefix);
        out->prefix[i].weight = a->prefix[i].weight;
    }
    for (int64_t i = 0; i < a->count; i++) {
        const sid_item *item = &r->hits.row[a->item[i]];
        out->row[i] = (sid_retrieved_item){.item_id = item->item_id,
                                           .sid = item->sid,
                                           .title = item->title,
                                           .score = sid__exp(r->inventory.score[a->item[i]] - r->now),
                                           .prefix = a->from[i]};
    }
    return SID_OK;
}

static sid_status answer(asking *a, sid_retrieved *out, sid_error *err)
{
    SID_TRY(plan(a, err));
    SID_TRY(mask(a, err));
    SID_TRY(read_history(a, err));
    SID_TRY(find_prefixes(a, err));
    SID_TRY(find_items(a, err));
    return tell(a, out, err);
}

sid_status sid_retrieve(const sid_retriever *retriever, const sid_retrieve_request *request, sid_retrieved *out,
                        sid_error *err)
{
    asking a = {.retriever = retriever, .request = request};
    *out = (sid_retrieved){0};
    sid_status status = answer(&a, out, err);
    sid__free(a.is_out);
    sid__free(a.code);
    sid__free(a.age);
    sid__free(a.prefix);
    sid__free(a.prefix_code);
    sid__free(a.item);
    sid__free(a.from);
    return status;
}

void sid_retrieved_drop(sid_retrieved *retrieved)
{
    sid__free(retrieved->memory);
    *retrieved = (sid_retrieved){0};
}

int sid_resolver_count(void)
{
    return sid__resolver_registry_count;
}

const sid_family *sid_resolver(int index)
{
    return index >= 0 && index < sid__resolver_registry_count ? &sid__resolver_registry[index]->info : NULL;
}
