/* scalar.c: see scalar.h. Every function reduces its argument exactly (or nearly so), then sums a Taylor series in
 * Horner's order. Taylor, not minimax: the coefficients are 1/n!, 2/n and (2 pi)^n/n!, which anyone can check, and a
 * few more multiplications are nothing here. Each constant is the double nearest to the exact number.
 */
#include "linalg/scalar.h"

#include <math.h>
#include <string.h>

#include "base/philox.h"

/* ln 2 = LN2_HIGH + LN2_LOW; LN2_HIGH has 42 bits, so k * LN2_HIGH is exact for |k| < 2^11. */
#define LN2_HIGH 0x1.62e42fefa3800p-1
#define LN2_LOW 0x1.ef35793c76730p-45
#define LN2_INVERSE 0x1.71547652b82fep+0
/* 2 pi = TWO_PI + TWO_PI_LOW */
#define TWO_PI 0x1.921fb54442d18p+2
#define TWO_PI_LOW 0x1.1a62633145c07p-52
#define SQRT_HALF 0x1.6a09e667f3bcdp-1

/* c[0] + x (c[1] + x (c[2] + ...)) */
static double polynomial(double x, const double *c, int count)
{
    double sum = c[count - 1];
    for (int i = count - 2; i >= 0; i--)
        sum = c[i] + x * sum;
    return sum;
}

/* 2^k for -1022 <= k <= 1023, by its bits. */
static double power_of_two(int k)
{
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* x = 2^k m with m in [sqrt(1/2), sqrt(2)); x positive and finite. */
static double split_power(double x, int *k)
{
    int extra = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        extra = -54;
    }
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    *k = (int)(bits >> 52) - 1022 + extra;
    bits = (bits & 0xFFFFFFFFFFFFFu) | (uint64_t)1022 << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m < SQRT_HALF) {
        m *= 2;
        *k -= 1;
    }
    return m;
}

/* R of 2 atanh s = 2s + s R: R = 2 s^2/3 + 2 s^4/5 + ... for |s| < 0.1716: the first term left out is below 2^-60 of
 * the sum. */
static double atanh_rest(double s)
{
    static const double c[] = {0x1.5555555555555p-1, 0x1.999999999999ap-2, 0x1.2492492492492p-2, 0x1.c71c71c71c71cp-3,
                               0x1.745d1745d1746p-3, 0x1.3b13b13b13b14p-3, 0x1.1111111111111p-3, 0x1.e1e1e1e1e1e1ep-4,
                               0x1.af286bca1af28p-4, 0x1.8618618618618p-4, 0x1.642c8590b2164p-4};
    double z = s * s;
    return z * polynomial(z, c, (int)(sizeof c / sizeof *c));
}

/* With f = m - 1 (exact) and s = f / (2 + f): log m = 2 atanh s = 2s + s R, and 2s = f - s f, hence
 * log m = f - s (f - R). */
double sid__log(double x)
{
    if (!(x > 0) || x == (double)INFINITY)
        return x == 0 ? -(double)INFINITY : x > 0 ? x : (double)NAN;
    int k;
    double f = split_power(x, &k) - 1;
    double s = f / (2 + f);
    double r = atanh_rest(s);
    return (double)k * LN2_HIGH + (f - (s * (f - r) - (double)k * LN2_LOW));
}

/* exp r - 1 = r + r^2 (1/2 + r/6 + ...) to r^13/13! for |r| <= 0.347, the rest is below 2^-57. */
static double exp_less_1_small(double r)
{
    static const double c[] = {0x1p-1,
                               0x1.5555555555555p-3,
                               0x1.5555555555555p-5,
                               0x1.1111111111111p-7,
                               0x1.6c16c16c16c17p-10,
                               0x1.a01a01a01a01ap-13,
                               0x1.a01a01a01a01ap-16,
                               0x1.71de3a556c734p-19,
                               0x1.27e4fb7789f5cp-22,
                               0x1.ae64567f544e4p-26,
                               0x1.1eed8eff8d898p-29,
                               0x1.6124613a86d09p-33};
    return r + r * r * polynomial(r, c, (int)(sizeof c / sizeof *c));
}

/* x = k ln 2 + r */
double sid__exp(double x)
{
    if (!(x >= -746)) /* also NaN */
        return x < 0 ? 0 : x;
    if (x > 710)
        return (double)INFINITY;
    double k_value = floor(x * LN2_INVERSE + 0.5);
    double r = (x - k_value * LN2_HIGH) - k_value * LN2_LOW;
    double y = 1 + exp_less_1_small(r);
    /* in two steps, since 2^k alone may overflow or be subnormal where the product is not */
    int k = (int)k_value, half = k / 2;
    return y * power_of_two(half) * power_of_two(k - half);
}

/* tanh x = y / (1 + y) for 2y = exp 2x - 1 = 2^k (exp r - 1) + (2^k - 1): no cancellation for x >= 0. Written so that the
 * quotient is a correction, small beside what it corrects. From x = 22 on, 1 is the nearest double. */
double sid__tanh(double x)
{
    double a = fabs(x);
    if (!(a < 22))
        return a >= 22 ? copysign(1, x) : x;
    double k = floor(2 * a * LN2_INVERSE + 0.5);
    double r = (2 * a - k * LN2_HIGH) - k * LN2_LOW, power = power_of_two((int)k);
    double y = 0.5 * (power * exp_less_1_small(r) + (power - 1));
    return copysign(y < 1 ? y - y * y / (1 + y) : 1 - 1 / (1 + y), x);
}

/* Small x by its series; else (1/2) log(1 + t), t = 2x / (1 - x) > 0.41, with what 1 + t lost put back. */
double sid__atanh(double x)
{
    double a = fabs(x);
    if (a < 0.1715)
        return x + x * (0.5 * atanh_rest(x));
    if (!(a < 1))
        return a == 1 ? copysign((double)INFINITY, x) : (double)NAN;
    double t = 2 * a / (1 - a), u = 1 + t;
    double lost = t < 1 ? t - (u - 1) : 1 - (u - t);
    return copysign(0.5 * (sid__log(u) + lost / u), x);
}

/* 2/sqrt(pi) exp(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ..): all terms have one sign, so nothing cancels. From 6 on, 1 is the
 * nearest double. */
double sid__erf(double x)
{
    double a = fabs(x), term = a, sum = a;
    if (!(a < 6))
        return a >= 6 ? copysign(1, x) : x;
    for (int n = 1; term > sum * 0x1p-55; n++) {
        term *= 2 * a * a / (2 * n + 1);
        sum += term;
    }
    return copysign(fmin(0x1.20dd750429b6dp+0 * sid__exp(-a * a) * sum, 1), x);
}

/* sin / cos, each by its series: to x^17/17! and x^18/18!, the rest is below 2^-56. */
double sid__tan(double x)
{
    static const double sine[] = {-0x1.5555555555555p-3,  0x1.1111111111111p-7,   -0x1.a01a01a01a01ap-13,
                                  0x1.71de3a556c734p-19,  -0x1.ae64567f544e4p-26, 0x1.6124613a86d09p-33,
                                  -0x1.ae7f3e733b81fp-41, 0x1.952c77030ad4ap-49};
    static const double cosine[] = {-0x1.0000000000000p-1,  0x1.5555555555555p-5,   -0x1.6c16c16c16c17p-10,
                                    0x1.a01a01a01a01ap-16,  -0x1.27e4fb7789f5cp-22, 0x1.1eed8eff8d898p-29,
                                    -0x1.93974a8c07c9dp-37, 0x1.ae7f3e733b81fp-45,  -0x1.6827863b97d97p-53};
    double w = x * x;
    return (x + x * (w * polynomial(w, sine, (int)(sizeof sine / sizeof *sine)))) /
           (1 + w * polynomial(w, cosine, (int)(sizeof cosine / sizeof *cosine)));
}

/* v in [0, 1/8]; sin(2 pi v) = 2 pi v - ..., the first product split so that its rounding is the only large one. */
static double sin_2pi_small(double v)
{
    static const double c[] = {-0x1.4abbce625be53p+5, 0x1.466bc6775aae2p+6,  -0x1.32d2cce62bd86p+6,
                               0x1.50783487ee782p+5,  -0x1.e3074fde8871fp+3, 0x1.e8f434d018d63p+1,
                               -0x1.6fadb9f155744p-1, 0x1.aaec32af93359p-4};
    double w = v * v;
    return v * TWO_PI + v * (TWO_PI_LOW + w * polynomial(w, c, (int)(sizeof c / sizeof *c)));
}

static double cos_2pi_small(double v)
{
    static const double c[] = {-0x1.3bd3cc9be45dep+4, 0x1.03c1f081b5ac4p+6,  -0x1.55d3c7e3cbffap+6,
                               0x1.e1f506891babbp+5,  -0x1.a6d1f2a204a8cp+4, 0x1.f9d38a3763cc3p+2,
                               -0x1.b6e24f44b128fp+0, 0x1.20c62c2f2d7f5p-2};
    double w = v * v;
    return 1 + w * polynomial(w, c, (int)(sizeof c / sizeof *c));
}

/* Each fold of u is exact (Sterbenz), so the error is the series' alone. */
double sid__cos_2pi(double u)
{
    u = fabs(u);
    u -= floor(u);
    if (u > 0.5)
        u = 1 - u;
    double sign = 1;
    if (u > 0.25) {
        u = 0.5 - u;
        sign = -1;
    }
    return sign * (u <= 0.125 ? cos_2pi_small(u) : sin_2pi_small(0.25 - u));
}

/* psi(x) = psi(x + 1) - 1/x up to x >= 10, then the asymptotic series, whose first term left out is below 1e-16 there. */
double sid__digamma(double x)
{
    double shift = 0;
    while (x < 10) {
        shift -= 1 / x;
        x += 1;
    }
    double square = 1 / (x * x);
    double series =
        square *
        (1.0 / 12 -
         square * (1.0 / 120 -
                   square * (1.0 / 252 -
                             square * (1.0 / 240 - square * (1.0 / 132 - square * (691.0 / 32760 - square / 12))))));
    return sid__log(x) - 0.5 / x - series + shift;
}

/* Box and Muller, 1958. 53 bits each; the first uniform is in (0, 1] so that its logarithm is finite. */
double sid__gaussian(uint64_t seed, uint32_t stream, uint64_t index)
{
    uint32_t word[4];
    sid__philox(seed, stream, index, word);
    uint64_t first = ((uint64_t)word[1] << 32 | word[0]) >> 11, second = ((uint64_t)word[3] << 32 | word[2]) >> 11;
    return sqrt(-2 * sid__log((double)(first + 1) * 0x1p-53)) * sid__cos_2pi((double)second * 0x1p-53);
}
