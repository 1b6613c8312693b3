/* retrieve_ask.c: sid_retrieve: a history to items of its prefixes, or a request's vector to the best items of the partitions near to
 * it.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "linalg/scalar.h"
#include "retrieve/prefix_histogram.h"
#include "retrieve/retriever.h"
#include "retrieve/round_robin.h"

enum { USUAL_K = 100, USUAL_PREFIXES = 10, K_MAX = 1000000, DAYS_USUAL = 7 };

static const double query_most = 1e6; /* of a value: products stay finite */

typedef struct asking {
    const sid__assortment *stock;
    const sid_retrieve_request *request;
    sid__shelf_kind kind;
    int depth; /* of the prefixes */
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

static sid_status check_query(const asking *a, sid_error *err)
{
    int dim = a->kind.tower.dim;
    if (dim == 0)
        return sid__fail(err, SID_EUSAGE,
                         "resolver \"tower\" wants vectors of items; the retriever was made without any");
    if (!a->request->query)
        return sid__fail(err, SID_EUSAGE, "resolver \"tower\" wants the request's vector, a query of %d values", dim);
    for (int d = 0; d < dim; d++)
        if (!(fabs((double)a->request->query[d]) <= query_most))
            return sid__fail(err, SID_EUSAGE, "value %d of the query is %g; numbers within %g are expected", d,
                             (double)a->request->query[d], query_most);
    return SID_OK;
}

static sid_status plan(asking *a, sid_error *err)
{
    const sid_retrieve_request *q = a->request;
    int levels = a->kind.levels;
    a->budget.k = q->k ? q->k : USUAL_K;
    a->budget.prefixes = q->prefixes ? q->prefixes : USUAL_PREFIXES;
    a->budget.items = q->items ? q->items : a->budget.k;
    a->depth = q->probe > 0 ? a->kind.tower.depth : sid__usual_depth(q->depth, levels);
    SID_TRY(in_range("k", a->budget.k, K_MAX, err));
    SID_TRY(in_range("the budget's prefixes", a->budget.prefixes, SID_BUDGET_PREFIXES_MAX, err));
    SID_TRY(in_range("the budget's items", a->budget.items, K_MAX, err));
    if (q->probe == 0)
        SID_TRY(in_range("depth", a->depth, levels, err));
    if (!(q->gamma >= 0) || !isfinite(q->gamma) || !(q->half_life_days >= 0))
        return sid__fail(err, SID_EUSAGE, "gamma is %g, half-life %g; neither is below 0", q->gamma, q->half_life_days);
    SID_TRY(sid__resolver_find(q->resolver ? q->resolver : q->probe > 0 ? "tower" : "score", &a->resolver, err));
    if (q->probe < 0 || (q->probe > 0 && !a->resolver->needs_vectors))
        return sid__fail(err, SID_EUSAGE,
                         "probe is %" PRId64 " with resolver \"%s\"; above 0 it takes vectors, resolver \"tower\"",
                         q->probe, a->resolver->info.name);
    return a->resolver->needs_vectors ? check_query(a, err) : SID_OK;
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
    SID_TRY(sid__alloc(&a->code, (size_t)q->history_count, (size_t)a->kind.levels * sizeof *a->code, "a history", err));
    SID_TRY(sid__alloc(&a->age, (size_t)q->history_count, sizeof *a->age, "a history", err));
    for (int64_t i = 0; i < q->history_count; i++) {
        int64_t item = sid__assortment_find(a->stock, q->history[i]);
        if (item < 0)
            continue;
        const sid__shelf *shelf = sid__assortment_shelf(a->stock, item, &item);
        memcpy(a->code + a->known * a->kind.levels, shelf->inventory.code + item * a->kind.levels,
               (size_t)a->kind.levels * sizeof *a->code);
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
    SID_TRY(
        sid__prefix_histogram(a->code, a->kind.levels, a->age, a->known, &options, most, a->prefix, &a->found, err));
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
        .query = a->request->query,
        .is_out = a->is_out};
    SID_TRY(sid__alloc(&a->item, (size_t)most, sizeof *a->item, "items of a request", err));
    SID_TRY(sid__alloc(&a->from, (size_t)most, sizeof *a->from, "items of a request", err));
    return sid__round_robin(&a->stock->lists, &request, a->item, a->from, &a->count, err);
}

/* ---- By vectors alone --------------------------------------------------------------------------------------------------- */

static sid_status keep_prefixes(asking *a, const sid__probed *chosen, sid_error *err)
{
    SID_TRY(sid__alloc(&a->prefix, (size_t)a->found, sizeof *a->prefix, "partitions", err));
    for (int64_t i = 0; i < a->found; i++) {
        memcpy(a->prefix[i].code, chosen[i].prefix, (size_t)a->depth * sizeof *chosen[i].prefix);
        a->prefix[i].weight = (double)chosen[i].score;
    }
    return SID_OK;
}

static sid_status keep_items(asking *a, const sid__leaders *best, sid_error *err)
{
    a->count = best->count;
    SID_TRY(sid__alloc(&a->item, (size_t)a->count, sizeof *a->item, "items of a request", err));
    SID_TRY(sid__alloc(&a->from, (size_t)a->count, sizeof *a->from, "items of a request", err));
    for (int64_t i = 0; i < a->count; i++) {
        a->item[i] = (int32_t)best->row[i].of;
        a->from[i] = (int32_t)best->row[i].from;
    }
    return SID_OK;
}

static sid_status probe(asking *a, sid_error *err)
{
    const sid__lists *lists = &a->stock->lists;
    const sid__probe with = {.query = a->request->query, .most = a->request->probe, .is_out = a->is_out};
    int64_t room = sid__partitions_room(lists, &a->stock->partitions, with.most);
    sid__leaders best = {.most = a->budget.k < a->stock->count ? a->budget.k : a->stock->count};
    sid__probed *chosen = NULL;
    SID_TRY(sid__alloc(&chosen, (size_t)room, sizeof *chosen, "partitions", err));
    sid_status status = sid__alloc(&best.row, (size_t)best.most, sizeof *best.row, "items of a request", err);
    if (status == SID_OK)
        status = sid__partitions_choose(lists, &a->stock->partitions, &with, chosen, &a->found, err);
    if (status == SID_OK)
        status = sid__partitions_search(lists, &with, chosen, a->found, &best, NULL, err);
    sid__leaders_sort(&best);
    if (status == SID_OK)
        status = keep_prefixes(a, chosen, err);
    if (status == SID_OK)
        status = keep_items(a, &best, err);
    sid__free(best.row);
    sid__free(chosen);
    return status;
}

/* ---- Told --------------------------------------------------------------------------------------------------------------- */

/* One chain in the order of the dimensions, as all scores by vectors. */
static double product_of(const asking *a, const sid__shelf *shelf, int64_t item)
{
    float vector[SID__TOWER_DIM_MAX], score = 0;
    (void)sid__tower_vector(&shelf->tower, item, vector);
    for (int d = 0; d < a->kind.tower.dim; d++)
        score = fmaf(a->request->query[d], vector[d], score);
    return (double)score;
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
                                .score = a->resolver->needs_vectors ? product_of(a, shelf, item)
                                                                    : sid__exp(row->score - a->stock->now),
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
    if (a->request->probe > 0) {
        SID_TRY(probe(a, err));
    } else {
        SID_TRY(find_prefixes(a, err));
        SID_TRY(find_items(a, err));
    }
    return tell(a, out, err);
}

sid_status sid_retrieve(const sid_retriever *retriever, const sid_retrieve_request *request, sid_retrieved *out,
                        sid_error *err)
{
    sid__assortment *now = sid__retriever_enter(retriever);
    asking a = {.stock = now, .kind = retriever->kind, .request = request};
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
