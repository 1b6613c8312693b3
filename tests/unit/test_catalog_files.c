#include "catalog_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "catalog/catalog_files.h"

static sid_status make(const fixture *f, const char *path, bool force)
{
    sid__new_directory d;
    char file[PATH_MAX + 32];
    SID_TRY(sid__new_directory_begin(path, force, &d, NULL));
    (void)snprintf(file, sizeof file, "%s/manifest.json", d.temporary);
    assert_int_equal(sid__replace_whole(file, path, strlen(path), NULL), SID_OK);
    sid_status status = sid__new_directory_commit(f->ctx, &d, NULL);
    sid__lock_drop(d.lock_fd);
    return status;
}

/* Fails when the directory is seen before commit, or the temporary one after it. */
static void a_new_directory_appears_whole(void **state)
{
    fixture *f = *state;
    sid__new_directory d;
    char prefix[PATH_MAX];
    TEST_OK(sid__new_directory_begin(f->path, false, &d, err));
    (void)snprintf(prefix, sizeof prefix, "%s/.catalog.tmp-%ld", f->root, (long)getpid());
    assert_string_equal(d.temporary, prefix);
    assert_false(sid__path_exists(f->path));
    TEST_OK(sid__new_directory_commit(f->ctx, &d, err));
    assert_true(sid__path_is_directory(f->path));
    assert_int_equal(count_entries(f->root), 1);
    int again = -1; /* the lock went along */
    TEST_FAILS(sid__lock_take(f->path, &again, err), SID_ELOCKED, "is writing to this catalogue");
    sid__lock_drop(d.lock_fd);
    TEST_OK(sid__lock_take(f->path, &again, err));
    sid__lock_drop(again);
}

/* Fails when abandoning leaves something, or two threads of one process meet in one directory. */
static void abandoned_directories_vanish(void **state)
{
    fixture *f = *state;
    sid__new_directory first, second;
    TEST_OK(sid__new_directory_begin(f->path, false, &first, err));
    TEST_OK(sid__new_directory_begin(f->path, false, &second, err));
    assert_string_not_equal(first.temporary, second.temporary);
    TEST_OK(sid__new_directory_commit(f->ctx, &first, err));
    TEST_FAILS(sid__new_directory_commit(f->ctx, &second, err), SID_EEXISTS, "exists");
    sid__lock_drop(first.lock_fd);
    assert_int_equal(count_entries(f->root), 1);
    sid__new_directory_abandon(&second);
}

/* Fails when --force loses the old catalogue before the new one stands, or keeps it after. */
static void force_exchanges(void **state)
{
    fixture *f = *state;
    char *text = NULL, slashed[PATH_MAX + 16], link[PATH_MAX + 8];
    int64_t size = 0;
    assert_int_equal(make(f, f->path, false), SID_OK);
    assert_int_equal(make(f, f->path, false), SID_EEXISTS);
    (void)snprintf(slashed, sizeof slashed, "%s//", f->path);
    assert_int_equal(make(f, slashed, true), SID_OK);
    TEST_OK(sid__read_whole(fixture_file(f, "manifest.json"), 1 << 16, &text, &size, err));
    assert_string_equal(text, slashed);
    sid__free(text);
    (void)snprintf(link, sizeof link, "%s.link", f->path);
    assert_int_equal(symlink(f->path, link), 0);
    assert_int_equal(make(f, link, true), SID_OK); /* what it points to is replaced */
    TEST_OK(sid__read_whole(fixture_file(f, "manifest.json"), 1 << 16, &text, &size, err));
    assert_string_equal(text, link);
    sid__free(text);
    (void)snprintf(slashed, sizeof slashed, "%s//", link);
    assert_int_equal(make(f, slashed, true), SID_OK);
    TEST_OK(sid__read_whole(fixture_file(f, "manifest.json"), 1 << 16, &text, &size, err));
    assert_string_equal(text, slashed);
    sid__free(text);
    struct stat info;
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(count_entries(f->root), 2);
}

/* Fails when a directory of a writer that lives is cleared, or one of a dead writer stays. */
static void stale_directories_are_cleared(void **state)
{
    fixture *f = *state;
    char locked[PATH_MAX], unlocked[PATH_MAX], other[PATH_MAX];
    (void)snprintf(locked, sizeof locked, "%s/.catalog.tmp-1", f->root);
    (void)snprintf(unlocked, sizeof unlocked, "%s/.catalog.tmp-999999999", f->root);
    (void)snprintf(other, sizeof other, "%s/.catalogue.tmp-999999999", f->root);
    TEST_OK(sid__directory_create(locked, err));
    TEST_OK(sid__directory_create(unlocked, err));
    TEST_OK(sid__directory_create(other, err));
    int fd = -1;
    TEST_OK(sid__lock_take(locked, &fd, err));
    assert_int_equal(make(f, f->path, false), SID_OK);
    assert_true(sid__path_exists(locked));
    assert_false(sid__path_exists(unlocked)); /* no lock, and no such process */
    assert_true(sid__path_exists(other));
    sid__lock_drop(fd);
    assert_int_equal(make(f, f->path, true), SID_OK);
    assert_false(sid__path_exists(locked));
}

/* Fails when --force over an empty directory that failed leaves a lock there, and is then refused. */
static void an_empty_directory_stays_empty(void **state)
{
    fixture *f = *state;
    sid__new_directory d;
    TEST_OK(sid__directory_create(f->path, err));
    TEST_OK(sid__new_directory_begin(f->path, true, &d, err));
    sid__new_directory_abandon(&d);
    assert_int_equal(count_entries(f->path), 0);
    int fd = -1; /* as a killed writer leaves it */
    TEST_OK(sid__lock_take(f->path, &fd, err));
    sid__lock_drop(fd);
    assert_int_equal(count_entries(f->path), 1);
    assert_int_equal(make(f, f->path, true), SID_OK);
}

/* Fails when a directory counts as stale between the making of its lock file and the locking of it. */
static void a_lock_about_to_be_taken_is_respected(void **state)
{
    fixture *f = *state;
    char young[PATH_MAX], lock[PATH_MAX + 8];
    (void)snprintf(young, sizeof young, "%s/.catalog.tmp-%ld-7", f->root, (long)getppid());
    (void)snprintf(lock, sizeof lock, "%s/lock", young);
    TEST_OK(sid__directory_create(young, err));
    TEST_OK(sid__replace_whole(lock, "", 0, err));
    assert_int_equal(make(f, f->path, false), SID_OK);
    assert_true(sid__path_exists(lock));
    TEST_OK(sid__replace_whole(lock, "pid 1 (semid), start 99999999999999\n", 36, err)); /* the pid was given again */
    assert_int_equal(make(f, f->path, true), SID_OK);
    assert_false(sid__path_exists(young));
}

/* Fails when the lock's file does not name its holder, or a dead holder keeps it. */
static void the_lock_names_its_holder(void **state)
{
    fixture *f = *state;
    int fd = -1, ready[2], status = 0;
    char who[64], byte = 0;
    TEST_OK(sid__directory_create(f->path, err));
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)!write(ready[1], sid__lock_take(f->path, &fd, NULL) == SID_OK ? "y" : "n", 1);
        (void)alarm(20);
        (void)pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    (void)snprintf(who, sizeof who, "pid %ld (test_catalog", (long)child);
    TEST_FAILS(sid__lock_take(f->path, &fd, err), SID_ELOCKED, who);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    TEST_OK(sid__lock_take(f->path, &fd, err));
    sid__lock_drop(fd);
    sid__lock_drop(-1);
    TEST_FAILS(sid__lock_take("/nowhere", &fd, err), SID_EIO, "cannot lock");
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/* Fails when a place that cannot hold a catalogue is found only after the work. */
static void bad_places_are_refused(void **state)
{
    fixture *f = *state;
    sid__new_directory d;
    char path[PATH_MAX + 8], *text = NULL;
    static const char *const nowhere[] = {"", ".", "..", "/", "x/..", "x/."};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        TEST_FAILS(sid__new_directory_check(nowhere[i], false, &d, err), SID_EUSAGE, "no place for a catalogue");
    TEST_FAILS(sid__new_directory_check("/nowhere/at/all", false, &d, err), SID_EIO, "/nowhere/at");
    TEST_FAILS(sid__new_directory_begin("/proc/catalog", false, &d, err), SID_EIO, "/proc");
    text = test_calloc(1, PATH_MAX + 8);
    memset(text, 'a', PATH_MAX + 4);
    TEST_FAILS(sid__new_directory_check(text, false, &d, err), SID_EUSAGE, "too long");
    test_free(text);
    (void)snprintf(path, sizeof path, "%s", f->path);
    TEST_OK(sid__replace_whole(path, "precious", 8, err));
    TEST_FAILS(sid__new_directory_check(path, true, &d, err), SID_EEXISTS, "not a catalogue");
    TEST_OK(sid__remove_tree(path, err));
    TEST_OK(sid__new_directory_check("catalog-in-the-working-directory", false, &d, err));
    assert_string_equal(d.parent, ".");
}

/* Fails when a size or hash is not compared. */
static void files_are_compared_with_the_manifest(void **state)
{
    fixture *f = *state;
    sid__manifest m = {0};
    TEST_OK(sid__directory_create(f->path, err));
    TEST_OK(sid__replace_whole(fixture_file(f, "a"), "abc", 3, err));
    TEST_OK(sid__manifest_record(&m, f->path, "a", err));
    TEST_OK(sid__files_check(f->path, &m, err));
    TEST_OK(sid__replace_whole(fixture_file(f, "a"), "abd", 3, err));
    TEST_FAILS(sid__files_check(f->path, &m, err), SID_ECORRUPT,
               "a: SHA-256 differs from the manifest; restore or refit");
    TEST_OK(sid__replace_whole(fixture_file(f, "a"), "abcd", 4, err));
    TEST_FAILS(sid__files_check(f->path, &m, err), SID_ECORRUPT, "4 bytes; the manifest says 3");
    TEST_OK(sid__remove_tree(fixture_file(f, "a"), err));
    TEST_FAILS(sid__files_check(f->path, &m, err), SID_ECORRUPT, "missing");
}

/* Fails when /proc counts as writable or /tmp as a network file system. */
static void places_are_told_apart(void **state)
{
    fixture *f = *state;
    assert_true(sid__directory_is_writable(f->root));
    assert_false(sid__directory_is_writable("/nowhere"));
    assert_false(sid__directory_is_remote(f->root));
    assert_false(sid__directory_is_remote("/nowhere"));
    TEST_FAILS(sid__file_sync_path("/nowhere", err), SID_EIO, "/nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_new_directory_appears_whole),
        FIXTURE_TEST(abandoned_directories_vanish),
        FIXTURE_TEST(force_exchanges),
        FIXTURE_TEST(stale_directories_are_cleared),
        FIXTURE_TEST(the_lock_names_its_holder),
        FIXTURE_TEST(bad_places_are_refused),
        FIXTURE_TEST(files_are_compared_with_the_manifest),
        FIXTURE_TEST(places_are_told_apart),
        FIXTURE_TEST(an_empty_directory_stays_empty),
        FIXTURE_TEST(a_lock_about_to_be_taken_is_respected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
