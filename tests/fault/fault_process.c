/* fault_process.c: faults 13, 14 and 22 of docs/reliability.md: two writers, stale locks, directories that cannot be
 * written to, a reader that never ends, files that change under an open handle, handles that pass a fork.
 */
#define _GNU_SOURCE
#include "fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "catalog/catalog.h"

enum { NOBODY = 65534, ADDED = 5, CHILD_S = 60 };

/* Runs `body` in a child; what it returns is the exit code. It must not use asserts, which belong to the parent. */
static int in_child(int (*body)(void *), void *arg)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)alarm(CHILD_S); /* a hang is a failure */
        _exit(body(arg));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- Fault 13: locks ---------------------------------------------------------------------------------------------- */

/* 0: refused, and the message names the parent. */
static int second_writer(void *arg)
{
    fixture *f = arg;
    char holder[32];
    sid_catalog *catalog = NULL;
    sid_error why = {0};
    (void)snprintf(holder, sizeof holder, "pid %ld ", (long)getppid());
    if (sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, &why) != SID_ELOCKED ||
        !strstr(why.message, holder))
        return 1;
    if (sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, &why) != SID_OK)
        return 2;
    sid_catalog_close(catalog);
    return 0;
}

/* Fails when a second writer gets in, is not told who the first is, or a reader has to wait. */
static void test_two_writers(void **state)
{
    fixture *f = *state;
    sid_catalog *first = NULL, *second = NULL;
    sid_vectors *more = fixture_vectors(f, ADDED, 9, "n");
    fixture_fit(f, NULL, &first);
    assert_int_equal(in_child(second_writer, f), 0);
    TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &second, err), SID_ELOCKED, "is writing to this");
    TEST_FAILS(sid_catalog_fit(f->ctx, &(sid_fit_options){.codes = "4", .force = true}, more, f->path, NULL, err),
               SID_ELOCKED, "is writing to this");
    TEST_OK(sid_catalog_add(first, more, NULL, NULL, err));
    sid_catalog_close(first);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &second, err));
    sid_catalog_close(second);
    sid_vectors_free(more);
}

static int hold_and_die(void *arg)
{
    fixture *f = arg;
    sid_catalog *catalog = NULL;
    if (sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, NULL) != SID_OK)
        return 1;
    (void)raise(SIGKILL);
    return 2;
}

/* Fails when the lock of a process that is gone, or rubbish in the lock file, keeps writers out. */
static void test_stale_locks(void **state)
{
    static const char *const left[] = {"pid 1 (init), start 0\n", "", "\xff\xfe rubbish without an end",
                                       "pid 999999999 (semid), start 1\n"};
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    fixture_fit(f, NULL, NULL);
    assert_int_equal(in_child(hold_and_die, f), 128 + SIGKILL);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err));
    sid_catalog_close(catalog);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        TEST_OK(sid__replace_whole(fixture_file(f, "lock"), left[i], strlen(left[i]), err));
        TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err));
        sid_catalog_close(catalog);
    }
    assert_int_equal(unlink(fixture_file(f, "lock")), 0);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err));
    sid_catalog_close(catalog);
}

/* As a user who may read the catalogue and nothing else. */
static int use_sealed(void *arg)
{
    fixture *f = arg;
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};
    sid_error why = {0};
    char path[PATH_MAX + 8];
    float x[4] = {0, 1, 2, 3};
    sid_vectors *vectors = NULL;
    sid_verify_result result;
    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        return 77;
    if (sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, &why) != SID_EREADONLY ||
        !strstr(why.message, "cannot be written to"))
        return 1;
    if (sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, &why) != SID_OK)
        return 2;
    if (sid_catalog_neighbors(catalog, &(sid_query){.item = "i3", .k = 4}, &hits, &why) != SID_OK || hits.count != 4)
        return 3;
    sid_hits_drop(&hits);
    sid_catalog_close(catalog);
    if (sid_catalog_verify(f->ctx, f->path, true, &result, &why) != SID_OK)
        return 4;
    (void)snprintf(path, sizeof path, "%s/new", f->root);
    if (sid_vectors_create(f->ctx, x, 4, 1, NULL, &vectors, &why) != SID_OK)
        return 5;
    if (sid_catalog_fit(f->ctx, &(sid_fit_options){.codes = "2"}, vectors, path, NULL, &why) != SID_EIO ||
        !strstr(why.message, f->root))
        return 6;
    sid_vectors_free(vectors);
    return 0;
}

/* Fails when a catalogue that cannot be written to cannot be read either, or writing to it has no named error. */
static void test_read_only_directory(void **state)
{
    fixture *f = *state;
    fixture_fit(f, NULL, NULL);
    int before = count_entries(f->path);
    assert_int_equal(chmod(f->path, 0555), 0);
    assert_int_equal(chmod(f->root, 0555), 0);
    int code = in_child(use_sealed, f);
    assert_int_equal(chmod(f->root, 0755), 0);
    assert_int_equal(chmod(f->path, 0755), 0);
    if (code == 77)
        skip();
    assert_int_equal(code, 0);
    assert_int_equal(count_entries(f->path), before);
}

/* A reader stands inside a snapshot, as a stopped process would. */
static sqlite3 *endless_reader(const char *path, int64_t *seen)
{
    sqlite3 *reader = NULL;
    sqlite3_stmt *count = NULL;
    assert_int_equal(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(reader, "SELECT count(*) FROM items", -1, &count, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    *seen = sqlite3_column_int64(count, 0);
    assert_int_equal(sqlite3_finalize(count), SQLITE_OK);
    return reader;
}

/* Fails when a reader that never ends blocks or loses changes or is not named, or the WAL stays after it went. */
static void test_a_reader_that_never_ends(void **state)
{
    fixture *f = *state;
    sid_catalog *writer = NULL;
    int64_t seen = 0;
    char prefix[32];
    int rounds = is_soak() ? 3000 : 40;
    fixture_fit(f, NULL, &writer);
    if (!is_soak()) /* there it grows beyond the 64 MiB that users have */
        writer->wal_warn_size = 512 << 10;
    sqlite3 *reader = endless_reader(fixture_file(f, "items.db"), &seen);
    assert_int_equal(seen, FIXTURE_ITEMS);
    for (int i = 0; i < rounds; i++) {
        (void)snprintf(prefix, sizeof prefix, "r%d-", i);
        sid_vectors *more = fixture_vectors(f, ADDED, 9, prefix);
        TEST_OK(sid_catalog_add(writer, more, NULL, NULL, err));
        sid_vectors_free(more);
    }
    (void)snprintf(prefix, sizeof prefix, "pid %ld ", (long)getpid());
    assert_in_range(f->warnings, 1, 2); /* again when it has doubled */
    assert_non_null(strstr(f->warning, prefix));
    int64_t wal = file_size(fixture_file(f, "items.db-wal"));
    sid_catalog_close(writer);
    sid_verify_result result;
    TEST_OK(sid_catalog_verify(f->ctx, f->path, true, &result, err));
    assert_int_equal(result.items_walked, FIXTURE_ITEMS + rounds * ADDED);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &writer, err));
    sid_catalog_close(writer);
    assert_false(sid__path_exists(fixture_file(f, "items.db-wal")) && file_size(fixture_file(f, "items.db-wal")) > 0);
    TEST_OK(sid_catalog_verify(f->ctx, f->path, true, &result, err));
    assert_int_equal(result.items_walked, FIXTURE_ITEMS + rounds * ADDED);
    print_message("%d changes beside a reader that never ends: a WAL of %d KiB, gone when it went\n", rounds,
                  (int)(wal / 1024));
}

/* ---- Fault 14: files that change under an open handle ---------------------------------------------------------------- */

/* The answers of a handle as text, or NULL and the error. */
static char *answers(sid_catalog *catalog, sid_error *why)
{
    sid__strbuf text = {0};
    sid_hits hits = {0}, nearest = {0};
    sid_status status = sid_catalog_neighbors(catalog, &(sid_query){.item = "i7", .k = 50}, &hits, why);
    for (int64_t i = 0; status == SID_OK && i < hits.count; i++)
        status =
            sid__strbuf_printf(&text, why, "%s %s %a\n", hits.row[i].item_id, hits.row[i].sid, hits.row[i].distance);
    sid_hits_drop(&hits);
    if (status == SID_OK)
        status = sid_catalog_decode(catalog, "1", 20, &hits, &nearest, why);
    for (int64_t i = 0; status == SID_OK && i < nearest.count; i++)
        status = sid__strbuf_printf(&text, why, "%s %a\n", nearest.row[i].item_id, nearest.row[i].distance);
    sid_hits_drop(&hits);
    sid_hits_drop(&nearest);
    if (status == SID_OK)
        return sid__strbuf_take(&text);
    sid__strbuf_drop(&text);
    return NULL;
}

/* Old answers or a named error; then, from a fresh start, an open that says the same. */
static void check_answers(fixture *f, sid_catalog *reader, const char *before, const char *where)
{
    sid_error why = {0};
    char *now = answers(reader, &why);
    if (!now && (why.status == SID_OK || !why.message[0]))
        fail_msg("%s: an error without a name", where);
    if (now && strcmp(now, before) != 0)
        fail_msg("%s: other answers", where);
    sid__free(now);
    sid_catalog_close(reader);
    if (sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &reader, &why) != SID_OK) {
        assert_true(why.message[0]);
        return;
    }
    now = answers(reader, &why);
    if (now && strcmp(now, before) != 0)
        fail_msg("%s: opened anew, it gives other answers", where);
    sid__free(now);
    sid_catalog_close(reader);
}

/* Fails when a truncated, emptied, overwritten or removed file crashes a reader or gives it wrong answers. */
static void test_files_change_under_a_reader(void **state)
{
    static const char *const name[] = {"manifest.json", "quantizer.safetensors", "vectors.npy", "items.db",
                                       "index.bin",     "metrics.json",          "items.sum",   "lock"};
    enum { HALVED, EMPTIED, ZEROED, REMOVED, HARMS };
    static const char *const harm_name[] = {"halved", "emptied", "zeroed", "removed"};
    fixture *f = *state;
    char saved[PATH_MAX], where[64];
    (void)snprintf(saved, sizeof saved, "%s/saved", f->root);
    fixture_fit(f, NULL, NULL);
    copy_tree(f->path, saved);
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        for (int harm = 0; harm < HARMS; harm++) {
            sid_catalog *reader = NULL;
            copy_tree(saved, f->path);
            TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &reader, err));
            char *before = answers(reader, NULL), *path = fixture_file(f, name[i]);
            assert_non_null(before);
            int64_t size = file_size(path);
            (void)usleep(10000); /* a file's time has the steps of the kernel's clock */
            if (harm == REMOVED)
                assert_int_equal(unlink(path), 0);
            else
                assert_int_equal(truncate(path, harm == HALVED ? size / 2 : 0), 0);
            if (harm == ZEROED)
                assert_int_equal(truncate(path, size), 0);
            (void)snprintf(where, sizeof where, "%s %s", name[i], harm_name[harm]);
            check_answers(f, reader, before, where);
            sid__free(before);
        }
}

/* Fails when a reader of a catalogue that fit --force replaced mixes the two. */
static void test_replaced_under_a_reader(void **state)
{
    fixture *f = *state;
    sid_catalog *reader = NULL;
    sid_error why = {0};
    fixture_fit(f, NULL, NULL);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &reader, err));
    char *before = answers(reader, NULL);
    for (int round = 0; round < 3; round++) {
        fixture_fit(f, &(sid_fit_options){.levels = 2, .codes = round % 2 ? "8" : "16", .force = true}, NULL);
        char *now = answers(reader, &why);
        if (now)
            assert_string_equal(now, before);
        else
            assert_true(why.message[0]);
        sid__free(now);
    }
    sid__free(before);
    sid_catalog_close(reader);
    sid__free(whole_text(f, f->path));
}

/* ---- Fault 22: fork ----------------------------------------------------------------------------------------------- */

typedef struct forked {
    fixture *f;
    sid_catalog *catalog;
    sid_vectors *more;
    const char *before;
    bool is_closed; /* the child closes the handle unused */
} forked;

/* The child reads with the parent's handle, may not change anything, and closes it. */
static int use_in_child(void *arg)
{
    forked *c = arg;
    sid_error why = {0};
    if (c->is_closed) {
        sid_catalog_close(c->catalog);
        return 0;
    }
    if (sid_catalog_add(c->catalog, c->more, NULL, NULL, &why) != SID_EREADONLY || !why.message[0])
        return 1;
    char *now = answers(c->catalog, &why);
    if (!now) {
        (void)fprintf(stderr, "child: %s\n", why.message);
        return 2;
    }
    bool is_same = strcmp(now, c->before) == 0;
    sid__free(now);
    sid_catalog_close(c->catalog);
    return is_same ? 0 : 3;
}

/* Fails when a child hangs, shares the parent's connection, gets other answers, or harms what the parent does next. */
static void test_fork_after_use(void **state)
{
    fixture *f = *state;
    int rounds = is_soak() ? 10000 : IS_SANITIZED ? 100 : 1000;
    char id[32];
    sid_catalog *catalog = NULL;
    fixture_fit(f, NULL, &catalog);
    for (int round = 0; round < rounds; round++) {
        (void)snprintf(id, sizeof id, "fork%d", round);
        const char *const ids[] = {id};
        sid_vectors *one = NULL;
        float x[FIXTURE_DIM] = {(float)(round % 7), 1, 2};
        TEST_OK(sid_vectors_create(f->ctx, x, 1, FIXTURE_DIM, ids, &one, err));
        TEST_OK(sid_catalog_add(catalog, one, NULL, NULL, err));
        char *before = answers(catalog, NULL);
        forked child = {.f = f, .catalog = catalog, .more = one, .before = before, .is_closed = round % 4 == 3};
        int code = in_child(use_in_child, &child);
        if (code != 0)
            fail_msg("round %d: the child ends with %d", round, code);
        TEST_OK(sid_catalog_remove(catalog, ids, 1, err));
        if (round % 20 == 19) { /* the parent's lock and connection are as if no child had been */
            sid_catalog *second = NULL;
            TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &second, err), SID_ELOCKED, "is writing");
            sid_catalog_close(catalog);
            TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err));
        }
        sid__free(before);
        sid_vectors_free(one);
    }
    sid_catalog_close(catalog);
    sid__free(whole_text(f, f->path));
    print_message("%d forks after use\n", rounds);
}

typedef struct busy {
    sid_catalog *catalog;
    atomic_bool ends;
} busy;

static void *read_without_end(void *arg)
{
    busy *b = arg;
    while (!atomic_load(&b->ends))
        sid__free(answers(b->catalog, NULL));
    return NULL;
}

/* Only work of the pool: SQLite does not promise anything to a child that was forked while a thread was inside it. */
static int encode_in_child(void *arg)
{
    forked *c = arg;
    uint16_t codes[ADDED * 3];
    sid_error why = {0};
    sid_status status = sid_catalog_encode(c->catalog, sid_vectors_data(c->more), ADDED, FIXTURE_DIM, codes, &why);
    return status == SID_OK ? 0 : 1;
}

/* Fails when a child that was forked while another thread read from the handle cannot encode, or hangs. */
static void test_fork_beside_a_busy_thread(void **state)
{
    fixture *f = *state;
    busy b = {0};
    pthread_t thread;
    sid_vectors *more = fixture_vectors(f, ADDED, 9, "n");
    fixture_fit(f, NULL, &b.catalog);
    assert_int_equal(pthread_create(&thread, NULL, read_without_end, &b), 0);
    forked child = {.f = f, .catalog = b.catalog, .more = more};
    for (int round = 0; round < (is_soak() ? 5000 : IS_SANITIZED ? 50 : 500); round++)
        assert_int_equal(in_child(encode_in_child, &child), 0);
    atomic_store(&b.ends, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    sid_catalog_close(b.catalog);
    sid_vectors_free(more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_two_writers),
        FIXTURE_TEST(test_stale_locks),
        FIXTURE_TEST(test_read_only_directory),
        FIXTURE_TEST(test_a_reader_that_never_ends),
        FIXTURE_TEST(test_files_change_under_a_reader),
        FIXTURE_TEST(test_replaced_under_a_reader),
        FIXTURE_TEST(test_fork_after_use),
        FIXTURE_TEST(test_fork_beside_a_busy_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
