/* test_ops_linear.c: the linear layer on numbers worked out by hand. Gradients are gradcheck's. */
#include "tensor_case.h"

/* Fails when weights are read transposed, the bias or the activation is left out, or a gradient goes through what the
 * activation cut. */
static void a_layer_by_hand(void **state)
{
    sid__params params = {0};
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    float x_data[] = {1, 2, -1, 0}, zero_data[4] = {0};
    sid__value x = sid__value_of(x_data, 2, 2), zero = sid__value_of(zero_data, 2, 2);
    int w = add_param(&params, "w", 2, 2), b = add_param(&params, "b", 1, 2);
    (void)state;
    TEST_OK(sid__params_seal(&params, err));
    memcpy(params.param[w].value.data, (float[]){1, 3, -2, 1}, 4 * sizeof(float));
    memcpy(params.param[b].value.data, (float[]){0.5f, 0.25f}, 2 * sizeof(float));
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    sid__value *y = sid__op_linear(&tape, &x, &params.param[w].value, &params.param[b].value, SID__RELU);
    static const float expected[] = {7.5f, 0.25f, 0, 2.25f};
    assert_memory_equal(y->data, expected, sizeof expected);
    TEST_OK(sid__tape_backward(&tape, sid__op_square_error(&tape, y, &zero, 0.5), err)); /* dy = y */
    static const float dw[] = {7.5f, 15, 0.25f - 2.25f, 0.5f}, db[] = {7.5f, 2.5f};
    assert_memory_equal(params.param[w].value.grad, dw, sizeof dw);
    assert_memory_equal(params.param[b].value.grad, db, sizeof db);
    sid_ctx_free(ctx);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_layer_by_hand)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
