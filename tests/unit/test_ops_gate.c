/* test_ops_gate.c: gates on numbers worked out by hand. Gradients are gradcheck's. */
#include <math.h>

#include "tensor/ops_rank.h"
#include "tensor_case.h"

/* Fails when a slope is another column's, a weight another row's, or pairs stand in another order. */
static void by_hand(void **state)
{
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    float x_data[] = {1, -2, -3, 4, -1, 2}, slope_data[] = {.5F, .25F, 2}, weight_data[] = {2, -1};
    sid__value x = sid__value_of(x_data, 2, 3), slope = sid__value_of(slope_data, 1, 3),
               weight = sid__value_of(weight_data, 2, 1);
    static const float prelu[] = {1, -.5F, -6, 4, -.25F, 2}, weighed[] = {2, -4, -6, -4, 1, -2},
                       pairs[] = {-2, -3, 6, -4, 8, -2};
    (void)state;
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    assert_memory_equal(sid__op_prelu(&tape, &x, &slope)->data, prelu, sizeof prelu);
    assert_memory_equal(sid__op_weigh_rows(&tape, &x, &weight)->data, weighed, sizeof weighed);
    assert_memory_equal(sid__op_pair_dots(&tape, &x, 3)->data, pairs, sizeof pairs);
    sid_ctx_free(ctx);
    sid__memory_drop(&memory);
}

/* Fails when a logit far out gives inf / inf: of 1000, 1000 and -1000 the first two share all. */
static void softmax_far_out(void **state)
{
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    float x_data[] = {1000, 1000, -1000, 0, logf(3), logf(4)};
    sid__value x = sid__value_of(x_data, 2, 3);
    (void)state;
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    const float *y = sid__op_softmax(&tape, &x)->data;
    assert_true(y[0] == .5F && y[1] == .5F && y[2] == 0);
    assert_true(fabsf(y[3] - .125F) < 1e-6F && fabsf(y[4] - .375F) < 1e-6F && fabsf(y[5] - .5F) < 1e-6F);
    sid_ctx_free(ctx);
    sid__memory_drop(&memory);
}

/* Fails when an op does not pass on that memory was short. */
static void nothing_of_nothing(void **state)
{
    (void)state;
    assert_null(sid__op_prelu(NULL, NULL, NULL));
    assert_null(sid__op_weigh_rows(NULL, NULL, NULL));
    assert_null(sid__op_softmax(NULL, NULL));
    assert_null(sid__op_pair_dots(NULL, NULL, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_hand), cmocka_unit_test(softmax_far_out),
                                       cmocka_unit_test(nothing_of_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
