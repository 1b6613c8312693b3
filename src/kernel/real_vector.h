/* real_vector.h: registers of sid__real and their exponential, for bodies that are compiled per ISA. Include it where LANES,
 * numbers a register, which divides 16, is defined.
 *
 * In double the constants and the length of the series are others, so that gradcheck sees smooth functions.
 */
#ifndef SEMID_KERNEL_REAL_VECTOR_H
#define SEMID_KERNEL_REAL_VECTOR_H

#include <math.h>
#include <string.h>

#include "kernel/neural.h"

#ifdef SEMID_REAL_IS_DOUBLE
typedef uint64_t real_bits;
#define LN2_HIGH 0x1.62e42fefa3800p-1
#define LN2_LOW 0x1.ef35793c76730p-45
#define LN2_INVERSE 0x1.71547652b82fep+0
#define ROUND 0x1.8p52
#define EXP_LEAST (-700.0)
#define REAL_MAX 1e300
enum { EXPONENT_BIAS = 1023, MANTISSA_BITS = 52 };
#else
typedef uint32_t real_bits;
/* k * LN2_HIGH is exact for |k| < 2^7. */
#define LN2_HIGH 0x1.62e4p-1f
#define LN2_LOW 0x1.7f7d1cp-20f
#define LN2_INVERSE 0x1.715476p+0f
#define ROUND 0x1.8p23f /* added and taken away, it leaves the nearest integer; the sum's low bits hold it */
#define EXP_LEAST (-87.0f)
#define REAL_MAX 0x1.fffffep127f
enum { EXPONENT_BIAS = 127, MANTISSA_BITS = 23 };
#endif

enum { STRIDE = 16, VECTORS = STRIDE / LANES };
typedef sid__real vector __attribute__((vector_size(LANES * sizeof(sid__real))));
typedef real_bits bits __attribute__((vector_size(LANES * sizeof(sid__real))));

static inline vector all(sid__real value)
{
    return value - (vector){0};
}

static inline vector load(const sid__real *at)
{
    vector value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline void store(sid__real *at, vector value)
{
    memcpy(at, &value, sizeof value);
}

/* mask ? a : b, bit by bit; NaN compares false. */
static inline vector choose(bits mask, vector a, vector b)
{
    return (vector)(((bits)a & mask) | ((bits)b & ~mask));
}

static inline sid__real sum_of_lanes(const vector *sum)
{
    sid__real lane[STRIDE], total = 0;
    memcpy(lane, sum, sizeof lane);
    for (int i = 0; i < STRIDE; i++)
        total += lane[i];
    return total;
}

/* Registers at a time whose steps take turns: one alone waits for itself most of the time. */
enum { TURNS = VECTORS > 4 ? VECTORS : 4 };
#define EACH_TURN _Pragma("GCC unroll 8") for (int t = 0; t < turns; t++)

/* exp x for EXP_LEAST <= x <= 0, in place: x = k ln 2 + r, the Taylor series of exp r, 2^k by its bits. To r^7 in float (off by
 * 6e-9 at most), to r^14 in double. `turns` is a constant after inlining. */
__attribute__((always_inline)) static inline void exponentials(const int turns, vector *x)
{
#ifdef SEMID_REAL_IS_DOUBLE
    static const double c[] = {1.0 / 87178291200,
                               1.0 / 6227020800,
                               1.0 / 479001600,
                               1.0 / 39916800,
                               1.0 / 3628800,
                               1.0 / 362880,
                               1.0 / 40320,
                               1.0 / 5040,
                               1.0 / 720,
                               1.0 / 120,
                               1.0 / 24,
                               1.0 / 6,
                               0.5,
                               1,
                               1};
#else
    static const float c[] = {
        0x1.a01a02p-13f, 0x1.6c16c2p-10f, 0x1.111112p-7f, 0x1.555556p-5f, 0x1.555556p-3f, 0.5f, 1, 1};
#endif
    vector shifted[TURNS], r[TURNS];
    EACH_TURN shifted[t] = x[t] * all(LN2_INVERSE) + all(ROUND);
    EACH_TURN
    {
        vector k = shifted[t] - all(ROUND);
        r[t] = (x[t] - k * all(LN2_HIGH)) - k * all(LN2_LOW);
    }
    EACH_TURN x[t] = r[t] * all(c[0]) + all(c[1]);
#pragma GCC unroll 14
    for (int i = 2; i < (int)(sizeof c / sizeof *c); i++)
        EACH_TURN x[t] = x[t] * r[t] + all(c[i]);
    EACH_TURN x[t] = x[t] * (vector)(((bits)shifted[t] + EXPONENT_BIAS) << MANTISSA_BITS);
}

/* exp x for x <= 0, in place; 0 below EXP_LEAST; NaN stays. */
__attribute__((always_inline)) static inline void exponentials_below(const int turns, vector *x)
{
    bits is_in[TURNS];
    EACH_TURN
    {
        is_in[t] = ~(bits)(x[t] < all(EXP_LEAST));
        x[t] = (vector)((bits)x[t] & is_in[t]);
    }
    exponentials(turns, x);
    EACH_TURN x[t] = (vector)((bits)x[t] & is_in[t]);
}

static inline vector exponential_below(vector x)
{
    exponentials_below(1, &x);
    return x;
}

#endif
