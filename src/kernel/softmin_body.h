/* softmin_body.h: the loop of softmin.h. The including file (softmin_<isa>.c) defines LANES, doubles a register, which
 * divides 8, WIDEN(at), LANES floats as doubles, ANY(mask), whether a lane of it is set, and NAME.
 */
#include "kernel/softmin.h"

#include <math.h>
#include <string.h>

/* Constants of exp as in linalg/scalar.c. */
#define LN2_HIGH 0x1.62e42fefa3800p-1
#define LN2_LOW 0x1.ef35793c76730p-45
#define LN2_INVERSE 0x1.71547652b82fep+0
#define ROUND 0x1.8p52 /* added and taken away, it leaves the nearest integer; the sum's low bits hold it */

enum { STRIDE = 8, VECTORS = STRIDE / LANES };
typedef double vector __attribute__((vector_size(LANES * 8)));
typedef int64_t mask __attribute__((vector_size(LANES * 8)));

static inline vector all(double value)
{
    return value - (vector){0};
}

static inline vector load(const double *at)
{
    vector value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline void store(double *at, vector value)
{
    memcpy(at, &value, sizeof value);
}

static inline vector keep(vector value, mask is_kept)
{
    return (vector)((mask)value & is_kept);
}

/* exp of SID__SOFTMIN_LEAST <= x <= 0: x = k ln 2 + r, the Taylor series of exp r to r^9 (off by 8e-12 at most), 2^k by
 * its bits. */
static inline vector exponential(vector x)
{
    static const double c[] = {0x1.a01a01a01a01ap-16,
                               0x1.a01a01a01a01ap-13,
                               0x1.6c16c16c16c17p-10,
                               0x1.1111111111111p-7,
                               0x1.5555555555555p-5,
                               0x1.5555555555555p-3,
                               0x1p-1,
                               0x1p+0,
                               0x1p+0};
    vector shifted = x * all(LN2_INVERSE) + all(ROUND), k = shifted - all(ROUND);
    vector r = (x - k * all(LN2_HIGH)) - k * all(LN2_LOW), y = all(0x1.71de3a556c734p-19);
    for (int i = 0; i < 9; i++)
        y = y * r + all(c[i]);
    return y * (vector)(((mask)shifted + 1023) << 52);
}

/* weight = base - dot; gives the least. */
static double subtract(const float *dot, const double *base, int count, double *weight)
{
    vector least = all((double)INFINITY);
    for (int k = 0; k < count; k += LANES) {
        vector z = load(base + k) - WIDEN(dot + k);
        mask is_less = z < least;
        least = (vector)((mask)keep(z, is_less) | (mask)keep(least, ~is_less));
        store(weight + k, z);
    }
    double smallest = least[0];
    for (int lane = 1; lane < LANES; lane++)
        smallest = least[lane] < smallest ? least[lane] : smallest;
    return smallest;
}

void NAME(const float *dot, const double *base, int count, double inverse, double *weight, double *total)
{
    vector least = all(subtract(dot, base, count, weight)), sum[VECTORS];
    double lane[STRIDE];
    for (int v = 0; v < VECTORS; v++)
        sum[v] = all(0);
    for (int k = 0; k < count; k += STRIDE) {
        for (int v = 0; v < VECTORS; v++) {
            vector x = (least - load(weight + k + v * LANES)) * all(inverse);
            mask is_in = x >= all(SID__SOFTMIN_LEAST);
            vector p = all(0);
            if (ANY(is_in))
                p = keep(exponential(keep(x, is_in)), is_in);
            sum[v] += p;
            store(weight + k + v * LANES, p);
        }
    }
    memcpy(lane, sum, sizeof lane);
    vector share = all(1 / (((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]))));
    for (int k = 0; k < count; k += LANES)
        store(total + k, load(total + k) + load(weight + k) * share);
}
