/* test_params.c: named parameters in one block, and as tensors. */
#include "tensor_case.h"

/* Fails when parameters overlap, are not found, or a saved one comes back elsewhere. */
static void saved_and_loaded(void **state)
{
    sid__params params = {0};
    sid__tensor_set set = {0};
    (void)state;
    (void)add_param(&params, "w", 3, 7);
    (void)add_param(&params, "b", 1, 3);
    seal_uniform(&params, 1);
    assert_int_equal(sid__params_find(&params, "b"), 1);
    assert_int_equal(sid__params_find(&params, "c"), -1);
    assert_true(params.param[1].at >= 21 && params.size >= params.param[1].at + 3);
    TEST_OK(sid__params_save(&params, "m.", params.data, &set, err));
    assert_int_equal(sid__tensor_find(&set, "m.b")->rank, 1);
    float *copy = new_floats(params.size);
    TEST_OK(sid__params_load(&params, "m.", &set, copy, err));
    assert_memory_equal(copy, params.data, (size_t)params.size * sizeof *copy);
    ((float *)sid__tensor_find(&set, "m.b")->data)[1] = INFINITY;
    TEST_FAILS(sid__params_load(&params, "m.", &set, copy, err), SID_EDATA, "m.b: element 1");
    TEST_FAILS(sid__params_load(&params, "n.", &set, copy, err), SID_EDATA, "n.w");
    sid__free(copy);
    sid__tensor_set_drop(&set);
    sid__params_drop(&params);
}

/* Fails when a parameter that is fixed gets a gradient, or sizes wrap. */
static void fixed_and_impossible(void **state)
{
    sid__params params = {0};
    sid__param like = {.value = {.rows = INT64_MAX / 2, .columns = 3}};
    (void)state;
    TEST_FAILS(sid__params_add(&params, &like, "huge", err), SID_ENOMEM, "huge");
    like = (sid__param){.value = {.rows = 2, .columns = 2}, .is_fixed = true};
    TEST_OK(sid__params_add(&params, &like, "c", err));
    TEST_OK(sid__params_seal(&params, err));
    assert_null(params.param[0].value.grad);
    sid__params_drop(&params);
}

/* Fails when weights that are laid out once give other bits than those that are not, or keep gradients. */
static void settled(void **state)
{
    enum { ROWS = 100, IN = 37, OUT = 50 };
    sid_ctx *ctx = new_ctx(2, NULL);
    sid__params params = {0};
    sid__memory memory = {0};
    float before[ROWS * OUT];
    (void)state;
    (void)add_param(&params, "b", 1, 7);
    (void)add_param(&params, "w", OUT, IN);
    seal_uniform(&params, 1);
    float *numbers = new_floats(ROWS * IN);
    fill_uniform(numbers, ROWS * IN, 2);
    sid__value x = sid__value_of(numbers, ROWS, IN);
    for (int is_settled = 0; is_settled < 2; is_settled++)
        for (int rows = 1; rows <= ROWS; rows += 33) {
            sid__tape tape = sid__tape_begin(ctx, &memory, false);
            x.rows = rows;
            const sid__value *y = sid__op_linear(&tape, &x, &params.param[1].value, NULL, SID__NO_ACTIVATION);
            TEST_OK(sid__tape_status(&tape, err));
            if (rows < ROWS || is_settled)
                assert_memory_equal(y->data, is_settled ? before : y->data, (size_t)(rows * OUT) * sizeof *before);
            else
                memcpy(before, y->data, sizeof before);
            if (rows == ROWS && !is_settled)
                TEST_OK(sid__params_settle(ctx, &params, err));
        }
    assert_null(params.grad);
    assert_null(params.param[1].value.grad);
    assert_null(params.param[0].value.packed);
    assert_non_null(params.param[1].value.packed);
    sid__memory_drop(&memory);
    sid__free(numbers);
    sid__params_drop(&params);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(saved_and_loaded), cmocka_unit_test(settled),
                                       cmocka_unit_test(fixed_and_impossible)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
