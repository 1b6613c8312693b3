/* test_wal_guard.c: a reader of this process and of another keeps the log from being cleared. */
#include "catalog_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "catalog/catalog.h"

enum { KIB = 1024 };

static sqlite3 *begin_reading(const char *path)
{
    sqlite3 *reader = NULL;
    if (sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM items", NULL, NULL, NULL) != SQLITE_OK)
        return NULL;
    return reader;
}

/* Changes until the log has `size` bytes, or the first failure. */
static sid_status grow(fixture *f, sid_catalog *writer, int64_t size, sid_error *why)
{
    static int round;
    char prefix[16];
    sid_status status = SID_OK;
    while (status == SID_OK && file_size(fixture_file(f, "items.db-wal")) < size) {
        (void)snprintf(prefix, sizeof prefix, "w%d-", round++);
        sid_vectors *more = fixture_vectors(f, 20, 9, prefix);
        status = sid_catalog_add(writer, more, NULL, NULL, why);
        sid_vectors_free(more);
    }
    return status;
}

static void set_sizes(sid_catalog *writer, int64_t warn, int64_t refuse)
{
    writer->wal_warn_size = warn;
    writer->wal_refuse_size = refuse;
}

/* Fails when the reader is not named, or not again when the log has doubled, or each time. */
static void a_reader_is_named(void **state)
{
    fixture *f = *state;
    sid_catalog *writer = NULL;
    sid_error why = {0};
    char named[64];
    int ends[2];
    char byte;
    fixture_fit(f, NULL, &writer);
    assert_int_equal(pipe(ends), 0);
    char path[PATH_MAX + 64];
    (void)snprintf(path, sizeof path, "%s", fixture_file(f, "items.db"));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        byte = begin_reading(path) ? 'y' : 'n';
        if (write(ends[1], &byte, 1) == 1)
            for (;;)
                (void)pause();
        _exit(1);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    set_sizes(writer, 256 * KIB, 1 << 30);
    assert_int_equal(grow(f, writer, 250 * KIB, &why), SID_OK);
    assert_int_equal(f->warnings, 0);
    assert_int_equal(grow(f, writer, 1000 * KIB, &why), SID_OK);
    assert_int_equal(f->warnings, 2); /* at 256 and 512 KiB */
    (void)snprintf(named, sizeof named, "while pid %ld (", (long)child);
    assert_non_null(strstr(f->warning, named));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    sid_vectors *more = fixture_vectors(f, 1, 9, "last");
    TEST_OK(sid_catalog_add(writer, more, NULL, NULL, err));
    sid_vectors_free(more);
    assert_in_range(file_size(fixture_file(f, "items.db-wal")), 1, 200 * KIB); /* cleared, then one change */
    assert_int_equal(f->warnings, 2);
    (void)close(ends[0]);
    (void)close(ends[1]);
    sid_catalog_close(writer);
}

/* Fails when changes go on beyond the bound, or the bound is below the size of items.db, or stays after the reader. */
static void changes_are_refused(void **state)
{
    fixture *f = *state;
    sid_catalog *writer = NULL;
    sid_error why = {0};
    static const char *const ids[] = {"i3"};
    fixture_fit(f, NULL, &writer);
    sqlite3 *reader = begin_reading(fixture_file(f, "items.db"));
    assert_non_null(reader);
    set_sizes(writer, 64 * KIB, 400 * KIB);
    assert_int_equal(grow(f, writer, 1 << 30, &why), SID_ELOCKED);
    assert_non_null(strstr(why.message, "this process) reads an old state"));
    assert_in_range(file_size(fixture_file(f, "items.db-wal")), 400 * KIB, 500 * KIB);
    TEST_FAILS(sid_catalog_remove(writer, ids, 1, err), SID_ELOCKED, "cannot be cleared while pid");
    int64_t before = writer->items;
    set_sizes(writer, 1, 1); /* items.db has some 50 KiB */
    assert_true(file_size(fixture_file(f, "items.db")) > 1);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    TEST_OK(sid_catalog_remove(writer, ids, 1, err));
    assert_int_equal(writer->items, before - 1);
    sid_catalog_close(writer);
}

/* Fails when reading handles of semid, between their calls, keep the log from being cleared. */
static void open_handles_do_not_hold(void **state)
{
    fixture *f = *state;
    sid_catalog *writer = NULL, *reader = NULL;
    sid_hits hits = {0};
    sid_error why = {0};
    fixture_fit(f, NULL, &writer);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &reader, err));
    set_sizes(writer, 64 * KIB, 200 * KIB);
    for (int i = 0; i < 4; i++) {
        TEST_OK(sid_catalog_items(reader, &hits, err));
        sid_hits_drop(&hits);
        assert_int_equal(grow(f, writer, 100 * KIB, &why), SID_OK);
        TEST_OK(sid_catalog_remove(writer, (const char *const[]){(const char *[]){"i0", "i1", "i2", "i3"}[i]}, 1, err));
        assert_in_range(file_size(fixture_file(f, "items.db-wal")), 1, 64 * KIB);
    }
    assert_int_equal(f->warnings, 0);
    sid_catalog_close(reader);
    sid_catalog_close(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(a_reader_is_named), FIXTURE_TEST(changes_are_refused),
                                       FIXTURE_TEST(open_handles_do_not_hold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
