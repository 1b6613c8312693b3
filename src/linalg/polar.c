/* polar.c: the orthogonal matrix nearest to a given one (the orthogonal Procrustes problem; Schoenemann, Psychometrika
 * 31, 1966), which is U V^T of its singular value decomposition and also its polar factor.
 *
 * Departures: (1) no singular vectors are found: Newton-Schulz steps x <- x (3 I - x^T x) / 2 drive all singular values to
 * 1 and need nothing but products, which run at full speed on all threads; scaled as Chen and Chow (A Stable Scaling of
 * Newton-Schulz, 2014) some 20 steps are enough. (2) A small multiple of the former rotation is added, so that directions
 * in which `a` is nothing (fewer rows than dimensions, constant columns) keep the rotation they had.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "linalg/factor.h"
#include "linalg/linalg.h"
#include "linalg/matmul.h"

enum { STEPS_MAX = 80 };
#define FORMER_SHARE 0x1p-20  /* of `a`, scaled to singular values of at most 1 */
#define SMALLEST 0x1p-21      /* singular value that the scaling is made for; smaller ones need more steps */
#define DEVIATION_MAX 0x1p-26 /* of x^T x from I, where steps are quadratic: the next one is at rounding */

typedef struct polar {
    sid_ctx *ctx;
    int n;
    double *x, *gram, *next; /* (n, n) each */
} polar;

/* At least the largest singular value: |a|_2 <= sqrt(|a|_1 |a|_inf). `sum`: n doubles. */
static double norm_above(const double *a, int n, double *sum)
{
    double rows = 0, columns = 0;
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (int i = 0; i < n; i++) {
        double row = 0;
        for (int j = 0; j < n; j++) {
            row += fabs(a[(int64_t)i * n + j]);
            sum[j] += fabs(a[(int64_t)i * n + j]);
        }
        rows = row > rows ? row : rows;
    }
    for (int j = 0; j < n; j++)
        columns = sum[j] > columns ? sum[j] : columns;
    return sqrt(rows) * sqrt(columns) * (1 + 0x1p-40);
}

static double deviation(const double *gram, int n)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            most = fmax(most, fabs(gram[(int64_t)i * n + j] - (i == j)));
    return most;
}

/* gram becomes scale (3 I - scale^2 gram) / 2. */
static void make_factor(double *gram, int n, double scale)
{
    double cube = scale * scale * scale / 2;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            gram[(int64_t)i * n + j] = (i == j) * 1.5 * scale - cube * gram[(int64_t)i * n + j];
}

static void multiply(const polar *p)
{
    int n = p->n;
    sid__multiply(p->ctx, &(sid__product){.a = {.f64 = p->x, .depth_step = 1, .lane_step = n},
                                          .b = {.f64 = p->gram, .depth_step = n, .lane_step = 1},
                                          .m = n,
                                          .n = n,
                                          .depth = n,
                                          .c = p->next,
                                          .c_step = n});
}

/* Singular values of x in [low, 1] stay there and low rises; at the end all are 1. */
static sid_status iterate(polar *p, bool *is_found, sid_error *err)
{
    double low = SMALLEST;
    for (int step = 0; step < STEPS_MAX && !*is_found; step++) {
        SID_TRY(sid__ctx_check(p->ctx, err));
        sid__gram_f64(p->ctx, p->x, p->n, p->n, p->gram);
        *is_found = deviation(p->gram, p->n) < DEVIATION_MAX;
        double scale = low < 0.99 && !*is_found ? sqrt(3 / (1 + low + low * low)) : 1;
        make_factor(p->gram, p->n, scale);
        multiply(p);
        double *swap = p->x;
        p->x = p->next;
        p->next = swap;
        low = fmin(1, scale * low * (3 - scale * scale * low * low) / 2);
    }
    return SID_OK;
}

static sid_status run(polar *p, const double *a, double *r, bool *is_found, sid_error *err)
{
    size_t square = (size_t)p->n * (size_t)p->n;
    double most = norm_above(a, p->n, p->next);
    if (!(most > 0) || !isfinite(most))
        return SID_OK;
    for (size_t i = 0; i < square; i++)
        p->x[i] = (a[i] / most + FORMER_SHARE * r[i]) * (1 - FORMER_SHARE);
    SID_TRY(iterate(p, is_found, err));
    if (*is_found)
        memcpy(r, p->x, square * sizeof *r);
    return SID_OK;
}

sid_status sid__nearest_rotation(sid_ctx *ctx, const double *a, int n, double *r, bool *is_found, sid_error *err)
{
    size_t square = (size_t)n * (size_t)n, size = 3 * square * sizeof(double);
    bool found = false;
    double *memory = NULL;
    SID_TRY(sid__ctx_reserve(ctx, size, "a rotation", err));
    sid_status status = sid__alloc(&memory, 3 * square, sizeof(double), "a rotation", err);
    if (status == SID_OK) {
        polar p = {.ctx = ctx, .n = n, .x = memory, .gram = memory + square, .next = memory + 2 * square};
        status = run(&p, a, r, &found, err);
    }
    sid__free(memory);
    sid__ctx_release(ctx, size);
    if (is_found)
        *is_found = found;
    return status;
}
