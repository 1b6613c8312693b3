/* eigen.h: eigenvectors, shared inside linalg/. */
#ifndef SEMID_LINALG_EIGEN_H
#define SEMID_LINALG_EIGEN_H

#include "base/ctx.h"

/* The largest `rank` eigenvalues (falling) of the symmetric a (n, n) and their vectors, the columns of v (n, rank), by
 * a direct method: n^3. Signs are as they come. */
sid_status sid__eigen_direct(const sid_ctx *ctx, const double *a, int n, int rank, double *value, double *v,
                             sid_error *err);

/* The same for a positive semidefinite a, by subspace iteration: for large n and few vectors. */
sid_status sid__eigen_subspace(sid_ctx *ctx, const double *a, int n, int rank, uint64_t seed, double *value, double *v,
                               sid_error *err);

#endif
