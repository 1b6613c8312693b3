/* linalg_case.h: seeded matrices and contexts for the tests of linalg/ and kernel/dense. */
#ifndef SEMID_TEST_LINALG_CASE_H
#define SEMID_TEST_LINALG_CASE_H

#include "test.h"

#include <math.h>

#include "base/ctx.h"
#include "base/mem.h"
#include "base/philox.h"
#include "linalg/scalar.h"

/* A context with that many threads on that path; NULL when this CPU lacks the path. */
static inline sid_ctx *case_ctx(int threads, sid__isa isa)
{
    sid_ctx *ctx = NULL;
    if (!sid__isa_is_supported(isa))
        return NULL;
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid_ctx_set_threads(ctx, threads, err));
    TEST_OK(sid_ctx_set_isa(ctx, sid__isa_name(isa), err));
    return ctx;
}

static inline void *case_alloc(int64_t count, size_t size)
{
    void *memory = NULL;
    TEST_OK(sid__alloc(&memory, (size_t)count, size, "a test", err));
    return memory;
}

static inline double *case_gaussians(int64_t count, uint64_t seed)
{
    double *x = case_alloc(count, sizeof *x);
    for (int64_t i = 0; i < count; i++)
        x[i] = sid__gaussian(seed, SID__STREAM_TEST, (uint64_t)i);
    return x;
}

static inline float *case_floats(int64_t count, uint64_t seed)
{
    float *x = case_alloc(count, sizeof *x);
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)sid__gaussian(seed, SID__STREAM_TEST, (uint64_t)i);
    return x;
}

static inline double *case_copy(const double *x, int64_t count)
{
    double *y = case_alloc(count, sizeof *y);
    memcpy(y, x, (size_t)count * sizeof *y);
    return y;
}

/* g^T g of a Gaussian g (n + extra, n): positive definite. */
static inline double *case_spd(int n, int extra, uint64_t seed)
{
    double *g = case_gaussians((int64_t)(n + extra) * n, seed), *a = case_alloc((int64_t)n * n, sizeof *a);
    for (int r = 0; r < n + extra; r++)
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                a[i * n + j] += g[r * n + i] * g[r * n + j];
    sid__free(g);
    return a;
}

/* Largest |v^T v - I| over the columns of v (rows, columns). */
static inline double case_unorthonormality(const double *v, int64_t rows, int columns)
{
    double worst = 0;
    for (int j = 0; j < columns; j++) {
        for (int k = 0; k <= j; k++) {
            double sum = j == k ? -1 : 0;
            for (int64_t i = 0; i < rows; i++)
                sum += v[i * columns + j] * v[i * columns + k];
            worst = fmax(worst, fabs(sum));
        }
    }
    return worst;
}

/* Largest |a v_j - value_j v_j| over the columns, a (n, n), v (n, rank). */
static inline double case_eigen_error(const double *a, int n, const double *value, const double *v, int rank)
{
    double worst = 0;
    for (int j = 0; j < rank; j++) {
        for (int i = 0; i < n; i++) {
            double sum = -value[j] * v[(int64_t)i * rank + j];
            for (int k = 0; k < n; k++)
                sum += a[(int64_t)i * n + k] * v[(int64_t)k * rank + j];
            worst = fmax(worst, fabs(sum));
        }
    }
    return worst;
}

#endif
