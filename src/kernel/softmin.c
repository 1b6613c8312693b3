/* softmin.c: see softmin.h. Written on vectors of two doubles, which every CPU has: fitting one catalogue runs it on some
 * 10^9 codes. Sums are kept by lane and added at the end, so that their order does not depend on the compiler.
 */
#include "kernel/softmin.h"

#include <math.h>
#include <string.h>

/* Constants of exp as in linalg/scalar.c. */
#define LN2_HIGH 0x1.62e42fefa3800p-1
#define LN2_LOW 0x1.ef35793c76730p-45
#define LN2_INVERSE 0x1.71547652b82fep+0
#define ROUND 0x1.8p52 /* added and taken away, it leaves the nearest integer; the sum's low bits hold it */

enum { LANES = 2 };
typedef double pair __attribute__((vector_size(16)));
typedef int64_t pair_bits __attribute__((vector_size(16)));

static inline pair both(double value)
{
    return (pair){value, value};
}

/* exp of SID__SOFTMIN_LEAST <= x <= 0: x = k ln 2 + r, the Taylor series of exp r to r^9 (off by 3e-11 at most), 2^k by
 * its bits. */
static inline pair exp_pair(pair x)
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
    pair shifted = x * both(LN2_INVERSE) + both(ROUND), k = shifted - both(ROUND);
    pair r = (x - k * both(LN2_HIGH)) - k * both(LN2_LOW), y = both(0x1.71de3a556c734p-19);
    for (int i = 0; i < 9; i++)
        y = y * r + both(c[i]);
    pair_bits bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52;
    pair power;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

static inline pair load(const double *at)
{
    pair value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline void store(double *at, pair value)
{
    memcpy(at, &value, sizeof value);
}

/* weight = base - dot; gives the least. */
static double subtract(const float *dot, const double *base, int count, double *weight)
{
    pair least = both((double)INFINITY);
    for (int k = 0; k < count; k += LANES) {
        pair z = load(base + k) - (pair){(double)dot[k], (double)dot[k + 1]};
        pair_bits is_less = z < least;
        least = (pair)(((pair_bits)z & is_less) | ((pair_bits)least & ~is_less));
        store(weight + k, z);
    }
    return least[0] < least[1] ? least[0] : least[1];
}

void sid__softmin_add(const float *dot, const double *base, int count, double inverse, double *weight, double *total)
{
    pair least = both(subtract(dot, base, count, weight)), sum = both(0);
    for (int k = 0; k < count; k += LANES) {
        pair x = (least - load(weight + k)) * both(inverse);
        pair_bits is_in = x >= both(SID__SOFTMIN_LEAST);
        pair p = both(0);
        if (is_in[0] | is_in[1])
            p = (pair)((pair_bits)exp_pair((pair)((pair_bits)x & is_in)) & is_in);
        sum += p;
        store(weight + k, p);
    }
    pair share = both(1 / (sum[0] + sum[1]));
    for (int k = 0; k < count; k += LANES)
        store(total + k, load(total + k) + load(weight + k) * share);
}

void sid__least_two(const float *dot, const double *base, int count, double *least, double *gap)
{
    double first = (double)INFINITY, second = (double)INFINITY;
    for (int k = 0; k < count; k++) {
        double z = base[k] - (double)dot[k];
        second = z < first ? first : z < second ? z : second;
        first = z < first ? z : first;
    }
    *least = first;
    *gap = second - first;
}
