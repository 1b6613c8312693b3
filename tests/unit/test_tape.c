/* test_tape.c: what a tape keeps, and what it does when there is no memory. Gradients are gradcheck's. */
#include "tensor_case.h"

enum { ROWS = 150, IN = 9, OUT = 5 };

static sid__value *model(sid__tape *tape, sid__params *params, sid__value *x)
{
    sid__value *hidden = sid__op_linear(tape, x, &params->param[0].value, &params->param[1].value, SID__RELU);
    sid__value *again = sid__op_linear(tape, hidden, &params->param[2].value, NULL, SID__NO_ACTIVATION);
    return sid__op_square_error(tape, again, x, 1.0 / ROWS);
}

static void make_params(sid__params *params)
{
    (void)add_param(params, "w", OUT, IN);
    (void)add_param(params, "b", 1, OUT);
    (void)add_param(params, "v", IN, OUT);
    seal_uniform(params, 5);
}

/* Fails when threads, kernel paths, or gradients left from a step before reach a gradient. */
static void gradients_are_the_same_everywhere(void **state)
{
    float x_data[ROWS * IN], *expected = NULL;
    sid__value x = sid__value_of(x_data, ROWS, IN);
    sid__params params = {0};
    sid__memory memory = {0};
    (void)state;
    fill_uniform(x_data, ROWS * IN, 1);
    make_params(&params);
    expected = new_floats(params.size);
    bool is_first = true;
    FOR_EACH_CTX(ctx)
    {
        for (int step = 0; step < 2; step++) {
            sid__tape tape = sid__tape_begin(ctx, &memory, true);
            sid__params_clear(&params);
            TEST_OK(sid__tape_backward(&tape, model(&tape, &params, &x), err));
            if (is_first)
                memcpy(expected, params.grad, (size_t)params.size * sizeof *expected);
            is_first = false;
            assert_memory_equal(expected, params.grad, (size_t)params.size * sizeof *expected);
        }
    }
    sid__free(expected);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

/* Fails when inference keeps nodes or gradients, or gives another value than the recording pass. */
static void inference_records_nothing(void **state)
{
    float x_data[ROWS * IN], values[2];
    sid__value x = sid__value_of(x_data, ROWS, IN);
    sid__params params = {0};
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    fill_uniform(x_data, ROWS * IN, 1);
    make_params(&params);
    for (int recording = 0; recording < 2; recording++) {
        sid__tape tape = sid__tape_begin(ctx, &memory, recording);
        const sid__value *loss = model(&tape, &params, &x);
        values[recording] = loss->data[0];
        assert_true((tape.newest != NULL) == recording);
        assert_true((loss->grad != NULL) == recording);
        TEST_OK(sid__tape_status(&tape, err));
    }
    assert_true(values[0] == values[1] && values[0] > 0);
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    TEST_OK(sid__tape_backward(&tape, sid__op_square_error(&tape, &x, &x, 1), err)); /* of constants */
    sid_ctx_free(ctx);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

static void count_warning(void *user, sid_log_level level, const char *message)
{
    if (level == SID_LOG_WARNING && strstr(message, "slower than fp32"))
        ++*(int *)user;
}

/* Fails when bf16 on a path without the instruction is slow without a word, or a path that has it is warned of. */
static void slow_bf16_is_said(void **state)
{
    (void)state;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        int warnings = 0;
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        sid_ctx *ctx = new_ctx(1, sid__isa_name((sid__isa)isa));
        sid_ctx_on_log(ctx, count_warning, &warnings);
        sid__precision_warn(ctx, SID__PRECISION_FP32);
        assert_int_equal(warnings, 0);
        sid__precision_warn(ctx, SID__PRECISION_BF16);
        assert_int_equal(warnings, isa != SID__ISA_AVX512BF16);
        sid_ctx_free(ctx);
    }
}

/* Fails when an op without memory crashes, leaks, or is reported as something else. */
static void lack_of_memory_is_remembered(void **state)
{
    float x_data[ROWS * IN];
    sid__value x = sid__value_of(x_data, ROWS, IN);
    sid__params params = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__memory memory = {0};
    (void)state;
    fill_uniform(x_data, ROWS * IN, 1);
    make_params(&params);
    sid__mem_fail(0, 1);
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    TEST_FAILS(sid__tape_backward(&tape, model(&tape, &params, &x), err), SID_ENOMEM, "memory of a step");
    sid__mem_fail(-1, 0);
    assert_int_equal(sid__tape_status(&tape, NULL), SID_ENOMEM);
    sid__value *book[1] = {NULL};
    tape = sid__tape_begin(ctx, &memory, true);
    assert_null(sid__op_add(&tape, NULL, &x));
    assert_null(sid__op_straight_through(&tape, NULL, &x));
    assert_null(sid__residual_quantize(&tape, NULL, book, 1, NULL, NULL));
    assert_null(sid__op_residual_loss(&tape, NULL, &(sid__residual_weights){1, 1}));
    sid_ctx_free(ctx);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients_are_the_same_everywhere),
                                       cmocka_unit_test(inference_records_nothing), cmocka_unit_test(slow_bf16_is_said),
                                       cmocka_unit_test(lack_of_memory_is_remembered)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
