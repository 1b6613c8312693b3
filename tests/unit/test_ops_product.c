/* test_ops_product.c: products by hand; PyTorch's numbers of SwiGLU are in test_ops_golden, gradients in gradcheck. */
#include "tensor/ops_sequence.h"
#include "tensor_case.h"

/* Fails when a factor is left out, a square gets one gradient of two, or gate and up are exchanged. */
static void by_hand(void **state)
{
    sid__params params = {0};
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    float zero_data[1] = {0}, big_data[] = {100, 3};
    sid__value zero = sid__value_of(zero_data, 1, 1), big = sid__value_of(big_data, 1, 2);
    (void)state;
    (void)add_param(&params, "x", 1, 1);
    TEST_OK(sid__params_seal(&params, err));
    params.data[0] = 3;
    sid__value *x = &params.param[0].value;
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    sid__value *y = sid__op_scale(&tape, sid__op_multiply(&tape, x, x), 2);
    assert_true(y->data[0] == 18);
    TEST_OK(sid__tape_backward(&tape, sid__op_square_error(&tape, y, &zero, 0.5), err));
    assert_true(params.grad[0] == 18.0f * 2 * 6);
    assert_true(sid__op_swiglu(&tape, &big)->data[0] == 300);
    assert_null(sid__op_multiply(&tape, NULL, x));
    assert_null(sid__op_scale(&tape, NULL, 1));
    assert_null(sid__op_swiglu(&tape, NULL));
    sid__params_drop(&params);
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_hand)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
