/* sid_trie.c: rows sorted by SID, then one pass a level: a node begins where a code differs, or the node above does. */
#include "sid/sid_trie.h"

#include <string.h>

#include "base/mem.h"
#include "sid/sort_rows.h"

static int by_sid(const void *context, int64_t a, int64_t b)
{
    const sid__trie_items *items = context;
    const uint16_t *x = items->code + a * items->width, *y = items->code + b * items->width;
    if (items->is_in[a] != items->is_in[b])
        return items->is_in[a] ? -1 : 1;
    for (int l = 0; l < items->width; l++)
        if (x[l] != y[l])
            return x[l] < y[l] ? -1 : 1;
    return (items->weight[a] < items->weight[b]) - (items->weight[a] > items->weight[b]);
}

static sid_status place_items(const sid__trie_items *items, sid__trie *trie, sid_error *err)
{
    int64_t *order = NULL;
    SID_TRY(sid__alloc(&order, (size_t)items->count, sizeof *order, "an order of items", err));
    sid_status status = sid__sort_rows(order, items->count, by_sid, items, err);
    if (status == SID_OK)
        status = sid__alloc(&trie->item, (size_t)trie->item_count, sizeof *trie->item, "a trie", err);
    if (status == SID_OK)
        status = sid__alloc(&trie->place, (size_t)items->count, sizeof *trie->place, "a trie", err);
    for (int64_t i = 0; status == SID_OK && i < items->count; i++) {
        trie->place[order[i]] = i < trie->item_count ? (int32_t)i : -1;
        if (i < trie->item_count)
            trie->item[i] = (int32_t)order[i];
    }
    sid__free(order);
    return status;
}

/* is_new (item_count): whether a node of this level begins at a place; it holds those of the level above. */
static int64_t mark_new(const sid__trie_items *items, const sid__trie *trie, int level, uint8_t *is_new)
{
    int64_t count = 0;
    for (int64_t p = 0; p < trie->item_count; p++) {
        const uint16_t *code = items->code + (int64_t)trie->item[p] * items->width;
        if (p == 0 || code[level] != items->code[(int64_t)trie->item[p - 1] * items->width + level])
            is_new[p] = 1;
        count += is_new[p];
    }
    return count;
}

static sid_status fill_level(const sid__trie_items *items, sid__trie *trie, int level, uint8_t *is_new, sid_error *err)
{
    sid__trie_level *own = &trie->level[level];
    int64_t node = 0;
    own->count = mark_new(items, trie, level, is_new);
    SID_TRY(sid__alloc(&own->code, (size_t)own->count, sizeof *own->code, "a trie", err));
    SID_TRY(sid__alloc(&own->item_begin, (size_t)own->count + 1, sizeof *own->item_begin, "a trie", err));
    for (int64_t p = 0; p < trie->item_count; p++)
        if (is_new[p]) {
            own->code[node] = items->code[(int64_t)trie->item[p] * items->width + level];
            own->item_begin[node++] = (int32_t)p;
        }
    own->item_begin[node] = (int32_t)trie->item_count;
    return SID_OK;
}

/* The first child of a node is the one that begins at the same place. */
static sid_status link_level(sid__trie *trie, int level, sid_error *err)
{
    sid__trie_level *own = &trie->level[level];
    const sid__trie_level *next = own + 1;
    int32_t child = 0;
    SID_TRY(sid__alloc(&own->child_begin, (size_t)own->count + 1, sizeof *own->child_begin, "a trie", err));
    for (int64_t node = 0; node < own->count; node++) {
        while (next->item_begin[child] < own->item_begin[node])
            child++;
        own->child_begin[node] = child;
    }
    own->child_begin[own->count] = (int32_t)next->count;
    return SID_OK;
}

static sid_status build(const sid__trie_items *items, sid__trie *trie, sid_error *err)
{
    uint8_t *is_new = NULL;
    SID_TRY(place_items(items, trie, err));
    SID_TRY(sid__alloc(&is_new, (size_t)trie->item_count, 1, "a trie", err));
    sid_status status = SID_OK;
    for (int l = 0; status == SID_OK && l < trie->width; l++)
        status = fill_level(items, trie, l, is_new, err);
    for (int l = 0; status == SID_OK && l + 1 < trie->width; l++)
        status = link_level(trie, l, err);
    sid__free(is_new);
    return status;
}

sid_status sid__trie_build(const sid__trie_items *items, sid__trie **out, sid_error *err)
{
    sid__trie *trie = NULL;
    if (items->count > INT32_MAX || items->width < 1 || items->width > SID__TRIE_WIDTH_MAX)
        return sid__fail(err, SID_EDATA, "a trie of %lld items with %d codes; at most %d items and 1 to %d codes fit",
                         (long long)items->count, items->width, INT32_MAX, SID__TRIE_WIDTH_MAX);
    SID_TRY(sid__alloc(&trie, 1, sizeof *trie, "a trie", err));
    trie->width = items->width;
    trie->row_count = items->count;
    for (int64_t i = 0; i < items->count; i++)
        trie->item_count += items->is_in[i];
    sid_status status = build(items, trie, err);
    if (status != SID_OK) {
        sid__trie_free(trie);
        return status;
    }
    *out = trie;
    return SID_OK;
}

void sid__trie_free(sid__trie *trie)
{
    if (!trie)
        return;
    for (int l = 0; l < trie->width; l++) {
        sid__free(trie->level[l].code);
        sid__free(trie->level[l].child_begin);
        sid__free(trie->level[l].item_begin);
    }
    sid__free(trie->item);
    sid__free(trie->place);
    sid__free(trie);
}
