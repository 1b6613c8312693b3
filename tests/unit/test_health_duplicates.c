/* test_health_duplicates.c: equal vectors and collisions without them. */
#include "test.h"

#include <math.h>

#include "base/mem.h"
#include "base/philox.h"
#include "sid/health_parts.h"

static sid_report count(const float *x, const uint16_t *codes, int64_t rows, int dim, int levels)
{
    const sid__rows all = sid__rows_of(x, rows, dim);
    sid__health_input in = {.codes = codes, .count = rows, .levels = levels, .x = &all};
    sid_ctx *ctx = NULL;
    sid_report report = {0};
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid__report_init(&report, levels, err));
    TEST_OK(sid__health_duplicates(ctx, &in, &report, err));
    sid_ctx_free(ctx);
    return report;
}

static void test_golden(void **state)
{
    /* Fails when a row equal to an earlier one is not counted, or counts in the share of collisions: rows 0, 2, 4 are
     * equal; 0 and 1 share a SID; 3 differs in the last bit, 5 by the sign of zero. */
    (void)state;
    const float x[] = {1, 0, 2, 0, 1, 0, nextafterf(1, 2), 0, 1, 0, 1, -0.0f};
    const uint16_t codes[] = {7, 7, 7, 8, 7, 9};
    sid_report report = count(x, codes, 6, 2, 1);
    assert_int_equal(report.duplicate_vectors, 2);
    assert_true(report.colliding_distinct_rate == 2. / 4);
    sid_report_drop(&report);
}

static void test_moved_duplicates(void **state)
{
    /* Fails when equal vectors that a policy gave different codes are counted twice. */
    (void)state;
    const float x[] = {1, 1, 2, 2};
    const uint16_t codes[] = {0, 1, 1, 0};
    sid_report report = count(x, codes, 4, 1, 1);
    assert_int_equal(report.duplicate_vectors, 2);
    assert_true(report.colliding_distinct_rate == 0);
    sid_report_drop(&report);
}

static void test_many(void **state)
{
    /* Fails when the count differs from a comparison of all pairs. */
    (void)state;
    enum { ROWS = 800, DIM = 3 };
    static float x[ROWS * DIM];
    static uint16_t codes[ROWS];
    int64_t wanted = 0;
    for (int i = 0; i < ROWS * DIM; i++)
        x[i] = (float)sid__philox_below(61, SID__STREAM_TEST, (uint64_t)i, 8);
    for (int i = 0; i < ROWS; i++) {
        bool is_duplicate = false;
        for (int j = 0; j < i && !is_duplicate; j++)
            is_duplicate = memcmp(x + i * DIM, x + j * DIM, DIM * sizeof *x) == 0;
        wanted += is_duplicate;
        codes[i] = (uint16_t)(i % 2);
    }
    sid_report report = count(x, codes, ROWS, DIM, 1);
    assert_int_equal(report.duplicate_vectors, wanted);
    assert_true(report.colliding_distinct_rate == 1);
    sid_report_drop(&report);
}

static void test_faults(void **state)
{
    /* Fails when a failed allocation leaks or leaves half the figures. */
    (void)state;
    const float x[] = {1, 1};
    const uint16_t codes[] = {0, 0};
    const sid__rows rows = sid__rows_of(x, 2, 1);
    sid__health_input in = {.codes = codes, .count = 2, .levels = 1, .x = &rows};
    sid_report report = {0};
    sid_ctx *ctx = NULL;
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid__report_init(&report, 1, err));
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, 1);
        sid_status status = sid__health_duplicates(ctx, &in, &report, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            assert_true(after >= 6);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_int_equal(report.duplicate_vectors, -1);
    }
    sid_report_drop(&report);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_moved_duplicates),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
