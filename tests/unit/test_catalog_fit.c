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

enum { MANY_ITEMS = 24000, MANY_DIM = 32, MANY_LIMIT = 12000000 }; /* bytes: four times the vectors are more */

/* Writes them, every fifth as its neighbour, and reads them back under `limit_size`. */
static sid_vectors *many_vectors(fixture *f, size_t limit_size, uint64_t seed)
{
    sid_vectors *vectors = NULL, *out = NULL;
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/x%d.npy", f->root, (int)seed);
    sid_ctx_set_memory_limit(f->ctx, 0);
    if (access(path, F_OK) != 0) {
        TEST_OK(sid_vectors_synth(f->ctx, MANY_ITEMS, MANY_DIM, 30, .5, seed, &vectors, err));
        float *x = (float *)(uintptr_t)sid_vectors_data(vectors);
        for (int64_t i = 0; i + 1 < MANY_ITEMS; i += 5)
            memcpy(x + i * MANY_DIM, x + (i + 1) * MANY_DIM, sizeof(float) * MANY_DIM);
        TEST_OK(sid_vectors_write(f->ctx, vectors, path, NULL, err));
        sid_vectors_free(vectors);
    }
    sid_ctx_set_memory_limit(f->ctx, limit_size);
    TEST_OK(sid_vectors_read(f->ctx, path, NULL, &out, err));
    assert_true((sid_vectors_data(out) == NULL) == (limit_size > 0));
    return out;
}

static void assert_same_files(const char *a, const char *b)
{
    static const char *const name[] = {"quantizer.safetensors", "vectors.npy", "metrics.json", "index.bin", "items.db",
                                       "manifest.json"};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        char path[2][PATH_MAX + 32], *bytes[2] = {NULL, NULL};
        int64_t size[2] = {0, 1};
        (void)snprintf(path[0], sizeof path[0], "%s/%s", a, name[i]);
        (void)snprintf(path[1], sizeof path[1], "%s/%s", b, name[i]);
        for (int j = 0; j < 2; j++)
            TEST_OK(sid__read_whole(path[j], 1 << 28, &bytes[j], &size[j], err));
        if (size[0] != size[1] || memcmp(bytes[0], bytes[1], (size_t)size[0]) != 0)
            fail_msg("%s differs", name[i]);
        sid__free(bytes[0]);
        sid__free(bytes[1]);
    }
}

/* Fails when a fit from a file, block by block, gives another byte than one in memory. */
static void fits_from_a_file_are_the_same(void **state)
{
    fixture *f = *state;
    static const char *const trial[] = {"sample=1500", "sample=1500,normalize=l2,pca=9,beam=3"};
    char here[PATH_MAX], there[PATH_MAX];
    (void)snprintf(here, sizeof here, "%s/here", f->root);
    (void)snprintf(there, sizeof there, "%s/there", f->root);
    for (size_t t = 0; t < sizeof trial / sizeof *trial; t++) {
        sid_fit_options options = {.codes = "16", .options = trial[t], .collisions = "digit", .force = true};
        sid_vectors *vectors = many_vectors(f, 0, 1);
        TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, here, NULL, err));
        sid_vectors_free(vectors);
        vectors = many_vectors(f, MANY_LIMIT, 1);
        TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, there, NULL, err));
        sid_vectors_free(vectors);
        assert_same_files(here, there);
    }
}

/* Fails when encoding or adding from a file gives other SIDs or vectors than from memory, or a file that is cut off
 * changes anything. */
static void adding_from_a_file_is_the_same(void **state)
{
    fixture *f = *state;
    sid_fit_options options = {.codes = "16", .options = "sample=1500"};
    uint16_t *codes[2];
    char path[2][PATH_MAX], cut[PATH_MAX];
    for (int from_file = 0; from_file < 2; from_file++) {
        sid_catalog *catalog = NULL;
        sid_vectors *old = NULL, *new = many_vectors(f, from_file ? MANY_LIMIT : 0, 2);
        (void)snprintf(path[from_file], PATH_MAX, "%s/added%d", f->root, from_file);
        sid_ctx_set_memory_limit(f->ctx, 0);
        TEST_OK(sid_vectors_synth(f->ctx, 2000, MANY_DIM, 30, .5, 3, &old, err));
        TEST_OK(sid_catalog_fit(f->ctx, &options, old, path[from_file], &catalog, err));
        codes[from_file] = test_calloc(MANY_ITEMS * 3, sizeof **codes);
        TEST_OK(sid_catalog_encode_vectors(catalog, new, codes[from_file], err));
        TEST_OK(sid_catalog_add(catalog, new, &(sid_add_options){.if_exists = SID_IF_EXISTS_REPLACE}, NULL, err));
        sid_vectors_free(new);
        if (from_file) {
            new = many_vectors(f, MANY_LIMIT, 2);
            (void)snprintf(cut, sizeof cut, "%s/x2.npy", f->root);
            assert_int_equal(truncate(cut, 2000000), 0);
            TEST_FAILS(sid_catalog_add(catalog, new, &(sid_add_options){.if_exists = SID_IF_EXISTS_REPLACE}, NULL, err),
                       SID_EDATA, "x2.npy");
            sid_vectors_free(new);
        }
        sid_catalog_close(catalog);
        sid_vectors_free(old);
    }
    assert_memory_equal(codes[0], codes[1], sizeof **codes * MANY_ITEMS * 3);
    assert_same_files(path[0], path[1]);
    test_free(codes[0]);
    test_free(codes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(fits_from_a_file_are_the_same),
        FIXTURE_TEST(adding_from_a_file_is_the_same),
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
