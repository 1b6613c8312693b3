/* factor.h: Cholesky factors shared inside linalg/. */
#ifndef SEMID_LINALG_FACTOR_H
#define SEMID_LINALG_FACTOR_H

#include "base/ctx.h"

/* c (n, n) = x^T x, x (count, n). */
void sid__gram_f64(const sid_ctx *ctx, const double *x, int64_t count, int n, double *c);

/* a (n, n) = u^T u: u stands in a's upper triangle, what is below means nothing. false when the pivot of row k is not
 * above floor_share * diagonal[k] (diagonal NULL: above 0). */
bool sid__cholesky(const sid_ctx *ctx, double *a, int n, const double *diagonal, double floor_share);

/* inverse (n, n) of the upper triangular u (n, n), whose lower part is not read; zeroes below. */
void sid__invert_upper(const double *u, int n, double *inverse);

#endif
