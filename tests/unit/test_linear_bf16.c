/* test_linear_bf16.c: the linear layer that rounds. Its products are test_gemm_bf16.c's; here: that each gets what it should,
 * once, and what it should not is left alone.
 */
#include "tensor/rounded.h"
#include "tensor_case.h"

enum { ROWS = 70, IN = 33, WIDE = 50, OUT = 21 };

/* Small whole numbers: products and sums are exact in bf16 and in fp32. */
static void fill_whole(float *x, int64_t count, uint64_t seed)
{
    fill_lattice(x, count, seed, 5, 2);
}

static void make_params(sid__params *params)
{
    add_param(params, "first", WIDE, IN);
    add_param(params, "bias", 1, WIDE);
    add_param(params, "shared", WIDE, WIDE);
    add_param(params, "last", OUT, WIDE);
    TEST_OK(sid__params_seal(params, err));
    for (int i = 0; i < params->count; i++)
        fill_whole(params->param[i].value.data, params->param[i].value.rows * params->param[i].value.columns,
                   (uint64_t)i);
}

/* Two relu layers that share their weights, one behind the other, and a last one without bias. */
static sid__value *model(sid__tape *tape, sid__params *params, sid__value *x)
{
    sid__param *p = params->param;
    sid__value *first = sid__op_linear(tape, x, &p[0].value, &p[1].value, SID__RELU);
    sid__value *second = sid__op_linear(tape, first, &p[2].value, NULL, SID__RELU);
    sid__value *third =
        sid__op_linear(tape, sid__op_add(tape, first, second), &p[2].value, &p[1].value, SID__NO_ACTIVATION);
    return sid__op_linear(tape, third, &p[3].value, NULL, SID__NO_ACTIVATION);
}

/* One step of the model; gives what it made, (ROWS, OUT). */
static sid__value *run(const sid_ctx *ctx, sid__memory *memory, sid__params *params, sid__precision precision,
                       float *x_data)
{
    static const float seeds[4] = {1, -1, 2, 0};
    sid__value x = sid__value_of(x_data, ROWS, IN);
    sid__tape tape = sid__tape_begin(ctx, memory, true);
    tape.precision = precision;
    sid__params_clear(params);
    sid__value *y = model(&tape, params, &x);
    assert_non_null(y);
    for (int i = 0; i < ROWS * OUT; i++)
        y->grad[i] = seeds[i * 7 % 4];
    y->has_grad = true;
    for (const sid__node *node = tape.newest; node; node = node->before)
        node->backward(ctx, node);
    return y;
}

static float *whole_rows(void)
{
    float *x = new_floats(ROWS * IN);
    fill_lattice(x, ROWS * IN, 9, 3, 1);
    return x;
}

/* Fails when a product of the three gets a factor of another value, an old one, or in another place; when the bias, the
 * activation or a sum of gradients is left out: where all is exact, both precisions give the same. */
static void whole_numbers_are_exact(void **state)
{
    float *x = whole_rows(), *y = new_floats(ROWS * OUT);
    sid__params params = {0};
    sid__memory memory = {0};
    (void)state;
    make_params(&params);
    for (int64_t i = 0; i < params.size; i++)
        params.data[i] *= i % 10 == 0; /* few, so that all of them have 8 bits */
    float *grad = new_floats(params.size);
    sid_ctx *plain = new_ctx(1, NULL);
    memcpy(y, run(plain, &memory, &params, SID__PRECISION_FP32, x)->data, ROWS * OUT * sizeof *y);
    memcpy(grad, params.grad, (size_t)params.size * sizeof *grad);
    FOR_EACH_CTX(ctx)
    {
        const sid__value *got = run(ctx, &memory, &params, SID__PRECISION_BF16, x);
        for (int i = 0; i < ROWS * OUT; i++)
            assert_true(got->data[i] == y[i]);
        for (int i = 0; i < params.count; i++)
            for (int64_t j = 0; j < params.param[i].value.rows * params.param[i].value.columns; j++)
                assert_true(params.param[i].value.grad[j] == grad[params.param[i].at + j]);
    }
    sid_ctx_free(plain);
    sid__free(x);
    sid__free(y);
    sid__free(grad);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

/* Fails when bits depend on threads or on the path. */
static void same_bits_everywhere(void **state)
{
    float *x = new_floats(ROWS * IN), y[ROWS * OUT], *grad = NULL;
    sid__params params = {0};
    sid__memory memory = {0};
    (void)state;
    make_params(&params);
    fill_uniform(x, ROWS * IN, 3);
    fill_uniform(params.data, params.size, 4);
    FOR_EACH_CTX(ctx)
    {
        const sid__value *got = run(ctx, &memory, &params, SID__PRECISION_BF16, x);
        if (!grad) {
            grad = new_floats(params.size);
            memcpy(y, got->data, sizeof y);
            memcpy(grad, params.grad, (size_t)params.size * sizeof *grad);
        }
        assert_memory_equal(y, got->data, sizeof y);
        assert_memory_equal(grad, params.grad, (size_t)params.size * sizeof *grad);
    }
    sid__free(x);
    sid__free(grad);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

/* Fails when factors are not rounded, sums are, or an input or a weight that changed since the last tape is not looked at
 * again: 1 + 2^-9 becomes 1, and 1 + 1/256, a sum, stays. */
static void factors_are_rounded_and_sums_are_not(void **state)
{
    float x_data[2] = {1 + 0x1p-9f, 1}, w_data[2] = {1, 0x1p-8f};
    sid__value x = sid__value_of(x_data, 1, 2), w = sid__value_of(w_data, 1, 2);
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    for (int i = 0; i < 3; i++) {
        sid__tape tape = sid__tape_begin(ctx, &memory, false);
        tape.precision = i == 1 ? SID__PRECISION_FP32 : SID__PRECISION_BF16;
        const sid__value *y = sid__op_linear(&tape, &x, &w, NULL, SID__NO_ACTIVATION);
        static const float expected[] = {1 + 0x1p-8f, 1 + 0x1p-8f + 0x1p-9f, 6 + 0x1p-7f};
        assert_true(y->data[0] == expected[i]);
        if (i == 1) {
            x_data[1] = 2;
            w_data[0] = 6;
        }
    }
    sid_ctx_free(ctx);
    sid__memory_drop(&memory);
}

/* Fails when a layer without memory crashes or goes unnoticed. */
static void lack_of_memory_is_remembered(void **state)
{
    float *x = whole_rows();
    sid__params params = {0};
    (void)state;
    make_params(&params);
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__memory memory = {0};
    sid__value input = sid__value_of(x, ROWS, IN);
    sid__mem_fail(0, 1);
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    tape.precision = SID__PRECISION_BF16;
    assert_null(model(&tape, &params, &input));
    sid__mem_fail(-1, 0);
    assert_int_equal(sid__tape_status(&tape, NULL), SID_ENOMEM);
    sid_ctx_free(ctx);
    sid__free(x);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_exact), cmocka_unit_test(same_bits_everywhere),
        cmocka_unit_test(factors_are_rounded_and_sums_are_not), cmocka_unit_test(lack_of_memory_is_remembered)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
