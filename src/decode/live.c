/* live.c: the places of the listed items, sorted; the nodes above them follow level by level, in one pass each, since
 * places below a node are a run. */
#include "decode/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int by_place(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Distinct places of rows that are in the trie, rising. */
static int64_t sort_places(const sid__trie *trie, const int32_t *row, int64_t count, int32_t *place)
{
    int64_t n = 0, kept = 0;
    for (int64_t i = 0; i < count; i++)
        if (row[i] >= 0 && row[i] < trie->row_count && trie->place[row[i]] >= 0)
            place[n++] = trie->place[row[i]];
    if (n > 1)
        qsort(place, (size_t)n, sizeof *place, by_place);
    for (int64_t i = 0; i < n; i++)
        if (kept == 0 || place[kept - 1] != place[i])
            place[kept++] = place[i];
    return kept;
}

/* What of a stands not in b, both rising, to a. */
static int64_t subtract(int32_t *a, int64_t a_count, const int32_t *b, int64_t b_count)
{
    int64_t kept = 0;
    for (int64_t i = 0, j = 0; i < a_count; i++) {
        while (j < b_count && b[j] < a[i])
            j++;
        if (j == b_count || b[j] != a[i])
            a[kept++] = a[i];
    }
    return kept;
}

/* The node of a level that a place lies below: the last that begins at it or before. */
static int32_t node_at(const sid__trie_level *level, int32_t place, int32_t least)
{
    int64_t low = least, high = level->count;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (level->item_begin[middle] <= place)
            low = middle;
        else
            high = middle;
    }
    return (int32_t)low;
}

static void touch_level(const sid__live *live, int level, sid__touched *out)
{
    const sid__trie_level *own = &live->trie->level[level];
    for (int64_t i = 0; i < live->place_count; i++) {
        int32_t least = out->count > 0 ? out->node[out->count - 1] : 0;
        int32_t node = node_at(own, live->place[i], least);
        if (out->count == 0 || node != least) {
            out->node[out->count] = node;
            out->items[out->count++] = 0;
        }
        out->items[out->count - 1]++;
    }
}

static sid_status list_places(const sid__trie *trie, const sid__filter *filter, sid__live *out, int32_t **denied,
                              sid_error *err)
{
    size_t most = (size_t)(filter->allow ? filter->allow_count : filter->deny_count), width = (size_t)trie->width;
    SID_TRY(sid__alloc(&out->memory, most, (1 + 2 * width) * sizeof *out->memory, "a filter", err));
    out->place = out->memory;
    if (!filter->allow) {
        out->place_count = sort_places(trie, filter->deny, filter->deny_count, out->place);
        out->live_count = trie->item_count - out->place_count;
    } else {
        SID_TRY(sid__alloc(denied, (size_t)filter->deny_count, sizeof **denied, "a filter", err));
        int64_t denied_count = sort_places(trie, filter->deny, filter->deny_count, *denied);
        out->place_count = sort_places(trie, filter->allow, filter->allow_count, out->place);
        out->place_count = subtract(out->place, out->place_count, *denied, denied_count);
        out->live_count = out->place_count;
        out->is_allow = true;
    }
    for (size_t l = 0; l < width; l++) {
        out->touched[l].node = out->memory + (1 + 2 * l) * most;
        out->touched[l].items = out->memory + (2 + 2 * l) * most;
    }
    return SID_OK;
}

sid_status sid__live_make(const sid__trie *trie, const sid__filter *filter, sid__live *out, sid_error *err)
{
    int32_t *denied = NULL;
    *out = (sid__live){.trie = trie};
    sid_status status = list_places(trie, filter, out, &denied, err);
    sid__free(denied);
    if (status != SID_OK) {
        sid__live_drop(out);
        return status;
    }
    for (int l = 0; l < trie->width; l++)
        touch_level(out, l, &out->touched[l]);
    return SID_OK;
}

void sid__live_drop(sid__live *live)
{
    sid__free(live->memory);
    *live = (sid__live){0};
}

/* The first of `count` rising values that is at least `least`. */
static int64_t lower_bound(const int32_t *value, int64_t count, int32_t least)
{
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (value[middle] < least)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int64_t sid__live_children(const sid__live *live, int level, int32_t node, int32_t *child)
{
    int32_t end = 0, begin = sid__trie_children(live->trie, level, node, &end);
    const sid__touched *touched = &live->touched[level + 1];
    const int32_t *item_begin = live->trie->level[level + 1].item_begin;
    int64_t count = 0, t = lower_bound(touched->node, touched->count, begin);
    if (live->is_allow) {
        for (; t < touched->count && touched->node[t] < end; t++)
            child[count++] = touched->node[t];
        return count;
    }
    for (int32_t c = begin; c < end; c++) {
        bool is_touched = t < touched->count && touched->node[t] == c;
        if (!is_touched || item_begin[c + 1] - item_begin[c] > touched->items[t])
            child[count++] = c;
        t += is_touched;
    }
    return count;
}

bool sid__live_item(const sid__live *live, int32_t place)
{
    int64_t at = lower_bound(live->place, live->place_count, place);
    bool is_listed = at < live->place_count && live->place[at] == place;
    return is_listed == live->is_allow;
}
