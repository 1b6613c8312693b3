/* inventory.c: see inventory.h. */
#include "retrieve/inventory.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "linalg/scalar.h"
#include "sid/sort_rows.h"

static const char what[] = "an inventory";

/* ---- Orders of all items ---- */

static int by_codes(const void *context, int64_t a, int64_t b)
{
    const sid__inventory *of = context;
    for (int l = 0; l < of->levels; l++) {
        int x = of->code[a * of->levels + l], y = of->code[b * of->levels + l];
        if (x != y)
            return x - y;
    }
    return 0;
}

static int by_score(const void *context, int64_t a, int64_t b)
{
    const double *score = ((const sid__inventory *)context)->score;
    return (score[a] < score[b]) - (score[a] > score[b]);
}

static int by_birth(const void *context, int64_t a, int64_t b)
{
    const double *birth = ((const sid__inventory *)context)->birth;
    if (birth[a] != birth[b])
        return birth[a] < birth[b] ? 1 : -1;
    return by_score(context, a, b);
}

/* ---- The trie ---- */

/* Whether the item at `place` begins a new node of a depth. */
static bool is_new(const sid__inventory *inv, const int64_t *order, int64_t place, int depth)
{
    if (place == 0)
        return true;
    const uint16_t *now = inv->code + order[place] * inv->levels, *before = inv->code + order[place - 1] * inv->levels;
    return memcmp(now, before, (size_t)depth * sizeof *now) != 0;
}

static sid_status make_depth(sid__inventory *inv, const int64_t *order, int depth, sid_error *err)
{
    sid__inventory_depth *d = &inv->depth[depth];
    for (int64_t p = 0; p < inv->count; p++)
        d->count += is_new(inv, order, p, depth);
    SID_TRY(sid__alloc(&d->code, (size_t)d->count, sizeof *d->code, what, err));
    SID_TRY(sid__alloc(&d->begin, (size_t)d->count + 1, sizeof *d->begin, what, err));
    for (int64_t p = 0, node = 0; p < inv->count; p++) {
        if (!is_new(inv, order, p, depth))
            continue;
        d->code[node] = depth > 0 ? inv->code[order[p] * inv->levels + depth - 1] : 0;
        d->begin[node++] = p;
    }
    d->begin[d->count] = inv->count;
    return SID_OK;
}

static sid_status link_depth(sid__inventory *inv, int depth, sid_error *err)
{
    sid__inventory_depth *d = &inv->depth[depth];
    const sid__inventory_depth *below = &inv->depth[depth + 1];
    SID_TRY(sid__alloc(&d->child, (size_t)d->count + 1, sizeof *d->child, what, err));
    for (int64_t node = 0, child = 0; node <= d->count; node++) {
        while (child < below->count && below->begin[child] < d->begin[node])
            child++;
        d->child[node] = (int32_t)child;
    }
    d->child[d->count] = (int32_t)below->count;
    return SID_OK;
}

/* ---- Lists ---- */

/* order (count) of all items to lists of each depth: each item to the next free place of its node's run. */
static sid_status make_lists(sid__inventory *inv, const int64_t *place_of, const int64_t *order, sid__stock_order which,
                             sid_error *err)
{
    int64_t *next = NULL;
    int32_t *node_of = NULL;
    sid_status status = sid__alloc(&next, (size_t)inv->count, sizeof *next, what, err);
    if (status == SID_OK)
        status = sid__alloc(&node_of, (size_t)inv->count, sizeof *node_of, what, err);
    for (int depth = 0; status == SID_OK && depth <= inv->levels; depth++) {
        sid__inventory_depth *d = &inv->depth[depth];
        status = sid__alloc(&d->item[which], (size_t)inv->count, sizeof *d->item[which], what, err);
        for (int64_t node = 0; status == SID_OK && node < d->count; node++) {
            next[node] = d->begin[node];
            for (int64_t p = d->begin[node]; p < d->begin[node + 1]; p++)
                node_of[p] = (int32_t)node;
        }
        for (int64_t i = 0; status == SID_OK && i < inv->count; i++)
            d->item[which][next[node_of[place_of[order[i]]]]++] = (int32_t)order[i];
    }
    sid__free(next);
    sid__free(node_of);
    return status;
}

static sid_status fill(sid__inventory *inv, int64_t *order, int64_t *place_of, sid_error *err)
{
    static sid__row_compare *const compare[SID__STOCK_ORDERS] = {by_score, by_birth};
    SID_TRY(sid__sort_rows(order, inv->count, by_codes, inv, err));
    for (int64_t p = 0; p < inv->count; p++)
        place_of[order[p]] = p;
    for (int depth = 0; depth <= inv->levels; depth++)
        SID_TRY(make_depth(inv, order, depth, err));
    for (int depth = 0; depth < inv->levels; depth++)
        SID_TRY(link_depth(inv, depth, err));
    for (int o = 0; o < SID__STOCK_ORDERS; o++) {
        SID_TRY(sid__sort_rows(order, inv->count, compare[o], inv, err));
        SID_TRY(make_lists(inv, place_of, order, (sid__stock_order)o, err));
    }
    return SID_OK;
}

static sid_status score_items(sid__inventory *inv, const sid__stock *stock, sid_error *err)
{
    for (int64_t i = 0; i < stock->count; i++) {
        double quality = stock->quality[i], birth = stock->birth[i];
        if (!(quality > 0) || !isfinite(quality) || !isfinite(birth))
            return sid__fail(err, SID_EUSAGE,
                             "item %" PRId64 " has quality %g and birth %g; a quality above 0 and days are expected", i,
                             quality, birth);
        inv->quality[i] = quality;
        inv->birth[i] = birth;
        inv->score[i] = sid__log(quality) + birth * (sid__log(2) / stock->half_life_days);
    }
    return SID_OK;
}

sid_status sid__inventory_create(const sid__stock *stock, sid__inventory *out, sid_error *err)
{
    int64_t *order = NULL, *place_of = NULL;
    size_t count = (size_t)stock->count;
    *out = (sid__inventory){.count = stock->count, .levels = stock->levels};
    if (stock->count > INT32_MAX)
        return sid__fail(err, SID_EUSAGE, "%" PRId64 " items; at most %d are possible", stock->count, INT32_MAX);
    SID_TRY(sid__alloc(&out->code, count, (size_t)stock->levels * sizeof *out->code, what, err));
    SID_TRY(sid__alloc(&out->quality, count, sizeof *out->quality, what, err));
    SID_TRY(sid__alloc(&out->birth, count, sizeof *out->birth, what, err));
    SID_TRY(sid__alloc(&out->score, count, sizeof *out->score, what, err));
    memcpy(out->code, stock->code, count * (size_t)stock->levels * sizeof *out->code);
    SID_TRY(score_items(out, stock, err));
    sid_status status = sid__alloc(&order, count, sizeof *order, what, err);
    if (status == SID_OK)
        status = sid__alloc(&place_of, count, sizeof *place_of, what, err);
    if (status == SID_OK)
        status = fill(out, order, place_of, err);
    sid__free(order);
    sid__free(place_of);
    return status;
}

void sid__inventory_drop(sid__inventory *inv)
{
    for (int d = 0; d <= SID_LEVELS_MAX; d++) {
        sid__free(inv->depth[d].code);
        sid__free(inv->depth[d].begin);
        sid__free(inv->depth[d].child);
        for (int o = 0; o < SID__STOCK_ORDERS; o++)
            sid__free(inv->depth[d].item[o]);
    }
    sid__free(inv->code);
    sid__free(inv->quality);
    sid__free(inv->birth);
    sid__free(inv->score);
    *inv = (sid__inventory){0};
}

bool sid__inventory_find(const sid__inventory *inv, const uint16_t *prefix, int depth, int64_t *begin, int64_t *end)
{
    int64_t node = 0;
    if (inv->count == 0 || depth > inv->levels)
        return false;
    for (int l = 0; l < depth; l++) {
        const sid__inventory_depth *below = &inv->depth[l + 1];
        int64_t low = inv->depth[l].child[node], last = inv->depth[l].child[node + 1], high = last;
        while (low < high) {
            int64_t middle = (low + high) / 2;
            if (below->code[middle] < prefix[l])
                low = middle + 1;
            else
                high = middle;
        }
        if (low == last || below->code[low] != prefix[l])
            return false;
        node = low;
    }
    *begin = inv->depth[depth].begin[node];
    *end = inv->depth[depth].begin[node + 1];
    return true;
}
