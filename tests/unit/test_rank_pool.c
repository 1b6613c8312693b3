/* test_rank_pool.c: histories as one vector; numbers are PyTorch's in test_ranker_golden.c. */
#include <math.h>

#include "rank/rank_pool.h"
#include "rank_case.h"

enum { PAST = 3, WIDE = 2 };

/* Fails when clicks of one impression reach another, or the last is the first: of (1, 2), (3, 4) and of (5, 6) and of none. */
static void test_by_hand(void **state)
{
    static const float expected[3][3 * WIDE] = {{4, 6, 5, 6}, {2, 3, 5, 6}, {3, 4, 5, 6}};
    static const int64_t begin[] = {0, 2, 3, 3};
    static const int32_t of[] = {0, 0, 1};
    float past_data[] = {1, 2, 3, 4, 5, 6}, target_data[3 * WIDE] = {0};
    sid__value past = sid__value_of(past_data, PAST, WIDE), target = sid__value_of(target_data, 3, WIDE);
    const sid__ragged pasts = {.begin = begin, .count = 3};
    const sid__pooled in = {.past = &past, .target = &target, .pasts = &pasts, .of = of};
    sid__memory memory = {0};
    sid_ctx *ctx = NULL;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    for (int kind = SID__POOL_SUM; kind <= SID__POOL_LAST; kind++)
        assert_memory_equal(sid__pooling_forward((sid__pooling_kind)kind, "", NULL, &tape, &in)->data, expected[kind],
                            sizeof expected[kind]);
    assert_null(sid__pooling_forward(SID__POOL_MEAN, "", NULL, &tape, &(sid__pooled){.target = &target}));
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

/* Fails when first values are not what PyTorch's would be: slopes .25, biases 0, matrices within 1 / sqrt(columns) and not all
 * alike. */
static void test_start(void **state)
{
    sid__params params = {0};
    (void)state;
    TEST_OK(sid__pooling_declare(SID__POOL_DIN, "a", 4, &params, err));
    TEST_OK(sid__pooling_declare(SID__POOL_PMA, "b", 4, &params, err));
    TEST_OK(sid__params_seal(&params, err));
    sid__pooling_start(SID__POOL_DIN, "a", 3, &params);
    sid__pooling_start(SID__POOL_PMA, "b", 3, &params);
    for (int i = 0; i < params.count; i++) {
        const sid__param *p = &params.param[i];
        int64_t count = p->value.rows * p->value.columns;
        double most = 0;
        for (int64_t j = 0; j < count; j++)
            most = fabs((double)p->value.data[j]) > most ? fabs((double)p->value.data[j]) : most;
        if (strstr(p->name, "bias"))
            assert_true(most == 0);
        else if (strstr(p->name, "slope"))
            assert_true(most == .25);
        else
            assert_true(most > .5 / sqrt(p->value.columns) && most <= 1 / sqrt(p->value.columns));
    }
    sid__params_drop(&params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand), cmocka_unit_test(test_start)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
