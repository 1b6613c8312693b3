/* test_ops_norm.c: normalisations against PyTorch's numbers. Gradients are gradcheck's. */
#include "tensor_case.h"

/* Fails when a mean, a square, an epsilon or a gain is another than PyTorch's. */
static void as_pytorch(void **state)
{
    static const double layer[] = {0.31055838998863705, -0.5369543649602297, 0.37018612999621237, 3.06707293985607};
    static const double rms[] = {0.5298128684663219, -0.5298128684663219, -0.26490643423316096, 3.1788772107979315};
    static const double unit[] = {0.26490647141300877, -0.5298129428260175, 0.13245323570650439, 0.7947194142390263};
    float x_data[] = {1, -2, 0.5f, 3}, gain_data[] = {1, 0.5f, -1, 2}, bias_data[] = {0.1f, 0.2f, 0.3f, 0.4f};
    sid__value x = sid__value_of(x_data, 1, 4), gain = sid__value_of(gain_data, 1, 4),
               bias = sid__value_of(bias_data, 1, 4);
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    const sid__value *y[] = {sid__op_norm(&tape, &x, &gain, &bias, SID__LAYER_NORM, 1e-5),
                             sid__op_norm(&tape, &x, &gain, NULL, SID__RMS_NORM, 1e-6), sid__op_unit_length(&tape, &x)};
    (void)state;
    for (int j = 0; j < 4; j++) {
        assert_near(y[0]->data[j], layer[j], 5e-7);
        assert_near(y[1]->data[j], rms[j], 5e-7);
        assert_near(y[2]->data[j], unit[j], 1e-7);
    }
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

/* Fails when a row of zeroes becomes NaN, forward or back, or threads reach a gradient. */
static void zeroes_and_threads(void **state)
{
    enum { ROWS = 150, DIM = 6 };
    sid__params params = {0};
    sid__memory memory = {0};
    float zero_data[ROWS * DIM] = {0}, *expected = NULL;
    sid__value zero = sid__value_of(zero_data, ROWS, DIM);
    (void)state;
    (void)add_param(&params, "x", ROWS, DIM);
    (void)add_param(&params, "gain", 1, DIM);
    (void)add_param(&params, "bias", 1, DIM);
    seal_uniform(&params, 3);
    memset(params.data + 5 * DIM, 0, DIM * sizeof(float));
    expected = new_floats(params.size);
    bool is_first = true;
    FOR_EACH_CTX(ctx)
    {
        sid__tape tape = sid__tape_begin(ctx, &memory, true);
        sid__params_clear(&params);
        sid__value *unit = sid__op_unit_length(&tape, &params.param[0].value);
        for (int d = 0; d < DIM; d++)
            assert_true(unit->data[5 * DIM + d] == 0);
        sid__value *y =
            sid__op_norm(&tape, unit, &params.param[1].value, &params.param[2].value, SID__LAYER_NORM, 1e-5);
        TEST_OK(sid__tape_backward(&tape, sid__op_square_error(&tape, y, &zero, 1), err));
        if (is_first)
            memcpy(expected, params.grad, (size_t)params.size * sizeof *expected);
        is_first = false;
        assert_memory_equal(expected, params.grad, (size_t)params.size * sizeof *expected);
    }
    for (int64_t i = 0; i < params.size; i++)
        assert_true(isfinite(expected[i]));
    sid__free(expected);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_pytorch), cmocka_unit_test(zeroes_and_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
