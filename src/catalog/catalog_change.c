/* catalog_change.c: items added and removed. A change is a transaction of items.db; SIDs given before never move: a new
 * item joins its bucket under the next digit, a removed one keeps its row so that its digit stays taken.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "catalog/catalog.h"
#include "io/vectors.h"

enum { CHECK_ROWS = 1024 };

static sid_status check_writable(const sid_catalog *catalog, sid_error *err)
{
    pid_t owner = atomic_load(&catalog->owner);
    if (owner != getpid())
        return sid__fail_at(err, SID_EREADONLY, (sid__place){.file = catalog->path, .byte = -1},
                            "opened for writing by process %ld, before a fork; only that one may change it",
                            (long)owner);
    if (catalog->mode == SID_OPEN_WRITE)
        return SID_OK;
    return sid__fail_at(err, SID_EREADONLY, (sid__place){.file = catalog->path, .byte = -1},
                        "opened for reading; open it for writing to change items");
}

/* ---- Add ---------------------------------------------------------------------------------------------------------- */

/* One call of add. Invariant: pending counts the items stored since the last commit, of which `gained` are new ids. */
typedef struct adding {
    sid_catalog *catalog;
    const sid_vectors *vectors;
    const sid_add_options *options;
    const uint16_t *codes; /* (count, levels) */
    sid_hits *hits;        /* NULL: not wanted */
    int64_t hits_capacity, next_row, pending, gained, stored;
    bool in_transaction;
} adding;

static sid_status begin(adding *a, sid_error *err)
{
    if (a->in_transaction)
        return SID_OK;
    SID_TRY(sid__wal_guard(a->catalog, err));
    SID_TRY(sid__item_db_begin(a->catalog->db, err));
    a->in_transaction = true;
    return sid__item_db_next_row(a->catalog->db, &a->next_row, err);
}

static sid_status commit(adding *a, sid_error *err)
{
    if (a->pending == 0)
        return SID_OK;
    a->in_transaction = false;
    SID_TRY(sid__item_db_commit(a->catalog->db, &a->catalog->version, err));
    a->catalog->items += a->gained;
    a->stored += a->pending;
    a->pending = a->gained = 0;
    return SID_OK;
}

/* What if_exists says about an id that is there. */
static sid_status meet_existing(adding *a, const char *item_id, bool *is_skipped, sid_error *err)
{
    sid__db_item old;
    sid__arena arena = {0};
    bool is_found = false;
    *is_skipped = false;
    sid_status status = sid__item_db_find(a->catalog->db, item_id, &arena, &old, &is_found, err);
    if (status == SID_OK && is_found) {
        if (a->options->if_exists == SID_IF_EXISTS_FAIL)
            status = sid__fail(err, SID_EDATA,
                               "item \"%s\" is in the catalogue already (row %" PRId64
                               "); remove it first, or pass --if-exists skip or replace",
                               item_id, old.row);
        else if (a->options->if_exists == SID_IF_EXISTS_REPLACE)
            status = sid__item_db_remove(a->catalog->db, &old, err);
        *is_skipped = a->options->if_exists == SID_IF_EXISTS_SKIP;
    }
    a->gained += status == SID_OK && !is_found;
    sid__arena_drop(&arena);
    return status;
}

static sid_status store(adding *a, sid__db_item *item, const float *x, sid_error *err)
{
    const sid_items *items = a->options->items;
    int64_t at = items ? sid_items_find(items, item->item_id) : -1;
    char *json = NULL;
    item->title = at < 0 ? "" : sid_items_title(items, at);
    if (at >= 0)
        SID_TRY(sid_items_metadata(items, at, &json, err));
    item->metadata = json ? json : "";
    sid_status status = sid__item_db_insert(a->catalog->db, item, err);
    if (status == SID_OK && a->catalog->has_vectors)
        status = sid__item_db_vector_put(a->catalog->db, item->row, x, a->catalog->manifest.dim, err);
    if (status == SID_OK && a->hits)
        status = sid__hits_push(a->hits, &a->hits_capacity, item, (double)NAN, 0, err);
    sid_text_free(json);
    return status;
}

/* Row i of the vectors, x. */
static sid_status add_one(adding *a, int64_t i, const float *x, sid_error *err)
{
    const sid_catalog *catalog = a->catalog;
    int levels = catalog->manifest.levels;
    bool is_skipped = false;
    sid__db_item item = {.item_id = sid_vectors_id(a->vectors, i), .levels = levels};
    SID_TRY(begin(a, err));
    SID_TRY(meet_existing(a, item.item_id, &is_skipped, err));
    if (is_skipped)
        return SID_OK;
    memcpy(item.codes, a->codes + i * levels, (size_t)levels * sizeof *item.codes);
    item.row = a->next_row++;
    item.state = catalog->encoder && sid__is_zero(x, catalog->manifest.dim) ? SID__STATE_NO_TEXT : SID__STATE_OK;
    SID_TRY(sid__catalog_place(a->catalog, x, &item, err));
    SID_TRY(store(a, &item, x, err));
    a->pending++;
    return a->options->commit_every > 0 && a->pending == a->options->commit_every ? commit(a, err) : SID_OK;
}

static sid_status add_rows(adding *a, const sid__rows *rows, float *buffer, sid_error *err)
{
    int64_t block = sid__rows_block(rows->dim);
    block = block < CHECK_ROWS ? block : CHECK_ROWS;
    for (int64_t begin = 0; begin < rows->count; begin += block) {
        int64_t count = sid__rows_in_block(rows, begin, block);
        const float *x;
        SID_TRY(sid__ctx_check(a->catalog->ctx, err));
        sid__ctx_progress(a->catalog->ctx, "adding items", begin, rows->count, "rows", (double)NAN);
        SID_TRY(sid__rows_get(rows, begin, count, buffer, &x, err));
        for (int64_t i = 0; i < count; i++)
            SID_TRY(add_one(a, begin + i, x + i * rows->dim, err));
    }
    return commit(a, err);
}

static sid_status add_all(adding *a, sid_error *err)
{
    const sid__rows rows = sid__vectors_rows(a->vectors);
    float *buffer = NULL;
    SID_TRY(sid__rows_buffer(&rows, sid__rows_block(rows.dim), &buffer, err));
    sid_status status = add_rows(a, &rows, buffer, err);
    sid__free(buffer);
    return status;
}

/* With commit_every, what was committed before a failure stays: the message must say so. */
static sid_status fail_partly(const adding *a, sid_status status, sid_error *err)
{
    sid_error why;
    if (!err || a->stored == 0)
        return status;
    why = *err;
    (void)sid__fail(err, status, "%.900s; %" PRId64 " items were stored before (version %" PRId64 ")", why.message,
                    a->stored, a->catalog->version);
    memcpy(err->file, why.file, sizeof err->file);
    err->row = why.row;
    err->byte = why.byte;
    return status;
}

static sid_status add_encoded(adding *a, sid_error *err)
{
    (void)pthread_mutex_lock(&a->catalog->mutex);
    sid_status status = add_all(a, err);
    if (a->in_transaction)
        sid__item_db_rollback(a->catalog->db);
    (void)pthread_mutex_unlock(&a->catalog->mutex);
    if (status != SID_OK && a->hits)
        sid_hits_drop(a->hits);
    return status == SID_OK ? SID_OK : fail_partly(a, status, err);
}

sid_status sid_catalog_add(sid_catalog *catalog, const sid_vectors *vectors, const sid_add_options *options,
                           sid_hits *hits, sid_error *err)
{
    static const sid_add_options defaults = {0};
    uint16_t *codes = NULL;
    int64_t count = sid_vectors_count(vectors);
    size_t row_size = (size_t)catalog->manifest.levels * sizeof *codes;
    if (hits)
        *hits = (sid_hits){0};
    SID_TRY(check_writable(catalog, err));
    SID_TRY(sid__ctx_reserve(catalog->ctx, (size_t)count * row_size, "codes", err));
    sid_status status = sid__alloc(&codes, (size_t)count, row_size, "codes", err);
    if (status == SID_OK)
        status = sid_catalog_encode_vectors(catalog, vectors, codes, err);
    adding a = {
        .catalog = catalog, .vectors = vectors, .options = options ? options : &defaults, .codes = codes, .hits = hits};
    if (status == SID_OK)
        status = add_encoded(&a, err);
    sid__free(codes);
    sid__ctx_release(catalog->ctx, (size_t)count * row_size);
    return status;
}

/* ---- Remove ------------------------------------------------------------------------------------------------------- */

/* `before`: the ids that were removed already in this change. */
static sid_status fail_missing(const char *const *before, int64_t count, const char *item_id, sid_error *err)
{
    for (int64_t i = 0; i < count; i++)
        if (strcmp(before[i], item_id) == 0)
            return sid__fail(err, SID_ENOTFOUND, "item \"%.*s\" is named twice; nothing was removed", SID_ITEM_ID_MAX,
                             item_id);
    return sid__fail(err, SID_ENOTFOUND, "no item \"%.*s\" in the catalogue; nothing was removed", SID_ITEM_ID_MAX,
                     item_id);
}

/* The item of item_id[at]. */
static sid_status remove_one(sid_catalog *catalog, const char *const *item_ids, int64_t at, sid_error *err)
{
    const char *item_id = item_ids[at];
    sid__db_item item;
    sid__arena arena = {0};
    bool is_found = false;
    sid_status status = sid__item_db_find(catalog->db, item_id, &arena, &item, &is_found, err);
    if (status == SID_OK)
        status = is_found ? sid__item_db_remove(catalog->db, &item, err) : fail_missing(item_ids, at, item_id, err);
    sid__arena_drop(&arena);
    return status;
}

static sid_status remove_all(sid_catalog *catalog, const char *const *item_ids, int64_t count, sid_error *err)
{
    SID_TRY(sid__wal_guard(catalog, err));
    SID_TRY(sid__item_db_begin(catalog->db, err));
    sid_status status = SID_OK;
    for (int64_t i = 0; i < count && status == SID_OK; i++) {
        if (i % CHECK_ROWS == 0)
            status = sid__ctx_check(catalog->ctx, err);
        if (status == SID_OK)
            status = remove_one(catalog, item_ids, i, err);
    }
    if (status != SID_OK) {
        sid__item_db_rollback(catalog->db);
        return status;
    }
    SID_TRY(sid__item_db_commit(catalog->db, &catalog->version, err));
    catalog->items -= count;
    return SID_OK;
}

sid_status sid_catalog_remove(sid_catalog *catalog, const char *const *item_ids, int64_t count, sid_error *err)
{
    SID_TRY(check_writable(catalog, err));
    if (count < 1)
        return SID_OK;
    (void)pthread_mutex_lock(&catalog->mutex);
    sid_status status = remove_all(catalog, item_ids, count, err);
    (void)pthread_mutex_unlock(&catalog->mutex);
    return status;
}
