/* item_db.c: see item_db.h. Schema, connection, transactions, digest and version; rows are in item_row.c.
 *
 * Nothing of the file is trusted: triggers and views of others are refused by comparing the stored schema with ours,
 * extensions, ATTACH and memory mapping are off, every value read is checked against what the column may hold.
 */
#include "catalog/item_db_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 10000 };

/* In the order of sqlite_schema's names. Changing a text changes the format. */
static const struct {
    const char *name, *sql;
} schema[] = {
    {"items", "CREATE TABLE items(row INTEGER PRIMARY KEY, item_id TEXT NOT NULL, base BLOB NOT NULL, digit INTEGER, "
              "sid BLOB NOT NULL, assigned TEXT NOT NULL, state TEXT NOT NULL, title TEXT NOT NULL, "
              "metadata TEXT NOT NULL) STRICT"},
    {"items_base", "CREATE INDEX items_base ON items(base)"},
    {"items_live", "CREATE UNIQUE INDEX items_live ON items(item_id) WHERE state <> 'removed'"},
    {"meta", "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID"},
    {"vectors", "CREATE TABLE vectors(row INTEGER PRIMARY KEY, vector BLOB NOT NULL) STRICT"},
};
enum { SCHEMA_COUNT = sizeof schema / sizeof *schema, ROW_SIZE_MAX = 64 << 20 /* metadata of one item above all */ };

/* The indexes come after the bulk insert, which is several times faster so. */
static const int creation_order[] = {0, 3, 4};
static const int sealing_order[] = {1, 2};

#define ITEM_COLUMNS "row,item_id,base,digit,sid,assigned,state,title,metadata"

static const char *const statement_sql[SID__STMT_COUNT] = {
    [SID__STMT_INSERT] = "INSERT INTO items VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    [SID__STMT_REMOVE] = "UPDATE items SET state = 'removed' WHERE row = ?1",
    [SID__STMT_FIND] = ("SELECT " ITEM_COLUMNS " FROM items WHERE item_id = ?1 AND state <> 'removed'"),
    [SID__STMT_GET] = ("SELECT " ITEM_COLUMNS " FROM items WHERE row = ?1"),
    [SID__STMT_SCAN] = ("SELECT " ITEM_COLUMNS " FROM items ORDER BY row"),
    [SID__STMT_BUCKET] = "SELECT count(*), max(digit) FROM items WHERE base = ?1",
    [SID__STMT_PREFIX] =
        ("SELECT " ITEM_COLUMNS " FROM items WHERE base BETWEEN ?1 AND ?2 AND state <> 'removed' ORDER BY base, row"),
    [SID__STMT_NEXT_ROW] = "SELECT coalesce(max(row) + 1, 0) FROM items",
    [SID__STMT_LIVE] = "SELECT count(*) FROM items WHERE state <> 'removed'",
    [SID__STMT_VECTOR_PUT] = "INSERT INTO vectors VALUES(?1,?2)",
    [SID__STMT_VECTOR_GET] = "SELECT vector FROM vectors WHERE row = ?1",
    [SID__STMT_VECTOR_DELETE] = "DELETE FROM vectors WHERE row = ?1",
    [SID__STMT_VECTOR_SCAN] = "SELECT row, vector FROM vectors ORDER BY row",
    [SID__STMT_META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [SID__STMT_META_SET] = "INSERT INTO meta VALUES(?1,?2) ON CONFLICT(name) DO UPDATE SET value = ?2",
};

/* ---- Errors and statements ---------------------------------------------------------------------------------------- */

/* SQLite calls a page that the disk would not give "malformed"; the file's last errno tells the two apart. */
static bool is_disk_error(sqlite3 *sqlite)
{
    static const int pointer[] = {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER}; /* the database, its WAL */
    for (size_t i = 0; i < sizeof pointer / sizeof *pointer; i++) {
        sqlite3_file *file = NULL;
        int last = 0;
        if (sqlite3_file_control(sqlite, "main", pointer[i], &file) == SQLITE_OK && file && file->pMethods &&
            file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &last) == SQLITE_OK &&
            (last == EIO || last == ENXIO))
            return true;
    }
    return false;
}

sid_status sid__item_db_fail(const sid__item_db *db, int rc, const char *what, sid_error *err)
{
    const sid__place place = {.file = db->path, .byte = -1};
    const char *text = db->sqlite ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(rc);
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return sid__fail(err, SID_ENOMEM, "out of memory: %s: %s", db->path, what);
    case SQLITE_CORRUPT:
        if (is_disk_error(db->sqlite))
            return sid__fail_errno(err, db->path, what, EIO);
        __attribute__((fallthrough));
    case SQLITE_NOTADB:
    case SQLITE_SCHEMA:
    case SQLITE_ERROR:  /* our statements are constant: only a foreign schema makes them fail */
        if (db->is_new) /* a write that failed without a journal to go back by; later statements see its traces */
            return sid__fail_at(err, SID_EIO, place, "%.40s: cannot write; look at the disk's free space and health",
                                what);
        __attribute__((fallthrough));
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return sid__fail_at(err, SID_ECORRUPT, place, "%s: %s; restore or refit", what, text);
    case SQLITE_TOOBIG:
        return sid__fail_at(err, SID_EDATA, place, "%s: a text or vector is too long; %d bytes an item are possible",
                            what, ROW_SIZE_MAX);
    case SQLITE_BUSY:
        return sid__fail_at(err, SID_ELOCKED, place, "%s: another program holds the database", what);
    case SQLITE_READONLY:
        return sid__fail_at(err, SID_EREADONLY, place, "%s: %s", what, text);
    case SQLITE_FULL:
        return sid__fail_at(err, SID_EIO, place, "%s: the disk is full; free some space and try again", what);
    default:
        return sid__fail_at(err, SID_EIO, place, "%s: %s", what, text);
    }
}

sid_status sid__item_db_statement(sid__item_db *db, sid__statement which, sqlite3_stmt **out, sid_error *err)
{
    if (!db->statement[which]) {
        int rc = sqlite3_prepare_v3(db->sqlite, statement_sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    &db->statement[which], NULL);
        if (rc != SQLITE_OK)
            return sid__item_db_fail(db, rc, "cannot read the schema", err);
    }
    *out = db->statement[which];
    return SID_OK;
}

static sid_status run(const sid__item_db *db, const char *sql, sid_error *err)
{
    int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? SID_OK : sid__item_db_fail(db, rc, sql, err);
}

/* ---- meta --------------------------------------------------------------------------------------------------------- */

static sid_status meta_set(sid__item_db *db, const char *name, const char *value, sid_error *err)
{
    sqlite3_stmt *set = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_META_SET, &set, err));
    int rc = sqlite3_bind_text(set, 1, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(set, 2, value, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(set);
    sid_status status = rc == SQLITE_DONE ? SID_OK : sid__item_db_fail(db, rc, "cannot write", err);
    sqlite3_reset(set);
    return status;
}

static sid_status meta_get(sid__item_db *db, const char *name, char *value, size_t size, sid_error *err)
{
    sqlite3_stmt *get = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_META_GET, &get, err));
    int rc = sqlite3_bind_text(get, 1, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(get);
    const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(get, 0) : NULL;
    sid_status status = SID_OK;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        status = sid__item_db_fail(db, rc, "cannot read", err);
    else if (!text && sid__item_db_lacks_memory(db))
        status = sid__item_db_fail(db, SQLITE_NOMEM, "cannot read", err);
    else if (!text || strlen(text) >= size)
        status = sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = db->path, .byte = -1},
                              "meta \"%s\" is %s; restore or refit", name, text ? "too long" : "missing");
    else
        memcpy(value, text, strlen(text) + 1);
    sqlite3_reset(get);
    return status;
}

static sid_status bad_meta(const sid__item_db *db, const char *name, const char *value, sid_error *err)
{
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = db->path, .byte = -1},
                        "meta \"%s\" is \"%s\", which no semid writes; restore or refit", name, value);
}

static sid_status read_version(sid__item_db *db, int64_t *version, sid_error *err)
{
    char text[32] = "", again[32];
    SID_TRY(meta_get(db, "version", text, sizeof text, err));
    *version = strtoll(text, NULL, 10);
    if (*version < 1)
        return bad_meta(db, "version", text, err);
    (void)snprintf(again, sizeof again, "%" PRId64, *version);
    return strcmp(text, again) == 0 ? SID_OK : bad_meta(db, "version", text, err);
}

sid_status sid__item_db_stored_digest(sid__item_db *db, sid__digest *digest, sid_error *err)
{
    char text[64] = "", half[17], again[SID__DIGEST_TEXT_SIZE];
    SID_TRY(meta_get(db, "digest", text, sizeof text, err));
    /* Read and written again it must be the same text, which leaves no other spelling. */
    (void)snprintf(half, sizeof half, "%.16s", text);
    digest->high = strtoull(half, NULL, 16);
    digest->low = strlen(text) == SID__DIGEST_TEXT_SIZE - 1 ? strtoull(text + 16, NULL, 16) : 0;
    sid__digest_text(*digest, again);
    return strcmp(text, again) == 0 ? SID_OK : bad_meta(db, "digest", text, err);
}

static sid_status write_version(sid__item_db *db, int64_t version, sid_error *err)
{
    char text[SID__DIGEST_TEXT_SIZE];
    (void)snprintf(text, sizeof text, "%" PRId64, version);
    SID_TRY(meta_set(db, "version", text, err));
    sid__digest_text(sid__digest_add(db->digest, sid__digest_of_version(version, db->catalog_id)), text);
    return meta_set(db, "digest", text, err);
}

/* ---- Open and close ----------------------------------------------------------------------------------------------- */

static void harden(sqlite3 *sqlite)
{
    (void)sqlite3_db_config(sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(sqlite, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    (void)sqlite3_db_config(sqlite, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(sqlite, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(sqlite, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(sqlite, SQLITE_LIMIT_LENGTH, ROW_SIZE_MAX);
    sqlite3_limit(sqlite, SQLITE_LIMIT_SQL_LENGTH, 4096);
    sqlite3_limit(sqlite, SQLITE_LIMIT_COLUMN, 16);
    sqlite3_limit(sqlite, SQLITE_LIMIT_VDBE_OP, 25000);
}

/* "file:PATH?..." with what means something in a URI escaped. */
static sid_status uri_of(const char *path, const char *query, sid__strbuf *out, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(out, err, "file:%s", path[0] == '/' ? "" : "./"));
    for (const char *at = path; *at; at++) {
        bool is_plain = *at != '%' && *at != '?' && *at != '#';
        SID_TRY(is_plain ? sid__strbuf_append(out, at, 1, err)
                         : sid__strbuf_printf(out, err, "%%%02X", (unsigned)(unsigned char)*at));
    }
    return sid__strbuf_printf(out, err, "%s", query);
}

static sid_status connect(sid__item_db *db, const char *path, int flags, const char *query, sid_error *err)
{
    sid__strbuf uri = {0};
    sid_status status = sid__strdup(&db->path, path, err);
    if (status == SID_OK)
        status = uri_of(path, query, &uri, err);
    if (status == SID_OK) {
        int rc = sqlite3_open_v2(uri.text, &db->sqlite, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
        if (rc != SQLITE_OK)
            status = sid__item_db_fail(db, rc, "cannot open", err);
    }
    sid__strbuf_drop(&uri);
    if (status != SID_OK)
        return status;
    (void)sqlite3_extended_result_codes(db->sqlite, 1);
    harden(db->sqlite);
    return run(db, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY", err);
}

static sid_status check_schema(sid__item_db *db, sid_error *err)
{
    sqlite3_stmt *list = NULL;
    const sid__place place = {.file = db->path, .byte = -1};
    int rc = sqlite3_prepare_v2(db->sqlite, "SELECT name, sql FROM sqlite_schema ORDER BY name", -1, &list, NULL);
    if (rc != SQLITE_OK)
        return sid__item_db_fail(db, rc, "cannot read the schema", err);
    sid_status status = SID_OK;
    int count = 0;
    while (status == SID_OK && (rc = sqlite3_step(list)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(list, 0),
                   *sql = (const char *)sqlite3_column_text(list, 1);
        if ((!name || !sql) && sid__item_db_lacks_memory(db))
            status = sid__item_db_fail(db, SQLITE_NOMEM, "cannot read the schema", err);
        else if (count >= SCHEMA_COUNT || !name || !sql || strcmp(name, schema[count].name) != 0 ||
                 strcmp(sql, schema[count].sql) != 0)
            status = sid__fail_at(err, SID_ECORRUPT, place,
                                  "the schema holds \"%.60s\", which semid did not write; restore or refit",
                                  name ? name : "");
        count++;
    }
    if (status == SID_OK && rc != SQLITE_DONE)
        status = sid__item_db_fail(db, rc, "cannot read the schema", err);
    if (status == SID_OK && count != SCHEMA_COUNT)
        status = sid__fail_at(err, SID_ECORRUPT, place, "the schema has %d entries of %d; restore or refit", count,
                              SCHEMA_COUNT);
    sqlite3_finalize(list);
    return status;
}

static sid_status check_opened(sid__item_db *db, const char *catalog_id, sid_error *err)
{
    char seen[SID__DIGEST_TEXT_SIZE] = "";
    SID_TRY(check_schema(db, err));
    SID_TRY(meta_get(db, "catalog", seen, sizeof seen, err));
    if (strcmp(seen, catalog_id) != 0)
        return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = db->path, .byte = -1},
                            "belongs to catalogue \"%s\"; the manifest is of %s; restore or refit", seen, catalog_id);
    (void)snprintf(db->catalog_id, sizeof db->catalog_id, "%s", catalog_id);
    return read_version(db, &db->version, err);
}

sid_status sid__item_db_create(const char *path, int levels, sid__item_db **out, sid_error *err)
{
    sid__item_db *db = NULL;
    SID_TRY(sid__alloc(&db, 1, sizeof *db, "the item database", err));
    db->levels = levels;
    db->is_new = true;
    sid_status status = connect(db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "", err);
    if (status == SID_OK)
        status = run(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN", err);
    for (size_t i = 0; status == SID_OK && i < sizeof creation_order / sizeof *creation_order; i++)
        status = run(db, schema[creation_order[i]].sql, err);
    if (status != SID_OK) {
        sid__item_db_close(db);
        return status;
    }
    db->in_transaction = true;
    *out = db;
    return SID_OK;
}

sid__digest sid__item_db_rows_digest(const sid__item_db *db)
{
    return db->digest;
}

/* The pragma answers with the mode that holds afterwards; where it could not write, that may be the old one. */
static sid_status use_wal(const sid__item_db *db, sid_error *err)
{
    sqlite3_stmt *pragma = NULL;
    int rc = sqlite3_prepare_v2(db->sqlite, "PRAGMA journal_mode = WAL", -1, &pragma, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(pragma);
    const char *mode = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(pragma, 0) : NULL;
    sid_status status = SID_OK;
    if (!mode)
        status = sid__item_db_fail(db, rc == SQLITE_ROW ? SQLITE_NOMEM : rc, "cannot set the journal mode", err);
    else if (strcmp(mode, "wal") != 0)
        status = sid__fail_at(err, SID_EIO, (sid__place){.file = db->path, .byte = -1},
                              "cannot set the journal mode; it is \"%s\" and not \"wal\"", mode);
    sqlite3_finalize(pragma);
    return status;
}

sid_status sid__item_db_seal(sid__item_db *db, const char *catalog_id, sid_error *err)
{
    (void)snprintf(db->catalog_id, sizeof db->catalog_id, "%s", catalog_id);
    for (size_t i = 0; i < sizeof sealing_order / sizeof *sealing_order; i++)
        SID_TRY(run(db, schema[sealing_order[i]].sql, err));
    SID_TRY(meta_set(db, "catalog", catalog_id, err));
    SID_TRY(write_version(db, 1, err));
    SID_TRY(run(db, "COMMIT", err));
    db->in_transaction = false;
    return use_wal(db, err);
}

sid_status sid__item_db_open(const char *path, int levels, const char *catalog_id, sid__item_db_mode mode,
                             sid__item_db **out, sid_error *err)
{
    sid__item_db *db = NULL;
    SID_TRY(sid__alloc(&db, 1, sizeof *db, "the item database", err));
    db->levels = levels;
    db->is_read_only = mode != SID__ITEM_DB_WRITE;
    int flags = db->is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    sid_status status = connect(db, path, flags, mode == SID__ITEM_DB_IMMUTABLE ? "?immutable=1" : "", err);
    if (status == SID_OK) /* only a checkpoint by a closing writer can make a reader wait, and briefly */
        (void)sqlite3_busy_timeout(db->sqlite, BUSY_MS);
    /* SQLite opens for reading what it cannot open for writing. */
    if (status == SID_OK && !db->is_read_only && sqlite3_db_readonly(db->sqlite, "main") != 0)
        status = sid__fail_at(err, SID_EREADONLY, (sid__place){.file = path, .byte = -1},
                              "cannot be opened for writing; look at its permissions and at the disk");
    if (status == SID_OK && !db->is_read_only)
        status = run(db, "PRAGMA synchronous = FULL", err);
    if (status == SID_OK)
        status = check_opened(db, catalog_id, err);
    if (status != SID_OK) {
        sid__item_db_close(db);
        return status;
    }
    *out = db;
    return SID_OK;
}

void sid__item_db_close(sid__item_db *db)
{
    if (!db)
        return;
    for (int i = 0; i < SID__STMT_COUNT; i++)
        sqlite3_finalize(db->statement[i]);
    (void)sqlite3_close(db->sqlite);
    sid__free(db->path);
    sid__free(db);
}

/* A last connection would copy the WAL back and remove it, as if the parent were not there. */
void sid__item_db_abandon(sid__item_db *db)
{
    if (db)
        (void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sid__item_db_close(db);
}

sid_status sid__item_db_clear_wal(sid__item_db *db, int wait_ms, bool *is_held, sid_error *err)
{
    (void)sqlite3_busy_timeout(db->sqlite, wait_ms);
    int rc = sqlite3_wal_checkpoint_v2(db->sqlite, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(db->sqlite, BUSY_MS);
    *is_held = (rc & 0xff) == SQLITE_BUSY;
    return rc == SQLITE_OK || *is_held ? SID_OK : sid__item_db_fail(db, rc, "cannot copy the log back", err);
}

/* ---- Transactions ------------------------------------------------------------------------------------------------- */

/* A rollback that found no memory left its transaction open: it is tried again before the next one. */
static sid_status start(const sid__item_db *db, const char *sql, sid_error *err)
{
    if (!sqlite3_get_autocommit(db->sqlite))
        SID_TRY(run(db, "ROLLBACK", err));
    return run(db, sql, err);
}

sid_status sid__item_db_read_begin(sid__item_db *db, int64_t *version, sid_error *err)
{
    SID_TRY(start(db, "BEGIN", err));
    sid_status status = read_version(db, &db->version, err);
    if (status != SID_OK) {
        sid__item_db_read_end(db);
        return status;
    }
    *version = db->version;
    return SID_OK;
}

void sid__item_db_read_end(sid__item_db *db)
{
    (void)run(db, "ROLLBACK", NULL);
}

sid_status sid__item_db_begin(sid__item_db *db, sid_error *err)
{
    if (db->is_read_only)
        return sid__fail_at(err, SID_EREADONLY, (sid__place){.file = db->path, .byte = -1},
                            "opened for reading; open the catalogue for writing");
    if (db->has_failed)
        return sid__fail_at(err, SID_EREADONLY, (sid__place){.file = db->path, .byte = -1},
                            "an earlier change could not be written to the disk; open the catalogue anew");
    SID_TRY(start(db, "BEGIN IMMEDIATE", err));
    sid__digest stored = {0};
    sid_status status = read_version(db, &db->version, err);
    if (status == SID_OK)
        status = sid__item_db_stored_digest(db, &stored, err);
    if (status != SID_OK) {
        (void)run(db, "ROLLBACK", NULL);
        return status;
    }
    db->digest = sid__digest_subtract(stored, sid__digest_of_version(db->version, db->catalog_id));
    db->in_transaction = true;
    return SID_OK;
}

sid_status sid__item_db_commit(sid__item_db *db, int64_t *version, sid_error *err)
{
    sid_status status = write_version(db, db->version + 1, err);
    if (status == SID_OK) {
        int rc = sqlite3_exec(db->sqlite, "COMMIT", NULL, NULL, NULL);
        /* After a failed fsync the kernel may call the same bytes clean: nothing more is believed on this handle. */
        db->has_failed = rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY;
        if (rc != SQLITE_OK)
            status = sid__item_db_fail(db, rc, "cannot commit", err);
    }
    if (status != SID_OK) {
        sid__item_db_rollback(db);
        return status;
    }
    db->in_transaction = false;
    *version = ++db->version;
    return SID_OK;
}

void sid__item_db_rollback(sid__item_db *db)
{
    if (db->in_transaction)
        (void)run(db, "ROLLBACK", NULL);
    db->in_transaction = false;
}

/* ---- The whole ---------------------------------------------------------------------------------------------------- */

sid_status sid__item_db_check_digest(sid__item_db *db, sid__digest rows, sid_error *err)
{
    sid__digest stored = {0};
    int64_t version = 0;
    SID_TRY(read_version(db, &version, err));
    SID_TRY(sid__item_db_stored_digest(db, &stored, err));
    sid__digest wanted = sid__digest_add(rows, sid__digest_of_version(version, db->catalog_id));
    if (stored.high == wanted.high && stored.low == wanted.low)
        return SID_OK;
    char seen[SID__DIGEST_TEXT_SIZE], told[SID__DIGEST_TEXT_SIZE];
    sid__digest_text(wanted, seen);
    sid__digest_text(stored, told);
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = db->path, .byte = -1},
                        "the digest of its rows is %s, the stored one %s; restore or refit", seen, told);
}

sid_status sid__item_db_integrity(sid__item_db *db, sid_error *err)
{
    sqlite3_stmt *check = NULL;
    int rc = sqlite3_prepare_v2(db->sqlite, "PRAGMA integrity_check(1)", -1, &check, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(check);
    sid_status status = SID_OK;
    const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(check, 0) : NULL;
    if (!text)
        status = sid__item_db_fail(db, rc == SQLITE_ROW ? SQLITE_NOMEM : rc, "cannot check", err);
    else if (strcmp(text, "ok") != 0 && is_disk_error(db->sqlite))
        status = sid__fail_errno(err, db->path, "cannot check", EIO);
    else if (strcmp(text, "ok") != 0)
        status =
            sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = db->path, .byte = -1}, "%s; restore or refit", text);
    sqlite3_finalize(check);
    return status;
}
