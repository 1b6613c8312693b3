/* fuzz_items_db.c: items.db from bytes that are not trusted: schema, meta and rows. The digest is not believed to be right,
 * so that the rows behind it are reached. Oracles: where SQLite finds the pages whole, every live row is found by its id
 * and by its row as the scan gave it, and the counts agree; a change to a file whose digest is right leaves one that is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/item_db.h"
#include "fuzz.h"
#include "fuzz_file.h"

#define CATALOG "0123456789abcdef0123456789abcdef"

enum { LEVELS = 2, ROWS_MAX = 256, FUZZ_ID_SIZE = SID_ITEM_ID_MAX + 1 };

typedef struct seen_row {
    char item_id[FUZZ_ID_SIZE];
    sid__db_item item; /* without its texts */
    size_t title_size, metadata_size;
} seen_row;

typedef struct seen {
    seen_row row[ROWS_MAX];
    int64_t count, live;
} seen;

static sid_status note(void *user, const sid__db_item *item, sid_error *err)
{
    seen *s = user;
    (void)err;
    if (s->count < ROWS_MAX) {
        seen_row *row = &s->row[s->count];
        (void)snprintf(row->item_id, sizeof row->item_id, "%s", item->item_id);
        row->item = *item;
        row->title_size = strlen(item->title);
        row->metadata_size = strlen(item->metadata);
    }
    s->count++;
    s->live += item->state != SID__STATE_REMOVED;
    return SID_OK;
}

static void check_same(const seen_row *row, const sid__db_item *item)
{
    FUZZ_CHECK(item->row == row->item.row && strcmp(item->item_id, row->item_id) == 0);
    FUZZ_CHECK(item->digit == row->item.digit && item->state == row->item.state);
    FUZZ_CHECK(memcmp(item->codes, row->item.codes, (size_t)sid__db_item_width(item) * sizeof *item->codes) == 0);
    FUZZ_CHECK(strlen(item->title) == row->title_size && strlen(item->metadata) == row->metadata_size);
}

/* By id and by row, the same as in the scan. */
static void check_finds(sid__item_db *db, const seen *s)
{
    int64_t live = 0, next = 0, given = 0, largest = 0;
    FUZZ_CHECK(sid__item_db_live_count(db, &live, NULL) == SID_OK && live == s->live);
    FUZZ_CHECK(sid__item_db_next_row(db, &next, NULL) == SID_OK);
    for (int64_t i = 0; i < s->count && i < ROWS_MAX; i++) {
        sid__arena arena = {0};
        sid__db_item item;
        bool is_found = false;
        FUZZ_CHECK(s->row[i].item.row < next);
        FUZZ_CHECK(sid__item_db_get(db, s->row[i].item.row, &arena, &item, &is_found, NULL) == SID_OK && is_found);
        check_same(&s->row[i], &item);
        if (item.state != SID__STATE_REMOVED) {
            FUZZ_CHECK(sid__item_db_find(db, s->row[i].item_id, &arena, &item, &is_found, NULL) == SID_OK && is_found);
            check_same(&s->row[i], &item);
        }
        FUZZ_CHECK(sid__item_db_bucket(db, item.codes, &given, &largest, NULL) == SID_OK && given >= 1);
        sid__arena_drop(&arena);
    }
}

/* Rows of the scan, or false: its error has a name. *is_true: the digest fits. */
static bool read_rows(sid__item_db *db, seen *s, bool *is_true)
{
    int64_t version = 0;
    sid_error err = {0};
    if (sid__item_db_read_begin(db, &version, &err) != SID_OK) {
        FUZZ_CHECK(err.message[0]);
        return false;
    }
    sid_status status = sid__item_db_scan(db, note, s, &err);
    bool is_readable = status == SID_OK || strstr(err.message, "the digest of its rows");
    *is_true = status == SID_OK;
    FUZZ_CHECK(status == SID_OK || err.message[0]);
    if (is_readable && sid__item_db_integrity(db, NULL) == SID_OK)
        check_finds(db, s);
    else
        is_readable = false;
    sid__item_db_read_end(db);
    return is_readable;
}

/* Removes the first live item and adds it again in a new row. */
static void check_change(const char *path, const seen *s)
{
    static seen after;
    sid__item_db *db = NULL;
    bool is_true = false;
    int64_t version = 0, at = 0;
    while (at < s->count && at < ROWS_MAX && s->row[at].item.state == SID__STATE_REMOVED)
        at++;
    if (at >= s->count || at >= ROWS_MAX || sid__item_db_open(path, LEVELS, CATALOG, SID__ITEM_DB_WRITE, &db, NULL))
        return;
    sid__arena arena = {0};
    sid__db_item item;
    bool is_found = false;
    sid_status status = sid__item_db_begin(db, NULL);
    if (status == SID_OK)
        status = sid__item_db_find(db, s->row[at].item_id, &arena, &item, &is_found, NULL);
    if (status == SID_OK)
        status = sid__item_db_remove(db, &item, NULL);
    if (status == SID_OK)
        status = sid__item_db_next_row(db, &item.row, NULL);
    if (status == SID_OK)
        status = sid__item_db_insert(db, &item, NULL);
    if (status == SID_OK)
        status = sid__item_db_commit(db, &version, NULL);
    else
        sid__item_db_rollback(db);
    after = (seen){0};
    if (status == SID_OK) {
        FUZZ_CHECK(read_rows(db, &after, &is_true) && is_true);
        FUZZ_CHECK(after.count == s->count + 1 && after.live == s->live);
    }
    sid__arena_drop(&arena);
    sid__item_db_close(db);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static seen first;
    sid__item_db *db = NULL;
    sid_error err = {0};
    bool is_true = false, is_readable = false;
    const char *path = fuzz_file("items.db");
    fuzz_write(path, data, size);
    if (sid__item_db_open(path, LEVELS, CATALOG, SID__ITEM_DB_IMMUTABLE, &db, &err) == SID_OK) {
        first = (seen){0};
        is_readable = read_rows(db, &first, &is_true);
        sid__item_db_close(db);
        if (is_readable && is_true)
            check_change(path, &first);
    } else {
        FUZZ_CHECK(err.message[0] && strstr(err.message, "items.db"));
    }
    fuzz_remove("items.db", "items.db-wal", "items.db-shm", "items.db-journal");
    return 0;
}
