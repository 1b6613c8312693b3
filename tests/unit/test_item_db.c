#include "catalog_fixture.h"

#include <sqlite3.h>

#include "catalog/item_db.h"

#define CATALOG "0123456789abcdef0123456789abcdef"

static sid__db_item item_of(int64_t row, const char *id, uint16_t first, uint16_t second)
{
    return (sid__db_item){.row = row,
                          .item_id = id,
                          .title = "a title",
                          .metadata = "{\"a\":1}",
                          .codes = {first, second},
                          .levels = 2,
                          .digit = SID__DIGIT_NONE};
}

static void create(const char *path)
{
    sid__item_db *db = NULL;
    TEST_OK(sid__item_db_create(path, 2, &db, err));
    for (int i = 0; i < 5; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "i%d", i);
        sid__db_item item = item_of(i, id, 1, (uint16_t)(300 + i));
        TEST_OK(sid__item_db_insert(db, &item, err));
    }
    TEST_OK(sid__item_db_seal(db, CATALOG, err));
    sid__item_db_close(db);
}

static sid__item_db *open_db(const char *path, sid__item_db_mode mode)
{
    sid__item_db *db = NULL;
    TEST_OK(sid__item_db_open(path, 2, CATALOG, mode, &db, err));
    return db;
}

static sid_status count_row(void *user, const sid__db_item *item, sid_error *err)
{
    (void)item;
    (void)err;
    ++*(int *)user;
    return SID_OK;
}

/* Rows and digest read in one snapshot. */
static sid_status scan(sid__item_db *db, int *rows, int64_t *version, sid_error *err)
{
    *rows = 0;
    SID_TRY(sid__item_db_read_begin(db, version, err));
    sid_status status = sid__item_db_scan(db, count_row, rows, err);
    sid__item_db_read_end(db);
    return status;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *sqlite = NULL;
    assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(sqlite), SQLITE_OK);
}

/* Fails when version or digest do not follow the rows through add, remove and rollback. */
static void changes_advance_version_and_digest(void **state)
{
    fixture *f = *state;
    int rows = 0;
    int64_t version = 0;
    create(f->path);
    sid__item_db *db = open_db(f->path, SID__ITEM_DB_WRITE);
    TEST_OK(scan(db, &rows, &version, err));
    assert_int_equal(rows, 5);
    assert_int_equal(version, 1);
    const float x[3] = {1, 2, 3};
    sid__db_item item = item_of(5, "new", 7, 8);
    TEST_OK(sid__item_db_begin(db, err));
    TEST_OK(sid__item_db_insert(db, &item, err));
    TEST_OK(sid__item_db_vector_put(db, 5, x, 3, err));
    TEST_OK(sid__item_db_commit(db, &version, err));
    assert_int_equal(version, 2);
    TEST_OK(scan(db, &rows, &version, err));
    assert_int_equal(rows, 6);
    TEST_OK(sid__item_db_begin(db, err));
    TEST_OK(sid__item_db_remove(db, &item, err));
    sid__item_db_rollback(db);
    TEST_OK(scan(db, &rows, &version, err));
    assert_int_equal(version, 2);
    TEST_OK(sid__item_db_begin(db, err));
    TEST_OK(sid__item_db_remove(db, &item, err));
    TEST_OK(sid__item_db_commit(db, &version, err));
    TEST_OK(scan(db, &rows, &version, err));
    assert_int_equal(rows, 6);
    assert_int_equal(version, 3);
    sid__item_db_close(db);
}

/* Fails when a column of a row, the version or a vector is not part of the digest. */
static void changes_behind_our_back_are_found(void **state)
{
    fixture *f = *state;
    static const char *const sql[] = {
        "UPDATE items SET item_id = 'other' WHERE row = 1",
        "UPDATE items SET title = 'other' WHERE row = 1",
        "UPDATE items SET metadata = '' WHERE row = 1",
        "UPDATE items SET state = 'no_text' WHERE row = 1",
        "UPDATE items SET assigned = 'fit' WHERE row = 1",
        "UPDATE items SET base = x'00010002', sid = x'00010002' WHERE row = 1",
        "UPDATE items SET digit = 1, sid = x'0001012D0001' WHERE row = 1",
        "UPDATE items SET row = 9 WHERE row = 1",
        "DELETE FROM items WHERE row = 1",
        "UPDATE meta SET value = '2' WHERE name = 'version'",
        "INSERT INTO vectors VALUES(1, x'00000000')",
    };
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        int rows = 0;
        int64_t version = 0;
        create(f->path);
        run_sql(f->path, sql[i]);
        sid__item_db *db = open_db(f->path, SID__ITEM_DB_READ);
        TEST_FAILS(scan(db, &rows, &version, err), SID_ECORRUPT, "digest of its rows");
        sid__item_db_close(db);
        TEST_OK(sid__remove_tree(f->path, err));
    }
}

/* Fails when values that no semid writes reach a caller. */
static void impossible_values_are_refused(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *sql, *part;
    } trial[] = {
        {"UPDATE items SET item_id = '' WHERE row = 1", "item_id"},
        {"UPDATE items SET item_id = CAST(x'6900' AS TEXT) WHERE row = 1", "item_id"},
        {"UPDATE items SET state = 'gone' WHERE row = 1", "assigned or state"},
        {"UPDATE items SET assigned = '' WHERE row = 1", "assigned or state"},
        {"UPDATE items SET base = x'0001' WHERE row = 1", "base, digit or sid"},
        {"UPDATE items SET sid = x'00010003' WHERE row = 1", "base, digit or sid"},
        {"UPDATE items SET digit = 1 WHERE row = 1", "base, digit or sid"},
        {"UPDATE items SET digit = 65536, sid = x'0001012D0000' WHERE row = 1", "base, digit or sid"},
        {"UPDATE items SET row = -1 WHERE row = 1", "base, digit or sid"},
        {"UPDATE meta SET value = 'x' WHERE name = 'digest'", "meta \"digest\""},
    };
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        int rows = 0;
        int64_t version = 0;
        create(f->path);
        run_sql(f->path, trial[i].sql);
        sid__item_db *db = open_db(f->path, SID__ITEM_DB_READ);
        TEST_FAILS(scan(db, &rows, &version, err), SID_ECORRUPT, trial[i].part);
        sid__item_db_close(db);
        TEST_OK(sid__remove_tree(f->path, err));
    }
}

/* Fails when a foreign trigger, view, table or changed schema is let in, or another catalogue's file. */
static void foreign_schemas_are_refused(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *sql, *part;
    } trial[] = {
        {"CREATE TRIGGER t AFTER INSERT ON items BEGIN DELETE FROM items; END", "\"t\", which semid did not write"},
        {"CREATE VIEW a AS SELECT 1", "\"a\", which semid did not write"},
        {"CREATE TABLE z(x)", "\"z\", which semid did not write"},
        {"DROP TABLE vectors", "4 entries of 5"},
        {"DROP INDEX items_base", "\"items_live\""},
        {"UPDATE meta SET value = 'ff' WHERE name = 'catalog'", "belongs to catalogue \"ff\""},
        {"DELETE FROM meta WHERE name = 'catalog'", "\"catalog\" is missing"},
        {"UPDATE meta SET value = '01' WHERE name = 'version'", "meta \"version\""},
        {"UPDATE meta SET value = '0' WHERE name = 'version'", "meta \"version\""},
    };
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        sid__item_db *db = NULL;
        create(f->path);
        run_sql(f->path, trial[i].sql);
        TEST_FAILS(sid__item_db_open(f->path, 2, CATALOG, SID__ITEM_DB_READ, &db, err), SID_ECORRUPT, trial[i].part);
        TEST_OK(sid__remove_tree(f->path, err));
    }
    TEST_OK(sid__replace_whole(f->path, "no database at all, but long enough to be one, some would say ..........", 70,
                               err));
    sid__item_db *db = NULL;
    TEST_FAILS(sid__item_db_open(f->path, 2, CATALOG, SID__ITEM_DB_READ, &db, err), SID_ECORRUPT, "not a database");
    TEST_FAILS(sid__item_db_open("/nowhere/x", 2, CATALOG, SID__ITEM_DB_READ, &db, err), SID_EIO, "/nowhere/x");
}

/* Fails when a handle for reading changes anything. */
static void readers_cannot_write(void **state)
{
    fixture *f = *state;
    create(f->path);
    sid__item_db *db = open_db(f->path, SID__ITEM_DB_READ);
    TEST_FAILS(sid__item_db_begin(db, err), SID_EREADONLY, "opened for reading");
    sid__item_db_close(db);
    db = open_db(f->path, SID__ITEM_DB_IMMUTABLE);
    int rows = 0;
    int64_t version = 0;
    TEST_OK(scan(db, &rows, &version, err));
    assert_int_equal(rows, 5);
    TEST_OK(sid__item_db_integrity(db, err));
    sid__item_db_close(db);
}

/* Fails when a reader's snapshot shows a commit made after it began, or waits for the writer. */
static void snapshots_stand_still(void **state)
{
    fixture *f = *state;
    int64_t version = 0, count = 0;
    create(f->path);
    sid__item_db *writer = open_db(f->path, SID__ITEM_DB_WRITE), *reader = open_db(f->path, SID__ITEM_DB_READ);
    sid__db_item item = item_of(5, "new", 7, 8);
    TEST_OK(sid__item_db_read_begin(reader, &version, err));
    TEST_OK(sid__item_db_begin(writer, err));
    TEST_OK(sid__item_db_insert(writer, &item, err));
    TEST_OK(sid__item_db_commit(writer, &version, err));
    TEST_OK(sid__item_db_live_count(reader, &count, err));
    assert_int_equal(count, 5);
    sid__item_db_read_end(reader);
    TEST_OK(sid__item_db_read_begin(reader, &version, err));
    TEST_OK(sid__item_db_live_count(reader, &count, err));
    assert_int_equal(count, 6);
    assert_int_equal(version, 2);
    sid__item_db_read_end(reader);
    sid__item_db_close(reader);
    sid__item_db_close(writer);
}

/* Fails when integrity_check's finding is passed over: an index that lacks a row. */
static void broken_pages_are_found(void **state)
{
    fixture *f = *state;
    create(f->path);
    run_sql(f->path,
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX items_base ON items(sid)' "
            "WHERE name = 'items_base'");
    run_sql(f->path, "UPDATE items SET base = x'00010009' WHERE row = 2");
    run_sql(f->path, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX items_base ON "
                     "items(base)' WHERE name = 'items_base'");
    sid__item_db *db = open_db(f->path, SID__ITEM_DB_READ);
    TEST_FAILS(sid__item_db_integrity(db, err), SID_ECORRUPT, "items_base");
    sid__item_db_close(db);
}

/* Fails when a path with characters that mean something in a URI opens another file. */
static void odd_paths_work(void **state)
{
    fixture *f = *state;
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/a ?b#c%%41&d", f->root);
    create(path);
    assert_true(sid__path_exists(path));
    sid__item_db_close(open_db(path, SID__ITEM_DB_WRITE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(changes_advance_version_and_digest),
        FIXTURE_TEST(changes_behind_our_back_are_found),
        FIXTURE_TEST(impossible_values_are_refused),
        FIXTURE_TEST(foreign_schemas_are_refused),
        FIXTURE_TEST(readers_cannot_write),
        FIXTURE_TEST(snapshots_stand_still),
        FIXTURE_TEST(broken_pages_are_found),
        FIXTURE_TEST(odd_paths_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
