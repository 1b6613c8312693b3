/* test_kmeans_init.c: the draws behind every start. */
#include "quant/kmeans_init.h"
#include "quant_help.h"

/* Fails when two levels, attempts or draws share a counter. */
static void no_two_draws_share_a_counter(void **state)
{
    const sid__kmeans_options first = {.index = 0}, second = {.index = 1};
    (void)state;
    assert_int_not_equal(sid__kmeans_draw(&first, 0, 1), sid__kmeans_draw(&first, 1, 0));
    assert_int_not_equal(sid__kmeans_draw(&first, 1, 0), sid__kmeans_draw(&second, 0, 0));
    assert_int_equal(sid__kmeans_draw(&second, 2, 3), ((int64_t)1 << 40) + ((int64_t)2 << 32) + 3);
}

/* Fails when a start repeats a row, or when fewer rows than codes are not filled up with row 0. */
static void random_rows_are_distinct(void **state)
{
    enum { ROWS = 40, CODES = 30 };
    float x[ROWS];
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__kmeans_options options = {.init = SID__INIT_RANDOM, .seed = 5, .stage = "test"};
    sid__lloyd lloyd;
    (void)state;
    for (int i = 0; i < ROWS; i++)
        x[i] = (float)i;
    TEST_OK(sid__lloyd_create(ctx, x, ROWS, 1, CODES, &lloyd, err));
    TEST_OK(sid__kmeans_start(ctx, &options, 0, &lloyd, err));
    for (int k = 1; k < CODES; k++)
        assert_true(lloyd.book.code[k] > lloyd.book.code[k - 1]);
    sid__lloyd_drop(&lloyd);
    TEST_OK(sid__lloyd_create(ctx, x + 7, 2, 1, 5, &lloyd, err));
    TEST_OK(sid__kmeans_start(ctx, &options, 0, &lloyd, err));
    const float expected[] = {7, 8, 7, 7, 7};
    assert_memory_equal(lloyd.book.code, expected, sizeof expected);
    sid__lloyd_drop(&lloyd);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_two_draws_share_a_counter),
                                       cmocka_unit_test(random_rows_are_distinct)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
