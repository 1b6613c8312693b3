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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(saved_and_loaded), cmocka_unit_test(fixed_and_impossible)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
