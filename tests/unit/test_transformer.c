/* test_transformer.c: the loops of an encoder: every path against the portable one, and that against libm in double. */
#include "kernel/transformer.h"

#include "linalg_case.h"

enum { ROWS = 5, COLUMNS = 53, STEP = 64, COUNT = ROWS * STEP, OUTPUTS = 3, POINTS = 4000 };

static void run_all(const sid__transformer *k, float out[OUTPUTS][COUNT])
{
    float *x = case_floats(COUNT, 1), *bias = case_floats(COLUMNS, 2), *gain = case_floats(COLUMNS, 3);
    for (int i = 0; i < OUTPUTS; i++)
        for (int j = 0; j < COUNT; j++)
            out[i][j] = 3 * x[j];
    k->gelu(ROWS, COLUMNS, bias, out[0]);
    k->softmax(ROWS, COLUMNS, STEP, 0.7f, out[1]);
    k->norm(ROWS, COLUMNS, bias, x, gain, bias, 1e-12, out[2]);
    sid__free(x);
    sid__free(bias);
    sid__free(gain);
}

/* Fails when a path rounds or sums in another order, or touches what stands after a row. */
static void test_paths_agree(void **state)
{
    float expected[OUTPUTS][COUNT], seen[OUTPUTS][COUNT];
    (void)state;
    run_all(&sid__transformer_portable, expected);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        run_all(sid__transformer_for((sid__isa)isa), seen);
        assert_memory_equal(expected, seen, sizeof seen);
    }
}

/* Fails when erf's coefficients or its limits are wrong. */
static void test_gelu(void **state)
{
    float y[POINTS], zero[POINTS] = {0};
    (void)state;
    for (int i = 0; i < POINTS; i++)
        y[i] = (float)(i - POINTS / 2) / 100;
    sid__transformer_portable.gelu(1, POINTS, zero, y);
    for (int i = 0; i < POINTS; i++) {
        double x = (double)((float)(i - POINTS / 2) / 100), wanted = x / 2 * (1 + erf(x * sqrt(.5)));
        if (!(fabs((double)y[i] - wanted) <= 5e-7 * (1 + fabs(x))))
            fail_msg("gelu(%g) = %.9g, not %.9g", x, (double)y[i], wanted);
    }
}

/* Fails when rows do not sum to 1, the padding has a share, or large scores overflow. */
static void test_softmax(void **state)
{
    (void)state;
    static const int columns[] = {1, 15, 16, 17, 64};
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        float *y = case_floats(STEP, 5), x[STEP];
        double total = 0;
        for (int i = 0; i < STEP; i++)
            x[i] = y[i] *= i == 3 ? 1e6f : 20;
        for (int i = 0; i < columns[c]; i++)
            total += exp(((double)x[i] - (double)x[columns[c] > 3 && x[3] > 0 ? 3 : 0]) * .3);
        sid__transformer_portable.softmax(1, columns[c], STEP, .3f, y);
        for (int i = 0; i < columns[c]; i++) {
            double wanted = exp(((double)x[i] - (double)x[columns[c] > 3 && x[3] > 0 ? 3 : 0]) * .3) / total;
            assert_true(fabs((double)y[i] - wanted) <= 2e-6);
        }
        for (int i = columns[c]; i % 16; i++)
            assert_true(y[i] == 0);
        sid__free(y);
    }
}

/* Fails when mean, variance, epsilon, gain or shift are not where they belong. */
static void test_norm(void **state)
{
    (void)state;
    float *y = case_floats(COLUMNS, 1), *bias = case_floats(COLUMNS, 2), *gain = case_floats(COLUMNS, 3);
    float *residual = case_floats(COLUMNS, 4);
    double v[COLUMNS], mean = 0, variance = 0;
    for (int i = 0; i < COLUMNS; i++)
        mean += (v[i] = (double)y[i] + (double)bias[i] + (double)residual[i]) / COLUMNS;
    for (int i = 0; i < COLUMNS; i++)
        variance += (v[i] - mean) * (v[i] - mean) / COLUMNS;
    sid__transformer_portable.norm(1, COLUMNS, bias, residual, gain, bias, .1, y);
    for (int i = 0; i < COLUMNS; i++)
        assert_true(fabs((double)y[i] - ((v[i] - mean) / sqrt(variance + .1) * (double)gain[i] + (double)bias[i])) <
                    2e-6);
    sid__free(y);
    sid__free(bias);
    sid__free(gain);
    sid__free(residual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths_agree), cmocka_unit_test(test_gelu),
                                       cmocka_unit_test(test_softmax), cmocka_unit_test(test_norm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
