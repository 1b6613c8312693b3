/* assortment.c: see assortment.h. */
#include "retrieve/assortment.h"

#include <math.h>
#include <string.h>

#include "linalg/scalar.h"

/* ---- A shelf ------------------------------------------------------------------------------------------------------------ */

static sid_status put_item(sid__shelf *shelf, const sid__shelf_item *item, int levels, uint16_t *code, sid_error *err)
{
    uint16_t all[SID_LEVELS_MAX + 1];
    char *sid = NULL, *title = NULL;
    int64_t row = 0;
    int count = 0;
    SID_TRY(sid_parse(item->sid, SID_LEVELS_MAX + 1, all, &count, err));
    if (count < levels || count > levels + 1)
        return sid__fail(err, SID_EUSAGE, "item \"%s\" has SID %s; %d codes are expected", item->item_id, item->sid,
                         levels);
    memcpy(code, all, (size_t)levels * sizeof *code); /* never an added digit */
    SID_TRY(sid__id_list_add(&shelf->ids, item->item_id, strlen(item->item_id), &row, err));
    SID_TRY(sid__arena_text(&shelf->ids.arena, item->sid, strlen(item->sid), &sid, err));
    SID_TRY(sid__arena_text(&shelf->ids.arena, item->title, strlen(item->title), &title, err));
    shelf->row[row] = (sid__shelf_row){.item_id = shelf->ids.id[row], .sid = sid, .title = title};
    return SID_OK;
}

static sid_status fill(sid__shelf *shelf, const sid__shelf_item *item, sid__stock *stock, uint16_t *code,
                       double *quality, double *birth, sid_error *err)
{
    size_t count = (size_t)stock->count;
    SID_TRY(sid__alloc(&shelf->row, count, sizeof *shelf->row, "texts of items", err));
    for (int64_t i = 0; i < stock->count; i++) {
        SID_TRY(put_item(shelf, &item[i], stock->levels, code + i * stock->levels, err));
        quality[i] = item[i].quality;
        birth[i] = item[i].birth;
        if (!(quality[i] > 0) || !isfinite(quality[i]) || !isfinite(birth[i]))
            return sid__fail(err, SID_EUSAGE,
                             "item \"%s\" has quality %g and birth %g; a quality above 0 and days are expected",
                             item[i].item_id, quality[i], birth[i]);
    }
    stock->code = code;
    stock->quality = quality;
    stock->birth = birth;
    SID_TRY(sid__inventory_create(stock, &shelf->inventory, err));
    for (int64_t i = 0; i < stock->count; i++)
        shelf->row[i].score = shelf->inventory.score[i];
    return SID_OK;
}

static sid_status add_vectors(sid__shelf *shelf, const sid__shelf_item *item, const sid__shelf_kind *kind,
                              sid_error *err)
{
    int64_t count = shelf->inventory.count;
    const float **vector = NULL;
    if (kind->tower.dim == 0)
        return SID_OK;
    SID_TRY(sid__alloc(&vector, (size_t)count, sizeof *vector, "vectors of items", err));
    for (int64_t i = 0; i < count; i++)
        vector[i] = item[i].vector;
    sid_status status = sid__tower_create(&shelf->inventory, kind->tower, vector, &shelf->tower, err);
    sid__free(vector);
    return status;
}

sid_status sid__shelf_create(const sid__shelf_item *item, int64_t count, const sid__shelf_kind *kind, sid__shelf **out,
                             sid_error *err)
{
    int levels = kind->levels;
    sid__stock stock = {.count = count, .levels = levels, .half_life_days = kind->half_life_days};
    sid__shelf *shelf = NULL;
    uint16_t *code = NULL;
    double *quality = NULL, *birth = NULL;
    SID_TRY(sid__alloc(&shelf, 1, sizeof *shelf, "a shelf", err));
    atomic_store(&shelf->users, 1);
    sid_status status = sid__alloc(&code, (size_t)count, (size_t)levels * sizeof *code, "codes of items", err);
    if (status == SID_OK)
        status = sid__alloc(&quality, (size_t)count, sizeof *quality, "quality of items", err);
    if (status == SID_OK)
        status = sid__alloc(&birth, (size_t)count, sizeof *birth, "births of items", err);
    if (status == SID_OK)
        status = fill(shelf, item, &stock, code, quality, birth, err);
    if (status == SID_OK)
        status = add_vectors(shelf, item, kind, err);
    sid__free(code);
    sid__free(quality);
    sid__free(birth);
    if (status != SID_OK)
        sid__shelf_leave(shelf);
    else
        *out = shelf;
    return status;
}

void sid__shelf_leave(sid__shelf *shelf)
{
    if (!shelf || atomic_fetch_sub(&shelf->users, 1) > 1)
        return;
    sid__id_list_drop(&shelf->ids);
    sid__free(shelf->row);
    sid__tower_drop(&shelf->tower);
    sid__inventory_drop(&shelf->inventory);
    sid__free(shelf);
}

/* ---- Both --------------------------------------------------------------------------------------------------------------- */

static bool is_gone(const sid__assortment *a, int64_t item)
{
    return a->gone && (a->gone[item / 64] >> item % 64 & 1);
}

/* The first of a list by birth that is there. */
static double newest(const sid__assortment *a)
{
    const sid__inventory *base = &a->base->inventory, *over = a->lists.over;
    double birth = -(double)INFINITY;
    int64_t place = 0;
    while (place < base->count && is_gone(a, base->depth[0].item[SID__BY_BIRTH][place]))
        place++;
    if (place < base->count)
        birth = base->birth[base->depth[0].item[SID__BY_BIRTH][place]];
    if (over && over->count > 0) {
        double other = over->birth[over->depth[0].item[SID__BY_BIRTH][0]];
        birth = other > birth ? other : birth;
    }
    return isfinite(birth) ? birth : 0;
}

sid_status sid__assortment_create(sid__shelf *base, sid__shelf *over, uint64_t *gone, int64_t *order,
                                  const sid__shelf_kind *kind, sid__assortment **out, sid_error *err)
{
    sid__assortment *a = NULL;
    sid_status status = sid__alloc(&a, 1, sizeof *a, "an assortment", err);
    if (status != SID_OK) {
        sid__shelf_leave(over);
        sid__free(gone);
        sid__free(order);
        return status;
    }
    atomic_store(&a->users, 1);
    atomic_fetch_add(&base->users, 1);
    a->base = base;
    a->over = over;
    a->gone = gone;
    a->order = order;
    a->lists =
        (sid__lists){.base = &base->inventory, .over = over ? &over->inventory : NULL, .gone = gone, .order = order};
    for (int64_t i = 0; gone && i <= base->inventory.count / 64; i++)
        a->gone_count += __builtin_popcountll(gone[i]);
    a->count = sid__assortment_numbers(a) - a->gone_count;
    a->newest = newest(a);
    a->now = a->newest * (sid__log(2) / kind->half_life_days);
    if (kind->tower.dim > 0) {
        a->lists.tower[0] = &base->tower;
        a->lists.tower[1] = over ? &over->tower : NULL;
        status = sid__partitions_create(&a->lists, &a->partitions, err);
    }
    if (status != SID_OK)
        sid__assortment_leave(a);
    else
        *out = a;
    return status;
}

void sid__assortment_leave(sid__assortment *a)
{
    if (!a || atomic_fetch_sub(&a->users, 1) > 1)
        return;
    sid__shelf_leave(a->base);
    sid__shelf_leave(a->over);
    sid__free(a->gone);
    sid__free(a->order);
    sid__partitions_drop(&a->partitions);
    sid__free(a);
}

int64_t sid__assortment_find(const sid__assortment *a, const char *id)
{
    int64_t item = a->over ? sid__id_list_find(&a->over->ids, id) : -1;
    if (item >= 0)
        return a->base->inventory.count + item;
    item = sid__id_list_find(&a->base->ids, id);
    return item >= 0 && is_gone(a, item) ? -1 : item;
}

int64_t sid__assortment_numbers(const sid__assortment *a)
{
    return a->base->inventory.count + (a->over ? a->over->inventory.count : 0);
}

const sid__shelf *sid__assortment_shelf(const sid__assortment *a, int64_t number, int64_t *item)
{
    bool is_over = number >= a->base->inventory.count;
    *item = is_over ? number - a->base->inventory.count : number;
    return is_over ? a->over : a->base;
}
