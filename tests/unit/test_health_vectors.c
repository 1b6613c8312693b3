/* test_health_vectors.c: the figures from vectors together: reading rows, at_creation, threads and instruction sets. */
#include "test.h"

#include <math.h>

#include "base/mem.h"
#include "base/philox.h"
#include "sid/health_parts.h"

enum { COUNT = 700, DIM = 24, LEVELS = 3, K = 16 };

static float x[COUNT * DIM];
static sid__rows all;
static uint16_t codes[COUNT * LEVELS];
static const int level_codes[LEVELS] = {K, K, K};
static sid_ctx *ctx;
static sid_quantizer *quantizer;

/* Forty clusters, a common offset, some rows equal. */
static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++)
        for (int d = 0; d < DIM; d++)
            x[i * DIM + d] =
                (float)(5 + 3 * sid__philox_uniform(51, SID__STREAM_TEST, (uint64_t)(i % 40 * DIM + d)) +
                        (i % 7 == 0 ? 0 : sid__philox_uniform(52, SID__STREAM_TEST, (uint64_t)(i * DIM + d))));
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid_quantizer_fit(ctx, &(sid_quantizer_options){.quantizer = "rkmeans", .levels = LEVELS, .codes = "16"}, x,
                              COUNT, DIM, &quantizer, err));
    TEST_OK(sid_quantizer_encode(ctx, quantizer, x, COUNT, codes, NULL, err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sid_quantizer_free(quantizer);
    sid_ctx_free(ctx);
    return 0;
}

static sid__health_input input(void)
{
    all = sid__rows_of(x, COUNT, DIM);
    return (sid__health_input){.codes = codes,
                               .count = COUNT,
                               .levels = LEVELS,
                               .level_codes = level_codes,
                               .x = &all,
                               .quantizer = quantizer,
                               .seed = 42};
}

static sid_report report_of(const sid__health_input *in)
{
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, in->levels, err));
    TEST_OK(sid__health_vectors(ctx, in, &report, err));
    return report;
}

static void check_same(const sid_report *a, const sid_report *b)
{
    assert_memory_equal(&a->mse, &b->mse, sizeof a->mse);
    assert_memory_equal(&a->relative_mse, &b->relative_mse, sizeof a->mse);
    assert_memory_equal(&a->lcp_ratio, &b->lcp_ratio, sizeof a->mse);
    assert_int_equal(a->duplicate_vectors, b->duplicate_vectors);
    assert_memory_equal(a->level, b->level, LEVELS * sizeof *a->level);
}

static void test_same_bits(void **state)
{
    /* Fails when a bit of a figure depends on the number of threads or the instruction set. */
    (void)state;
    static const char *const isa[] = {"portable", "avx2", "avx512"};
    sid__health_input in = input();
    sid_report first = report_of(&in);
    for (int threads = 1; threads <= 7; threads += 3) {
        TEST_OK(sid_ctx_set_threads(ctx, threads, err));
        sid_report again = report_of(&in);
        check_same(&first, &again);
        sid_report_drop(&again);
    }
    for (int i = 0; i < 3; i++) {
        if (sid_ctx_set_isa(ctx, isa[i], NULL) != SID_OK)
            continue;
        sid_report again = report_of(&in);
        check_same(&first, &again);
        sid_report_drop(&again);
    }
    TEST_OK(sid_ctx_set_isa(ctx, NULL, err));
    sid_report_drop(&first);
}

static void test_all_figures(void **state)
{
    /* Fails when a piece is left out, or figures are called live that are not. */
    (void)state;
    sid__health_input in = input();
    sid_report report = report_of(&in);
    assert_int_equal(report.dim, DIM);
    assert_true(report.mse > 0 && report.relative_mse > 0 && report.relative_mse < 1);
    assert_true(report.lcp_ratio > 3);
    assert_true(report.duplicate_vectors > 0 && report.duplicate_vectors < 100);
    assert_true(report.colliding_distinct_rate >= 0 && report.colliding_distinct_rate < 1);
    for (int l = 0; l < LEVELS; l++)
        assert_true(report.level[l].knn_recall > 0 && report.level[l].cosine > 0 && report.level[l].residual_ratio < 1);
    assert_string_equal(report.at_creation[0], "mse");
    assert_true(report.at_creation_count == 10);
    assert_true(isnan(report.unique_rate) && isnan(report.level[0].purity));
    sid_report_drop(&report);
}

static void test_nothing_to_look_at(void **state)
{
    /* Fails when vectors or quantizer are needed, or no items are an error. */
    (void)state;
    sid__health_input in = input();
    in.x = NULL;
    sid_report report = report_of(&in);
    assert_true(isnan(report.mse) && report.duplicate_vectors == -1 && report.at_creation_count == 0);
    sid_report_drop(&report);
    in = input();
    in.quantizer = NULL;
    report = report_of(&in);
    assert_true(isnan(report.mse));
    sid_report_drop(&report);
    in = input();
    in.count = all.count = 0;
    report = report_of(&in);
    assert_true(isnan(report.lcp_ratio));
    sid_report_drop(&report);
}

static void test_constant_rows(void **state)
{
    /* Fails when equal rows give R^2, a lift or a cosine: their variance must be exactly 0, whatever the value. */
    (void)state;
    enum { ROWS = 37 };
    static float same[ROWS * 3];
    uint16_t same_codes[ROWS * 2] = {0};
    sid_quantizer *fitted = NULL;
    for (int i = 0; i < ROWS * 3; i++)
        same[i] = i % 3 == 0 ? .1f : 1e6f / 3;
    for (int is_unit = 0; is_unit < 2; is_unit++) {
        TEST_OK(sid_quantizer_fit(
            ctx, &(sid_quantizer_options){.levels = 2, .codes = "4", .options = is_unit ? "normalize=l2" : NULL}, same,
            ROWS, 3, &fitted, err));
        const sid__rows rows = sid__rows_of(same, ROWS, 3);
        sid__health_input in = {.codes = same_codes,
                                .count = ROWS,
                                .levels = 2,
                                .level_codes = level_codes,
                                .x = &rows,
                                .quantizer = fitted};
        sid_report report = report_of(&in);
        assert_true(isnan(report.relative_mse));
        assert_int_equal(report.duplicate_vectors, ROWS - 1);
        assert_true(report.colliding_distinct_rate == 0);
        assert_true(report.level[0].knn_recall == 1 && report.level[0].knn_lift == 1 && report.lcp_ratio == 1);
        sid_report_drop(&report);
        sid_quantizer_free(fitted);
    }
}

static void test_rows(void **state)
{
    /* Fails when a row is not what the quantizer meets before centring, or its mean is taken from another one. */
    (void)state;
    static const float raw[] = {3, 4, 0, 0, 0, 2};
    sid_quantizer fake = {.dim = 2, .options = {.normalize = 1}};
    const sid__rows raw_rows = sid__rows_of(raw, 3, 2);
    sid__health_input in = {.x = &raw_rows, .count = 3, .quantizer = &fake};
    sid__health_rows rows = {0};
    double row[2];
    TEST_OK(sid__health_rows_create(ctx, &in, &rows, err));
    sid__health_row(&rows, raw, NULL, row);
    assert_true(fabs(row[0] - .6) < 1e-15 && fabs(row[1] - .8) < 1e-15);
    sid__health_row(&rows, raw + 2, NULL, row);
    assert_true(row[0] == 0 && row[1] == 0);
    assert_true(fabs(rows.mean[0] - .2) < 1e-15 && fabs(rows.mean[1] - .6) < 1e-15);
    sid__health_row(&rows, raw + 4, rows.mean, row);
    assert_true(fabs(row[0] + .2) < 1e-15 && fabs(row[1] - .4) < 1e-15);
    sid__health_rows_free(&rows);
    fake.options.normalize = 0;
    TEST_OK(sid__health_rows_create(ctx, &in, &rows, err));
    assert_true(rows.mean[0] == 1 && rows.mean[1] == 2);
    assert_true(rows.origin[0] == 1 && rows.origin[1] == 2);
    sid__health_rows_free(&rows);
}

static void test_cancel(void **state)
{
    /* Fails when a cancelled report goes on, or shows half its figures. */
    (void)state;
    sid_ctx *canceled = NULL;
    sid__health_input in = input();
    sid_report report = {0};
    TEST_OK(sid_ctx_create(&canceled, err));
    TEST_OK(sid__report_init(&report, LEVELS, err));
    sid_ctx_cancel(canceled);
    TEST_FAILS(sid__health_vectors(canceled, &in, &report, err), SID_ECANCELED, "");
    assert_true(isnan(report.mse) && report.duplicate_vectors == -1 && isnan(report.level[0].cosine));
    sid_report_drop(&report);
    sid_ctx_free(canceled);
}

static void test_faults(void **state)
{
    /* Fails when a failed allocation leaks or leaves half the figures. */
    (void)state;
    sid__health_input in = input();
    sid_report report = {0};
    in.count = all.count = 60;
    TEST_OK(sid__report_init(&report, LEVELS, err));
    TEST_OK(sid_ctx_set_threads(ctx, 2, err));
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, 1);
        sid_status status = sid__health_vectors(ctx, &in, &report, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            assert_true(after > 20);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_true(isnan(report.mse) && report.duplicate_vectors == -1 && isnan(report.lcp_ratio));
    }
    sid_report_drop(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_all_figures),
        cmocka_unit_test(test_nothing_to_look_at),
        cmocka_unit_test(test_constant_rows),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
