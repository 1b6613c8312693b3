/* prefix_index.c: a trie in compressed rows, asked for every neighbour query and walked by decoders.
 *
 * The items below any prefix are one run of the sorted order, so that a node needs only its code and where its run
 * begins: it ends where its next sibling begins, or where its parent ends. The children of a run are the nodes of the
 * next level that begin inside it, found by binary search, and the child with a code by another one.
 *
 * Deep levels of real catalogues have about one node an item. There a node (6 bytes) tells less than the plain column
 * of codes (2 bytes an item), which the same binary search reads; each level takes the smaller form. Hence the bound
 * 2 * width + 4 bytes an item (one more when SIDs differ in length), whatever the data: 12 at 4 levels.
 *
 * SIDs may end early (collision policy `suffix`): they are the first positions of their prefix's run.
 */
#include "sid/prefix_index.h"

#include <assert.h>
#include <inttypes.h>

#include "base/mem.h"
#include "sid/prefix_index_parts.h"
#include "sid/sort_rows.h"

enum { NODE_SIZE = sizeof(uint16_t) + sizeof(uint32_t) };

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

static sid_status allocate(const sid__index_items *items, sid__prefix_index *index, sid_error *err)
{
    size_t count = (size_t)items->count;
    bool is_uniform = true;
    for (int64_t i = 0; i < items->count; i++)
        is_uniform = is_uniform && items->length[i] == items->width;
    SID_TRY(sid__alloc(&index->row, count, sizeof *index->row, "rows of the prefix index", err));
    if (!is_uniform)
        SID_TRY(sid__alloc(&index->length, count, sizeof *index->length, "SID lengths of the prefix index", err));
    for (int l = 0; l < items->width; l++) {
        sid__index_level *level = &index->level[l];
        bool has_nodes = (uint64_t)level->count * NODE_SIZE <= count * sizeof *level->code;
        size_t codes = has_nodes ? (size_t)level->count : count;
        SID_TRY(sid__alloc(&level->code, codes, sizeof *level->code, "codes of the prefix index", err));
        if (has_nodes)
            SID_TRY(sid__alloc(&level->begin, codes, sizeof *level->begin, "nodes of the prefix index", err));
    }
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
                level->code[filled[l]] = items->codes[item * items->width + l];
                level->begin[filled[l]++] = (uint32_t)p;
            }
        }
    }
}

sid_status sid__index_from_sorted(const sid__index_items *items, const int64_t *order, sid__prefix_index **out,
                                  sid_error *err)
{
    sid__prefix_index *index = NULL;
    SID_TRY(sid__alloc(&index, 1, sizeof *index, "the prefix index", err));
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

void sid__prefix_index_free(sid__prefix_index *index)
{
    if (!index)
        return;
    for (int l = 0; l < index->width; l++) {
        sid__free(index->level[l].code);
        sid__free(index->level[l].begin);
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
    for (int l = 0; l < index->width; l++)
        size += index->level[l].begin ? (size_t)index->level[l].count * NODE_SIZE : count * sizeof(uint16_t);
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

static int64_t lower_u16(const uint16_t *value, int64_t begin, int64_t end, int wanted)
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

/* Narrows the run *begin .. *end of one prefix of level_index codes to those that go on with `code`. */
static void step(const sid__prefix_index *index, int level_index, uint16_t code, int64_t *begin, int64_t *end)
{
    const sid__index_level *level = &index->level[level_index];
    if (!level->begin) {
        int64_t first = skip_ended(index, level_index, *begin, *end);
        *begin = lower_u16(level->code, first, *end, code);
        *end = lower_u16(level->code, *begin, *end, code + 1);
        return;
    }
    int64_t child = lower_u32(level->begin, 0, level->count, *begin);
    int64_t child_end = lower_u32(level->begin, child, level->count, *end);
    child = lower_u16(level->code, child, child_end, code);
    if (child == child_end || level->code[child] != code) {
        *end = *begin;
        return;
    }
    *begin = level->begin[child];
    if (child + 1 < child_end)
        *end = level->begin[child + 1];
}

bool sid__prefix_index_find(const sid__prefix_index *index, const uint16_t *prefix, int depth, int64_t *begin,
                            int64_t *end)
{
    *begin = 0;
    *end = depth > index->width ? 0 : index->count;
    for (int l = 0; l < depth && *begin < *end; l++)
        step(index, l, prefix[l], begin, end);
    return *begin < *end;
}
