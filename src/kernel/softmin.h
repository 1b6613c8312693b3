/* softmin.h: one row's soft choice among codes, for prices that balance them (quant/balanced_price.c): the inner loop of
 * a Sinkhorn step. Doubles in a fixed order, an exponential of our own: the same bits everywhere.
 */
#ifndef SEMID_KERNEL_SOFTMIN_H
#define SEMID_KERNEL_SOFTMIN_H

#include <stdint.h>

/* Terms below exp(-46) = 1e-20 of the largest are 0. */
#define SID__SOFTMIN_LEAST (-46.0)

/* With z_k = base[k] - dot[k]: total[k] += p_k, p = softmax(-z * inverse). count: a multiple of 4; padding has a base that
 * is huge. weight: scratch, (count). */
void sid__softmin_add(const float *dot, const double *base, int count, double inverse, double *weight, double *total);

/* The least z_k and the second least less the least. count >= 2. */
void sid__least_two(const float *dot, const double *base, int count, double *least, double *gap);

#endif
