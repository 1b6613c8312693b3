/* test_diversity.c: how unlike each other the items of a list are. */
#include <math.h>

#include "base/mem.h"
#include "eval/diversity.h"
#include "test.h"

enum { DIM = 2, MOST = 4 };

/* Unit vectors along two axes, one between them, and one of no length. */
static const float vectors[] = {1, 0, 0, 1, .6F, .8F, 0, 0, -1, 0};

/* Fails when pairs are counted wrongly, a list without a pair counts, or threads change a value: cosines by hand. */
static void test_by_hand(void **state)
{
    (void)state;
    static const int32_t item[3 * MOST] = {0, 1, 2, 0, 0, 4, -1, -1, 2, -1, -1, -1};
    static const int32_t items[] = {4, 2, 1};
    static const int k[] = {1, 2, 4};
    const sid__lists lists = {.item = item, .items = items, .count = 3, .most = MOST};
    sid_ctx *ctx = NULL;
    double out[3], again[3];
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    TEST_OK(sid__diversity_of(ctx, &lists, vectors, DIM, k, 3, out, err));
    /* first list, four items: cosines 0 .6 1 .8 0 .6; second: -1 */
    assert_true(isnan(out[0]));
    assert_true(fabs(out[1] - (1 + 2) / 2.) < 1e-7);
    assert_true(fabs(out[2] - ((1 - 3. / 6) + 2) / 2) < 1e-7);
    TEST_OK(sid_ctx_set_threads(ctx, 3, err));
    TEST_OK(sid__diversity_of(ctx, &lists, vectors, DIM, k, 3, again, err));
    assert_memory_equal(out + 1, again + 1, 2 * sizeof *out);
    sid_ctx_free(ctx);
}

/* Fails when an item without a vector is like another. */
static void test_no_vector(void **state)
{
    (void)state;
    static const int32_t item[] = {3, 0, 3}, items[] = {3};
    static const int k[] = {3};
    const sid__lists lists = {.item = item, .items = items, .count = 1, .most = 3};
    sid_ctx *ctx = NULL;
    double out = 0;
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid__diversity_of(ctx, &lists, vectors, DIM, k, 1, &out, err));
    assert_true(out == 1);
    sid__mem_fail(0, -1);
    assert_int_equal(sid__diversity_of(ctx, &lists, vectors, DIM, k, 1, &out, NULL), SID_ENOMEM);
    sid__mem_fail(1, -1);
    assert_int_equal(sid__diversity_of(ctx, &lists, vectors, DIM, k, 1, &out, NULL), SID_ENOMEM);
    sid__mem_fail(-1, 0);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand), cmocka_unit_test(test_no_vector)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
