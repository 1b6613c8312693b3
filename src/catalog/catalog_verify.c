/* catalog_verify.c: is the catalogue what it was? Opening it hashes every file that never changes; here the digest of
 * items.db, SQLite's own check, every item through the trie and back, and a seeded sample of items encoded again.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/philox.h"
#include "catalog/catalog.h"

enum { SAMPLE_ITEMS = 1000, BLOCK_ITEMS = 1024 };

/* ---- Trie --------------------------------------------------------------------------------------------------------- */

/* Rows of equal SIDs stand ascending, so the row is found by halving its SID's run. */
static bool is_in_run(const sid__prefix_index *index, int64_t begin, int64_t end, int64_t row)
{
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2, seen = sid__prefix_index_row(index, middle);
        if (seen == row)
            return true;
        if (seen < row)
            begin = middle + 1;
        else
            end = middle;
    }
    return false;
}

/* A SID that ends where others go on (suffix) shares its run with them; its own come first, so a scan finds it soon. */
static bool is_in_index(const sid__prefix_index *index, const uint16_t *codes, int length, int width, int64_t row)
{
    int64_t begin = 0, end = 0;
    if (!sid__prefix_index_find(index, codes, length, &begin, &end))
        return false;
    if (length == width)
        return is_in_run(index, begin, end, row);
    for (int64_t at = begin; at < end; at++)
        if (sid__prefix_index_row(index, at) == row)
            return true;
    return false;
}

static sid_status walk(const sid_catalog *catalog, const sid__live_items *live, sid_verify_result *out, sid_error *err)
{
    const sid__place place = {.file = catalog->path, .byte = -1};
    if (sid__prefix_index_count(catalog->index) != live->count)
        return sid__fail_at(err, SID_ECORRUPT, place, "%s holds %" PRId64 " items, %s %" PRId64 "; remove %s",
                            SID__FILE_INDEX, sid__prefix_index_count(catalog->index), SID__FILE_ITEMS, live->count,
                            SID__FILE_INDEX);
    for (int64_t i = 0; i < live->count; i++, out->items_walked++)
        if (!is_in_index(catalog->index, live->codes + i * live->width, live->length[i], live->width, live->row[i]))
            return sid__fail_at(err, SID_ECORRUPT, place, "row %" PRId64 " of %s is not in %s; remove %s", live->row[i],
                                SID__FILE_ITEMS, SID__FILE_INDEX, SID__FILE_INDEX);
    return SID_OK;
}

/* ---- Encoding again ----------------------------------------------------------------------------------------------- */

/* Places in `live` of the items to encode: of those that the quantizer chose for, all, or a seeded sample (algorithm S of
 * Knuth 3.4.2, which keeps the order). */
static int64_t choose(const sid_catalog *catalog, const sid__live_items *live, bool full, int64_t *place)
{
    int64_t left = 0, count = 0;
    for (int64_t i = 0; i < live->count; i++)
        left += live->assigned[i] == SID__ASSIGNED_ARGMIN;
    int64_t wanted = full || left < SAMPLE_ITEMS ? left : SAMPLE_ITEMS;
    for (int64_t i = 0; i < live->count && count < wanted; i++) {
        if (live->assigned[i] != SID__ASSIGNED_ARGMIN)
            continue;
        uint64_t draw =
            sid__philox_below((uint64_t)catalog->manifest.seed, SID__STREAM_VERIFY, (uint64_t)i, (uint64_t)left--);
        if (draw < (uint64_t)(wanted - count))
            place[count++] = i;
    }
    return count;
}

static sid_status fail_item(sid_catalog *catalog, const sid__live_items *live, int64_t at, const uint16_t *computed,
                            sid_error *err)
{
    char stored_text[SID_SID_TEXT_MAX], computed_text[SID_SID_TEXT_MAX];
    sid__arena arena = {0};
    sid__db_item item = {.item_id = "?"};
    bool is_found = false;
    sid_format(live->codes + at * live->width, catalog->manifest.levels, stored_text);
    sid_format(computed, catalog->manifest.levels, computed_text);
    if (sid__item_db_get(catalog->db, live->row[at], &arena, &item, &is_found, NULL) != SID_OK || !is_found)
        item.item_id = "?";
    sid_status status = sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = catalog->path, .byte = -1},
                                     "item \"%s\" (row %" PRId64 ") has %s, its vector encodes to %s; restore or refit",
                                     item.item_id, live->row[at], stored_text, computed_text);
    sid__arena_drop(&arena);
    return status;
}

/* Scratch of one block. */
typedef struct block {
    float *x;
    uint16_t *codes;
} block;

static sid_status reencode_block(sid_catalog *catalog, const sid__live_items *live, const int64_t *place, int64_t count,
                                 const block *scratch, sid_error *err)
{
    int dim = catalog->manifest.dim, levels = catalog->manifest.levels;
    for (int64_t i = 0; i < count; i++)
        SID_TRY(sid__row_vector(catalog, &(sid__db_item){.row = live->row[place[i]]}, scratch->x + i * dim, err));
    SID_TRY(sid_quantizer_encode(catalog->ctx, catalog->quantizer, scratch->x, count, scratch->codes, NULL, err));
    for (int64_t i = 0; i < count; i++)
        if (memcmp(live->codes + place[i] * live->width, scratch->codes + i * levels,
                   (size_t)levels * sizeof *live->codes) != 0)
            return fail_item(catalog, live, place[i], scratch->codes + i * levels, err);
    return SID_OK;
}

static sid_status reencode(sid_catalog *catalog, const sid__live_items *live, bool full, sid_verify_result *out,
                           sid_error *err)
{
    int64_t *place = NULL;
    block scratch = {0};
    if (!catalog->has_vectors) {
        out->items_without_vector = live->count;
        return SID_OK;
    }
    sid_status status = sid__alloc(&place, (size_t)live->count, sizeof *place, "items to encode", err);
    if (status == SID_OK)
        status = sid__alloc(&scratch.x, BLOCK_ITEMS, (size_t)catalog->manifest.dim * sizeof(float), "vectors", err);
    if (status == SID_OK)
        status =
            sid__alloc(&scratch.codes, BLOCK_ITEMS, (size_t)catalog->manifest.levels * sizeof(uint16_t), "codes", err);
    int64_t count = status == SID_OK ? choose(catalog, live, full, place) : 0;
    for (int64_t begin = 0; begin < count && status == SID_OK; begin += BLOCK_ITEMS) {
        int64_t rows = count - begin < BLOCK_ITEMS ? count - begin : BLOCK_ITEMS;
        status = sid__ctx_check(catalog->ctx, err);
        if (status == SID_OK)
            status = reencode_block(catalog, live, place + begin, rows, &scratch, err);
        if (status == SID_OK)
            out->items_reencoded += rows;
        sid__ctx_progress(catalog->ctx, "encoding again", begin + rows, count, "rows", (double)NAN);
    }
    sid__free(place);
    sid__free(scratch.x);
    sid__free(scratch.codes);
    return status;
}

/* ---- All ---------------------------------------------------------------------------------------------------------- */

/* Files that were replaced since open are another catalogue's, of which nothing is said. */
static sid_status check_sum(const sid_catalog *catalog, sid_error *err)
{
    sid_error why = {0};
    sid_status status = sid__items_sum_check(catalog->path, catalog->version, &why);
    if (status == SID_OK || !sid__catalog_is_in_place(catalog))
        return SID_OK;
    if (err)
        *err = why;
    return status;
}

static sid_status verify(sid_catalog *catalog, bool full, sid_verify_result *out, sid_error *err)
{
    sid__live_items live = {0};
    SID_TRY(check_sum(catalog, err));
    SID_TRY(sid__item_db_integrity(catalog->db, err));
    SID_TRY(sid__live_items_read(catalog->ctx, catalog->db, sid__catalog_width(catalog), &live, err));
    sid_status status = walk(catalog, &live, out, err);
    if (status == SID_OK)
        status = reencode(catalog, &live, full, out, err);
    sid__live_items_drop(catalog->ctx, &live);
    return status;
}

sid_status sid_catalog_verify(sid_ctx *ctx, const char *path, bool full, sid_verify_result *out, sid_error *err)
{
    enum { MANIFEST_ITEMS_AND_INDEX = 3 };
    sid_catalog *catalog = NULL;
    sid_verify_result result = {0};
    SID_TRY(sid_catalog_open(ctx, path, SID_OPEN_READ, &catalog, err));
    result.files_checked = catalog->manifest.file_count + MANIFEST_ITEMS_AND_INDEX;
    sid_status status = sid__catalog_enter(catalog, err);
    if (status == SID_OK) {
        status = verify(catalog, full, &result, err);
        sid__catalog_leave(catalog);
    }
    result.index_rebuilt = catalog->is_index_rebuilt;
    sid_catalog_close(catalog);
    if (status == SID_OK)
        *out = result;
    return status;
}
