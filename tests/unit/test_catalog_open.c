#include "catalog_fixture.h"

#include <sys/wait.h>

#include "io/manifest.h"

/* Fails when what was fitted is not what opens. */
static void what_was_fitted_opens(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_catalog_info made, opened;
    char id[64];
    fixture_fit(f,
                &(sid_fit_options){.codes = "4,5",
                                   .levels = 2,
                                   .collisions = "digit",
                                   .digit_style = "grid",
                                   .seed = 9,
                                   .parent = "0123456789abcdef0123456789abcdef"},
                &catalog);
    sid_catalog_get_info(catalog, &made);
    (void)snprintf(id, sizeof id, "%s", made.id);
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    sid_catalog_get_info(catalog, &opened);
    assert_string_equal(opened.id, id);
    assert_int_equal(strlen(id), 32);
    assert_string_equal(opened.parent, "0123456789abcdef0123456789abcdef");
    assert_string_equal(opened.collisions, "digit");
    assert_string_equal(opened.digit_style, "grid");
    assert_null(opened.encoder);
    assert_int_equal(opened.codes[0], 4);
    assert_int_equal(opened.codes[1], 5);
    assert_int_equal(opened.items, FIXTURE_ITEMS);
    sid_vectors *none = NULL;
    TEST_FAILS(sid_catalog_embed(catalog, NULL, &none, NULL, err), SID_EUSAGE, "fitted from vectors");
    uint16_t codes[2];
    TEST_FAILS(sid_catalog_encode(catalog, NULL, 0, 5, codes, err), SID_EDATA, "5 numbers, the catalogue takes 6");
    sid_catalog_close(catalog);
    assert_int_equal(f->warnings, 0);
}

/* Fails when a second writer gets in, is not told who writes, or a reader waits. */
static void a_second_writer_is_refused_by_name(void **state)
{
    fixture *f = *state;
    sid_catalog *first = NULL, *second = NULL;
    char who[64];
    fixture_fit(f, NULL, &first);
    (void)snprintf(who, sizeof who, "pid %ld", (long)getpid());
    TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &second, err), SID_ELOCKED, who);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &second, err));
    sid_catalog_close(second);
    sid_catalog_close(first);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &second, err));
    sid_catalog_close(second);
}

/* Fails when the lock outlives a killed writer, or its committed changes are lost. */
static void a_killed_writer_loses_nothing_committed(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    sid_verify_result result;
    fixture_fit(f, NULL, NULL);
    pid_t child = fork();
    if (child == 0) {
        sid_vectors *more = fixture_vectors(f, 10, 9, "n"), *again = fixture_vectors(f, 10, 9, "m");
        if (sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, NULL) != SID_OK ||
            sid_catalog_add(catalog, more, NULL, NULL, NULL) != SID_OK ||
            sid_catalog_add(catalog, again, NULL, NULL, NULL) != SID_OK)
            _exit(1);
        _exit(7); /* without closing */
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.items, FIXTURE_ITEMS + 20);
    assert_int_equal(info.version, 3);
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_verify(f->ctx, f->path, true, &result, err));
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err));
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_verify(f->ctx, f->path, true, &result, err));
}

/* In a child without rights, since root may write everywhere. Gives the child's exit code. */
static int as_nobody(fixture *f, int (*run)(fixture *))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(getuid() == 0 && setuid(65534) != 0 ? 77 : run(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int read_and_try_to_write(fixture *f)
{
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};
    sid_error err = {0};
    if (sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, &err) != SID_OK ||
        sid_catalog_neighbors(catalog, &(sid_query){.item = "i1"}, &hits, &err) != SID_OK || hits.count != 10)
        return fprintf(stderr, "%s\n", err.message) > 0 ? 1 : 2;
    sid_hits_drop(&hits);
    sid_catalog_close(catalog);
    if (sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, &err) != SID_EREADONLY)
        return 3;
    return sid_catalog_verify(f->ctx, f->path, false, &(sid_verify_result){0}, &err) == SID_OK ? 0 : 4;
}

/* Fails when reading needs to write: the database must open immutable where nothing can be written. */
static void a_read_only_directory_can_be_read(void **state)
{
    fixture *f = *state;
    fixture_fit(f, NULL, NULL);
    assert_int_equal(chmod(f->root, 0755), 0);
    assert_int_equal(chmod(f->path, 0555), 0);
    int before = count_entries(f->path);
    assert_int_equal(as_nobody(f, read_and_try_to_write), 0);
    assert_int_equal(count_entries(f->path), before);
    TEST_OK(sid__remove_tree(fixture_file(f, "index.bin"), err)); /* rebuilt in memory, not stored */
    assert_int_equal(as_nobody(f, read_and_try_to_write), 0);
    assert_int_equal(chmod(f->path, 0755), 0);
}

static int write_byte(int fd)
{
    return write(fd, "x", 1) == 1 ? 0 : 1;
}

static int read_byte(int fd)
{
    char byte = 0;
    return read(fd, &byte, 1) == 1 ? 0 : 1;
}

static int pipe_to_parent[2], pipe_to_child[2];

/* Opens, then looks again each time that the parent has changed something, until the pipe is closed. */
static int read_beside_a_writer(fixture *f)
{
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    sid_error err = {0};
    (void)close(pipe_to_child[1]);
    if (sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, &err) != SID_OK)
        return fprintf(stderr, "%s\n", err.message) > 0 ? 1 : 2;
    for (int64_t step = 1; write_byte(pipe_to_parent[1]) == 0 && read_byte(pipe_to_child[0]) == 0; step++) {
        sid_hits hits = {0};
        char out[PATH_MAX + 8] = "/dev/null";
        if (sid_catalog_decode(catalog, "", 0, &hits, NULL, &err) != SID_OK && err.status != SID_EUSAGE)
            return fprintf(stderr, "%s\n", err.message) > 0 ? 3 : 2;
        sid_hits_drop(&hits);
        if (sid_catalog_export(catalog, "tsv", out, &err) != SID_OK)
            return fprintf(stderr, "%s\n", err.message) > 0 ? 4 : 2;
        sid_catalog_get_info(catalog, &info);
        if (info.version != 1 + (step + 1) / 2 || info.items != FIXTURE_ITEMS - (step + 1) / 2)
            return fprintf(stderr, "step %d: version %d\n", (int)step, (int)info.version) > 0 ? 5 : 2;
    }
    sid_catalog_close(catalog);
    return 0;
}

/* Fails when a reader who may not write takes the files as immutable although another user changes them: stale answers, or
 * errors of damage. Each odd step removes an item and keeps the writer open; each even one closes it. */
static void a_reader_without_rights_sees_a_writer(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    int status = 0;
    if (getuid() != 0) {
        print_message("needs root, to read as another user: skipped\n");
        skip();
    }
    fixture_fit(f, NULL, NULL);
    assert_int_equal(chmod(f->root, 0755), 0);
    assert_int_equal(pipe(pipe_to_parent), 0);
    assert_int_equal(pipe(pipe_to_child), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(setuid(65534) != 0 ? 77 : read_beside_a_writer(f));
    (void)close(pipe_to_parent[1]);
    for (int step = 1; step <= 6 && read_byte(pipe_to_parent[0]) == 0; step++) {
        char id[16];
        const char *const gone[] = {id};
        (void)snprintf(id, sizeof id, "i%d", step);
        if (step % 2 == 1) {
            TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err));
            TEST_OK(sid_catalog_remove(catalog, gone, 1, err));
        } else {
            sid_catalog_close(catalog);
        }
        assert_int_equal(write_byte(pipe_to_child[1]), 0);
    }
    (void)read_byte(pipe_to_parent[0]);
    (void)close(pipe_to_child[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 0);
    (void)close(pipe_to_child[0]);
    (void)close(pipe_to_parent[0]);
}

/* Fits again and again over what stands there. */
static int replace_again_and_again(fixture *f)
{
    sid_ctx *ctx = NULL;
    if (sid_ctx_create(&ctx, NULL) != SID_OK || sid_ctx_set_threads(ctx, 1, NULL) != SID_OK)
        return 1;
    for (uint64_t i = 0; i < 24; i++) {
        const sid_fit_options options = {.levels = 1 + (int)(i % 3), .codes = "4", .force = true, .seed = i + 1};
        sid_vectors *vectors = fixture_vectors(f, 20 + (int64_t)i, i + 1, "i");
        if (sid_catalog_fit(ctx, &options, vectors, f->path, NULL, NULL) != SID_OK)
            return 2;
        sid_vectors_free(vectors);
    }
    sid_ctx_free(ctx);
    return 0;
}

/* Fails when a reader that opens while fit --force replaces the catalogue meets files of both. */
static void opening_meets_one_catalogue(void **state)
{
    fixture *f = *state;
    int status = 0, opened = 0;
    fixture_fit(f, NULL, NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(replace_again_and_again(f));
    while (waitpid(child, &status, WNOHANG) == 0) {
        sid_catalog *catalog = NULL;
        sid_report report;
        TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
        TEST_OK(sid_catalog_report(catalog, &report, err));
        sid_report_drop(&report);
        sid_catalog_close(catalog);
        opened++;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(opened > 0);
    assert_int_equal(f->warnings, 0);
}

/* Fails when a link inside a catalogue leads reading or writing out of it. */
static void links_inside_are_refused(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {"items.db",  "manifest.json", "vectors.npy", "index.bin",
                                        "items.sum", "items.db-wal",  "lock"};
    sid_catalog *catalog = NULL;
    char elsewhere[PATH_MAX + 16];
    fixture_fit(f, NULL, NULL);
    (void)snprintf(elsewhere, sizeof elsewhere, "%s.elsewhere", f->path);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bool is_there = sid__path_exists(fixture_file(f, names[i]));
        assert_true(!is_there || rename(fixture_file(f, names[i]), elsewhere) == 0);
        assert_int_equal(symlink(elsewhere, fixture_file(f, names[i])), 0);
        TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err), SID_ECORRUPT, "a symbolic link");
        TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err), SID_ECORRUPT, names[i]);
        assert_int_equal(unlink(fixture_file(f, names[i])), 0);
        assert_true(!is_there || rename(elsewhere, fixture_file(f, names[i])) == 0);
    }
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err));
    sid_catalog_close(catalog);
}

/* Writes the manifest with a changed field and a right hash. */
static void rewrite(const fixture *f, void (*change)(sid__manifest *))
{
    sid__manifest m;
    TEST_OK(sid__manifest_read(fixture_file(f, "manifest.json"), &m, err));
    change(&m);
    TEST_OK(sid__manifest_write(&m, fixture_file(f, "manifest.json"), err));
}

static void require_warp(sid__manifest *m)
{
    (void)snprintf(m->feature[m->feature_count++], sizeof m->feature[0], "warp-drive");
}

static void later_minor(sid__manifest *m)
{
    m->minor = 7;
}

static void later_major(sid__manifest *m)
{
    m->major = 2;
}

static void other_dim(sid__manifest *m)
{
    m->dim = 7;
}

static void other_prepared_dim(sid__manifest *m)
{
    m->prepared_dim = 5;
}

static void other_codes(sid__manifest *m)
{
    m->codes[1] = 9;
}

static void other_count(sid__manifest *m)
{
    m->fitted_items++;
}

static void other_policy(sid__manifest *m)
{
    (void)snprintf(m->collisions, sizeof m->collisions, "shuffle");
}

static void digits_of_none(sid__manifest *m)
{
    m->digit_codes = 16;
}

static void other_id(sid__manifest *m)
{
    m->id[0] = m->id[0] == '0' ? '1' : '0';
}

static void no_quantizer(sid__manifest *m)
{
    m->file[0] = m->file[--m->file_count];
}

static void unknown_encoder(sid__manifest *m)
{
    m->has_encoder = true;
    (void)snprintf(m->encoder, sizeof m->encoder, "oracle");
}

/* Fails when a catalogue of a later version is misread, or parts that contradict each other are believed. */
static void skewed_manifests_are_refused_by_name(void **state)
{
    fixture *f = *state;
    static const struct {
        void (*change)(sid__manifest *);
        sid_status status;
        const char *part;
    } trial[] = {
        {require_warp, SID_EVERSION, "warp-drive"},
        {later_major, SID_EVERSION, "format 2.0"},
        {later_minor, SID_OK, NULL},
        {other_dim, SID_ECORRUPT, ""},
        {other_prepared_dim, SID_ECORRUPT, "disagree"},
        {other_codes, SID_ECORRUPT, ""},
        {other_count, SID_ECORRUPT, "vectors.npy"},
        {other_policy, SID_ECORRUPT, "shuffle"},
        {digits_of_none, SID_ECORRUPT, "keep"},
        {other_id, SID_ECORRUPT, "belongs to catalogue"},
        {no_quantizer, SID_ECORRUPT, "does not list quantizer"},
        {unknown_encoder, SID_ECORRUPT, "encoder"},
    };
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        sid_catalog *catalog = NULL;
        fixture_fit(f, &(sid_fit_options){.codes = "4", .force = true}, NULL);
        rewrite(f, trial[i].change);
        if (trial[i].status == SID_OK) {
            TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
            sid_catalog_close(catalog);
        } else {
            TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err), trial[i].status, trial[i].part);
            assert_null(catalog);
        }
    }
}

/* Fails when what is no catalogue crashes open or gets a puzzling message. */
static void other_places_are_named(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err), SID_ENOTFOUND, "no such catalogue");
    TEST_FAILS(sid_catalog_open(f->ctx, f->root, SID_OPEN_WRITE, &catalog, err), SID_EDATA, "manifest.json is missing");
    assert_int_equal(count_entries(f->root), 0);
    TEST_OK(sid__replace_whole(f->path, "x", 1, err));
    TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err), SID_EDATA, "a file; a catalogue is");
    TEST_OK(sid__remove_tree(f->path, err));
    fixture_fit(f, NULL, NULL);
    TEST_OK(sid__remove_tree(fixture_file(f, "items.db"), err));
    TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err), SID_ECORRUPT, "items.db: missing");
    sid_catalog_close(NULL);
}

/* Fails when an allocation that fails in open leaks (under ASan), keeps the lock or goes unreported. */
static void failing_memory_is_reported(void **state)
{
    fixture *f = *state;
    sid_status status = SID_ENOMEM;
    fixture_fit(f, NULL, NULL);
    for (int64_t after = 0; status != SID_OK; after++) {
        sid_catalog *catalog = NULL;
        sid__mem_fail(after, -1);
        status = sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, NULL);
        sid__mem_fail(-1, 0);
        if (status != SID_OK && status != SID_ENOMEM)
            fail_msg("after %d: %s", (int)after, sid_status_name(status));
        sid_catalog_close(catalog);
        assert_true(after < 1000);
    }
}

/* Fails when a change is acknowledged on items that are damaged: the writer is refused, the file stays as it is. */
static void a_damaged_database_takes_no_change(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    const char *const gone[] = {"i7"};
    char *bytes = NULL;
    int64_t size = 0;
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_remove(catalog, gone, 1, err));
    sid_catalog_close(catalog);
    TEST_OK(sid__read_whole(fixture_file(f, "items.db"), 1 << 24, &bytes, &size, err));
    sid__free(bytes);
    flip_bit(fixture_file(f, "items.db"), size - 1, 3); /* in the last page's rows, or in unused bytes: both count */
    TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err), SID_ECORRUPT, "items.sum differs");
    flip_bit(fixture_file(f, "items.db"), size - 1, 3);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_WRITE, &catalog, err));
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_damaged_database_takes_no_change),
        FIXTURE_TEST(what_was_fitted_opens),
        FIXTURE_TEST(a_second_writer_is_refused_by_name),
        FIXTURE_TEST(a_killed_writer_loses_nothing_committed),
        FIXTURE_TEST(a_read_only_directory_can_be_read),
        FIXTURE_TEST(skewed_manifests_are_refused_by_name),
        FIXTURE_TEST(other_places_are_named),
        FIXTURE_TEST(failing_memory_is_reported),
        FIXTURE_TEST(a_reader_without_rights_sees_a_writer),
        FIXTURE_TEST(opening_meets_one_catalogue),
        FIXTURE_TEST(links_inside_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
