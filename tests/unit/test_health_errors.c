/* test_health_errors.c: reconstruction figures against numpy (golden/make_health.py errors). */
#include <math.h>

#include "health_case.h"

static void test_numpy(void **state)
{
    /* Fails when a formula changes: mean per row or per value, about which centre, over which rows. */
    (void)state;
    static health_case made;
    health_case_init(&made);
    TEST_OK(sid__health_errors(made.ctx, &made.in, &made.rows, &made.report, err));
    check_near(made.report.level[0].relative_mse, 1.084227563501839);
    check_near(made.report.level[0].cosine, 0.07322180919323984);
    check_near(made.report.level[0].residual_ratio, 1.0359704572263244);
    check_near(made.report.level[1].relative_mse, 1.1865148064441642);
    check_near(made.report.level[1].cosine, 0.062862133609995208);
    check_near(made.report.level[1].residual_ratio, 1.0858946307434434);
    check_near(made.report.mse, 436.59833333333336);
    check_near(made.report.relative_mse, 1.1865148064441642);
    health_case_drop(&made);
}

static void test_zero_lengths(void **state)
{
    /* Fails when a row at the centre, or one that decodes to the centre, divides by zero instead of being left out. */
    (void)state;
    static const float x[] = {0, 0, 3, 4, 3, 4}, codebook[] = {0, 0, 3, 4};
    static const uint16_t codes[] = {0, 0, 1};
    sid_ctx *ctx = NULL;
    sid_quantizer *quantizer = NULL;
    sid__health_rows rows = {0};
    sid_report report = {0};
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(
        sid__quantizer_from_codebooks((const float *const[]){codebook}, (const int[]){2}, 1, 2, NULL, &quantizer, err));
    const sid__rows all = sid__rows_of(x, 3, 2);
    sid__health_input in = {
        .codes = codes, .count = 3, .levels = 1, .level_codes = (const int[]){2}, .x = &all, .quantizer = quantizer};
    TEST_OK(sid__health_rows_create(ctx, &in, &rows, err));
    TEST_OK(sid__report_init(&report, 1, err));
    TEST_OK(sid__health_errors(ctx, &in, &rows, &report, err));
    check_near(report.mse, 25. / 3);
    check_near(report.level[0].cosine, 1);          /* row 2 alone */
    check_near(report.level[0].residual_ratio, .5); /* rows 1 and 2 */
    sid_report_drop(&report);
    sid__health_rows_free(&rows);
    sid_quantizer_free(quantizer);
    sid_ctx_free(ctx);
}

static void test_code_out_of_range(void **state)
{
    /* Fails when the error of a worker is lost. */
    (void)state;
    static health_case made;
    health_case_init(&made);
    made.codes[2 * 299] = 9;
    TEST_FAILS(sid__health_errors(made.ctx, &made.in, &made.rows, &made.report, err), SID_EDATA, "9");
    assert_int_equal(sid__health_errors(made.ctx, &made.in, &made.rows, &made.report, NULL), SID_EDATA);
    assert_true(isnan(made.report.mse));
    health_case_drop(&made);
}

static void test_parallel_codes_have_no_levels(void **state)
{
    /* Fails when a level of a family without order gets the error of a prefix, or the whole SID none: two slices that
     * hold the two rows but for one unit. */
    (void)state;
    static const float x[] = {0, 0, 3, 4};
    static const uint16_t codes[] = {0, 0, 1, 1};
    int64_t shape[2] = {2, 1};
    float *code = NULL;
    sid_ctx *ctx = NULL;
    sid_quantizer *quantizer = NULL;
    sid__tensor_set set = {0};
    sid__health_rows rows = {0};
    sid_report report = {0};
    TEST_OK(sid__tensor_add(&set, "codebook.1", SID__F32, 2, shape, &code, err));
    code[1] = 2;
    TEST_OK(sid__tensor_add(&set, "codebook.2", SID__F32, 2, shape, &code, err));
    code[1] = 4;
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid__quantizer_load(
        &(sid_quantizer_options){.quantizer = "pq", .levels = 2, .codes = "2", .options = "no_center"}, 2, &set,
        &quantizer, err));
    const sid__rows all = sid__rows_of(x, 2, 2);
    sid__health_input in = {
        .codes = codes, .count = 2, .levels = 2, .level_codes = (const int[]){2, 2}, .x = &all, .quantizer = quantizer};
    TEST_OK(sid__health_rows_create(ctx, &in, &rows, err));
    TEST_OK(sid__report_init(&report, 2, err));
    TEST_OK(sid__health_errors(ctx, &in, &rows, &report, err));
    check_near(report.mse, .5);
    check_near(report.relative_mse, 1 / 12.5);
    for (int l = 0; l < 2; l++)
        assert_true(isnan(report.level[l].relative_mse) && isnan(report.level[l].cosine) &&
                    isnan(report.level[l].residual_ratio));
    sid_report_drop(&report);
    sid__health_rows_free(&rows);
    sid__tensor_set_drop(&set);
    sid_quantizer_free(quantizer);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numpy),
        cmocka_unit_test(test_zero_lengths),
        cmocka_unit_test(test_code_out_of_range),
        cmocka_unit_test(test_parallel_codes_have_no_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
