/* scalar.h: logarithm, exponential, cosine, tangents and Gaussians of our own: libm's last bit differs between systems, and these
 * reach codebooks. Plain double operations in a fixed order; error below 2 ulp (checked against libm in long double).
 */
#ifndef SEMID_LINALG_SCALAR_H
#define SEMID_LINALG_SCALAR_H

#include <stdint.h>

double sid__log(double x);     /* x > 0, finite, normal or not; 0 gives -inf, negative NaN */
double sid__exp(double x);     /* overflow gives inf, underflow 0 */
double sid__cos_2pi(double u); /* cos(2 pi u), any finite u */
double sid__tanh(double x);    /* any x; odd */
double sid__atanh(double x);   /* |x| < 1; odd; +-1 gives +-inf, beyond NaN */
double sid__erf(double x);     /* any x; odd; within 32 ulp */
double sid__tan(double x);     /* |x| <= 1; odd */
double
sid__digamma(double x); /* x >= 0.5: derivative of ln Gamma; absolute error below 1e-14 for x < 1e4, then relative */
/* Standard normal, draw `index` of a Philox stream, by Box-Muller. */
double sid__gaussian(uint64_t seed, uint32_t stream, uint64_t index);

#endif
