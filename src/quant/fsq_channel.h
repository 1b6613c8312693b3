/* fsq_channel.h: finite scalar quantization of one number: y to one of n steps (2309.15505).
 *
 * With h = (n-1)(1+1e-3)/2, o = .5 for even n else 0, s = atanh(o/h): u = h tanh(y+s) - o, q = round_half_even(u), digit =
 * q + floor(n/2). The paper has 1-1e-3 and s = tan(o/h): SID__FSQ_SHIFT_TAN. With that s, y = 0 is no longer a centre of a
 * step for even n.
 *
 * Residual: at depth t = 0, 1, .. the rest of u is rounded to steps of n^-t, clamped to the same n digits.
 */
#ifndef SEMID_QUANT_FSQ_CHANNEL_H
#define SEMID_QUANT_FSQ_CHANNEL_H

#include <stdbool.h>

typedef enum sid__fsq_shift { SID__FSQ_SHIFT_ATANH, SID__FSQ_SHIFT_TAN } sid__fsq_shift;

/* Invariant: steps >= 3, lowest = -floor(steps / 2), |o| < h. */
typedef struct sid__fsq_channel {
    int steps, lowest; /* lowest: the least q */
    double h, o, s;
} sid__fsq_channel;

sid__fsq_channel sid__fsq_channel_make(int steps, sid__fsq_shift shift);

double sid__fsq_bound(const sid__fsq_channel *c, double y); /* u */
/* y of a u; beyond the outermost step it is that of the outermost step (whose tanh is 1/1.001). */
double sid__fsq_unbound(const sid__fsq_channel *c, double u);

/* Rounds one depth: *rest (u, or what the depths before left) gives a digit 0 .. steps-1 and becomes what is left. `scale`
 * is n^depth. */
int sid__fsq_round(const sid__fsq_channel *c, double scale, double *rest);

/* How far y may move, at least, until another digit is found at this depth: the distance in y to the nearer border of the
 * cell around `center` (the u of all digits so far). Infinite when no border is within reach of tanh. */
double sid__fsq_margin(const sid__fsq_channel *c, double scale, int digit, double center, double y);

#endif
