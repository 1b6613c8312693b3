/* test_neural.c: the loops of training: every path against the portable one, and that against plain arithmetic. */
#include "kernel/neural.h"

#include "tensor_case.h"

enum { ROWS = 5, COLUMNS = 37, COUNT = ROWS * COLUMNS, OUTPUTS = 9 };

/* What every loop makes of the same numbers. */
static void run_all(const sid__neural *k, float out[OUTPUTS][COUNT], double sums[2])
{
    float x[COUNT], y[COUNT], column[COLUMNS], m[COUNT], v[COUNT];
    const sid__adamw by = {
        .beta1 = 0.9f, .beta2 = 0.99f, .rate = 0.1f, .root = 3, .epsilon = 1e-3f, .keep = 0.98f, .scale = 0.5f};
    fill_uniform(x, COUNT, 1);
    fill_uniform(y, COUNT, 2);
    for (int i = 0; i < OUTPUTS; i++)
        memcpy(out[i], y, sizeof y);
    k->bias(ROWS, COLUMNS, x, true, out[0]);
    k->bias_back(ROWS, COLUMNS, x, true, out[1], column);
    k->add(COLUMNS, column, out[1]);
    k->add_scaled(COUNT, 0.3f, x, out[2]);
    k->scale(COUNT, 0.7f, out[2], out[2]);
    k->subtract(COUNT, out[2], x, out[2]);
    sums[0] = k->dot(COUNT, x, y);
    sums[1] = k->square_distance(COUNT, x, y);
    for (int step = 0; step < 3; step++) {
        memset(m, 0, step ? 0 : sizeof m);
        memset(v, 0, step ? 0 : sizeof v);
        k->adamw(COUNT, &by, x, m, v, out[3]);
    }
    memset(v, 0, sizeof v);
    k->adagrad(COUNT, &by, x, v, out[4]);
    memset(m, 0, sizeof m);
    k->sgd(COUNT, &by, x, m, out[5]);
    k->sgd(COUNT, &by, x, m, out[5]);
    k->prelu(ROWS, COLUMNS, y, x, out[6]);
    k->prelu_back(ROWS, COLUMNS, y, x, y, true, out[7]);
    k->prelu_back(ROWS, COLUMNS, y, x, y, false, out[8]);
    k->prelu_slope(ROWS, COLUMNS, x, y, out[8]);
}

/* Fails when a path rounds or sums in another order. */
static void paths_agree(void **state)
{
    float expected[OUTPUTS][COUNT], seen[OUTPUTS][COUNT];
    double expected_sums[2], seen_sums[2];
    (void)state;
    run_all(&sid__neural_portable, expected, expected_sums);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        run_all(sid__neural_for((sid__isa)isa), seen, seen_sums);
        assert_memory_equal(expected, seen, sizeof seen);
        assert_memory_equal(expected_sums, seen_sums, sizeof seen_sums);
    }
}

/* Fails when a formula is another than the header's. */
static void formulas_hold(void **state)
{
    float out[OUTPUTS][COUNT], x[COUNT], y[COUNT];
    double sums[2], dot = 0, square = 0;
    (void)state;
    run_all(&sid__neural_portable, out, sums);
    fill_uniform(x, COUNT, 1);
    fill_uniform(y, COUNT, 2);
    for (int i = 0; i < COUNT; i++) {
        int j = i % COLUMNS;
        double xi = (double)x[i], yi = (double)y[i], g = 0.5 * xi, m = 0, v = 0, w = yi;
        assert_near(out[0][i], fmax(yi + (double)x[j], 0), 1e-6);
        if (i >= COLUMNS)
            assert_near(out[1][i], xi > 0 ? yi : 0, 0);
        assert_near(out[2][i], 0.7 * (yi + 0.3 * xi) - xi, 1e-6);
        for (int step = 0; step < 3; step++) {
            m = 0.9 * m + 0.1 * g;
            v = 0.99 * v + 0.01 * g * g;
            w = 0.98 * w - 0.1 * m / (3 * sqrt(v) + 1e-3);
        }
        assert_near(out[3][i], w, 1e-5);
        assert_near(out[4][i], 0.98 * yi - 0.1 * g / (fabs(g) + 1e-3), 1e-5);
        assert_near(out[5][i], 0.98 * (0.98 * yi - 0.1 * g) - 0.1 * 1.9 * g, 1e-5);
        double slope = xi > 0 ? 1 : (double)y[j], more = 0;
        for (int r = 0; i < COLUMNS && r < ROWS; r++)
            more += x[r * COLUMNS + j] > 0 ? 0 : (double)x[r * COLUMNS + j] * (double)y[r * COLUMNS + j];
        assert_near(out[6][i], slope * xi, 1e-6);
        assert_near(out[7][i], yi + slope * yi, 1e-6);
        assert_near(out[8][i], slope * yi + more, 1e-6);
        dot += xi * yi;
        square += (xi - yi) * (xi - yi);
    }
    for (int j = 0; j < COLUMNS; j++) {
        double sum = x[j] > 0 ? (double)y[j] : 0;
        for (int i = 0; i < ROWS; i++)
            sum += x[i * COLUMNS + j] > 0 ? (double)y[i * COLUMNS + j] : 0;
        assert_near(out[1][j], sum, 1e-5);
    }
    assert_near(sums[0], dot, 1e-12);
    assert_near(sums[1], square, 1e-12);
}

/* Fails when an activation hides a NaN, which must reach the loss and stop the training. */
static void nan_stays(void **state)
{
    float y[2] = {NAN, -1}, bias[2] = {0, 0};
    (void)state;
    sid__neural_portable.bias(1, 2, bias, true, y);
    assert_true(isnan(y[0]) && y[1] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths_agree), cmocka_unit_test(formulas_hold),
                                       cmocka_unit_test(nan_stays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
