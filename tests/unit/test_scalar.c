/* test_scalar.c: our log, exp, cos, tangents and Gaussians against long double libm and against pinned bits. */
#include "test.h"

#include <float.h>
#include <math.h>

#include "base/philox.h"
#include "linalg/scalar.h"

/* |got - exact| in units of the last place of exact. */
static double ulps(double got, long double exact)
{
    double near = (double)exact;
    double unit = nextafter(fabs(near), (double)INFINITY) - fabs(near);
    return (double)(fabsl((long double)got - exact) / (long double)unit);
}

static double uniform(uint64_t index, double low, double high)
{
    return low + (high - low) * sid__philox_uniform(1, SID__STREAM_TEST, index);
}

/* Fails when a coefficient of the series is changed or one is left out. */
static void test_log_is_near(void **state)
{
    (void)state;
    double worst = 0;
    for (uint64_t i = 0; i < 200000; i++) {
        double x = i % 4 == 0 ? uniform(i, 0.5, 2) : ldexp(uniform(i, 1, 2), (int)(i % 2098) - 1074);
        worst = fmax(worst, ulps(sid__log(x), logl((long double)x)));
    }
    assert_true(worst < 2);
    print_message("log: worst %.3f ulp\n", worst);
}

/* Fails when the special cases of sid__log go. */
static void test_log_edges(void **state)
{
    (void)state;
    assert_true(sid__log(0) == -(double)INFINITY);
    assert_true(isnan(sid__log(-1)));
    assert_true(isnan(sid__log((double)NAN)));
    assert_true(sid__log((double)INFINITY) == (double)INFINITY);
    assert_true(sid__log(1) == 0);
}

/* Fails when a coefficient changes or the reduction loses ln 2's low part. */
static void test_exp_is_near(void **state)
{
    (void)state;
    double worst = 0;
    for (uint64_t i = 0; i < 200000; i++) {
        double x = i % 2 ? uniform(i, -1, 1) : uniform(i, -745, 709.7);
        long double exact = expl((long double)x);
        if (exact > (long double)DBL_MIN)
            worst = fmax(worst, ulps(sid__exp(x), exact));
        else
            assert_true(fabsl((long double)sid__exp(x) - exact) <= 0x1p-1074L);
    }
    assert_true(worst < 2);
    print_message("exp: worst %.3f ulp\n", worst);
}

/* Fails when overflow, underflow or NaN are not caught before the scaling by bits. */
static void test_exp_edges(void **state)
{
    (void)state;
    assert_true(sid__exp(0) == 1);
    assert_true(sid__exp(710.5) == (double)INFINITY);
    assert_true(sid__exp((double)INFINITY) == (double)INFINITY);
    assert_true(sid__exp(-(double)INFINITY) == 0);
    assert_true(sid__exp(-800) == 0);
    assert_true(isnan(sid__exp((double)NAN)));
}

/* Fails when a fold of the angle or a coefficient is wrong. */
static void test_cos_is_near(void **state)
{
    (void)state;
    const long double two_pi = 6.283185307179586476925286766559005768L;
    double worst = 0;
    for (uint64_t i = 0; i < 200000; i++) {
        double u = uniform(i, 0, 1);
        long double turn = (long double)(u > 0.5 ? 1 - u : u); /* exact; long double cos of [0, pi] is near enough */
        long double exact = turn > 0.125L && turn < 0.375L ? sinl(two_pi * (0.25L - turn)) : cosl(two_pi * turn);
        worst = fmax(worst, ulps(sid__cos_2pi(u), exact));
    }
    assert_true(worst < 2);
    print_message("cos: worst %.3f ulp\n", worst);
}

/* Fails when a quarter turn is not exact or the period is not 1. */
static void test_cos_edges(void **state)
{
    (void)state;
    assert_true(sid__cos_2pi(0) == 1);
    assert_true(sid__cos_2pi(0.25) == 0);
    assert_true(sid__cos_2pi(0.5) == -1);
    assert_true(sid__cos_2pi(0.75) == 0);
    assert_true(sid__cos_2pi(1e300) == 1);
    assert_true(sid__cos_2pi(-0.125) == sid__cos_2pi(0.875));
    assert_true(fabs(sid__cos_2pi(1.0 / 6) - 0.5) < 1e-15);
}

/* Fails when a coefficient, the reduction or the correction of 1 + t is wrong in one of the three tangents. */
static void test_tangents_are_near(void **state)
{
    (void)state;
    double worst[3] = {0};
    for (uint64_t i = 0; i < 200000; i++) {
        double small = ldexp(uniform(i, -1, 1), -(int)(i % 60)), wide = i % 2 ? small : uniform(i, -24, 24);
        double inner = i % 3 ? small : copysign(1 - ldexp(uniform(i, 0.5, 1), -(int)(i % 50)), small);
        worst[0] = fmax(worst[0], ulps(sid__tanh(wide), tanhl((long double)wide)));
        worst[1] = fmax(worst[1], ulps(sid__atanh(inner), atanhl((long double)inner)));
        worst[2] = fmax(worst[2], ulps(sid__tan(small), tanl((long double)small)));
    }
    print_message("tanh: worst %.3f ulp, atanh %.3f, tan %.3f\n", worst[0], worst[1], worst[2]);
    assert_true(worst[0] < 2 && worst[1] < 2 && worst[2] < 2);
}

/* Fails when a term or the end of the series is wrong: within 32 ulp of libm in long double, odd, saturating. */
static void test_erf_is_near(void **state)
{
    double worst = 0;
    (void)state;
    for (uint64_t i = 0; i < 40000; i++) {
        double x = i % 2 ? uniform(i, -6.5, 6.5) : ldexp(uniform(i, -1, 1), -(int)(i % 60));
        worst = fmax(worst, ulps(sid__erf(x), erfl((long double)x)));
        assert_true(sid__erf(-x) == -sid__erf(x));
    }
    print_message("erf: worst %.3f ulp\n", worst);
    assert_true(worst < 32);
    assert_true(sid__erf(0) == 0 && signbit(sid__erf(-0.0)) && sid__erf((double)INFINITY) == 1);
    assert_true(sid__erf(-7) == -1 && isnan(sid__erf((double)NAN)));
}

/* Fails when an edge is left to the series: zeroes keep their sign, the ends saturate, outside is NaN. */
static void test_tangents_edges(void **state)
{
    (void)state;
    assert_true(signbit(sid__tanh(-0.0)) && signbit(sid__atanh(-0.0)));
    assert_true(sid__tanh(0) == 0 && sid__atanh(0) == 0 && sid__tan(0) == 0);
    assert_true(sid__tanh(21.9) == 1 && sid__tanh(-800) == -1 && sid__tanh((double)INFINITY) == 1);
    assert_true(isnan(sid__tanh((double)NAN)) && isnan(sid__atanh((double)NAN)));
    assert_true(sid__atanh(1) == (double)INFINITY && sid__atanh(-1) == -(double)INFINITY);
    assert_true(isnan(sid__atanh(1.5)) && isnan(sid__atanh(-1.0000000001)));
    for (uint64_t i = 0; i < 1000; i++) {
        double x = uniform(i, -1, 1);
        assert_true(sid__tanh(-x) == -sid__tanh(x) && sid__atanh(-x) == -sid__atanh(x) && sid__tan(-x) == -sid__tan(x));
        assert_true(fabs(sid__tanh(sid__atanh(x)) - x) < 1e-15);
    }
}

/* Fails when any operation is reordered or fused: these bits are in every stored codebook. */
static void test_bits_are_pinned(void **state)
{
    (void)state;
    assert_true(sid__log(3) == 0x1.193ea7aad030ap+0);
    assert_true(sid__log(0.7) == -0x1.6d3c324e13f5p-2);
    assert_true(sid__exp(1) == 0x1.5bf0a8b14576ap+1);
    assert_true(sid__exp(-20.3) == 0x1.a3b8dc86d1c8ep-30);
    assert_true(sid__cos_2pi(0.1) == 0x1.9e3779b97f4a8p-1);
    assert_true(sid__cos_2pi(0.2) == 0x1.3c6ef372fe94fp-2);
    assert_true(sid__tanh(0.3) == 0x1.2a4dda7d914fap-2);
    assert_true(sid__tanh(2.7) == 0x1.fb655437478d5p-1);
    assert_true(sid__atanh(0.1) == 0x1.9af93cd234412p-4);
    assert_true(sid__atanh(0.999000999) == 0x1.e67d60369e94ep+1);
    assert_true(sid__tan(0.3333) == 0x1.6286813cd406cp-2);
    assert_true(sid__gaussian(42, SID__STREAM_TEST, 0) == 0x1.958e0ec4a8ce8p-1);
    assert_true(sid__gaussian(42, SID__STREAM_TEST, 1) == -0x1.4dae4fa3ca2b1p-5);
}

/* Fails when Box-Muller's radius or angle is wrong: moments and tails are those of N(0, 1). */
static void test_gaussian_moments(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    double sum = 0, square = 0, fourth = 0;
    int beyond = 0;
    for (uint64_t i = 0; i < COUNT; i++) {
        double g = sid__gaussian(7, SID__STREAM_TEST, i);
        sum += g;
        square += g * g;
        fourth += g * g * g * g;
        beyond += fabs(g) > 1.959963985;
    }
    assert_true(fabs(sum / COUNT) < 0.01);
    assert_true(fabs(square / COUNT - 1) < 0.015);
    assert_true(fabs(fourth / COUNT - 3) < 0.12);
    assert_true(abs(beyond - COUNT / 20) < 500);
}

/* Fails when a coefficient of the series is changed, or the recurrence stops too early. Values by SciPy. */
static void test_digamma(void **state)
{
    static const double known[][2] = {
        {0.5, -1.9635100260214235}, {1, -0.57721566490153286}, {1.5, 0.036489973978576520}, {9.5, 2.1977378764029494},
        {10, 2.2517525890667211},   {1e6, 13.815510057964191}, {1e15, 34.538776394910684}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(fabs(sid__digamma(known[i][0]) - known[i][1]) < 1e-14 * fmax(1, known[i][1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_is_near),       cmocka_unit_test(test_log_edges),
        cmocka_unit_test(test_exp_is_near),       cmocka_unit_test(test_exp_edges),
        cmocka_unit_test(test_cos_is_near),       cmocka_unit_test(test_cos_edges),
        cmocka_unit_test(test_tangents_are_near), cmocka_unit_test(test_tangents_edges),
        cmocka_unit_test(test_erf_is_near),       cmocka_unit_test(test_bits_are_pinned),
        cmocka_unit_test(test_gaussian_moments),  cmocka_unit_test(test_digamma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
