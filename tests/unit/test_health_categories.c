#include "test.h"

#include <math.h>

#include "sid/health.h"

/* Golden values of spec/quantizers.md §8; fails when depth d is not compared with d parts of the path, or the shuffled
 * categories are not the same ones. */
static void prefixes_are_compared_with_paths(void **state)
{
    (void)state;
    const uint16_t codes[] = {0, 0, 0, 0, 0, 1, 1, 0, 1, 2, 1, 2, 1, 2, 2, 3};
    const char *const path[] = {"A/x", "A/x", "A/y", "B/z", "B/w", "B/w", "C/w", "C"};
    const int level_codes[] = {4, 4};
    sid__categories categories = {.separator = "/"};
    sid_report report = {0}, again = {0};
    for (int i = 0; i < 8; i++)
        TEST_OK(sid__categories_add(&categories, path[i], err));
    const sid__health_input in = {.codes = codes, .count = 8, .levels = 2, .level_codes = level_codes, .seed = 42};
    TEST_OK(sid__report_init(&report, 2, err));
    TEST_OK(sid__report_init(&again, 2, err));
    assert_true(isnan(report.level[0].purity) && isnan(report.level[0].purity_shuffled));
    TEST_OK(sid__health_categories(&in, &categories, &report, err));
    TEST_OK(sid__health_categories(&in, &categories, &again, err));
    assert_float_equal(report.level[0].purity, .875, 1e-12);
    assert_float_equal(report.level[0].nmi, .779017, 6e-7);
    assert_float_equal(report.level[0].ami, .666115, 6e-7);
    assert_true(report.level[0].purity_shuffled >= .375 && report.level[0].purity_shuffled <= .875);
    assert_true(again.level[0].purity_shuffled == report.level[0].purity_shuffled);
    assert_float_equal(report.level[1].purity, .875, 1e-12); /* A/x A/x | A/y | B/z | B/w B/w C/w | C */
    sid_report_drop(&report);
    sid_report_drop(&again);
    sid__categories_drop(&categories);
}

/* Fails when a family without order gets figures of its prefixes. */
static void unordered_families_have_no_prefixes(void **state)
{
    (void)state;
    const uint16_t codes[] = {0, 1};
    const int level_codes[] = {2};
    sid__family_class family = {.is_ordered = false};
    sid_quantizer quantizer = {.family = &family};
    sid__categories categories = {.separator = "/"};
    sid_report report = {0};
    TEST_OK(sid__categories_add(&categories, "A", err));
    TEST_OK(sid__categories_add(&categories, "B", err));
    TEST_OK(sid__report_init(&report, 1, err));
    const sid__health_input in = {
        .codes = codes, .count = 2, .levels = 1, .level_codes = level_codes, .quantizer = &quantizer};
    TEST_OK(sid__health_categories(&in, &categories, &report, err));
    assert_true(isnan(report.level[0].purity));
    sid_report_drop(&report);
    sid__categories_drop(&categories);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_are_compared_with_paths),
        cmocka_unit_test(unordered_families_have_no_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
