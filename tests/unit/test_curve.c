/* test_curve.c: activations and gates: every path against the portable one at every length, and that against libm in double. */
#include "kernel/curve.h"

#include "quant_help.h"

enum { MOST = 40, OUTPUTS = 20, POINTS = 4001 };

static void run_all(const sid__curve *k, int count, float out[OUTPUTS][3 * MOST])
{
    float x[3 * MOST], y[3 * MOST], g[3 * MOST];
    fill_uniform(x, 3L * MOST, 1);
    fill_uniform(y, 3L * MOST, 2);
    fill_uniform(g, 3L * MOST, 3);
    memset(out, 0, OUTPUTS * sizeof *out);
    for (int i = 0; i < 3 * MOST; i++)
        x[i] *= 6;
    k->gelu(count, x, out[0]);
    k->silu(count, x, out[1]);
    k->relu(count, x, out[2]);
    k->swiglu(count, x, y, out[3]);
    k->multiply(count, x, y, false, out[4]);
    for (int is_added = 0; is_added < 2; is_added++) {
        k->gelu_back(count, x, g, is_added, out[5]);
        k->silu_back(count, x, g, is_added, out[6]);
        k->relu_back(count, x, g, is_added, out[7]);
        k->swiglu_back(count, x, y, g, is_added, out[8], out[9]);
        k->multiply(count, x, y, is_added, out[10]);
    }
    k->gru(&(sid__gru_row){.size = count, .gx = x, .gh = y, .before = g, .gate = out[11], .h = out[12]});
    k->gru_back(&(sid__gru_row_back){.size = count,
                                     .gate = out[11],
                                     .gh = y,
                                     .before = g,
                                     .g = x,
                                     .dgx = out[13],
                                     .dgh = out[14],
                                     .carry = out[15]});
}

/* Fails when a path rounds otherwise, or writes past its end. */
static void paths_agree(void **state)
{
    static float expected[OUTPUTS][3 * MOST], seen[OUTPUTS][3 * MOST];
    (void)state;
    for (int count = 1; count <= MOST; count++) {
        run_all(&sid__curve_portable, count, expected);
        for (int i = 0; i < 11; i++)
            assert_true(expected[i][count] == 0);
        for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
            if (!sid__isa_is_supported((sid__isa)isa))
                continue;
            run_all(sid__curve_for((sid__isa)isa), count, seen);
            assert_memory_equal(expected, seen, sizeof seen);
        }
    }
}

static void assert_close(const char *what, float x, float seen, double wanted)
{
    if (!(fabs((double)seen - wanted) <= 5e-7 * (1 + fabs((double)x))))
        fail_msg("%s(%g) = %.9g, not %.9g", what, (double)x, (double)seen, wanted);
}

/* Fails when a coefficient or a limit of a function or of its slope is wrong. */
static void as_libm(void **state)
{
    static float x[POINTS], one[POINTS], y[4][POINTS];
    (void)state;
    for (int i = 0; i < POINTS; i++) {
        x[i] = (float)(i - POINTS / 2) / 50;
        one[i] = 1;
    }
    sid__curve_portable.gelu(POINTS, x, y[0]);
    sid__curve_portable.silu(POINTS, x, y[1]);
    sid__curve_portable.gelu_back(POINTS, x, one, false, y[2]);
    sid__curve_portable.silu_back(POINTS, x, one, false, y[3]);
    for (int i = 0; i < POINTS; i++) {
        double v = (double)x[i], below = 0.5 * (1 + erf(v * sqrt(0.5))), s = 1 / (1 + exp(-v));
        assert_close("gelu", x[i], y[0][i], v * below);
        assert_close("silu", x[i], y[1][i], v * s);
        assert_close("gelu'", x[i], y[2][i], below + v * exp(-v * v / 2) / sqrt(2 * 3.14159265358979));
        assert_close("silu'", x[i], y[3][i], s * (1 + v * (1 - s)));
    }
}

/* Fails when a gate is another's, or tanh loses its digits near 0. */
static void gru_as_libm(void **state)
{
    (void)state;
    for (int i = -200; i < 200; i++) {
        float gx[3] = {0.3f, -0.2f, (float)i * 0.02f}, gh[3] = {0.1f, 0.4f, 0}, before = 0.5f, gate[3], h;
        sid__curve_portable.gru(
            &(sid__gru_row){.size = 1, .gx = gx, .gh = gh, .before = &before, .gate = gate, .h = &h});
        double z = 1 / (1 + exp(-0.2)), n = tanh((double)gx[2]);
        assert_near(gate[0], 1 / (1 + exp(-0.4)), 1e-7);
        assert_near(gate[2], n, 2e-7 * fabs(n));
        assert_near(h, (1 - z) * n + z * 0.5, 2e-7);
    }
}

/* Fails when a number that is none becomes one. */
static void nan_stays(void **state)
{
    float x = NAN, y;
    (void)state;
    sid__curve_portable.gelu(1, &x, &y);
    assert_true(isnan(y));
    sid__curve_portable.silu(1, &x, &y);
    assert_true(isnan(y));
    sid__curve_portable.relu(1, &x, &y);
    assert_true(isnan(y));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths_agree), cmocka_unit_test(as_libm),
                                       cmocka_unit_test(gru_as_libm), cmocka_unit_test(nan_stays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
