/* test_ops_loss.c: losses on numbers worked out by hand. Gradients are gradcheck's. */
#include "tensor_case.h"

/* Fails when the scale is not applied, or the sum loses small terms beside large ones. */
static void square_error_by_hand(void **state)
{
    sid__params params = {0};
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    float b_data[] = {0, 0, 1, 0};
    sid__value b = sid__value_of(b_data, 2, 2);
    (void)state;
    (void)add_param(&params, "a", 2, 2);
    TEST_OK(sid__params_seal(&params, err));
    memcpy(params.data, (float[]){4096, 1, 0, -0.5f}, 4 * sizeof(float));
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    sid__value *loss = sid__op_square_error(&tape, &params.param[0].value, &b, 4);
    assert_true(loss->data[0] == 4 * (16777216.0f + 2.25f)); /* 2^24 + 1 alone would round to 2^24 in fp32 */
    TEST_OK(sid__tape_backward(&tape, loss, err));
    static const float expected[] = {8 * 4096.0f, 8, -8, -4};
    assert_memory_equal(params.grad, expected, sizeof expected);
    sid_ctx_free(ctx);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(square_error_by_hand)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
