/* test_health_neighbors.c: neighbour figures against numpy (golden/make_health.py neighbors), and by properties. */
#include <math.h>

#include "base/philox.h"
#include "health_case.h"

static void test_numpy(void **state)
{
    /* Fails when a neighbour is wrong, a tie is not decided by row, the query is its own neighbour, or a formula moves.
     * 300 rows are no whole number of tiles or chunks. */
    (void)state;
    static health_case made;
    health_case_init(&made);
    TEST_OK(sid__health_neighbors(made.ctx, &made.in, &made.rows, &made.report, err));
    check_near(made.report.level[0].knn_recall, 0.47833333333333333);
    check_near(made.report.level[0].knn_lift, 1.9134186585800927);
    check_near(made.report.level[1].knn_recall, 0.10966666666666666);
    check_near(made.report.level[1].knn_lift, 1.7155737704918033);
    check_near(made.report.lcp_ratio, 1.8731301939058169);
    health_case_drop(&made);
}

static void test_few_rows(void **state)
{
    /* Fails when fewer than ten neighbours, or none, are mishandled. */
    (void)state;
    static health_case made;
    health_case_init(&made);
    made.in.count = made.rows.count = 1;
    TEST_OK(sid__health_neighbors(made.ctx, &made.in, &made.rows, &made.report, err));
    assert_true(isnan(made.report.lcp_ratio) && isnan(made.report.level[0].knn_recall));
    made.in.count = made.rows.count = 3;
    made.codes[0] = made.codes[2] = 1;
    made.codes[4] = 2;
    TEST_OK(sid__health_neighbors(made.ctx, &made.in, &made.rows, &made.report, err));
    check_near(made.report.level[0].knn_recall, 1. / 3);
    check_near(made.report.level[0].knn_lift, 1);
    health_case_drop(&made);
}

static void test_nothing_shared(void **state)
{
    /* Fails when no shared prefix at all divides by zero. */
    (void)state;
    static health_case made;
    health_case_init(&made);
    for (int i = 0; i < CASE_COUNT; i++)
        made.codes[2 * i] = (uint16_t)i;
    TEST_OK(sid__health_neighbors(made.ctx, &made.in, &made.rows, &made.report, err));
    assert_true(made.report.level[0].knn_recall == 0 && isnan(made.report.level[0].knn_lift));
    assert_true(isnan(made.report.lcp_ratio));
    health_case_drop(&made);
}

enum { MANY = 3000, LINE = 10 };

static void test_sampled_queries(void **state)
{
    /* Fails when the sample is not spread over all rows, or is not what the seed says. Points on a line, a code per run
     * of ten: about half of ten neighbours share it (measured by any sample), by chance 1 in 300. */
    (void)state;
    static float x[MANY];
    static uint16_t codes[MANY];
    static const float codebook[2] = {0, 1};
    sid_ctx *ctx = NULL;
    sid_quantizer *quantizer = NULL;
    sid__health_rows rows = {0};
    double recall[3];
    for (int i = 0; i < MANY; i++) {
        x[i] = 1e6f + (float)i / 8; /* a common offset: cancels exactly */
        codes[i] = (uint16_t)(i / LINE);
    }
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(
        sid__quantizer_from_codebooks((const float *const[]){codebook}, (const int[]){2}, 1, 1, NULL, &quantizer, err));
    const sid__rows all = sid__rows_of(x, MANY, 1);
    sid__health_input in = {.codes = codes, .count = MANY, .levels = 1, .x = &all, .quantizer = quantizer};
    TEST_OK(sid__health_rows_create(ctx, &in, &rows, err));
    for (int i = 0; i < 3; i++) {
        sid_report report = {0};
        in.seed = (uint64_t)(i / 2); /* 0, 0, 1 */
        TEST_OK(sid__report_init(&report, 1, err));
        TEST_OK(sid__health_neighbors(ctx, &in, &rows, &report, err));
        recall[i] = report.level[0].knn_recall;
        check_near(report.level[0].knn_lift, recall[i] * (MANY - 1) / (LINE - 1));
        sid_report_drop(&report);
    }
    /* Exactly: item j of ten has min(j, 5) + min(9 - j, 5) of its ten neighbours in its run, ties to the lower row. */
    assert_true(fabs(recall[0] - .7) < .01);
    assert_true(recall[0] == recall[1] && recall[0] != recall[2]);
    sid__health_rows_free(&rows);
    sid_quantizer_free(quantizer);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numpy),
        cmocka_unit_test(test_few_rows),
        cmocka_unit_test(test_nothing_shared),
        cmocka_unit_test(test_sampled_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
