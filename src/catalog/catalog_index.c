/* catalog_index.c: the trie of a catalogue. index.bin is derived: it names the version and digest of items.db that it
 * shows, and is rebuilt when it is older, another catalogue's, missing or damaged. Readers see a writer's commit at their next call, by the same rule.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io_fault.h"
#include "catalog/catalog.h"

static sid_status gather(void *user, const sid__db_item *item, sid_error *err)
{
    sid__live_items *live = user;
    int width = sid__db_item_width(item);
    int64_t at = live->count;
    if (item->state == SID__STATE_REMOVED)
        return SID_OK;
    if (width > live->width)
        return sid__fail(err, SID_ECORRUPT,
                         "row %" PRId64 " of %s has a digit, which the manifest does not know; restore or refit",
                         item->row, SID__FILE_ITEMS);
    if (at == live->capacity)
        return sid__fail(err, SID_ECORRUPT, "%s: the index of live items is damaged; restore or refit",
                         SID__FILE_ITEMS);
    memcpy(live->codes + at * live->width, item->codes, (size_t)width * sizeof *live->codes);
    live->length[at] = (uint8_t)width;
    live->row[at] = item->row;
    live->assigned[at] = (uint8_t)item->assigned;
    live->without_text += item->state == SID__STATE_NO_TEXT;
    live->count++;
    return SID_OK;
}

sid_status sid__live_items_read(sid_ctx *ctx, sid__item_db *db, int width, sid__live_items *out, sid_error *err)
{
    sid__live_items live = {.width = width};
    SID_TRY(sid__item_db_live_count(db, &live.capacity, err));
    size_t count = (size_t)live.capacity, codes_size = (size_t)width * sizeof *live.codes;
    size_t size = count * (codes_size + sizeof *live.length + sizeof *live.row + sizeof *live.assigned);
    SID_TRY(sid__ctx_reserve(ctx, size, "the codes of all items", err));
    live.reserved_size = size;
    sid_status status = sid__alloc(&live.codes, count, codes_size, "codes", err);
    if (status == SID_OK)
        status = sid__alloc(&live.length, count, sizeof *live.length, "code counts", err);
    if (status == SID_OK)
        status = sid__alloc(&live.row, count, sizeof *live.row, "rows", err);
    if (status == SID_OK)
        status = sid__alloc(&live.assigned, count, sizeof *live.assigned, "how items were assigned", err);
    if (status == SID_OK)
        status = sid__item_db_scan(db, gather, &live, err);
    if (status != SID_OK) {
        sid__live_items_drop(ctx, &live);
        return status;
    }
    *out = live;
    return SID_OK;
}

void sid__live_items_drop(sid_ctx *ctx, sid__live_items *live)
{
    sid__free(live->codes);
    sid__free(live->length);
    sid__free(live->row);
    sid__free(live->assigned);
    sid__ctx_release(ctx, live->reserved_size);
    *live = (sid__live_items){0};
}

static sid_status source_of(sid__item_db *db, int64_t version, sid__index_source *out, sid_error *err)
{
    sid__digest digest = {0};
    SID_TRY(sid__item_db_stored_digest(db, &digest, err));
    *out = (sid__index_source){.version = version, .digest_high = digest.high, .digest_low = digest.low};
    return SID_OK;
}

sid_status sid__catalog_index_build(sid_ctx *ctx, sid__item_db *db, int64_t version, int width, sid__prefix_index **out,
                                    sid__index_source *source, sid_error *err)
{
    sid__live_items live = {0};
    SID_TRY(source_of(db, version, source, err));
    SID_TRY(sid__live_items_read(ctx, db, width, &live, err));
    sid_status status = sid__prefix_index_build(live.codes, live.length, live.row, live.count, width, out, err);
    sid__live_items_drop(ctx, &live);
    return status;
}

sid_status sid__catalog_index_load(sid_catalog *catalog, sid_error *err)
{
    char path[PATH_MAX];
    sid_error why = {0};
    sid__prefix_index *index = NULL;
    sid__index_source source = {0};
    SID_TRY(sid__path_join(path, sizeof path, catalog->path, SID__FILE_INDEX, err));
    if (!sid__path_exists(path))
        return SID_OK;
    sid_status status = sid__prefix_index_read(path, &source, &index, &why);
    if (status == SID_ENOMEM || status == SID_EIO) {
        if (err)
            *err = why;
        return status;
    }
    if (status == SID_OK && sid__prefix_index_width(index) != sid__catalog_width(catalog)) {
        status = sid__fail(&why, SID_ECORRUPT, "%s: %d codes wide; the manifest says %d", path,
                           sid__prefix_index_width(index), sid__catalog_width(catalog));
        sid__prefix_index_free(index);
    }
    if (status != SID_OK) {
        if (sid__catalog_is_in_place(catalog)) /* else it is another catalogue's, and open begins anew */
            sid__ctx_warn(catalog->ctx, "%s; rebuilding it from %s", why.message, SID__FILE_ITEMS);
        return SID_OK;
    }
    catalog->index = index;
    catalog->index_source = source;
    catalog->is_index_stored = true;
    return SID_OK;
}

/* The digest is asked for only where an index of that version came from a file: what this handle built is its own. */
static sid_status is_index_current(sid_catalog *catalog, int64_t version, bool *is_current, sid_error *err)
{
    sid__index_source now = {0};
    *is_current = catalog->index && catalog->index_source.version == version;
    if (!*is_current || !catalog->is_index_stored)
        return SID_OK;
    SID_TRY(source_of(catalog->db, version, &now, err));
    *is_current =
        now.digest_high == catalog->index_source.digest_high && now.digest_low == catalog->index_source.digest_low;
    return SID_OK;
}

sid_status sid__catalog_refresh(sid_catalog *catalog, int64_t version, sid_error *err)
{
    bool is_current = false;
    SID_TRY(is_index_current(catalog, version, &is_current, err));
    if (is_current) {
        catalog->items = sid__prefix_index_count(catalog->index);
        catalog->version = version;
        return SID_OK;
    }
    sid__prefix_index *index = NULL;
    sid__index_source source = {0};
    SID_TRY(sid__catalog_index_build(catalog->ctx, catalog->db, version, sid__catalog_width(catalog), &index, &source,
                                     err));
    sid__prefix_index_free(catalog->index);
    catalog->index = index;
    catalog->index_source = source;
    catalog->is_index_stored = false;
    catalog->is_index_rebuilt = true;
    catalog->items = sid__prefix_index_count(index);
    catalog->version = version;
    return SID_OK;
}

void sid__catalog_index_store(sid_catalog *catalog)
{
    char path[PATH_MAX], temporary[PATH_MAX];
    sid_error why = {0};
    if (!catalog->index || catalog->is_index_stored || !sid__directory_is_writable(catalog->path) ||
        !sid__catalog_is_in_place(catalog))
        return;
    /* The address tells handles of one process apart. */
    int n = snprintf(temporary, sizeof temporary, "%s/.%s.tmp-%ld-%" PRIxPTR, catalog->path, SID__FILE_INDEX,
                     (long)getpid(), (uintptr_t)catalog);
    if (n < 0 || (size_t)n >= sizeof temporary ||
        sid__path_join(path, sizeof path, catalog->path, SID__FILE_INDEX, NULL) != SID_OK)
        return;
    sid_status status = sid__prefix_index_write(catalog->index, &catalog->index_source, temporary, &why);
    if (status == SID_OK && sid__sys_rename(temporary, path, 0) != 0)
        status = sid__fail_errno(&why, path, "cannot replace", errno);
    catalog->is_index_stored = status == SID_OK;
    if (status == SID_OK)
        return;
    (void)unlink(temporary);
    sid__ctx_warn(catalog->ctx, "%s; the index is rebuilt at the next open", why.message);
}

sid_status sid__catalog_enter(sid_catalog *catalog, sid_error *err)
{
    int64_t version = 0;
    SID_TRY(sid__catalog_vectors_check(catalog, err));
    SID_TRY(sid__catalog_lock(catalog, err));
    sid_status status = sid__catalog_db_renew(catalog, err);
    if (status == SID_OK)
        status = sid__item_db_read_begin(catalog->db, &version, err);
    if (status == SID_OK) {
        status = sid__catalog_refresh(catalog, version, err);
        if (status != SID_OK)
            sid__item_db_read_end(catalog->db);
    }
    if (status != SID_OK)
        (void)pthread_mutex_unlock(&catalog->mutex);
    return status;
}

void sid__catalog_leave(sid_catalog *catalog)
{
    sid__item_db_read_end(catalog->db);
    (void)pthread_mutex_unlock(&catalog->mutex);
}
