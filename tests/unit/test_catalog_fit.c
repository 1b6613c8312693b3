#include "catalog_fixture.h"

#include <sys/wait.h>

#include "io/items.h"

/* Fails when fit leaves out a row, gives an item another SID than encode does, or miscounts. */
static void fit_gives_every_vector_its_sid(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    sid_hits all = {0};
    fixture_fit(f, NULL, &catalog);
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.items, FIXTURE_ITEMS);
    assert_int_equal(info.version, 1);
    assert_int_equal(info.dim, FIXTURE_DIM);
    assert_int_equal(info.levels, 3);
    assert_int_equal(info.codes[2], 4);
    assert_string_equal(info.quantizer, "rkmeans");
    assert_true(info.has_vectors && info.ordered);
    assert_null(info.parent);
    TEST_OK(sid_catalog_items(catalog, &all, err));
    assert_int_equal(all.count, FIXTURE_ITEMS);
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    uint16_t codes[FIXTURE_ITEMS * 3];
    TEST_OK(sid_catalog_encode(catalog, sid_vectors_data(vectors), FIXTURE_ITEMS, FIXTURE_DIM, codes, err));
    for (int64_t i = 0; i < all.count; i++) {
        char sid[SID_SID_TEXT_MAX];
        sid_format(codes + 3 * i, 3, sid);
        assert_string_equal(all.row[i].sid, sid);
        assert_string_equal(all.row[i].item_id, sid_vectors_id(vectors, i));
        assert_string_equal(all.row[i].assigned, "argmin");
        assert_string_equal(all.row[i].state, "ok");
        assert_int_equal(all.row[i].row, i);
    }
    sid_vectors_free(vectors);
    sid_hits_drop(&all);
    sid_catalog_close(catalog);
    assert_int_equal(f->warnings, 0);
}

/* Fails when an option that cannot be met is found only after the work, or leaves anything behind. */
static void bad_options_are_refused_and_leave_nothing(void **state)
{
    fixture *f = *state;
    static const struct {
        sid_fit_options options;
        sid_status status;
        const char *part;
    } trial[] = {
        {{.quantizer = "rkmean"}, SID_EUSAGE, "rkmeans"},
        {{.collisions = "digits"}, SID_EUSAGE, "digit"},
        {{.collisions = "digit", .digit_style = "tigr"}, SID_EUSAGE, "tiger"},
        {{.codes = "1"}, SID_EUSAGE, "codes"},
        {{.levels = 99}, SID_EUSAGE, "levels"},
        {{.options = "beem=3"}, SID_EUSAGE, "beam"},
        {{.parent = "abc"}, SID_EUSAGE, "32 hexadecimal"},
        {{.fit_rows_path = "/nowhere/rows"}, SID_EIO, "/nowhere/rows"},
    };
    sid_vectors *vectors = fixture_vectors(f, 20, 7, "i");
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        sid_catalog *catalog = NULL;
        TEST_FAILS(sid_catalog_fit(f->ctx, &trial[i].options, vectors, f->path, &catalog, err), trial[i].status,
                   trial[i].part);
        assert_null(catalog);
        assert_int_equal(count_entries(f->root), 0);
    }
    TEST_FAILS(sid_catalog_fit(f->ctx, NULL, vectors, "/nowhere/c", NULL, err), SID_EIO, "/nowhere");
    TEST_FAILS(sid_catalog_fit(f->ctx, NULL, NULL, f->path, NULL, err), SID_EDATA, "no vectors");
    sid_ctx_set_memory_limit(f->ctx, 1000);
    TEST_FAILS(sid_catalog_fit(f->ctx, NULL, vectors, f->path, NULL, err), SID_ENOMEM, "memory limit");
    assert_int_equal(count_entries(f->root), 0);
    sid_ctx_set_memory_limit(f->ctx, 0);
    sid_vectors_free(vectors);
}

static void cancel(void *user, const sid_progress *progress)
{
    (void)progress;
    sid_ctx_cancel(user);
}

/* Fails when a canceled fit goes on, or leaves files. */
static void canceled_fit_leaves_nothing(void **state)
{
    fixture *f = *state;
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    sid_ctx_on_progress(f->ctx, cancel, f->ctx);
    TEST_FAILS(sid_catalog_fit(f->ctx, NULL, vectors, f->path, NULL, err), SID_ECANCELED, "interrupted");
    assert_int_equal(count_entries(f->root), 0);
    sid_vectors_free(vectors);
}

static void die_while_storing(void *user, const sid_progress *progress)
{
    (void)user;
    if (strcmp(progress->stage, "storing items") == 0)
        _exit(7);
}

/* Fails when a killed fit leaves a catalogue that opens, or the next writer does not clear what it left. */
static void killed_fit_leaves_no_catalogue(void **state)
{
    fixture *f = *state;
    pid_t child = fork();
    if (child == 0) {
        sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
        sid_ctx_on_progress(f->ctx, die_while_storing, NULL);
        _exit(sid_catalog_fit(f->ctx, &(sid_fit_options){.codes = "4"}, vectors, f->path, NULL, NULL) == SID_OK);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_false(sid__path_exists(f->path));
    assert_int_equal(count_entries(f->root), 1);
    fixture_fit(f, NULL, NULL);
    assert_int_equal(count_entries(f->root), 1);
    assert_true(sid__path_exists(f->path));
}

static void compare_files(const char *a, const char *b)
{
    char *x = NULL, *y = NULL;
    int64_t x_size = 0, y_size = 0;
    TEST_OK(sid__read_whole(a, 1 << 24, &x, &x_size, err));
    TEST_OK(sid__read_whole(b, 1 << 24, &y, &y_size, err));
    assert_int_equal(x_size, y_size);
    assert_memory_equal(x, y, (size_t)x_size);
    sid__free(x);
    sid__free(y);
}

/* Fails when time, threads, paths or memory contents reach a file. */
static void equal_fits_give_equal_files(void **state)
{
    fixture *f = *state;
    static const char *const name[] = {
        "manifest.json", "quantizer.safetensors", "vectors.npy", "metrics.json", "index.bin", "items.db"};
    char other[PATH_MAX + 8], path[PATH_MAX + 64];
    (void)snprintf(other, sizeof other, "%s2", f->path);
    fixture_fit(f, NULL, NULL);
    TEST_OK(sid_ctx_set_threads(f->ctx, 7, err));
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.codes = "4"}, vectors, other, NULL, err));
    sid_vectors_free(vectors);
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", other, name[i]);
        compare_files(fixture_file(f, name[i]), path);
    }
}

/* Fails when an existing catalogue is overwritten unasked, or --force replaces what is none. */
static void force_replaces_catalogues_only(void **state)
{
    fixture *f = *state;
    char file[PATH_MAX + 32];
    sid_vectors *vectors = fixture_vectors(f, 30, 8, "n");
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    fixture_fit(f, NULL, NULL);
    TEST_FAILS(sid_catalog_fit(f->ctx, NULL, vectors, f->path, NULL, err), SID_EEXISTS, "--force");
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.force = true}, vectors, f->path, &catalog, err));
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.items, 30);
    TEST_FAILS(sid_catalog_fit(f->ctx, &(sid_fit_options){.force = true}, vectors, f->path, NULL, err), SID_ELOCKED,
               "is writing");
    sid_catalog_close(catalog);
    assert_int_equal(count_entries(f->root), 1);
    (void)snprintf(file, sizeof file, "%s.d", f->path);
    TEST_OK(sid__directory_create(file, err));
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.force = true}, vectors, file, NULL, err));
    (void)snprintf(file, sizeof file, "%s.d/manifest.json", f->path);
    TEST_OK(sid__remove_tree(file, err));
    (void)snprintf(file, sizeof file, "%s.d/", f->path);
    TEST_FAILS(sid_catalog_fit(f->ctx, &(sid_fit_options){.force = true}, vectors, file, NULL, err), SID_EEXISTS,
               "not a catalogue");
    sid_vectors_free(vectors);
}

/* Fails when --fit-rows is not read, or ids that are wrong in it are passed over. */
static void fit_rows_are_ids(void **state)
{
    fixture *f = *state;
    char rows[PATH_MAX + 8];
    sid_vectors *vectors = fixture_vectors(f, 50, 7, "i");
    sid_fit_options options = {.levels = 2, .codes = "4", .fit_rows_path = rows};
    (void)snprintf(rows, sizeof rows, "%s.rows", f->path);
    TEST_OK(sid__replace_whole(rows, "i3\r\ni1\nnone\n", 12, err));
    TEST_FAILS(sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, err), SID_EDATA, "rows:3: no vector has");
    TEST_OK(sid__replace_whole(rows, "i3\ni3\n", 6, err));
    TEST_FAILS(sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, err), SID_EDATA, "rows:2: id \"i3\"");
    TEST_OK(sid__replace_whole(rows, "", 0, err));
    TEST_FAILS(sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, err), SID_EDATA, "empty");
    TEST_OK(sid__replace_whole(rows, "i\0i", 3, err));
    TEST_FAILS(sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, err), SID_EDATA, "zero byte");
    TEST_OK(sid__replace_whole(rows, "i3\r\ni1\ni4\ni9\ni12", 16, err));
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, &catalog, err));
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.items, 50);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
}

/* Fails when fit_check writes, misses what fit would refuse, or estimates nothing. */
static void check_estimates_and_writes_nothing(void **state)
{
    fixture *f = *state;
    sid_fit_estimate estimate = {0};
    sid_vectors *vectors = fixture_vectors(f, 50, 7, "i");
    TEST_OK(sid_catalog_fit_check(f->ctx, NULL, vectors, f->path, &estimate, err));
    assert_int_equal(estimate.items, 50);
    assert_int_equal(estimate.dim, FIXTURE_DIM);
    assert_true(estimate.fit_s > 0 && estimate.memory_size > 0 && estimate.disk_size > 50 * FIXTURE_DIM * 4);
    assert_int_equal(count_entries(f->root), 0);
    TEST_FAILS(sid_catalog_fit_check(f->ctx, NULL, vectors, f->root, &estimate, err), SID_EEXISTS, "exists");
    const sid_fit_options sliced = {.quantizer = "pq", .levels = FIXTURE_DIM + 1};
    TEST_FAILS(sid_catalog_fit_check(f->ctx, &sliced, vectors, f->path, &estimate, err), SID_EUSAGE, "6 dimensions");
    TEST_FAILS(sid_catalog_fit_check(f->ctx, NULL, vectors, "/", &estimate, err), SID_EUSAGE, "no place");
    sid_vectors_free(vectors);
}

/* Fails when fewer rows than codes, equal rows or a single row break the fit. */
static void small_data_works(void **state)
{
    fixture *f = *state;
    const float same[12] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    sid_hits all = {0};
    TEST_OK(sid_vectors_create(f->ctx, same, 4, 3, NULL, &vectors, err));
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.codes = "16", .collisions = "digit"}, vectors, f->path,
                            &catalog, err));
    assert_true(f->warnings > 0);
    TEST_OK(sid_catalog_items(catalog, &all, err));
    for (int i = 0; i < 4; i++) {
        char sid[32];
        (void)snprintf(sid, sizeof sid, "0-0-0-%d", i);
        assert_string_equal(all.row[i].sid, sid);
    }
    sid_hits_drop(&all);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
}

/* Fails when --fit-rows is read twice, which standard input does not bear. */
static void fit_rows_come_from_standard_input(void **state)
{
    fixture *f = *state;
    char rows[PATH_MAX + 8];
    sid_vectors *vectors = fixture_vectors(f, 50, 7, "i");
    const sid_fit_options options = {.levels = 1, .codes = "2", .fit_rows_path = "-"};
    (void)snprintf(rows, sizeof rows, "%s.rows", f->path);
    TEST_OK(sid__replace_whole(rows, "i3\ni1\ni2\n", 9, err));
    int kept = dup(STDIN_FILENO), file = open(rows, O_RDONLY);
    assert_int_equal(dup2(file, STDIN_FILENO), STDIN_FILENO);
    sid_error why = {0};
    sid_status status = sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, &why);
    if (kept >= 0)
        (void)dup2(kept, STDIN_FILENO);
    (void)close(kept);
    (void)close(file);
    assert_string_equal(why.message, "");
    assert_int_equal(status, SID_OK);
    sid_vectors_free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(fit_gives_every_vector_its_sid),
        FIXTURE_TEST(bad_options_are_refused_and_leave_nothing),
        FIXTURE_TEST(canceled_fit_leaves_nothing),
        FIXTURE_TEST(killed_fit_leaves_no_catalogue),
        FIXTURE_TEST(equal_fits_give_equal_files),
        FIXTURE_TEST(force_replaces_catalogues_only),
        FIXTURE_TEST(fit_rows_are_ids),
        FIXTURE_TEST(fit_rows_come_from_standard_input),
        FIXTURE_TEST(check_estimates_and_writes_nothing),
        FIXTURE_TEST(small_data_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
