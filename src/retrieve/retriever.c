/* retriever.c: sid_retriever_create, a catalogue made to lists, and sid_retrieve, a history to items. */
#include "retrieve/retriever.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "linalg/scalar.h"
#include "retrieve/prefix_histogram.h"
#include "retrieve/round_robin.h"

enum { USUAL_K = 100, USUAL_PREFIXES = 10, USUAL_DEPTH = 2, K_MAX = 1000000, DAYS_USUAL = 7, SPAN_PARTS = 4 };

/* ---- Made ------------------------------------------------------------------------------------------------------------------ */

static sid_status put_on_counter(const sid__shelf_item *items, int64_t count, sid_retriever *r, sid_error *err)
{
    sid__shelf *shelf = NULL;
    SID_TRY(sid__shelf_create(items, count, r->levels, r->half_life_days, &shelf, err));
    sid_status status = sid__assortment_create(shelf, NULL, NULL, NULL, r->half_life_days, &r->counter->now, err);
    sid__shelf_leave(shelf);
    r->counter->next_order = count;
    return status;
}

sid_status sid__retriever_of(const sid__shelf_item *items, int64_t count, int levels, double half_life_days,
                             sid_retriever **out, sid_error *err)
{
    sid_retriever *r = NULL;
    SID_TRY(sid__alloc(&r, 1, sizeof *r, "a retriever", err));
    r->levels = levels;
    r->half_life_days = half_life_days;
    sid_status status = sid__alloc(&r->counter, 1, sizeof *r->counter, "a retriever", err);
    if (status == SID_OK) {
        (void)pthread_mutex_init(&r->counter->lock, NULL);
        (void)pthread_mutex_init(&r->counter->update, NULL);
        status = put_on_counter(items, count, r, err);
    }
    if (status != SID_OK)
        sid_retriever_free(r);
    else
        *out = r;
    return status;
}

/* Where none is given, a quarter of the time between the first birth and the last. */
static double half_life_of(double given, const double *birth, int64_t count)
{
    double first = (double)INFINITY, last = -(double)INFINITY;
    for (int64_t i = 0; i < count; i++) {
        last = birth[i] > last ? birth[i] : last;
        first = birth[i] < first ? birth[i] : first;
    }
    if (given > 0)
        return given;
    return last > first ? (last - first) / SPAN_PARTS : (double)INFINITY;
}

/* A catalogue's items on their way to a shelf. */
typedef struct making {
    sid_hits hits;
    sid__id_list ids;
    double *quality, *birth; /* (items) */
    sid__shelf_item *item;   /* (items) */
    int64_t unseen;
} making;

static sid_status list_items(making *m, const sid_retriever_options *o, sid_error *err)
{
    size_t count = (size_t)m->hits.count;
    for (int64_t i = 0, row = 0; i < m->hits.count; i++)
        SID_TRY(sid__id_list_add(&m->ids, m->hits.row[i].item_id, strlen(m->hits.row[i].item_id), &row, err));
    SID_TRY(sid__alloc(&m->quality, count, sizeof *m->quality, "quality of items", err));
    SID_TRY(sid__alloc(&m->birth, count, sizeof *m->birth, "births of items", err));
    SID_TRY(sid__alloc(&m->item, count, sizeof *m->item, "items", err));
    SID_TRY(sid__stock_read(&m->hits, &m->ids, o, m->quality, m->birth, &m->unseen, err));
    for (int64_t i = 0; i < m->hits.count; i++) {
        const sid_item *hit = &m->hits.row[i];
        m->item[i] = (sid__shelf_item){hit->item_id, hit->sid, hit->title, m->quality[i], m->birth[i], i};
    }
    return SID_OK;
}

static sid_status make(making *m, sid_catalog *catalog, const sid_retriever_options *o, sid_retriever **out,
                       sid_error *err)
{
    sid_catalog_info info;
    if (!(o->half_life_days >= 0))
        return sid__fail(err, SID_EUSAGE, "half-life is %g days; more than 0 are expected", o->half_life_days);
    sid_catalog_get_info(catalog, &info);
    SID_TRY(sid_catalog_items(catalog, &m->hits, err));
    SID_TRY(list_items(m, o, err));
    double half_life = half_life_of(o->half_life_days, m->birth, m->hits.count);
    SID_TRY(sid__retriever_of(m->item, m->hits.count, info.levels, half_life, out, err));
    (*out)->unseen = m->unseen;
    return SID_OK;
}

sid_status sid_retriever_create(sid_catalog *catalog, const sid_retriever_options *options, sid_retriever **out,
                                sid_error *err)
{
    static const sid_retriever_options defaults;
    making m = {0};
    sid_status status = make(&m, catalog, options ? options : &defaults, out, err);
    sid_hits_drop(&m.hits);
    sid__id_list_drop(&m.ids);
    sid__free(m.quality);
    sid__free(m.birth);
    sid__free(m.item);
    return status;
}

void sid_retriever_free(sid_retriever *r)
{
    if (!r)
        return;
    if (r->counter) {
        sid__assortment_leave(r->counter->now);
        (void)pthread_mutex_destroy(&r->counter->lock);
        (void)pthread_mutex_destroy(&r->counter->update);
    }
    sid__free(r->counter);
    sid__free(r);
}

sid__assortment *sid__retriever_enter(const sid_retriever *r)
{
    (void)pthread_mutex_lock(&r->counter->lock);
    sid__assortment *now = r->counter->now;
    atomic_fetch_add(&now->users, 1);
    (void)pthread_mutex_unlock(&r->counter->lock);
    return now;
}

static size_t size_of(const sid__inventory *inv)
{
    size_t size = (size_t)inv->count * ((size_t)inv->levels * sizeof *inv->code + 3 * sizeof *inv->score +
                                        (size_t)(inv->levels + 1) * SID__STOCK_ORDERS * sizeof(int32_t));
    for (int d = 0; d <= inv->levels; d++)
        size += (size_t)inv->depth[d].count * (sizeof(uint16_t) + sizeof(int64_t) + sizeof(int32_t));
    return size;
}

void sid_retriever_get_info(const sid_retriever *r, sid_retriever_info *out)
{
    sid__assortment *now = sid__retriever_enter(r);
    *out = (sid_retriever_info){
        .items = now->count, .unseen = r->unseen, .levels = r->levels, .half_life_days = r->half_life_days};
    out->size = size_of(&now->base->inventory) + (now->over ? size_of(&now->over->inventory) : 0);
    sid__assortment_leave(now);
}

/* ---- Asked ----------------------------------------------------------------------------------------------------------------- */

typedef struct asking {
    const sid__assortment *stock;
    const sid_retrieve_request *request;
    int levels;
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
    int levels = a->levels;
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
    const sid__lists *lists = &a->stock->lists;
    const sid__inventory *inventory[2] = {lists->base, lists->over};
    uint8_t *is_out = a->is_out;
    uint16_t prefix[SID_LEVELS_MAX];
    int depth = 0;
    SID_TRY(sid_parse(text, SID_LEVELS_MAX, prefix, &depth, err));
    for (int i = 0; i < 2 && inventory[i]; is_out += inventory[i++]->count) {
        int64_t begin, end;
        if (sid__inventory_find(inventory[i], prefix, depth, &begin, &end))
            for (int64_t p = begin; p < end; p++)
                is_out[inventory[i]->depth[depth].item[SID__BY_SCORE][p]] = value;
    }
    return SID_OK;
}

static void set_ids(asking *a, const char *const *id, int64_t count, uint8_t value)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t item = sid__assortment_find(a->stock, id[i]);
        if (item >= 0)
            a->is_out[item] = value;
    }
}

/* What is allowed, then of it what is within, then all that is refused goes. */
static sid_status mask(asking *a, sid_error *err)
{
    const sid_retrieve_request *q = a->request;
    int64_t items = sid__assortment_numbers(a->stock);
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
            int64_t item = sid__assortment_find(a->stock, q->allow[i]);
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
    SID_TRY(sid__alloc(&a->code, (size_t)q->history_count, (size_t)a->levels * sizeof *a->code, "a history", err));
    SID_TRY(sid__alloc(&a->age, (size_t)q->history_count, sizeof *a->age, "a history", err));
    for (int64_t i = 0; i < q->history_count; i++) {
        int64_t item = sid__assortment_find(a->stock, q->history[i]);
        if (item < 0)
            continue;
        const sid__shelf *shelf = sid__assortment_shelf(a->stock, item, &item);
        memcpy(a->code + a->known * a->levels, shelf->inventory.code + item * a->levels,
               (size_t)a->levels * sizeof *a->code);
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
    SID_TRY(sid__prefix_histogram(a->code, a->levels, a->age, a->known, &options, most, a->prefix, &a->found, err));
    SID_TRY(sid__alloc(&a->prefix_code, (size_t)a->found, SID_LEVELS_MAX * sizeof *a->prefix_code,
                       "prefixes of a history", err));
    for (int64_t i = 0; i < a->found; i++)
        memcpy(a->prefix_code + i * SID_LEVELS_MAX, a->prefix[i].code, sizeof a->prefix[i].code);
    return SID_OK;
}

static sid_status find_items(asking *a, sid_error *err)
{
    int64_t most = a->budget.k < a->stock->count ? a->budget.k : a->stock->count;
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
    return sid__round_robin(&a->stock->lists, &request, a->item, a->from, &a->count, err);
}

/* What an answer holds, at the beginning of its memory. */
typedef struct held {
    sid__assortment *texts_of;
    double rows_behind; /* their alignment */
} held;

static sid_retrieved_item item_of(const asking *a, int64_t i)
{
    int64_t item = 0;
    const sid__shelf *shelf = sid__assortment_shelf(a->stock, a->item[i], &item);
    const sid__shelf_row *row = &shelf->row[item];
    return (sid_retrieved_item){.item_id = row->item_id,
                                .sid = row->sid,
                                .title = row->title,
                                .score = sid__exp(row->score - a->stock->now),
                                .prefix = a->from[i]};
}

/* One block: what is held, items, prefixes. */
static sid_status tell(const asking *a, sid_retrieved *out, sid_error *err)
{
    char *memory = NULL;
    size_t items_size = (size_t)a->count * sizeof *out->row;
    SID_TRY(
        sid__alloc(&memory, 1, sizeof(held) + items_size + (size_t)a->found * sizeof *out->prefix, "an answer", err));
    *out = (sid_retrieved){.row = (sid_retrieved_item *)(void *)(memory + sizeof(held)),
                           .prefix = (sid_retrieved_prefix *)(void *)(memory + sizeof(held) + items_size),
                           .count = a->count,
                           .prefix_count = a->found,
                           .unknown = a->request->history_count - a->known,
                           .memory = memory};
    for (int64_t i = 0; i < a->found; i++) {
        sid_format(a->prefix[i].code, a->depth, out->prefix[i].prefix);
        out->prefix[i].weight = a->prefix[i].weight;
    }
    for (int64_t i = 0; i < a->count; i++)
        out->row[i] = item_of(a, i);
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
    sid__assortment *now = sid__retriever_enter(retriever);
    asking a = {.stock = now, .levels = retriever->levels, .request = request};
    *out = (sid_retrieved){0};
    sid_status status = answer(&a, out, err);
    if (status == SID_OK)
        ((held *)out->memory)->texts_of = now;
    else
        sid__assortment_leave(now);
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
    if (retrieved->memory)
        sid__assortment_leave(((held *)retrieved->memory)->texts_of);
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
