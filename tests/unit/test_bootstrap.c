/* test_bootstrap.c: intervals over users. */
#include <math.h>

#include "base/philox.h"
#include "eval/bootstrap.h"
#include "test.h"

enum { USERS = 400, RESAMPLES = 500 };

static void fill(double *value)
{
    for (int u = 0; u < USERS; u++) {
        value[2 * u] = sid__philox_uniform(1, SID__STREAM_TEST, (uint64_t)u);
        value[2 * u + 1] = value[2 * u] + .01; /* always that much better */
    }
}

/* Fails when resamples depend on the threads, are not paired, or have another width than the mean's own deviation gives. */
static void test_intervals(void **state)
{
    (void)state;
    static double value[2 * USERS], means[2][2 * RESAMPLES];
    double low = 0, high = 0, mean = 0;
    fill(value);
    for (int threads = 1; threads <= 2; threads++) {
        sid_ctx *ctx = NULL;
        TEST_OK(sid_ctx_create(&ctx, err));
        TEST_OK(sid_ctx_set_threads(ctx, 3 * threads - 2, err));
        TEST_OK(sid__bootstrap_means(ctx, value, USERS, 2, RESAMPLES, 7, means[threads - 1], err));
        sid_ctx_free(ctx);
    }
    assert_memory_equal(means[0], means[1], sizeof means[0]);
    TEST_OK(sid__bootstrap_interval(means[0], RESAMPLES, 2, 1, 0, &low, &high, err));
    assert_true(fabs(low - .01) < 1e-12 && fabs(high - .01) < 1e-12);
    TEST_OK(sid__bootstrap_interval(means[0], RESAMPLES, 2, 0, -1, &low, &high, err));
    for (int u = 0; u < USERS; u++)
        mean += value[2 * u] / USERS;
    double half = 1.96 * sqrt(1. / 12 / USERS); /* of uniform values */
    assert_true(low < mean && mean < high);
    assert_true(fabs((high - low) / (2 * half) - 1) < .15);
}

/* Fails when a draw leaves its range or users come unevenly: each weighs as much as another over many resamples. */
static void test_even(void **state)
{
    (void)state;
    sid_ctx *ctx = NULL;
    double value[5 * 5] = {0}, means[4000 * 5], sum[5] = {0};
    for (int u = 0; u < 5; u++)
        value[u * 5 + u] = 1;
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid__bootstrap_means(ctx, value, 5, 5, 4000, 3, means, err));
    for (int s = 0; s < 4000; s++) {
        double all = 0;
        for (int c = 0; c < 5; c++) {
            all += means[s * 5 + c];
            sum[c] += means[s * 5 + c];
        }
        assert_true(fabs(all - 1) < 1e-12);
    }
    for (int c = 0; c < 5; c++)
        assert_true(fabs(sum[c] / 4000 - .2) < .01);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_intervals), cmocka_unit_test(test_even)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
