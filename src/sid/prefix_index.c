/* prefix_index.c: a trie in compressed rows, asked for every neighbour query and walked by decoders.
 *
 * The items below any prefix are one run of the sorted order, so that a node needs only its code and where its run
 * begins: it ends where its next sibling begins, or where its parent ends. A node knows where its children stand in the
 * next level; the one with a code is found by binary search.
 *
 * Deep levels of real catalogues have about one node an item. There a node (10 bytes) tells less than the plain column
 * of codes (2 bytes an item), which the same binary search reads; each level takes the smaller form. Hence the bound
 * 2 * width + 4 bytes an item (one more when SIDs differ in length), whatever the data: 12 at 4 levels.
 *
 * SIDs may end early (collision policy `suffix`): they are the first positions of their prefix's run.
 */
#include "sid/prefix_index.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "sid/prefix_index_parts.h"
#include "sid/sort_rows.h"

enum { NODE_SIZE = sizeof(uint16_t) + sizeof(uint32_t), CHILD_SIZE = sizeof(uint32_t) };

int sid__index_compare(const sid__index_items *items, int64_t a, int64_t b)
{
    const uint16_t *x = items->codes + a * items->width, *y = items->codes + b * items->width;
    int shorter = items->length[a] < items->length[b] ? items->length[a] : items->length[b];
    for (int l = 0; l < shorter; l++)
        if (x[l] != y[l])
            return x[l] < y[l] ? -1 : 1;
    if (items->length[a] != items->length[b])
        return items->length[a] < items->length[b] ? -1 : 1;
    return items->row[a] < items->row[b] ? -1 : items->row[a] > items->row[b];
}

static int compare_items(const void *context, int64_t a, int64_t b)
{
    return sid__index_compare(context, a, b);
}

static int64_t item_at(const int64_t *order, int64_t position)
{
    return order ? order[position] : position;
}

/* Levels that the items at two positions have in common. */
static int shared_levels(const sid__index_items *items, int64_t a, int64_t b)
{
    const uint16_t *x = items->codes + a * items->width, *y = items->codes + b * items->width;
    int shorter = items->length[a] < items->length[b] ? items->length[a] : items->length[b];
    int shared = 0;
    while (shared < shorter && x[shared] == y[shared])
        shared++;
    return shared;
}

/* At position p new nodes begin on the levels first_new_level .. length - 1. */
static int first_new_level(const sid__index_items *items, const int64_t *order, int64_t position)
{
    return position == 0 ? 0 : shared_levels(items, item_at(order, position - 1), item_at(order, position));
}

static void count_nodes(const sid__index_items *items, const int64_t *order, sid__prefix_index *index)
{
    for (int64_t p = 0; p < items->count; p++)
        for (int l = first_new_level(items, order, p); l < items->length[item_at(order, p)]; l++)
            index->level[l].count++;
}

/* Whether nodes take less room than a column of codes, their children counted in. */
static bool nodes_are_smaller(const sid__prefix_index *index, int level_index)
{
    return (uint64_t)index->level[level_index].count * (NODE_SIZE + CHILD_SIZE) <=
           (uint64_t)index->count * sizeof(uint16_t);
}

static sid_status allocate_level(sid__prefix_index *index, int level_index, sid_error *err)
{
    sid__index_level *level = &index->level[level_index];
    bool has_nodes = nodes_are_smaller(index, level_index);
    size_t codes = (size_t)(has_nodes ? level->count : index->count);
    SID_TRY(sid__alloc(&level->code, codes, sizeof *level->code, "codes of the prefix index", err));
    if (!has_nodes)
        return SID_OK;
    SID_TRY(sid__alloc(&level->begin, codes, sizeof *level->begin, "nodes of the prefix index", err));
    if (level_index + 1 < index->width && nodes_are_smaller(index, level_index + 1))
        SID_TRY(sid__alloc(&level->child, codes + 1, sizeof *level->child, "nodes of the prefix index", err));
    return SID_OK;
}

static sid_status allocate(const sid__index_items *items, sid__prefix_index *index, sid_error *err)
{
    size_t count = (size_t)items->count;
    bool is_uniform = true;
    for (int64_t i = 0; i < items->count; i++)
        is_uniform = is_uniform && items->length[i] == items->width;
    SID_TRY(sid__alloc(&index->row, count, sizeof *index->row, "rows of the prefix index", err));
    if (!is_uniform)
        SID_TRY(sid__alloc(&index->length, count, sizeof *index->length, "SID lengths of the prefix index", err));
    for (int l = 0; l < items->width; l++)
        SID_TRY(allocate_level(index, l, err));
    return SID_OK;
}

static void fill(const sid__index_items *items, const int64_t *order, sid__prefix_index *index)
{
    int64_t filled[SID__INDEX_WIDTH_MAX] = {0};
    for (int64_t p = 0; p < items->count; p++) {
        int64_t item = item_at(order, p);
        int length = items->length[item], first_new = first_new_level(items, order, p);
        index->row[p] = (uint32_t)items->row[item];
        if (index->length)
            index->length[p] = (uint8_t)length;
        for (int l = 0; l < length; l++) {
            sid__index_level *level = &index->level[l];
            if (!level->begin) {
                level->code[p] = items->codes[item * items->width + l];
            } else if (l >= first_new) {
                if (level->child) /* its children come after it */
                    level->child[filled[l]] = (uint32_t)filled[l + 1];
                level->code[filled[l]] = items->codes[item * items->width + l];
                level->begin[filled[l]++] = (uint32_t)p;
            }
        }
    }
    for (int l = 0; l < index->width; l++)
        if (index->level[l].child)
            index->level[l].child[index->level[l].count] = (uint32_t)index->level[l + 1].count;
}

sid_status sid__index_from_sorted(const sid__index_items *items, const int64_t *order, sid__prefix_index **out,
                                  sid_error *err)
{
    sid__prefix_index *index = NULL;
    SID_TRY(sid__alloc(&index, 1, sizeof *index, "the prefix index", err));
    index->owners = 1;
    index->count = items->count;
    index->width = items->width;
    count_nodes(items, order, index);
    sid_status status = allocate(items, index, err);
    if (status != SID_OK) {
        sid__prefix_index_free(index);
        return status;
    }
    fill(items, order, index);
    *out = index;
    return SID_OK;
}

static sid_status check_items(const sid__index_items *items, sid_error *err)
{
    if (items->width < 1 || items->width > SID__INDEX_WIDTH_MAX)
        return sid__fail(err, SID_EUSAGE, "SIDs of up to %d codes; 1 to %d are possible", items->width,
                         SID__INDEX_WIDTH_MAX);
    if (items->count < 0 || items->count > (int64_t)SID__INDEX_ROW_MAX)
        return sid__fail(err, SID_EUSAGE, "%" PRId64 " items; a prefix index holds at most %" PRIu32, items->count,
                         SID__INDEX_ROW_MAX);
    for (int64_t i = 0; i < items->count; i++) {
        if (items->length[i] < 1 || items->length[i] > items->width)
            return sid__fail(err, SID_EUSAGE, "item %" PRId64 " has %d codes; 1 to %d are possible", i,
                             items->length[i], items->width);
        if (items->row[i] < 0 || items->row[i] > (int64_t)SID__INDEX_ROW_MAX)
            return sid__fail(err, SID_EUSAGE, "item %" PRId64 " has row %" PRId64 "; 0 to %" PRIu32 " are possible", i,
                             items->row[i], SID__INDEX_ROW_MAX);
    }
    return SID_OK;
}

sid_status sid__prefix_index_build(const uint16_t *codes, const uint8_t *length, const int64_t *row, int64_t count,
                                   int width, sid__prefix_index **out, sid_error *err)
{
    sid__index_items items = {.codes = codes, .length = length, .row = row, .count = count, .width = width};
    SID_TRY(check_items(&items, err));
    int64_t *order = NULL;
    SID_TRY(sid__alloc(&order, (size_t)count, sizeof *order, "the order of the prefix index", err));
    sid_status status = sid__sort_rows(order, count, compare_items, &items, err);
    if (status == SID_OK)
        status = sid__index_from_sorted(&items, order, out, err);
    sid__free(order);
    return status;
}

sid__prefix_index *sid__prefix_index_share(sid__prefix_index *index)
{
    atomic_fetch_add(&index->owners, 1);
    return index;
}

void sid__prefix_index_free(sid__prefix_index *index)
{
    if (!index || atomic_fetch_sub(&index->owners, 1) > 1)
        return;
    for (int l = 0; l < index->width; l++) {
        sid__free(index->level[l].code);
        sid__free(index->level[l].begin);
        sid__free(index->level[l].child);
    }
    sid__free(index->length);
    sid__free(index->row);
    sid__free(index);
}

int64_t sid__prefix_index_count(const sid__prefix_index *index)
{
    return index->count;
}

int sid__prefix_index_width(const sid__prefix_index *index)
{
    return index->width;
}

int64_t sid__prefix_index_row(const sid__prefix_index *index, int64_t position)
{
    assert(position >= 0 && position < index->count);
    return index->row[position];
}

int sid__index_length(const sid__prefix_index *index, int64_t position)
{
    return index->length ? index->length[position] : index->width;
}

int64_t sid__prefix_index_prefixes(const sid__prefix_index *index, int depth)
{
    if (depth == 0)
        return index->count > 0;
    return depth < 0 || depth > index->width ? 0 : index->level[depth - 1].count;
}

size_t sid__prefix_index_size(const sid__prefix_index *index)
{
    size_t count = (size_t)index->count, size = sizeof *index + count * sizeof *index->row;
    if (index->length)
        size += count * sizeof *index->length;
    for (int l = 0; l < index->width; l++) {
        const sid__index_level *level = &index->level[l];
        size += level->begin ? (size_t)level->count * NODE_SIZE : count * sizeof(uint16_t);
        size += level->child ? ((size_t)level->count + 1) * CHILD_SIZE : 0;
    }
    return size;
}

void sid__index_column(const sid__prefix_index *index, int level_index, uint16_t *column)
{
    const sid__index_level *level = &index->level[level_index];
    int64_t next = 0; /* node; the one before it is open */
    for (int64_t p = 0; p < index->count; p++) {
        if (level->begin && next < level->count && level->begin[next] == p)
            next++;
        bool is_shorter = sid__index_length(index, p) <= level_index;
        column[p] = is_shorter ? 0 : level->code[level->begin ? next - 1 : p];
    }
}

/* First i in begin .. end with value[i] >= wanted. */
static int64_t lower_u32(const uint32_t *value, int64_t begin, int64_t end, int64_t wanted)
{
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2;
        if (value[middle] < wanted)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* A conditional move instead of a branch that is guessed wrong every other time. */
static int64_t lower_u16(const uint16_t *value, int64_t begin, int64_t end, int wanted)
{
    int64_t count = end - begin;
    while (count > 0) {
        int64_t half = (count + 1) / 2;
        begin += value[begin + half - 1] < wanted ? half : 0;
        count -= half;
    }
    return begin;
}

/* Positions of one prefix of level_index codes whose SIDs end there come first: the first that goes on. */
static int64_t skip_ended(const sid__prefix_index *index, int level_index, int64_t begin, int64_t end)
{
    if (!index->length)
        return begin;
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2;
        if (index->length[middle] <= level_index)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* The run of one prefix, and its node in the last level taken; -1: that level is a column. */
typedef struct run {
    int64_t begin, end, node;
} run;

/* Nodes of level_index that begin inside the run of a prefix of level_index codes. */
static void find_children(const sid__prefix_index *index, int level_index, const run *at, int64_t *first, int64_t *last)
{
    const sid__index_level *level = &index->level[level_index];
    const uint32_t *child = level_index > 0 ? index->level[level_index - 1].child : NULL;
    if (level_index == 0) {
        *first = 0;
        *last = level->count;
    } else if (child) {
        assert(at->node >= 0);
        *first = child[at->node];
        *last = child[at->node + 1];
    } else { /* SIDs of several lengths: a level of few nodes may follow a column */
        *first = lower_u32(level->begin, 0, level->count, at->begin);
        *last = lower_u32(level->begin, *first, level->count, at->end);
    }
}

/* Narrows the run of a prefix of level_index codes to those that go on with `code`. */
static void step(const sid__prefix_index *index, int level_index, uint16_t code, run *at)
{
    const sid__index_level *level = &index->level[level_index];
    int64_t first, last;
    if (!level->begin) {
        first = skip_ended(index, level_index, at->begin, at->end);
        at->begin = lower_u16(level->code, first, at->end, code);
        at->end = lower_u16(level->code, at->begin, at->end, code + 1);
        at->node = -1;
        return;
    }
    find_children(index, level_index, at, &first, &last);
    at->node = lower_u16(level->code, first, last, code);
    if (at->node == last || level->code[at->node] != code) {
        at->end = at->begin;
        return;
    }
    at->begin = level->begin[at->node];
    if (at->node + 1 < last)
        at->end = level->begin[at->node + 1];
}

bool sid__prefix_index_find(const sid__prefix_index *index, const uint16_t *prefix, int depth, int64_t *begin,
                            int64_t *end)
{
    run at = {.end = depth > index->width ? 0 : index->count, .node = -1};
    for (int l = 0; l < depth && at.begin < at.end; l++)
        step(index, l, prefix[l], &at);
    *begin = at.begin;
    *end = at.end;
    return at.begin < at.end;
}

bool sid__prefix_index_next(const sid__prefix_index *index, const uint16_t *prefix, int depth, int least,
                            sid__index_child *out)
{
    run at = {.end = depth >= index->width ? 0 : index->count, .node = -1};
    int64_t first, last;
    for (int l = 0; l < depth && at.begin < at.end; l++)
        step(index, l, prefix[l], &at);
    if (at.begin >= at.end)
        return false;
    const sid__index_level *level = &index->level[depth];
    if (!level->begin) {
        first = skip_ended(index, depth, at.begin, at.end);
        first = lower_u16(level->code, first, at.end, least);
        if (first == at.end)
            return false;
        last = lower_u16(level->code, first, at.end, level->code[first] + 1);
        *out = (sid__index_child){.code = level->code[first], .begin = first, .end = last};
        return true;
    }
    find_children(index, depth, &at, &first, &last);
    int64_t node = lower_u16(level->code, first, last, least);
    if (node == last)
        return false;
    *out = (sid__index_child){.code = level->code[node],
                              .begin = level->begin[node],
                              .end = node + 1 < last ? level->begin[node + 1] : at.end};
    return true;
}

int64_t sid__prefix_index_rows(const sid__prefix_index *index, int64_t begin, int64_t end, int64_t *row)
{
    assert(begin >= 0 && end <= index->count);
    for (int64_t p = begin; p < end; p++)
        row[p - begin] = index->row[p];
    return end > begin ? end - begin : 0;
}
