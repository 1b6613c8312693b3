#include "catalog_fixture.h"

#include "catalog/catalog.h"

static void copy_file(const char *from, const char *to)
{
    char *bytes = NULL;
    int64_t size = 0;
    TEST_OK(sid__read_whole(from, 1 << 24, &bytes, &size, err));
    TEST_OK(sid__replace_whole(to, bytes, (size_t)size, err));
    sid__free(bytes);
}

static sid_status verify(fixture *f, sid_verify_result *result)
{
    *result = (sid_verify_result){0};
    return sid_catalog_verify(f->ctx, f->path, false, result, NULL);
}

/* Fails when verify passes over a part, or counts wrongly. */
static void a_sound_catalogue_verifies(void **state)
{
    fixture *f = *state;
    sid_verify_result result;
    sid_catalog *catalog = NULL;
    const char *const gone[] = {"i3", "n0"};
    fixture_fit(f, &(sid_fit_options){.codes = "4", .collisions = "suffix"}, &catalog);
    sid_vectors *more = fixture_vectors(f, 10, 9, "n");
    TEST_OK(sid_catalog_add(catalog, more, NULL, NULL, err));
    TEST_OK(sid_catalog_remove(catalog, gone, 2, err));
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_verify(f->ctx, f->path, true, &result, err));
    assert_int_equal(result.files_checked, 6); /* manifest, quantizer, vectors, metrics, items, index */
    assert_int_equal(result.items_walked, FIXTURE_ITEMS + 8);
    assert_int_equal(result.items_reencoded, FIXTURE_ITEMS + 8);
    assert_int_equal(result.items_without_vector, 0);
    assert_false(result.index_rebuilt);
    assert_int_equal(f->warnings, 0);
    sid_vectors_free(more);
}

/* Fails when more than the sample is encoded without `full`, or dropped vectors are not counted. */
static void samples_and_dropped_vectors_are_counted(void **state)
{
    fixture *f = *state;
    sid_verify_result result;
    sid_vectors *many = fixture_vectors(f, 1500, 7, "i");
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.codes = "4"}, many, f->path, NULL, err));
    assert_int_equal(verify(f, &result), SID_OK);
    assert_int_equal(result.items_reencoded, 1000);
    assert_int_equal(result.items_walked, 1500);
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.codes = "4", .drop_vectors = true, .force = true}, many,
                            f->path, NULL, err));
    assert_int_equal(verify(f, &result), SID_OK);
    assert_int_equal(result.items_reencoded, 0);
    assert_int_equal(result.items_without_vector, 1500);
    sid_vectors_free(many);
}

/* Fails when a file is not hashed, or a hash is not compared. */
static void a_flipped_bit_in_each_file_is_found(void **state)
{
    fixture *f = *state;
    static const char *const name[] = {
        "manifest.json", "quantizer.safetensors", "vectors.npy", "metrics.json", "items.db", "items.sum"};
    fixture_fit(f, NULL, NULL);
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        char *path = fixture_file(f, name[i]);
        int64_t size = file_size(path);
        for (int64_t trial = 0; trial < 24; trial++) {
            sid_verify_result result;
            int64_t at = (int64_t)sid__philox_below(3, SID__STREAM_TEST, (uint64_t)trial, (uint64_t)size);
            flip_bit(path, at, (int)(trial % 8));
            sid_status status = verify(f, &result);
            if (status == SID_OK || sid_status_exit_code(status) != 3)
                fail_msg("%s: bit %d of byte %d: %s", name[i], (int)(trial % 8), (int)at, sid_status_name(status));
            flip_bit(path, at, (int)(trial % 8));
        }
    }
    sid_verify_result result;
    assert_int_equal(verify(f, &result), SID_OK);
}

/* Fails when a damaged index.bin is used, or refused instead of rebuilt with a warning. */
static void a_damaged_index_is_rebuilt(void **state)
{
    fixture *f = *state;
    sid_verify_result result;
    fixture_fit(f, NULL, NULL);
    int64_t size = file_size(fixture_file(f, "index.bin"));
    for (int64_t at = 0; at < size; at += size / 7) {
        f->warnings = 0;
        flip_bit(fixture_file(f, "index.bin"), at, 3);
        assert_int_equal(verify(f, &result), SID_OK);
        assert_true(result.index_rebuilt);
        assert_int_equal(f->warnings, 1);
        assert_non_null(strstr(f->warning, "rebuilding"));
        assert_int_equal(verify(f, &result), SID_OK); /* it was stored */
        assert_false(result.index_rebuilt);
    }
    TEST_OK(sid__remove_tree(fixture_file(f, "index.bin"), err));
    f->warnings = 0;
    assert_int_equal(verify(f, &result), SID_OK);
    assert_true(result.index_rebuilt);
    assert_int_equal(f->warnings, 0);
}

/* Fails when an item whose vector encodes to another SID is not named, with both. */
static void a_sid_that_does_not_fit_its_vector_is_named(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_verify_result result;
    fixture_fit(f, NULL, &catalog);
    /* A writer with a bug: consistent digest, wrong codes. */
    sid__db_item item = {.row = FIXTURE_ITEMS,
                         .item_id = "wrong",
                         .title = "",
                         .metadata = "",
                         .levels = 3,
                         .digit = SID__DIGIT_NONE,
                         .codes = {3, 3, 3}};
    const float x[FIXTURE_DIM] = {0};
    uint16_t codes[3];
    TEST_OK(sid_catalog_encode(catalog, x, 1, FIXTURE_DIM, codes, err));
    item.codes[2] = (uint16_t)(codes[2] ^ 1);
    item.codes[1] = codes[1];
    item.codes[0] = codes[0];
    TEST_OK(sid__item_db_begin(catalog->db, err));
    TEST_OK(sid__item_db_insert(catalog->db, &item, err));
    TEST_OK(sid__item_db_vector_put(catalog->db, item.row, x, FIXTURE_DIM, err));
    TEST_OK(sid__item_db_commit(catalog->db, &catalog->version, err));
    sid_catalog_close(catalog);
    TEST_FAILS(sid_catalog_verify(f->ctx, f->path, true, &result, err), SID_ECORRUPT, "item \"wrong\" (row 200) has");
    TEST_FAILS(sid_catalog_verify(f->ctx, f->root, true, &result, err), SID_EDATA, "not a catalogue");
}

/* Fails when a swapped file of another catalogue, a missing or an added file's hash goes unseen. */
static void missing_and_foreign_files_are_found(void **state)
{
    fixture *f = *state;
    char other[PATH_MAX + 32];
    sid_verify_result result;
    fixture_fit(f, NULL, NULL);
    (void)snprintf(other, sizeof other, "%s2", f->path);
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 8, "i");
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.codes = "4"}, vectors, other, NULL, err));
    sid_vectors_free(vectors);
    (void)snprintf(other, sizeof other, "%s2/items.db", f->path);
    copy_file(fixture_file(f, "items.db"), other);
    (void)snprintf(other, sizeof other, "%s2", f->path);
    TEST_FAILS(sid_catalog_verify(f->ctx, other, false, &result, err), SID_ECORRUPT, "belongs to catalogue");
    TEST_OK(sid__remove_tree(fixture_file(f, "metrics.json"), err));
    TEST_FAILS(sid_catalog_verify(f->ctx, f->path, false, &result, err), SID_ECORRUPT, "metrics.json: missing");
    TEST_OK(sid__replace_whole(fixture_file(f, "metrics.json"), "{}", 2, err));
    TEST_FAILS(sid_catalog_verify(f->ctx, f->path, false, &result, err), SID_ECORRUPT, "2 bytes; the manifest says");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_sound_catalogue_verifies),
        FIXTURE_TEST(samples_and_dropped_vectors_are_counted),
        FIXTURE_TEST(a_flipped_bit_in_each_file_is_found),
        FIXTURE_TEST(a_damaged_index_is_rebuilt),
        FIXTURE_TEST(a_sid_that_does_not_fit_its_vector_is_named),
        FIXTURE_TEST(missing_and_foreign_files_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
