/* item_row.c: rows of items.db in and out, and the hash of each (item_db.h, invariant 4).
 *
 * Base codes and SIDs are stored as big-endian uint16, so that the order of the bytes is the order of the codes; a vector
 * as little-endian float32. A row's hash covers every column with its length, so that no two rows read alike.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "catalog/item_db_internal.h"
#include "io/sha256.h"

enum { CODE_SIZE = 2, SID_BLOB_MAX = (SID_LEVELS_MAX + 1) * CODE_SIZE, ITEM_ID_SIZE = SID_ITEM_ID_MAX + 1 };

static const char *const assigned_names[] = {
#define NAME_(name, text) text,
    SID__ASSIGNED_LIST(NAME_)
#undef NAME_
};

static const char *const state_names[] = {
#define NAME_(name, text) text,
    SID__STATE_LIST(NAME_)
#undef NAME_
};

const char *sid__assigned_name(sid__assigned assigned)
{
    return assigned_names[assigned];
}

const char *sid__state_name(sid__state state)
{
    return state_names[state];
}

/* Index of `text` in names, or -1. */
static int name_index(const char *text, const char *const *names, int count)
{
    for (int i = 0; text && i < count; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    return -1;
}

/* ---- Hashes ------------------------------------------------------------------------------------------------------- */

static void hash_number(sid__sha256 *hash, uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    sid__sha256_update(hash, bytes, sizeof bytes);
}

static void hash_bytes(sid__sha256 *hash, const void *bytes, size_t size)
{
    hash_number(hash, size);
    sid__sha256_update(hash, bytes, size);
}

static void hash_text(sid__sha256 *hash, const char *text)
{
    hash_bytes(hash, text, strlen(text));
}

static sid__digest hash_end(sid__sha256 *hash)
{
    unsigned char bytes[SID__SHA256_SIZE];
    sid__digest digest = {0};
    sid__sha256_final(hash, bytes);
    for (int i = 0; i < 8; i++) {
        digest.high = digest.high << 8 | bytes[i];
        digest.low = digest.low << 8 | bytes[8 + i];
    }
    return digest;
}

void sid__digest_text(sid__digest digest, char text[SID__DIGEST_TEXT_SIZE])
{
    (void)snprintf(text, SID__DIGEST_TEXT_SIZE, "%016" PRIx64 "%016" PRIx64, digest.high, digest.low);
}

sid__digest sid__digest_of_version(int64_t version, const char *catalog_id)
{
    sid__sha256 hash;
    sid__sha256_init(&hash);
    hash_text(&hash, "version");
    hash_number(&hash, (uint64_t)version);
    hash_text(&hash, catalog_id);
    return hash_end(&hash);
}

static sid__digest digest_of_item(const sid__db_item *item)
{
    sid__sha256 hash;
    sid__sha256_init(&hash);
    hash_text(&hash, "item");
    hash_number(&hash, (uint64_t)item->row);
    hash_text(&hash, item->item_id);
    hash_number(&hash, (uint64_t)item->levels);
    for (int i = 0; i < item->levels; i++)
        hash_number(&hash, item->codes[i]);
    hash_number(&hash, (uint64_t)(int64_t)item->digit);
    hash_text(&hash, sid__assigned_name(item->assigned));
    hash_text(&hash, sid__state_name(item->state));
    hash_text(&hash, item->title);
    hash_text(&hash, item->metadata);
    return hash_end(&hash);
}

static sid__digest digest_of_vector(int64_t row, const void *bytes, size_t size)
{
    sid__sha256 hash;
    sid__sha256_init(&hash);
    hash_text(&hash, "vector");
    hash_number(&hash, (uint64_t)row);
    hash_bytes(&hash, bytes, size);
    return hash_end(&hash);
}

/* ---- Writing ------------------------------------------------------------------------------------------------------ */

static int blob_of_codes(const uint16_t *codes, int count, unsigned char *blob)
{
    for (int i = 0; i < count; i++) {
        blob[CODE_SIZE * i] = (unsigned char)(codes[i] >> 8);
        blob[CODE_SIZE * i + 1] = (unsigned char)(codes[i] & 0xff);
    }
    return CODE_SIZE * count;
}

/* A value that could not be bound is stored as NULL, or finds nothing: the first failure counts. */
typedef struct binding {
    sqlite3_stmt *statement;
    int rc;
} binding;

static void keep_first(binding *b, int rc)
{
    b->rc = b->rc == SQLITE_OK ? rc : b->rc;
}

static void bind_number(binding *b, int at, int64_t value)
{
    keep_first(b, sqlite3_bind_int64(b->statement, at, value));
}

static void bind_text(binding *b, int at, const char *text)
{
    keep_first(b, sqlite3_bind_text64(b->statement, at, text, strlen(text), SQLITE_STATIC, SQLITE_UTF8));
}

static void bind_bytes(binding *b, int at, const void *bytes, size_t size)
{
    keep_first(b, sqlite3_bind_blob64(b->statement, at, bytes, size, SQLITE_STATIC));
}

static sid_status check_bound(const sid__item_db *db, const binding *b, const char *what, sid_error *err)
{
    if (b->rc == SQLITE_OK)
        return SID_OK;
    sqlite3_clear_bindings(b->statement);
    return sid__item_db_fail(db, b->rc, what, err);
}

/* For a statement whose one parameter is the row. */
static sid_status bind_row(const sid__item_db *db, sqlite3_stmt *statement, int64_t row, const char *what,
                           sid_error *err)
{
    binding b = {.statement = statement};
    bind_number(&b, 1, row);
    return check_bound(db, &b, what, err);
}

/* Runs a statement that gives no rows. */
static sid_status step_done(sid__item_db *db, sqlite3_stmt *statement, const char *what, sid_error *err)
{
    int rc = sqlite3_step(statement);
    sid_status status = rc == SQLITE_DONE ? SID_OK : sid__item_db_fail(db, rc, what, err);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
}

sid_status sid__item_db_insert(sid__item_db *db, const sid__db_item *item, sid_error *err)
{
    unsigned char sid[SID_BLOB_MAX];
    sqlite3_stmt *insert = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_INSERT, &insert, err));
    int size = blob_of_codes(item->codes, sid__db_item_width(item), sid);
    binding b = {.statement = insert};
    bind_number(&b, 1, item->row);
    bind_text(&b, 2, item->item_id);
    bind_bytes(&b, 3, sid, (size_t)CODE_SIZE * (size_t)item->levels);
    if (item->digit != SID__DIGIT_NONE)
        bind_number(&b, 4, item->digit);
    bind_bytes(&b, 5, sid, (size_t)size);
    bind_text(&b, 6, sid__assigned_name(item->assigned));
    bind_text(&b, 7, sid__state_name(item->state));
    bind_text(&b, 8, item->title);
    bind_text(&b, 9, item->metadata);
    SID_TRY(check_bound(db, &b, "cannot store an item", err));
    SID_TRY(step_done(db, insert, "cannot store an item", err));
    db->digest = sid__digest_add(db->digest, digest_of_item(item));
    return SID_OK;
}

sid_status sid__item_db_vector_put(sid__item_db *db, int64_t row, const float *x, int dim, sid_error *err)
{
    sqlite3_stmt *put = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_VECTOR_PUT, &put, err));
    int size = dim * (int)sizeof *x;
    binding b = {.statement = put};
    bind_number(&b, 1, row);
    bind_bytes(&b, 2, x, (size_t)size);
    SID_TRY(check_bound(db, &b, "cannot store a vector", err));
    SID_TRY(step_done(db, put, "cannot store a vector", err));
    db->digest = sid__digest_add(db->digest, digest_of_vector(row, x, (size_t)size));
    return SID_OK;
}

/* Drops the stored vector of a removed item; items of the fit have none here. */
static sid_status vector_delete(sid__item_db *db, int64_t row, sid_error *err)
{
    sqlite3_stmt *get = NULL, *delete = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_VECTOR_GET, &get, err));
    SID_TRY(bind_row(db, get, row, "cannot read a vector", err));
    int rc = sqlite3_step(get);
    sid__digest digest = {0};
    if (rc == SQLITE_ROW)
        digest = digest_of_vector(row, sqlite3_column_blob(get, 0), (size_t)sqlite3_column_bytes(get, 0));
    sqlite3_reset(get);
    if (rc == SQLITE_DONE)
        return SID_OK;
    if (rc != SQLITE_ROW)
        return sid__item_db_fail(db, rc, "cannot read a vector", err);
    SID_TRY(sid__item_db_statement(db, SID__STMT_VECTOR_DELETE, &delete, err));
    SID_TRY(bind_row(db, delete, row, "cannot remove a vector", err));
    SID_TRY(step_done(db, delete, "cannot remove a vector", err));
    db->digest = sid__digest_subtract(db->digest, digest);
    return SID_OK;
}

sid_status sid__item_db_remove(sid__item_db *db, const sid__db_item *item, sid_error *err)
{
    sqlite3_stmt *update = NULL;
    sid__db_item removed = *item;
    removed.state = SID__STATE_REMOVED;
    SID_TRY(sid__item_db_statement(db, SID__STMT_REMOVE, &update, err));
    SID_TRY(bind_row(db, update, item->row, "cannot remove an item", err));
    SID_TRY(step_done(db, update, "cannot remove an item", err));
    db->digest = sid__digest_add(sid__digest_subtract(db->digest, digest_of_item(item)), digest_of_item(&removed));
    return vector_delete(db, item->row, err);
}

/* ---- Reading ------------------------------------------------------------------------------------------------------ */

static sid_status bad_row(const sid__item_db *db, int64_t row, const char *column, sid_error *err)
{
    if (sid__item_db_lacks_memory(db))
        return sid__item_db_fail(db, SQLITE_NOMEM, "cannot read an item", err);
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = db->path, .byte = -1},
                        "row %" PRId64 ": column %s holds what no semid writes; restore or refit", row, column);
}

/* A text column without a zero byte inside; NULL when it is none. */
static const char *text_column(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text && strlen(text) == (size_t)sqlite3_column_bytes(statement, column) ? text : NULL;
}

/* sid = base codes, then the digit when there is one; both columns are stored, so both are compared. */
static bool read_codes(sqlite3_stmt *statement, int levels, sid__db_item *out)
{
    const unsigned char *base = sqlite3_column_blob(statement, 2), *sid = sqlite3_column_blob(statement, 4);
    bool has_digit = sqlite3_column_type(statement, 3) != SQLITE_NULL;
    int64_t digit = has_digit ? sqlite3_column_int64(statement, 3) : SID__DIGIT_NONE;
    if (!base || !sid || sqlite3_column_bytes(statement, 2) != CODE_SIZE * levels ||
        sqlite3_column_bytes(statement, 4) != CODE_SIZE * (levels + has_digit) ||
        memcmp(base, sid, (size_t)CODE_SIZE * (size_t)levels) != 0 ||
        (has_digit && (digit < 0 || digit >= SID_CODES_MAX)))
        return false;
    out->levels = levels;
    out->digit = (int32_t)digit;
    for (int i = 0; i < levels + has_digit; i++)
        out->codes[i] = (uint16_t)(sid[CODE_SIZE * i] << 8 | sid[CODE_SIZE * i + 1]);
    return !has_digit || out->codes[levels] == digit;
}

/* The current row; strings are SQLite's. */
static sid_status read_row(const sid__item_db *db, sqlite3_stmt *statement, sid__db_item *out, sid_error *err)
{
    out->row = sqlite3_column_int64(statement, 0);
    out->item_id = text_column(statement, 1);
    out->title = text_column(statement, 7);
    out->metadata = text_column(statement, 8);
    int assigned = name_index(text_column(statement, 5), assigned_names, SID__ASSIGNED_COUNT);
    int state = name_index(text_column(statement, 6), state_names, SID__STATE_COUNT);
    if (!out->item_id || out->item_id[0] == 0 || strlen(out->item_id) >= ITEM_ID_SIZE)
        return bad_row(db, out->row, "item_id", err);
    if (!out->title || !out->metadata)
        return bad_row(db, out->row, "title or metadata", err);
    if (assigned < 0 || state < 0)
        return bad_row(db, out->row, "assigned or state", err);
    if (out->row < 0 || !read_codes(statement, db->levels, out))
        return bad_row(db, out->row, "base, digit or sid", err);
    out->assigned = (sid__assigned)assigned;
    out->state = (sid__state)state;
    return SID_OK;
}

static sid_status copy_text(sid__arena *arena, const char **text, sid_error *err)
{
    char *copy = NULL;
    SID_TRY(sid__arena_text(arena, *text, strlen(*text), &copy, err));
    *text = copy;
    return SID_OK;
}

/* Steps a statement of at most one row and copies the row. */
static sid_status one_row(sid__item_db *db, sqlite3_stmt *statement, sid__arena *arena, sid__db_item *out,
                          bool *is_found, sid_error *err)
{
    int rc = sqlite3_step(statement);
    sid_status status = SID_OK;
    *is_found = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW) {
        status = read_row(db, statement, out, err);
        const char **const text[] = {&out->item_id, &out->title, &out->metadata};
        for (size_t i = 0; status == SID_OK && i < sizeof text / sizeof *text; i++)
            status = copy_text(arena, text[i], err);
    } else if (rc != SQLITE_DONE) {
        status = sid__item_db_fail(db, rc, "cannot read an item", err);
    }
    sqlite3_reset(statement);
    return status;
}

sid_status sid__item_db_find(sid__item_db *db, const char *item_id, sid__arena *arena, sid__db_item *out,
                             bool *is_found, sid_error *err)
{
    sqlite3_stmt *find = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_FIND, &find, err));
    binding b = {.statement = find};
    bind_text(&b, 1, item_id); /* of any length */
    SID_TRY(check_bound(db, &b, "cannot look for an item", err));
    return one_row(db, find, arena, out, is_found, err);
}

sid_status sid__item_db_get(sid__item_db *db, int64_t row, sid__arena *arena, sid__db_item *out, bool *is_found,
                            sid_error *err)
{
    sqlite3_stmt *get = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_GET, &get, err));
    SID_TRY(bind_row(db, get, row, "cannot read an item", err));
    return one_row(db, get, arena, out, is_found, err);
}

sid_status sid__item_db_vector_get(sid__item_db *db, int64_t row, float *x, int dim, bool *is_found, sid_error *err)
{
    sqlite3_stmt *get = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_VECTOR_GET, &get, err));
    SID_TRY(bind_row(db, get, row, "cannot read a vector", err));
    int rc = sqlite3_step(get);
    sid_status status = SID_OK;
    *is_found = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW && sqlite3_column_bytes(get, 0) == dim * (int)sizeof *x)
        memcpy(x, sqlite3_column_blob(get, 0), (size_t)dim * sizeof *x);
    else if (rc == SQLITE_ROW)
        status = bad_row(db, row, "vector", err);
    else if (rc != SQLITE_DONE)
        status = sid__item_db_fail(db, rc, "cannot read a vector", err);
    sqlite3_reset(get);
    return status;
}

/* First `count` integer columns of a statement of one row; NULL columns read as SID__DIGIT_NONE. */
static sid_status one_row_of_numbers(sid__item_db *db, sqlite3_stmt *statement, int count, int64_t *const *out,
                                     sid_error *err)
{
    int rc = sqlite3_step(statement);
    for (int i = 0; rc == SQLITE_ROW && i < count; i++)
        *out[i] =
            sqlite3_column_type(statement, i) == SQLITE_NULL ? SID__DIGIT_NONE : sqlite3_column_int64(statement, i);
    sid_status status = rc == SQLITE_ROW ? SID_OK : sid__item_db_fail(db, rc, "cannot count items", err);
    sqlite3_reset(statement);
    return status;
}

sid_status sid__item_db_bucket(sid__item_db *db, const uint16_t *codes, int64_t *given, int64_t *largest,
                               sid_error *err)
{
    unsigned char base[SID_BLOB_MAX];
    sqlite3_stmt *bucket = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_BUCKET, &bucket, err));
    binding b = {.statement = bucket};
    bind_bytes(&b, 1, base, (size_t)blob_of_codes(codes, db->levels, base));
    SID_TRY(check_bound(db, &b, "cannot count items", err));
    sid_status status = one_row_of_numbers(db, bucket, 2, (int64_t *const[]){given, largest}, err);
    sqlite3_clear_bindings(bucket);
    return status;
}

static sid_status step_rows(sid__item_db *db, sqlite3_stmt *statement, sid__item_fn *fn, void *user, sid_error *err)
{
    int rc = SQLITE_DONE;
    sid_status status = SID_OK;
    while (status == SID_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        sid__db_item item = {0};
        status = read_row(db, statement, &item, err);
        if (status == SID_OK)
            status = fn(user, &item, err);
    }
    if (status == SID_OK && rc != SQLITE_DONE)
        status = sid__item_db_fail(db, rc, "cannot read the items", err);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
}

/* Codes are stored so that bytes sort as they do: a prefix is all between 0, 0, .. and 65535, 65535, .. after it. */
sid_status sid__item_db_scan_prefix(sid__item_db *db, const uint16_t *codes, int depth, sid__item_fn *fn, void *user,
                                    sid_error *err)
{
    unsigned char low[SID_BLOB_MAX], high[SID_BLOB_MAX];
    sqlite3_stmt *prefix = NULL;
    size_t size = (size_t)CODE_SIZE * (size_t)db->levels;
    SID_TRY(sid__item_db_statement(db, SID__STMT_PREFIX, &prefix, err));
    memset(low, 0x00, sizeof low);
    memset(high, 0xff, sizeof high);
    (void)blob_of_codes(codes, depth, low);
    (void)blob_of_codes(codes, depth, high);
    binding b = {.statement = prefix};
    bind_bytes(&b, 1, low, size);
    bind_bytes(&b, 2, high, size);
    SID_TRY(check_bound(db, &b, "cannot read the items", err));
    return step_rows(db, prefix, fn, user, err);
}

sid_status sid__item_db_next_row(sid__item_db *db, int64_t *row, sid_error *err)
{
    sqlite3_stmt *next = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_NEXT_ROW, &next, err));
    return one_row_of_numbers(db, next, 1, (int64_t *const[]){row}, err);
}

sid_status sid__item_db_live_count(sid__item_db *db, int64_t *count, sid_error *err)
{
    sqlite3_stmt *live = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_LIVE, &live, err));
    return one_row_of_numbers(db, live, 1, (int64_t *const[]){count}, err);
}

static sid_status scan_vectors(sid__item_db *db, sid__digest *sum, sid_error *err)
{
    sqlite3_stmt *scan = NULL;
    SID_TRY(sid__item_db_statement(db, SID__STMT_VECTOR_SCAN, &scan, err));
    int rc;
    while ((rc = sqlite3_step(scan)) == SQLITE_ROW)
        *sum = sid__digest_add(*sum, digest_of_vector(sqlite3_column_int64(scan, 0), sqlite3_column_blob(scan, 1),
                                                      (size_t)sqlite3_column_bytes(scan, 1)));
    sid_status status = rc == SQLITE_DONE ? SID_OK : sid__item_db_fail(db, rc, "cannot read the vectors", err);
    sqlite3_reset(scan);
    return status;
}

sid_status sid__item_db_scan(sid__item_db *db, sid__item_fn *fn, void *user, sid_error *err)
{
    sqlite3_stmt *scan = NULL;
    sid__digest sum = {0};
    sid_status status = SID_OK;
    SID_TRY(sid__item_db_statement(db, SID__STMT_SCAN, &scan, err));
    int rc = SQLITE_DONE;
    while (status == SID_OK && (rc = sqlite3_step(scan)) == SQLITE_ROW) {
        sid__db_item item = {0};
        status = read_row(db, scan, &item, err);
        if (status != SID_OK)
            break;
        sum = sid__digest_add(sum, digest_of_item(&item));
        status = fn(user, &item, err);
    }
    if (status == SID_OK && rc != SQLITE_DONE)
        status = sid__item_db_fail(db, rc, "cannot read the items", err);
    sqlite3_reset(scan);
    if (status == SID_OK)
        status = scan_vectors(db, &sum, err);
    return status == SID_OK ? sid__item_db_check_digest(db, sum, err) : status;
}
