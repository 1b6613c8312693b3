/* catalog_prefixes.c: prefix look-up for servers, which ask it for every request: a view of the index that is taken once
 * and then answers without locks, snapshots or SQLite. The items of the rows found come from items.db, page by page.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "catalog/catalog.h"

struct sid_prefixes {
    sid__prefix_index *index; /* shared with the catalogue */
    int64_t version;
    int levels; /* without an added digit */
};

sid_status sid_catalog_prefixes(sid_catalog *catalog, sid_prefixes **out, sid_error *err)
{
    sid_prefixes *prefixes = NULL;
    SID_TRY(sid__alloc(&prefixes, 1, sizeof *prefixes, "a prefix view", err));
    sid_status status = sid__catalog_enter(catalog, err);
    if (status != SID_OK) {
        sid__free(prefixes);
        return status;
    }
    prefixes->index = sid__prefix_index_share(catalog->index);
    prefixes->version = catalog->version;
    prefixes->levels = catalog->manifest.levels;
    sid__catalog_leave(catalog);
    *out = prefixes;
    return SID_OK;
}

void sid_prefixes_free(sid_prefixes *prefixes)
{
    if (!prefixes)
        return;
    sid__prefix_index_free(prefixes->index);
    sid__free(prefixes);
}

int64_t sid_prefixes_version(const sid_prefixes *prefixes)
{
    return prefixes->version;
}

int64_t sid_prefixes_count(const sid_prefixes *prefixes)
{
    return sid__prefix_index_count(prefixes->index);
}

size_t sid_prefixes_size(const sid_prefixes *prefixes)
{
    return sid__prefix_index_size(prefixes->index);
}

int64_t sid_prefixes_find(const sid_prefixes *prefixes, const uint16_t *prefix, int depth, int64_t first, int64_t max,
                          int64_t *row)
{
    int64_t begin = 0, end = 0;
    if (!sid__prefix_index_find(prefixes->index, prefix, depth, &begin, &end))
        return 0;
    int64_t left = end - begin - first;
    if (first >= 0 && max > 0 && left > 0)
        sid__prefix_index_rows(prefixes->index, begin + first, begin + first + (left < max ? left : max), row);
    return end - begin;
}

static int64_t count_children(const sid__prefix_index *index, const uint16_t *prefix, int depth)
{
    sid__index_child child = {0};
    int64_t count = 0;
    for (int least = 0; sid__prefix_index_next(index, prefix, depth, least, &child); least = child.code + 1)
        count++;
    return count;
}

int64_t sid_prefixes_children(const sid_prefixes *prefixes, const uint16_t *prefix, int depth, int first_code,
                              int64_t max, sid_child *out)
{
    uint16_t below[SID_LEVELS_MAX + 1] = {0};
    sid__index_child child = {0};
    int64_t count = 0;
    int least = first_code;
    if (depth < 0 || depth > SID_LEVELS_MAX)
        return 0;
    if (depth > 0)
        memcpy(below, prefix, (size_t)depth * sizeof *below);
    for (; count < max && sid__prefix_index_next(prefixes->index, below, depth, least, &child); count++) {
        below[depth] = child.code;
        out[count] = (sid_child){.code = child.code,
                                 .items = child.end - child.begin,
                                 .prefixes = count_children(prefixes->index, below, depth + 1)};
        least = child.code + 1;
    }
    return count;
}

bool sid_prefixes_level(const sid_prefixes *prefixes, int level_index, int codes, int64_t *items)
{
    if (level_index < 0 || level_index >= prefixes->levels)
        return false;
    sid__prefix_index_use(prefixes->index, level_index, codes, items);
    return true;
}

static sid_status push_rows(sid_catalog *catalog, const int64_t *row, int64_t count, sid_hits *hits, sid_error *err)
{
    int64_t capacity = 0;
    sid_status status = SID_OK;
    for (int64_t i = 0; i < count && status == SID_OK; i++) {
        sid__arena arena = {0};
        sid__db_item item;
        bool is_found = false;
        status = sid__item_db_get(catalog->db, row[i], &arena, &item, &is_found, err);
        if (status == SID_OK && (!is_found || item.state == SID__STATE_REMOVED))
            status = sid__fail(err, SID_ENOTFOUND, "row %" PRId64 " of %s holds no item", row[i], catalog->path);
        if (status == SID_OK)
            status = sid__hits_push(hits, &capacity, &item, (double)NAN, 0, err);
        sid__arena_drop(&arena);
    }
    return status;
}

sid_status sid_catalog_rows(sid_catalog *catalog, const int64_t *row, int64_t count, sid_hits *hits, sid_error *err)
{
    *hits = (sid_hits){0};
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = push_rows(catalog, row, count, hits, err);
    sid__catalog_leave(catalog);
    if (status != SID_OK)
        sid_hits_drop(hits);
    return status;
}
