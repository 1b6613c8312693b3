/* test_ops_estimator.c: the straight-through and the rotation estimator on the specification's numbers. */
#include "tensor_case.h"

typedef sid__value *estimator(sid__tape *tape, sid__value *z, sid__value *q);

/* The gradient that (1, 0) at the output becomes at z, and the output. */
static void run(estimator *estimate, const float z[2], const float q_data[2], float out[2], float grad[2])
{
    float copy[2] = {q_data[0], q_data[1]}, target_data[2] = {q_data[0] - 0.5f, q_data[1]};
    sid__value q = sid__value_of(copy, 1, 2), target = sid__value_of(target_data, 1, 2);
    sid__params params = {0};
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)add_param(&params, "z", 1, 2);
    TEST_OK(sid__params_seal(&params, err));
    memcpy(params.data, z, 2 * sizeof(float));
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    sid__value *y = estimate(&tape, &params.param[0].value, &q);
    memcpy(out, y->data, 2 * sizeof(float));
    TEST_OK(sid__tape_backward(&tape, sid__op_square_error(&tape, y, &target, 1), err));
    memcpy(grad, params.grad, 2 * sizeof(float));
    sid_ctx_free(ctx);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

/* Fails when the value is not q's to the bit, or a gradient is not the specification's: z (3,4), q (0,2): (1,0) becomes
 * (.32,-.24) by rotation, stays (1,0) straight through. */
static void gradients_of_the_specification(void **state)
{
    float out[2], grad[2];
    (void)state;
    run(sid__op_rotation, (float[]){3, 4}, (float[]){0, 2}, out, grad);
    assert_true(out[0] == 0 && out[1] == 2);
    assert_near(grad[0], 0.32, 1e-7);
    assert_near(grad[1], -0.24, 1e-7);
    run(sid__op_straight_through, (float[]){3, 4}, (float[]){0, 2}, out, grad);
    assert_true(out[0] == 0 && out[1] == 2 && grad[0] == 1 && grad[1] == 0);
}

/* Fails when zero or opposite vectors, which no rotation joins, give NaN in place of the straight gradient. */
static void degenerate_rows_pass_straight(void **state)
{
    static const float z[][2] = {{0, 0}, {3, 4}, {3, 4}}, q[][2] = {{1, 2}, {0, 0}, {-6, -8}};
    float out[2], grad[2];
    (void)state;
    for (int i = 0; i < 3; i++) {
        run(sid__op_rotation, z[i], q[i], out, grad);
        assert_memory_equal(out, q[i], sizeof out);
        assert_true(grad[0] == 1 && grad[1] == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients_of_the_specification),
                                       cmocka_unit_test(degenerate_rows_pass_straight)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
