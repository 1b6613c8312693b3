/* test_ops_rank.c: ops of rankers on numbers worked out by hand. Gradients are gradcheck's. */
#include <math.h>

#include "tensor/ops_rank.h"
#include "tensor_case.h"

/* Fails when rows are mixed up, or columns land elsewhere. */
static void shapes_by_hand(void **state)
{
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    float a_data[] = {1, 2, 3, 4}, b_data[] = {5, 6, 7, 8};
    sid__value a = sid__value_of(a_data, 2, 2), b = sid__value_of(b_data, 2, 2);
    (void)state;
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    static const float dots[] = {17, 53}, both[] = {1, 2, 5, 6, 3, 4, 7, 8}, middle[] = {2, 5, 4, 7};
    assert_memory_equal(sid__op_row_dot(&tape, &a, &b)->data, dots, sizeof dots);
    sid__value *wide = sid__op_concat(&tape, &a, &b);
    assert_memory_equal(wide->data, both, sizeof both);
    assert_memory_equal(sid__op_columns(&tape, wide, 1, 2)->data, middle, sizeof middle);
    assert_null(sid__op_row_dot(&tape, NULL, &b));
    assert_null(sid__op_concat(&tape, &a, NULL));
    assert_null(sid__op_columns(&tape, NULL, 0, 1));
    assert_null(sid__op_click_loss(&tape, NULL, NULL, 1));
    sid_ctx_free(ctx);
    sid__memory_drop(&memory);
}

/* Fails when a logit far out gives inf or loses its gradient: of 80 against a click missed the loss is 80, of -80 against one
 * that came 80, and where both agree it is exp -80. */
static void click_loss_far_out(void **state)
{
    static const uint8_t label[] = {0, 1, 1, 0};
    sid__params params = {0};
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    (void)add_param(&params, "z", 4, 1);
    TEST_OK(sid__params_seal(&params, err));
    memcpy(params.data, (float[]){80, -80, 80, 0}, 4 * sizeof(float));
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    sid__value *loss = sid__op_click_loss(&tape, &params.param[0].value, label, 2);
    assert_true(fabs((double)loss->data[0] - 2 * (160 + log(2))) < 1e-4);
    TEST_OK(sid__tape_backward(&tape, loss, err));
    assert_true(params.grad[0] == 2 && params.grad[1] == -2 && params.grad[3] == 1);
    assert_true(params.grad[2] < 0 && params.grad[2] > -1e-30F);
    sid_ctx_free(ctx);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes_by_hand), cmocka_unit_test(click_loss_far_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
