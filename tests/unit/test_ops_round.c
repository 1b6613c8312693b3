/* test_ops_round.c: rounding to steps: the specification's digits of FSQ 8,5,5, and what passes back. */
#include "tensor/ops_codes.h"

#include "tensor_case.h"

enum { ROWS = 5, DIM = 3 };

static void fill_channels(sid__steps channel[DIM])
{
    static const int steps[DIM] = {8, 5, 5};
    for (int c = 0; c < DIM; c++) {
        double h = (steps[c] - 1) * (1 + 1e-3) / 2, o = steps[c] % 2 ? 0 : 0.5;
        channel[c] = (sid__steps){.steps = steps[c], .lowest = -(steps[c] / 2), .h = h, .o = o, .s = atanh(o / h)};
    }
}

/* Fails when a digit is not the specification's, the value is not (q + o) / h, or the gradient not 1 - tanh^2. */
static void digits_of_the_specification(void **state)
{
    static const float y_data[ROWS * DIM] = {0, 0, 0, 0.5f, -1, 2, -9, -9, -9, 9, 9, 9, 0.1f, 0.2f, 0.3f};
    static const int expected[4] = {100, 165, 0, 199};
    float zero_data[ROWS * DIM] = {0};
    sid__value zero = sid__value_of(zero_data, ROWS, DIM);
    int digit[ROWS * DIM];
    sid__steps channel[DIM];
    sid__params params = {0};
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_channels(channel);
    (void)add_param(&params, "y", ROWS, DIM);
    TEST_OK(sid__params_seal(&params, err));
    memcpy(params.data, y_data, sizeof y_data);
    sid__value *y = &params.param[0].value;
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    const sid__value *out = sid__op_round_steps(&tape, y, channel, digit);
    TEST_OK(sid__tape_backward(&tape, sid__op_square_error(&tape, (sid__value *)(uintptr_t)out, &zero, 0.5), err));
    for (int i = 0; i < ROWS * DIM; i++) {
        const sid__steps *c = &channel[i % DIM];
        double t = tanh((double)y_data[i] + c->s);
        assert_near(out->data[i], (digit[i] + c->lowest + c->o) / c->h, 1e-6);
        assert_near(params.grad[i], (double)out->data[i] * (1 - t * t), 1e-6);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(digit[i * DIM] + 8 * digit[i * DIM + 1] + 40 * digit[i * DIM + 2], expected[i]);
    assert_null(sid__op_round_steps(&tape, NULL, channel, NULL));
    sid__memory_drop(&memory);
    sid__params_drop(&params);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(digits_of_the_specification)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
