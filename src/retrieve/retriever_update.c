/* retriever_update.c: sid_retriever_update: changed items get a shelf of their own beside that of all, and when they are too many one
 * shelf is made of both. Either stands aside until it is whole; then it takes the place of what there was, which goes with the last who
 * asked there.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "retrieve/retriever.h"
#include "sid/sort_rows.h"

enum { OVER_MIN = 1024, BASE_PER_OVER = 256, REMOVED = -1 };

/* What stands beside the base, while it changes. Invariant: entry i is of ids.id[i]. */
typedef struct draft {
    const sid__assortment *now;
    sid__id_list ids;
    sid__shelf_item *entry; /* order REMOVED: no more */
    int64_t capacity;
    uint64_t *gone; /* (items of the base / 64 + 1) */
    int64_t next_order;
} draft;

static sid_status push(draft *d, const sid__shelf_item *item, int64_t *row, sid_error *err)
{
    SID_TRY(sid__grow(&d->entry, &d->capacity, d->ids.count + 1, sizeof *d->entry, "changed items", err));
    SID_TRY(sid__id_list_add(&d->ids, item->item_id, strlen(item->item_id), row, err));
    d->entry[*row] = *item;
    return SID_OK;
}

/* Its vector is copied to the arena. */
static sid_status item_of(const sid__shelf *shelf, int64_t i, int64_t order, sid__arena *arena, sid__shelf_item *out,
                          sid_error *err)
{
    const sid__inventory *inv = &shelf->inventory;
    const sid__shelf_row *row = &shelf->row[i];
    int dim = shelf->tower.shape.dim;
    float *vector = NULL;
    *out = (sid__shelf_item){row->item_id, row->sid, row->title, inv->quality[i], inv->birth[i], order, NULL};
    if (dim == 0)
        return SID_OK;
    SID_TRY(sid__arena_push(arena, (size_t)dim * sizeof *vector, &vector, err));
    if (sid__tower_vector(&shelf->tower, i, vector))
        out->vector = vector;
    return SID_OK;
}

static bool is_gone(const draft *d, int64_t item)
{
    return d->gone[item / 64] >> item % 64 & 1;
}

static sid_status begin(draft *d, const sid_retriever *r, sid_error *err)
{
    const sid__assortment *now = d->now = r->counter->now;
    size_t words = (size_t)now->base->inventory.count / 64 + 1;
    d->next_order = r->counter->next_order;
    SID_TRY(sid__alloc(&d->gone, words, sizeof *d->gone, "items that are gone", err));
    if (!now->over)
        return SID_OK;
    memcpy(d->gone, now->gone, words * sizeof *d->gone);
    for (int64_t i = 0, row = 0; i < now->over->inventory.count; i++) {
        sid__shelf_item item;
        SID_TRY(item_of(now->over, i, now->order[i], &d->ids.arena, &item, err));
        SID_TRY(push(d, &item, &row, err));
    }
    return SID_OK;
}

/* ---- Changes ------------------------------------------------------------------------------------------------------------ */

static sid_status check(const sid_retriever *r, const sid_retriever_change *c, int64_t index, sid_error *err)
{
    size_t size = c->item_id ? strnlen(c->item_id, SID_ITEM_ID_MAX + 1) : 0;
    if (size == 0 || size > SID_ITEM_ID_MAX)
        return sid__fail(err, SID_EUSAGE, "change %" PRId64 " has an id of %s; 1 to %d bytes are expected", index,
                         size == 0 ? "none" : "more", SID_ITEM_ID_MAX);
    if (!(c->quality >= 0) || !isfinite(c->quality) || (c->has_birth && !isfinite(c->birth)))
        return sid__fail(err, SID_EUSAGE,
                         "item \"%s\" gets quality %g and birth %g; a quality above 0 and days are expected",
                         c->item_id, c->quality, c->has_birth ? c->birth : 0);
    if (c->vector && r->kind.tower.dim == 0)
        return sid__fail(err, SID_EUSAGE, "item \"%s\" gets a vector; the retriever was made without any", c->item_id);
    return c->vector ? sid__tower_check(c->vector, r->kind.tower.dim, c->item_id, err) : SID_OK;
}

/* *row: the entry of an item that is there, now beside the base if it was in it; -1: no such item. */
static sid_status take_out(draft *d, const char *id, int64_t *row, sid_error *err)
{
    const sid__shelf *base = d->now->base;
    *row = sid__id_list_find(&d->ids, id);
    if (*row >= 0) {
        *row = d->entry[*row].order == REMOVED ? -1 : *row;
        return SID_OK;
    }
    int64_t item = sid__id_list_find(&base->ids, id);
    if (item < 0 || is_gone(d, item))
        return SID_OK;
    sid__shelf_item as_it_is;
    SID_TRY(item_of(base, item, item, &d->ids.arena, &as_it_is, err));
    SID_TRY(push(d, &as_it_is, row, err));
    d->gone[item / 64] |= 1ULL << item % 64;
    return SID_OK;
}

static sid_status add(draft *d, const sid_retriever_change *c, sid_error *err)
{
    int64_t row = 0;
    if (!c->sid)
        return sid__fail(err, SID_EUSAGE, "item \"%s\" is new: its SID is expected", c->item_id);
    const sid__shelf_item item = {.item_id = c->item_id,
                                  .sid = c->sid,
                                  .title = c->title ? c->title : "",
                                  .quality = c->quality > 0 ? c->quality : 1,
                                  .birth = c->has_birth ? c->birth : d->now->newest,
                                  .order = d->next_order++,
                                  .vector = c->vector};
    return push(d, &item, &row, err);
}

static sid_status change_one(draft *d, const sid_retriever_change *c, sid_error *err)
{
    int64_t row = -1;
    SID_TRY(take_out(d, c->item_id, &row, err));
    if (row < 0 && c->remove)
        return sid__fail(err, SID_ENOTFOUND, "item \"%s\" is not there to be removed", c->item_id);
    if (row < 0)
        return add(d, c, err);
    sid__shelf_item *entry = &d->entry[row];
    if (c->remove) {
        entry->order = REMOVED;
        return SID_OK;
    }
    entry->sid = c->sid ? c->sid : entry->sid;
    entry->title = c->title ? c->title : entry->title;
    entry->quality = c->quality > 0 ? c->quality : entry->quality;
    entry->birth = c->has_birth ? c->birth : entry->birth;
    entry->vector = c->vector ? c->vector : entry->vector;
    return SID_OK;
}

/* ---- Made --------------------------------------------------------------------------------------------------------------- */

static int by_order(const void *context, int64_t a, int64_t b)
{
    const sid__shelf_item *entry = context;
    return (entry[a].order > entry[b].order) - (entry[a].order < entry[b].order);
}

/* What is left of the entries, by order. */
static sid_status settle(draft *d, int64_t *count, sid_error *err)
{
    sid__shelf_item *sorted = NULL;
    int64_t *row = NULL;
    size_t all = (size_t)d->ids.count;
    SID_TRY(sid__alloc(&sorted, all, sizeof *sorted, "changed items", err));
    sid_status status = sid__alloc(&row, all, sizeof *row, "changed items", err);
    if (status == SID_OK)
        status = sid__sort_rows(row, d->ids.count, by_order, d->entry, err);
    *count = 0;
    for (size_t i = 0; status == SID_OK && i < all; i++)
        if (d->entry[row[i]].order != REMOVED)
            sorted[(*count)++] = d->entry[row[i]];
    sid__free(row);
    sid__free(d->entry);
    d->entry = sorted;
    return status;
}

/* An overlay of the first `count` entries. */
static sid_status lay_over(draft *d, int64_t count, const sid_retriever *r, sid__assortment **out, sid_error *err)
{
    sid__shelf *over = NULL;
    int64_t *order = NULL;
    SID_TRY(sid__shelf_create(d->entry, count, &r->kind, &over, err));
    sid_status status = sid__alloc(&order, (size_t)count, sizeof *order, "changed items", err);
    if (status != SID_OK) {
        sid__shelf_leave(over);
        return status;
    }
    for (int64_t i = 0; i < count; i++)
        order[i] = d->entry[i].order;
    uint64_t *gone = d->gone;
    d->gone = NULL;
    return sid__assortment_create(d->now->base, over, gone, order, &r->kind, out, err);
}

/* All that is left of the base and the first `count` entries, each at its number, then numbered anew. */
static sid_status fold(draft *d, int64_t count, const sid_retriever *r, sid__assortment **out, sid_error *err)
{
    const sid__shelf *base = d->now->base;
    sid__shelf_item *item = NULL;
    sid__shelf *shelf = NULL;
    int64_t left = 0, next = 0, items = base->inventory.count;
    SID_TRY(sid__alloc(&item, (size_t)(items + count), sizeof *item, "items", err));
    sid_status status = SID_OK;
    for (int64_t i = 0; status == SID_OK && i < items; i++)
        if (!is_gone(d, i)) {
            status = item_of(base, i, left, &d->ids.arena, &item[left], err);
            left++;
        } else if (next < count && d->entry[next].order == i)
            item[left++] = d->entry[next++];
    while (next < count)
        item[left++] = d->entry[next++];
    if (status == SID_OK)
        status = sid__shelf_create(item, left, &r->kind, &shelf, err);
    sid__free(item);
    SID_TRY(status);
    status = sid__assortment_create(shelf, NULL, NULL, NULL, &r->kind, out, err);
    sid__shelf_leave(shelf);
    d->next_order = left;
    return status;
}

static sid_status make(draft *d, const sid_retriever *r, sid__assortment **out, sid_error *err)
{
    int64_t count = 0, gone = 0, items = d->now->base->inventory.count;
    int64_t most = items / BASE_PER_OVER > OVER_MIN ? items / BASE_PER_OVER : OVER_MIN;
    SID_TRY(settle(d, &count, err));
    if (r->counter->over_max > 0)
        most = r->counter->over_max;
    if (items + count > INT32_MAX)
        return sid__fail(err, SID_EUSAGE, "%" PRId64 " items; at most %d are possible", items + count, INT32_MAX);
    for (int64_t i = 0; i <= items / 64; i++)
        gone += __builtin_popcountll(d->gone[i]);
    return count > most || gone > most ? fold(d, count, r, out, err) : lay_over(d, count, r, out, err);
}

static void publish(const sid_retriever *r, sid__assortment *made, int64_t next_order)
{
    (void)pthread_mutex_lock(&r->counter->lock);
    sid__assortment *before = r->counter->now;
    r->counter->now = made;
    (void)pthread_mutex_unlock(&r->counter->lock);
    r->counter->next_order = next_order;
    sid__assortment_leave(before);
}

sid_status sid_retriever_update(sid_retriever *r, const sid_retriever_change *change, int64_t count, sid_error *err)
{
    draft d = {0};
    sid__assortment *made = NULL;
    (void)pthread_mutex_lock(&r->counter->update);
    sid_status status = begin(&d, r, err);
    for (int64_t i = 0; status == SID_OK && i < count; i++) {
        status = check(r, &change[i], i, err);
        if (status == SID_OK)
            status = change_one(&d, &change[i], err);
    }
    if (status == SID_OK && count > 0)
        status = make(&d, r, &made, err);
    if (status == SID_OK && count > 0)
        publish(r, made, d.next_order);
    (void)pthread_mutex_unlock(&r->counter->update);
    sid__id_list_drop(&d.ids);
    sid__free(d.entry);
    sid__free(d.gone);
    return status;
}
