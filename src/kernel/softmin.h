/* softmin.h: one row's soft choice among codes, for prices that balance them (quant/balanced_price.c): the inner loop of
 * a Sinkhorn step, run on some 10^9 codes a catalogue.
 *
 * One body (softmin_body.h) on compiler vector extensions, compiled per ISA. Doubles, an exponential of our own, sums kept
 * by eight lanes whatever the registers hold: the same bits everywhere.
 */
#ifndef SEMID_KERNEL_SOFTMIN_H
#define SEMID_KERNEL_SOFTMIN_H

#include "base/cpu.h"

/* Terms below exp(-46) = 1e-20 of the largest are 0. */
#define SID__SOFTMIN_LEAST (-46.0)

/* With z_k = base[k] - dot[k]: total[k] += p_k, p = softmax(-z * inverse). count: a multiple of 8; padding has a base that
 * is huge. weight: scratch, (count). */
typedef void sid__softmin_fn(const float *dot, const double *base, int count, double inverse, double *weight,
                             double *total);

sid__softmin_fn *sid__softmin_for(sid__isa isa);
sid__softmin_fn sid__softmin_portable, sid__softmin_avx2, sid__softmin_avx512;

/* The least z_k and the second least less the least. count >= 2. */
void sid__least_two(const float *dot, const double *base, int count, double *least, double *gap);

#endif
