/* test_catalog_buckets.c: items that share their codes, against the list of items. */
#include "catalog_fixture.h"

#include <math.h>

/* `count` vectors of one dimension per point: item i stands at value[i]. */
static sid_vectors *line_vectors(fixture *f, const float *value, int64_t count)
{
    sid_vectors *vectors = NULL;
    TEST_OK(sid_vectors_create(f->ctx, value, count, 1, NULL, &vectors, err));
    return vectors;
}

/* Fails when a bucket is left out, pages overlap, the order is not by size and SID, or the histogram counts wrongly. */
static void buckets_are_all_and_in_order(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_buckets all = {0}, page = {0};
    sid_report report = {0};
    fixture_fit(f, NULL, &catalog);
    TEST_OK(sid_catalog_report(catalog, &report, err));
    TEST_OK(sid_catalog_buckets(catalog, 0, FIXTURE_ITEMS, &all, err));
    assert_true(all.count > 10);
    assert_int_equal(all.count, all.shared);
    assert_null(all.resolved_by);
    assert_int_equal(all.row[0].size, report.largest_bucket);
    int64_t items = 0, buckets = 0, alone = all.by_size[0];
    for (int64_t i = 0; i < all.count; i++) {
        sid_hits exact = {0};
        assert_true(i == 0 || all.row[i].size <= all.row[i - 1].size);
        TEST_OK(sid_catalog_decode(catalog, all.row[i].sid, 1, &exact, NULL, err));
        assert_int_equal(exact.count, all.row[i].size);
        items += all.row[i].size;
        sid_hits_drop(&exact);
    }
    for (int b = 0; b < SID_SIZE_BINS; b++)
        buckets += all.by_size[b];
    assert_int_equal(items + alone, FIXTURE_ITEMS);
    assert_int_equal(buckets, report.unique_sids);
    for (int64_t first = 0; first < all.count + 3; first += 3) {
        TEST_OK(sid_catalog_buckets(catalog, first, 3, &page, err));
        assert_int_equal(page.shared, all.shared);
        for (int64_t i = 0; i < page.count; i++)
            assert_string_equal(page.row[i].sid, all.row[first + i].sid);
        sid_buckets_drop(&page);
    }
    sid_buckets_drop(&all);
    sid_buckets_drop(&all);
    sid_buckets_drop(NULL);
    sid_report_drop(&report);
    sid_catalog_close(catalog);
}

/* Fails when equal vectors do not count once, or the spread is not the root mean square distance to the mean: of 0 and 2
 * it is 1, of 10, 10, 10 it is 0. */
static void vectors_tell_equal_from_near(void **state)
{
    fixture *f = *state;
    const float value[] = {0, 2, 10, 10, 10};
    sid_catalog *catalog = NULL;
    sid_buckets buckets = {0};
    sid_vectors *vectors = line_vectors(f, value, 5);
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.levels = 1, .codes = "2"}, vectors, f->path, &catalog, err));
    TEST_OK(sid_catalog_buckets(catalog, 0, 10, &buckets, err));
    assert_int_equal(buckets.count, 2);
    assert_int_equal(buckets.row[0].size, 3);
    assert_int_equal(buckets.row[0].distinct, 1);
    assert_true(buckets.row[0].spread == 0);
    assert_int_equal(buckets.row[1].size, 2);
    assert_int_equal(buckets.row[1].distinct, 2);
    assert_int_equal(buckets.row[1].measured, 2);
    assert_true(fabs(buckets.row[1].spread - 1) < 1e-12);
    assert_int_equal(buckets.by_size[1], 2);
    sid_buckets_drop(&buckets);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
}

/* Fails when a digit splits buckets, the style is not named, or dropped vectors are taken for measured ones. */
static void digits_and_dropped_vectors(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_buckets buckets = {0};
    fixture_fit(f, &(sid_fit_options){.levels = 2, .codes = "3", .collisions = "digit", .drop_vectors = true},
                &catalog);
    TEST_OK(sid_catalog_buckets(catalog, 0, 4, &buckets, err));
    assert_true(buckets.row[0].size >= FIXTURE_ITEMS / 9);
    assert_string_equal(buckets.resolved_by, "digit");
    assert_int_equal(buckets.row[0].distinct, -1);
    assert_int_equal(buckets.row[0].measured, 0);
    assert_true(isnan(buckets.row[0].spread));
    for (const char *at = buckets.row[0].sid, *dash = strchr(at, '-'); dash; dash = NULL)
        assert_null(strchr(dash + 1, '-'));
    sid_buckets_drop(&buckets);
    sid_catalog_close(catalog);
}

/* Fails when a catalogue without items is an error, or a page beyond the end. */
static void nothing_is_no_error(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_buckets buckets = {0};
    const float value[] = {1, 2};
    sid_vectors *vectors = line_vectors(f, value, 2);
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.levels = 1, .codes = "2"}, vectors, f->path, &catalog, err));
    TEST_OK(sid_catalog_buckets(catalog, 5, 10, &buckets, err));
    assert_int_equal(buckets.count, 0);
    sid_buckets_drop(&buckets);
    TEST_OK(sid_catalog_remove(catalog, (const char *const[]){"0", "1"}, 2, err));
    TEST_OK(sid_catalog_buckets(catalog, 0, 10, &buckets, err));
    assert_int_equal(buckets.shared, 0);
    sid_buckets_drop(&buckets);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
}

/* Fails when a lack of memory leaks, or leaves the catalogue locked. */
static void memory_may_lack_anywhere(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_buckets buckets = {0};
    sid_status status = SID_ENOMEM;
    fixture_fit(f, NULL, &catalog);
    for (int fail = 0; status != SID_OK && fail < 100; fail++) {
        sid__mem_fail(fail, -1);
        status = sid_catalog_buckets(catalog, 0, 5, &buckets, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || (status == SID_ENOMEM && buckets.row == NULL));
    }
    assert_int_equal(status, SID_OK);
    sid_buckets_drop(&buckets);
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(buckets_are_all_and_in_order),
                                       FIXTURE_TEST(vectors_tell_equal_from_near),
                                       FIXTURE_TEST(digits_and_dropped_vectors), FIXTURE_TEST(nothing_is_no_error),
                                       FIXTURE_TEST(memory_may_lack_anywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
