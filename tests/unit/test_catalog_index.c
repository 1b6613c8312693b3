#include "catalog_fixture.h"

#include "catalog/catalog.h"

/* Fails when the index of a changed catalogue is not stored at close, or is rebuilt without need. */
static void the_index_is_stored_with_its_version(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    const char *const gone[] = {"i7"};
    fixture_fit(f, NULL, &catalog);
    assert_false(catalog->is_index_rebuilt);
    TEST_OK(sid_catalog_remove(catalog, gone, 1, err));
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    assert_false(catalog->is_index_rebuilt);
    assert_int_equal(catalog->index_source.version, 2);
    assert_int_equal(sid__prefix_index_count(catalog->index), FIXTURE_ITEMS - 1);
    sid_catalog_close(catalog);
    assert_int_equal(f->warnings, 0);
}

/* Fails when a stale index is used, or a word is said about its rebuilding, which is no news. */
static void a_stale_index_is_rebuilt_silently(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    char *bytes = NULL;
    int64_t size = 0;
    const char *const gone[] = {"i7"};
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid__read_whole(fixture_file(f, "index.bin"), 1 << 20, &bytes, &size, err));
    TEST_OK(sid_catalog_remove(catalog, gone, 1, err));
    sid_catalog_close(catalog);
    TEST_OK(sid__replace_whole(fixture_file(f, "index.bin"), bytes, (size_t)size, err));
    sid__free(bytes);
    f->infos = 0;
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    assert_true(catalog->is_index_rebuilt && catalog->is_index_stored);
    assert_int_equal(sid__prefix_index_count(catalog->index), FIXTURE_ITEMS - 1);
    assert_int_equal(f->warnings, 0);
    assert_int_equal(f->infos, 0);
    sid_catalog_close(catalog);
}

/* Fails when an index of another width, hash and all, is taken for ours. */
static void an_index_of_another_width_is_rebuilt(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid__prefix_index *index = NULL;
    const uint16_t codes[] = {1, 2};
    const uint8_t length[] = {2};
    const int64_t row[] = {0};
    fixture_fit(f, NULL, NULL);
    TEST_OK(sid__prefix_index_build(codes, length, row, 1, 2, &index, err));
    TEST_OK(sid__prefix_index_write(index, &(sid__index_source){.version = 1}, fixture_file(f, "index.bin"), err));
    sid__prefix_index_free(index);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    assert_non_null(strstr(f->warning, "2 codes wide"));
    assert_int_equal(sid__prefix_index_count(catalog->index), FIXTURE_ITEMS);
    sid_catalog_close(catalog);
}

/* Fails when an index of another catalogue, of the same version and width, is taken for ours. */
static void an_index_of_another_catalogue_is_rebuilt(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_verify_result result;
    char *bytes = NULL, out[PATH_MAX + 8];
    int64_t size = 0;
    const float x[FIXTURE_DIM * 2] = {1};
    const char *const ids[] = {"a", "b"};
    sid_vectors *vectors = NULL;
    TEST_OK(sid_vectors_create(f->ctx, x, 2, FIXTURE_DIM, ids, &vectors, err));
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.levels = 3, .codes = "2"}, vectors, f->path, NULL, err));
    sid_vectors_free(vectors);
    TEST_OK(sid__read_whole(fixture_file(f, "index.bin"), 1 << 20, &bytes, &size, err));
    fixture_fit(f, &(sid_fit_options){.levels = 3, .codes = "4", .force = true}, NULL);
    TEST_OK(sid__replace_whole(fixture_file(f, "index.bin"), bytes, (size_t)size, err));
    sid__free(bytes);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    assert_true(catalog->is_index_rebuilt);
    assert_int_equal(sid__prefix_index_count(catalog->index), FIXTURE_ITEMS);
    (void)snprintf(out, sizeof out, "%s.npy", f->path);
    TEST_OK(sid_catalog_export(catalog, "npy", out, err));
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_verify(f->ctx, f->path, false, &result, err));
    assert_false(result.index_rebuilt);
    assert_int_equal(f->warnings, 0);
}

/* The index of one item of three codes, written as if it showed this catalogue. */
static void write_forged_index(fixture *f)
{
    sid_catalog *catalog = NULL;
    sid__prefix_index *index = NULL;
    const uint16_t codes[] = {0, 0, 0};
    const uint8_t length[] = {3};
    const int64_t row[] = {12345};
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    TEST_OK(sid__prefix_index_build(codes, length, row, 1, 3, &index, err));
    TEST_OK(sid__prefix_index_write(index, &catalog->index_source, fixture_file(f, "index.bin"), err));
    sid__prefix_index_free(index);
    sid_catalog_close(catalog);
}

/* Fails when an index with a good hash that names rows the items lack gives more than a named error. */
static void an_index_of_other_rows_is_named(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};
    sid_verify_result result;
    char out[PATH_MAX + 8];
    fixture_fit(f, NULL, NULL);
    write_forged_index(f);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    TEST_FAILS(sid_catalog_decode(catalog, "0", 1, &hits, NULL, err), SID_ECORRUPT, "12345");
    (void)snprintf(out, sizeof out, "%s.npy", f->path); /* sized by the items, not by the index: ASan sees it */
    TEST_OK(sid_catalog_export(catalog, "npy", out, err));
    assert_true(file_size(out) > 2 * 3 * FIXTURE_ITEMS);
    sid_catalog_close(catalog);
    TEST_FAILS(sid_catalog_verify(f->ctx, f->path, false, &result, err), SID_ECORRUPT, "index.bin holds 1 items");
}

/* Fails when storing the index where it cannot be stored breaks reading, or leaves a temporary file. */
static void an_index_that_cannot_be_stored_is_kept(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    fixture_fit(f, NULL, NULL);
    TEST_OK(sid__remove_tree(fixture_file(f, "index.bin"), err));
    TEST_OK(sid__directory_create(fixture_file(f, "index.bin"), err));
    sid_error why = {0};
    sid_status status = sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, &why);
    if (status == SID_OK) {
        assert_true(f->warnings > 0);
        sid_catalog_close(catalog);
    } else {
        assert_int_equal(status, SID_EIO);
    }
    DIR *directory = opendir(f->path);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        assert_null(strstr(entry->d_name, ".tmp-"));
    (void)closedir(directory);
    assert_int_equal(rmdir(fixture_file(f, "index.bin")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(the_index_is_stored_with_its_version),   FIXTURE_TEST(a_stale_index_is_rebuilt_silently),
        FIXTURE_TEST(an_index_of_another_width_is_rebuilt),   FIXTURE_TEST(an_index_of_other_rows_is_named),
        FIXTURE_TEST(an_index_that_cannot_be_stored_is_kept), FIXTURE_TEST(an_index_of_another_catalogue_is_rebuilt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
