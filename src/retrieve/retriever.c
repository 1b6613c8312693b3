/* retriever.c: sid_retriever_create: a catalogue made to lists. */
#include "retrieve/retriever.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "catalog/catalog.h"

enum { SPAN_PARTS = 4 };

/* ---- Made ------------------------------------------------------------------------------------------------------------------ */

/* Whatever changes later, the depth of partitions stays. */
static sid_status put_on_counter(const sid__shelf_item *items, int64_t count, sid_retriever *r, sid_error *err)
{
    sid__shelf *shelf = NULL;
    SID_TRY(sid__shelf_create(items, count, &r->kind, &shelf, err));
    r->kind.tower.depth = shelf->tower.shape.depth;
    sid_status status = sid__assortment_create(shelf, NULL, NULL, NULL, &r->kind, &r->counter->now, err);
    sid__shelf_leave(shelf);
    r->counter->next_order = count;
    return status;
}

sid_status sid__retriever_of(const sid__shelf_item *items, int64_t count, const sid__shelf_kind *kind,
                             sid_retriever **out, sid_error *err)
{
    sid_retriever *r = NULL;
    SID_TRY(sid__alloc(&r, 1, sizeof *r, "a retriever", err));
    r->kind = *kind;
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
        m->item[i] = (sid__shelf_item){hit->item_id, hit->sid, hit->title, m->quality[i], m->birth[i], i, NULL};
    }
    return SID_OK;
}

/* Joined by id; what the catalogue lacks is passed by. */
static sid_status join_vectors(making *m, const sid_retriever_vectors *v, const sid_catalog *catalog,
                               sid__shelf_kind *kind, sid_error *err)
{
    int64_t joined = 0;
    if (!v)
        return SID_OK;
    if (v->dim < 1 || v->dim > SID__TOWER_DIM_MAX)
        return sid__fail(err, SID_EUSAGE, "vectors of %d values; 1 to %d are possible", v->dim, SID__TOWER_DIM_MAX);
    if (v->depth < 0 || v->depth > kind->levels)
        return sid__fail(err, SID_EUSAGE, "partitions of %d codes; 1 to %d are possible", v->depth, kind->levels);
    for (int64_t i = 0; i < v->count; i++) {
        int64_t item = sid__id_list_find(&m->ids, v->item_id[i]);
        if (item < 0)
            continue;
        m->item[item].vector = v->vector + i * v->dim;
        SID_TRY(sid__tower_check(m->item[item].vector, v->dim, v->item_id[i], err));
        joined++;
    }
    if (joined == 0)
        return sid__fail(err, SID_EUSAGE,
                         "not one item of the catalogue has a vector; vectors of %" PRId64
                         " items were given, and they are joined by id",
                         v->count);
    kind->tower = (sid__tower_shape){.dim = v->dim, .depth = v->depth, .kernels = sid__kernels_of(catalog->ctx)};
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
    sid__shelf_kind kind = {.levels = info.levels,
                            .half_life_days = half_life_of(o->half_life_days, m->birth, m->hits.count)};
    SID_TRY(join_vectors(m, o->vectors, catalog, &kind, err));
    SID_TRY(sid__retriever_of(m->item, m->hits.count, &kind, out, err));
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

static size_t size_of(const sid__shelf *shelf)
{
    const sid__inventory *inv = &shelf->inventory;
    size_t size = (size_t)inv->count * ((size_t)inv->levels * sizeof *inv->code + 3 * sizeof *inv->score +
                                        (size_t)(inv->levels + 1) * SID__STOCK_ORDERS * sizeof(int32_t));
    for (int d = 0; d <= inv->levels; d++)
        size += (size_t)inv->depth[d].count * (sizeof(uint16_t) + sizeof(int64_t) + sizeof(int32_t));
    if (shelf->tower.shape.dim > 0)
        size += (size_t)(inv->count + inv->depth[shelf->tower.shape.depth].count) * (size_t)shelf->tower.shape.dim *
                sizeof(float);
    return size;
}

static int64_t count_vectors(const sid__assortment *a)
{
    int64_t count = 0;
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; a->lists.tower[k] && i < a->lists.tower[k]->inventory->count; i++)
            count += a->lists.tower[k]->is_known[a->lists.tower[k]->place[i]] &&
                     !(k == 0 && a->gone && (a->gone[i / 64] >> i % 64 & 1));
    return count;
}

static int64_t count_partitions(const sid__assortment *a)
{
    const sid__tower *base = a->lists.tower[0];
    int64_t count = 0;
    for (int64_t n = 0; base && n < base->inventory->depth[base->shape.depth].count; n++)
        count += base->known[n] > 0 && !(a->partitions.is_patched && a->partitions.is_patched[n]);
    for (int64_t i = 0; i < a->partitions.count; i++)
        count += a->partitions.patch[i].known > 0;
    return count;
}

void sid_retriever_get_info(const sid_retriever *r, sid_retriever_info *out)
{
    sid__assortment *now = sid__retriever_enter(r);
    *out = (sid_retriever_info){.items = now->count,
                                .unseen = r->unseen,
                                .levels = r->kind.levels,
                                .half_life_days = r->kind.half_life_days,
                                .dim = r->kind.tower.dim,
                                .partitions = count_partitions(now),
                                .vectors = count_vectors(now)};
    out->size = size_of(now->base) + (now->over ? size_of(now->over) : 0);
    sid__assortment_leave(now);
}

int sid_resolver_count(void)
{
    return sid__resolver_registry_count;
}

const sid_family *sid_resolver(int index)
{
    return index >= 0 && index < sid__resolver_registry_count ? &sid__resolver_registry[index]->info : NULL;
}
