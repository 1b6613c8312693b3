/* test_ops_pool.c: sums and means of rows by hand. Gradients are gradcheck's. */
#include "tensor/ops_sequence.h"
#include "tensor_case.h"

/* Fails when a bag takes another's rows, one of nothing is not 0, or a mean is a sum. */
static void by_hand(void **state)
{
    static const int32_t row[] = {2, 0, -1, 2};
    static const int64_t begin[] = {0, 2, 2, 4}, rows[] = {0, 0, 2, 3};
    static const float sums[] = {6, 8, 0, 0, 5, 6}, means[] = {0, 0, 2, 3, 5, 6};
    float data[] = {1, 2, 3, 4, 5, 6};
    sid__value table = sid__value_of(data, 3, 2);
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    const sid__bags bags = {begin, row, 3};
    const sid__ragged sequences = {rows, 3};
    assert_memory_equal(sid__op_bag(&tape, &table, &bags)->data, sums, sizeof sums);
    assert_memory_equal(sid__op_mean_pool(&tape, &table, &sequences)->data, means, sizeof means);
    assert_null(sid__op_bag(&tape, NULL, &bags));
    assert_null(sid__op_mean_pool(&tape, NULL, &sequences));
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_hand)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
