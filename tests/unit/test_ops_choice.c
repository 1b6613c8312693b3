/* test_ops_choice.c: rows of a table and the cross-entropy against numbers of PyTorch. Gradients are gradcheck's. */
#include "tensor_case.h"

/* Fails when a large logit overflows, a target below 0 counts, or the loss is not PyTorch's. */
static void cross_entropy_as_pytorch(void **state)
{
    static const int32_t target[] = {1, -1, 0};
    float data[] = {1, 2, -1, 0, 0, 0, 3, -3, 700};
    sid__value logits = sid__value_of(data, 3, 3);
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    (void)state;
    assert_near(sid__op_cross_entropy(&tape, &logits, target, 0.5)->data[0], 0.5 * 697.3490122167682, 1e-4);
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

/* Fails when a row is another than asked for, one used twice gets one gradient, or an unused one keeps an old gradient. */
static void rows_are_gathered(void **state)
{
    static const int32_t row[] = {2, 0, 2};
    sid__params params = {0};
    sid__memory memory = {0};
    float zero_data[6] = {0};
    sid__value zero = sid__value_of(zero_data, 3, 2);
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    (void)add_param(&params, "table", 3, 2);
    seal_uniform(&params, 1);
    params.grad[2] = params.grad[3] = 77;
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    sid__value *y = sid__op_gather(&tape, &params.param[0].value, row, 3);
    for (int i = 0; i < 3; i++)
        assert_memory_equal(y->data + 2 * i, params.data + 2 * row[i], 2 * sizeof(float));
    TEST_OK(sid__tape_backward(&tape, sid__op_square_error(&tape, y, &zero, 0.5), err));
    assert_true(params.grad[0] == params.data[0] && params.grad[2] == 0 && params.grad[3] == 0);
    assert_true(params.grad[4] == 2 * params.data[4]);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cross_entropy_as_pytorch), cmocka_unit_test(rows_are_gathered)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
