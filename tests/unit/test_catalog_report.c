#include "catalog_fixture.h"

#include <math.h>

#include "catalog/catalog.h"

/* Fails when counts are not those of the live items, or figures from the fit are lost. */
static void counts_are_live_and_figures_from_creation(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    sid_report first, second;
    const char *const gone[] = {"i1", "i2"};
    fixture_fit(f, NULL, &catalog);
    sid_catalog_get_info(catalog, &info);
    TEST_OK(sid_catalog_report(catalog, &first, err));
    assert_string_equal(first.id, info.id);
    assert_null(first.parent);
    assert_string_equal(first.quantizer, "rkmeans");
    assert_string_equal(first.collisions, "keep");
    assert_int_equal(first.items, FIXTURE_ITEMS);
    assert_int_equal(first.version, 1);
    assert_int_equal(first.dim, FIXTURE_DIM);
    assert_int_equal(first.levels, 3);
    assert_int_equal(first.codes, 4);
    assert_true(first.relative_mse > 0 && first.relative_mse < 1);
    assert_true(first.at_creation_count > 0);
    assert_int_equal(first.added_items, 0);
    assert_true(isnan(first.added_residual_ratio));
    assert_non_null(first.verdict);
    TEST_OK(sid_catalog_remove(catalog, gone, 2, err));
    TEST_OK(sid_catalog_report(catalog, &second, err));
    assert_int_equal(second.items, FIXTURE_ITEMS - 2);
    assert_int_equal(second.version, 2);
    assert_true(second.relative_mse == first.relative_mse);
    char *json = NULL;
    TEST_OK(sid_report_json(&second, &json, err));
    assert_non_null(strstr(json, info.id));
    sid_text_free(json);
    sid_report_drop(&first);
    sid_report_drop(&second);
    sid_catalog_close(catalog);
}

/* Fails when the live counts do not know the quantizer: prefixes mean nothing where levels have no order. */
static void counts_know_the_family(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_report report;
    fixture_fit(f, NULL, &catalog);
    const sid__family_class *ordered = catalog->quantizer->family;
    sid__family_class unordered = *ordered;
    unordered.is_ordered = false;
    TEST_OK(sid_catalog_report(catalog, &report, err));
    assert_true(!isnan(report.level[1].entropy_given_prefix));
    sid_report_drop(&report);
    catalog->quantizer->family = &unordered;
    TEST_OK(sid_catalog_report(catalog, &report, err));
    assert_true(isnan(report.level[1].entropy_given_prefix));
    sid_report_drop(&report);
    catalog->quantizer->family = ordered;
    sid_catalog_close(catalog);
}

/* Fails when items added far from the codebooks bring no advice, or near ones do. */
static void added_items_are_judged_apart(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_report report;
    float far[FIXTURE_DIM * 3];
    const char *const ids[] = {"far0", "far1", "far2"};
    sid_vectors *near = fixture_vectors(f, 50, 9, "n"), *outliers = NULL;
    for (int i = 0; i < FIXTURE_DIM * 3; i++)
        far[i] = 500;
    TEST_OK(sid_vectors_create(f->ctx, far, 3, FIXTURE_DIM, ids, &outliers, err));
    fixture_fit(f, &(sid_fit_options){.codes = "4", .collisions = "digit"}, &catalog);
    TEST_OK(sid_catalog_add(catalog, near, NULL, NULL, err));
    TEST_OK(sid_catalog_report(catalog, &report, err));
    assert_int_equal(report.added_items, 50);
    assert_true(report.added_residual_ratio > 0.8 && report.added_residual_ratio < 1.15);
    assert_true(report.added_largest_bucket_growth >= 0);
    assert_null(report.added_advice);
    sid_report_drop(&report);
    TEST_OK(sid_catalog_add(catalog, outliers, NULL, NULL, err));
    TEST_OK(sid_catalog_report(catalog, &report, err));
    assert_int_equal(report.added_items, 53);
    assert_true(report.added_residual_ratio > 10);
    assert_non_null(strstr(report.added_advice, "fit again"));
    sid_report_drop(&report);
    sid_catalog_close(catalog);
    sid_vectors_free(outliers);
    sid_vectors_free(near);
}

/* Fails when a bucket that outgrew the fit is not told of, or dropped vectors give a ratio. */
static void grown_buckets_are_told(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_report report;
    float same[FIXTURE_DIM * 64] = {0};
    sid_vectors *equal = NULL;
    const char *ids[64];
    char text[64][8];
    for (int i = 0; i < 64; i++) {
        (void)snprintf(text[i], sizeof text[i], "e%d", i);
        ids[i] = text[i];
    }
    TEST_OK(sid_vectors_create(f->ctx, same, 64, FIXTURE_DIM, ids, &equal, err));
    fixture_fit(f, &(sid_fit_options){.codes = "32", .drop_vectors = true}, &catalog);
    TEST_OK(sid_catalog_add(catalog, equal, NULL, NULL, err));
    TEST_OK(sid_catalog_report(catalog, &report, err));
    assert_true(isnan(report.added_residual_ratio));
    assert_true(report.added_largest_bucket_growth > 1);
    assert_non_null(strstr(report.added_advice, "bucket"));
    sid_report_drop(&report);
    sid_catalog_close(catalog);
    sid_vectors_free(equal);
}

/* Fails when a metrics.json that was changed after open is believed, or memory that fails leaks (under ASan). */
static void damage_and_failing_memory_are_reported(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_report report;
    sid_status status = SID_ENOMEM;
    fixture_fit(f, NULL, &catalog);
    for (int64_t after = 0; status != SID_OK; after += 3) {
        sid__mem_fail(after, -1);
        status = sid_catalog_report(catalog, &report, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        sid_report_drop(&report);
        assert_true(after < 3000);
    }
    sid_report_drop(&report);
    TEST_OK(sid__replace_whole(fixture_file(f, "metrics.json"), "{", 1, err)); /* the figures were read at open */
    TEST_OK(sid_catalog_report(catalog, &report, err));
    sid_report_drop(&report);
    sid_catalog_close(catalog);
    TEST_FAILS(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err), SID_ECORRUPT, "metrics.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(counts_are_live_and_figures_from_creation),
        FIXTURE_TEST(added_items_are_judged_apart),
        FIXTURE_TEST(counts_know_the_family),
        FIXTURE_TEST(grown_buckets_are_told),
        FIXTURE_TEST(damage_and_failing_memory_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
