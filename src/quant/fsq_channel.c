/* fsq_channel.c: see fsq_channel.h. Plain double operations and our own tangents: the same digit on every machine. */
#include "quant/fsq_channel.h"

#include <assert.h>
#include <math.h>

#include "linalg/scalar.h"

sid__fsq_channel sid__fsq_channel_make(int steps, sid__fsq_shift shift)
{
    assert(steps >= 3);
    bool is_tan = shift == SID__FSQ_SHIFT_TAN;
    sid__fsq_channel c = {.steps = steps, .lowest = -(steps / 2), .o = steps % 2 ? 0 : 0.5};
    c.h = (double)(steps - 1) * (is_tan ? 1 - 1e-3 : 1 + 1e-3) / 2;
    c.s = is_tan ? sid__tan(c.o / c.h) : sid__atanh(c.o / c.h);
    return c;
}

double sid__fsq_bound(const sid__fsq_channel *c, double y)
{
    return c->h * sid__tanh(y + c->s) - c->o;
}

double sid__fsq_unbound(const sid__fsq_channel *c, double u)
{
    double most = 1 / (1 + 1e-3), ratio = (u + c->o) / c->h;
    ratio = ratio > most ? most : ratio < -most ? -most : ratio;
    return sid__atanh(ratio) - c->s;
}

/* Halves to the even neighbour. floor and the difference are exact, whatever the rounding mode of the process. */
static double round_half_even(double x)
{
    double low = floor(x), part = x - low;
    bool is_odd = fmod(low, 2) != 0;
    return part > 0.5 || (part >= 0.5 && is_odd) ? low + 1 : low;
}

int sid__fsq_round(const sid__fsq_channel *c, double scale, double *rest)
{
    double q = round_half_even(*rest * scale), most = c->lowest + c->steps - 1;
    q = q < c->lowest ? c->lowest : q > most ? most : q;
    *rest -= q / scale;
    return (int)q - c->lowest;
}

/* Distance to the y of one border; infinite where tanh does not reach. */
static double border_distance(const sid__fsq_channel *c, double u, double y)
{
    double ratio = (u + c->o) / c->h;
    return fabs(ratio) < 1 ? fabs(sid__atanh(ratio) - c->s - y) : (double)INFINITY;
}

double sid__fsq_margin(const sid__fsq_channel *c, double scale, int digit, double center, double y)
{
    double low = digit > 0 ? border_distance(c, center - 0.5 / scale, y) : (double)INFINITY;
    double high = digit + 1 < c->steps ? border_distance(c, center + 0.5 / scale, y) : (double)INFINITY;
    return low < high ? low : high;
}
