/* linalg.h: dense linear algebra in double, small and deterministic: plus, minus, times, divide and square root in a
 * fixed order, no fused multiply-add, so that every compiler, instruction set and thread count gives the same bits.
 *
 * Matrices are row-major. Sums over rows run in row order inside an output element, or over fixed chunks added in chunk
 * order; threads split outputs, never sums.
 */
#ifndef SEMID_LINALG_LINALG_H
#define SEMID_LINALG_LINALG_H

#include "base/ctx.h"

/* c (n, n) = x^T x, x (count, n) floats (each product is exact in double). */
void sid__gram_f32(const sid_ctx *ctx, const float *x, int64_t count, int n, double *c);

/* Orthonormalises the columns of a (rows, columns), rows >= columns, in place; a column that depends on those before it
 * becomes zero. `rank` (NULL allowed) gets the number of columns that are not zero. SID_ENOMEM. */
sid_status sid__orthonormalize(const sid_ctx *ctx, double *a, int64_t rows, int columns, int *rank, sid_error *err);

/* A basis of the columns' span that is orthonormal to about 1e-5: half the work, enough between power iterations. */
sid_status sid__orthonormalize_roughly(const sid_ctx *ctx, double *a, int64_t rows, int columns, sid_error *err);

/* Eigenvalues (falling) and eigenvectors (columns of v) of the symmetric a (n, n), by cyclic Jacobi; a is destroyed. */
void sid__eigen_jacobi(double *a, int n, double *value, double *v);

/* Leading `rank` eigenvectors (columns of v (n, rank)) and eigenvalues (falling; NULL allowed) of the symmetric,
 * positive semidefinite a (n, n): directly up to n = 2048, above by subspace iteration with oversampling. Each vector's entry of largest magnitude
 * (ties: lowest index) is positive. rank <= n. */
sid_status sid__eigen_leading(sid_ctx *ctx, const double *a, int n, int rank, uint64_t seed, double *value, double *v,
                              sid_error *err);

/* Principal directions of rows x (count, dim), not centred again: v (dim, rank) in fp32, columns orthonormal. */
sid_status sid__pca(sid_ctx *ctx, const float *x, int64_t count, int dim, int rank, uint64_t seed, float *v,
                    sid_error *err);

/* The orthogonal matrix r (n, n) nearest to a (n, n): U V^T of a's singular value decomposition. Where a leaves a choice
 * (singular values below about 1e-6 of the largest), r stays near the orthogonal matrix that it was on entry; *is_found
 * (NULL allowed) is false, and r unchanged, when that leaves a choice too. SID_ENOMEM, SID_ECANCELED. */
sid_status sid__nearest_rotation(sid_ctx *ctx, const double *a, int n, double *r, bool *is_found, sid_error *err);

/* Makes each column's entry of largest magnitude (ties: lowest row) positive; v (n, rank). */
void sid__fix_signs(double *v, int n, int rank);

/* Solves a x = b for the symmetric positive definite a (n, n), b (n, m), by Cholesky; a is destroyed, b becomes x.
 * false when a pivot is not positive. */
bool sid__solve_spd(const sid_ctx *ctx, double *a, int n, double *b, int m);

#endif
