/* test_report.c: the memory of a report. */
#include "test.h"

#include <math.h>

#include "base/mem.h"
#include "sid/health.h"

static void test_nothing_is_computed(void **state)
{
    /* Fails when a new report claims a figure. */
    (void)state;
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, 3, err));
    assert_int_equal(report.levels, 3);
    assert_int_equal(report.duplicate_vectors, -1);
    assert_string_equal(report.verdict, "n/a");
    assert_true(isnan(report.unique_rate) && isnan(report.mse) && isnan(report.added_residual_ratio));
    for (int l = 0; l < 3; l++) {
        assert_int_equal(report.level[l].index, l + 1);
        assert_true(isnan(report.level[l].perplexity) && isnan(report.level[l].ami));
    }
    sid_report_drop(&report);
    assert_null(report.memory);
    sid_report_drop(&report);
    sid_report_drop(NULL);
}

static void test_text(void **state)
{
    /* Fails when a text is not copied, or NULL becomes one. */
    (void)state;
    char text[] = "rkmeans";
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, 1, err));
    TEST_OK(sid__report_text(&report, text, &report.quantizer, err));
    text[0] = 'x';
    assert_string_equal(report.quantizer, "rkmeans");
    TEST_OK(sid__report_text(&report, NULL, &report.quantizer, err));
    assert_null(report.quantizer);
    sid_report_drop(&report);
}

static void test_faults(void **state)
{
    /* Fails when a failed allocation leaks or leaves half a report. */
    (void)state;
    sid_report report = {0};
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__report_init(&report, 2, err), SID_ENOMEM, "out of memory");
        sid__mem_fail(-1, 0);
        assert_null(report.memory);
        assert_null(report.level);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_computed),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
