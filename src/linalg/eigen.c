/* eigen.c: leading eigenvectors. Up to DIRECT_MAX dimensions directly (tridiagonal.c), which no spectrum slows down;
 * above, subspace iteration with Rayleigh-Ritz projections (Saad, Numerical Methods for Large Eigenvalue Problems, 2011,
 * chapter 5), whose projected problem is solved directly. Between two projections the block is multiplied STEPS times.
 */
#include "linalg/eigen.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "linalg/linalg.h"
#include "linalg/matmul.h"
#include "linalg/scalar.h"

enum {
    DIRECT_MAX = 2048, /* where both take about two seconds for rank 128 */
    OVERSAMPLE = 32,
    STEPS = 4,
    ROUNDS_MAX = 100
};
/* Rounds stop when no wanted eigenvalue moved by more than these shares of itself and of the largest. */
#define TOLERANCE 1e-12
#define TOLERANCE_LARGEST 1e-14

void sid__fix_signs(double *v, int n, int rank)
{
    for (int j = 0; j < rank; j++) {
        int largest = 0;
        for (int i = 1; i < n; i++)
            if (fabs(v[(int64_t)i * rank + j]) > fabs(v[(int64_t)largest * rank + j]))
                largest = i;
        if (v[(int64_t)largest * rank + j] < 0)
            for (int i = 0; i < n; i++)
                v[(int64_t)i * rank + j] = -v[(int64_t)i * rank + j];
    }
}

typedef struct subspace {
    sid_ctx *ctx;
    const double *a; /* (n, n), symmetric bit by bit */
    int n, width;
    double *x, *y;                   /* (n, width) */
    double *small, *vectors, *value; /* (width, width) twice, (width) */
} subspace;

/* c (m, width) = a (m, depth) b (depth, width), or a^T b with a (depth, m). */
static void multiply(const subspace *s, const double *a, int64_t a_step, bool is_transposed, const double *b, int m,
                     int depth, double *c)
{
    sid__multiply(
        s->ctx, &(sid__product){
                    .a = {.f64 = a, .depth_step = is_transposed ? a_step : 1, .lane_step = is_transposed ? 1 : a_step},
                    .b = {.f64 = b, .depth_step = s->width, .lane_step = 1},
                    .m = m,
                    .n = s->width,
                    .depth = depth,
                    .c = c,
                    .c_step = s->width});
}

/* y = a x. As a is symmetric its transpose is read, whose lanes lie side by side: a third of the time for the same bits. */
static void apply(const subspace *s)
{
    multiply(s, s->a, s->n, true, s->x, s->n, s->n, s->y);
}

static sid_status power_steps(subspace *s, sid_error *err)
{
    for (int step = 0; step < STEPS; step++) {
        apply(s);
        SID_TRY(sid__orthonormalize(s->ctx, s->y, s->n, s->width, NULL, err));
        memcpy(s->x, s->y, (size_t)s->n * (size_t)s->width * sizeof(double));
        SID_TRY(sid__ctx_check(s->ctx, err));
    }
    return SID_OK;
}

/* Turns the basis x into the best approximations to eigenvectors that its span holds. */
static sid_status project(subspace *s, sid_error *err)
{
    int w = s->width;
    apply(s);
    multiply(s, s->x, w, true, s->y, w, s->n, s->small);
    for (int i = 0; i < w; i++) /* symmetric but for rounding */
        for (int j = 0; j < i; j++)
            s->small[i * w + j] = s->small[j * w + i];
    SID_TRY(sid__eigen_direct(s->ctx, s->small, w, w, s->value, s->vectors, err));
    multiply(s, s->x, w, false, s->vectors, s->n, w, s->y);
    memcpy(s->x, s->y, (size_t)s->n * (size_t)w * sizeof(double));
    return SID_OK;
}

static bool is_settled(const double *value, const double *before, int rank)
{
    for (int i = 0; i < rank; i++)
        if (!(fabs(value[i] - before[i]) <= TOLERANCE * fabs(value[i]) + TOLERANCE_LARGEST * value[0]))
            return false;
    return true;
}

static sid_status iterate(subspace *s, int rank, double *before, sid_error *err)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        memcpy(before, s->value, (size_t)rank * sizeof *before);
        SID_TRY(power_steps(s, err));
        SID_TRY(project(s, err));
        if (round > 0 && is_settled(s->value, before, rank))
            break;
    }
    return SID_OK;
}

static double column_dot(const double *x, int n, int width, int j, int k)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i * width + j] * x[i * width + k];
    return sum;
}

static void add_column(double *x, int n, int width, double scale, int from, int to)
{
    for (int64_t i = 0; i < n; i++)
        x[i * width + to] += scale * x[i * width + from];
}

/* The first unit vector that keeps a fair share of its length outside the other columns: the squares that all n unit
 * vectors keep sum to at least n - width + 1, so one of them keeps the mean. */
static int free_unit(const double *x, int n, int width)
{
    int unit = 0;
    for (; unit < n - 1; unit++) {
        double kept = 1;
        for (int k = 0; k < width; k++)
            kept -= x[(int64_t)unit * width + k] * x[(int64_t)unit * width + k];
        if (kept >= 0.5 * (n - width + 1) / n)
            break;
    }
    return unit;
}

/* Gives the zero columns among the first `rank` (a has a lower rank) a direction orthogonal to all others. */
static void complete_basis(double *x, int n, int width, int rank)
{
    for (int j = 0; j < rank; j++) {
        if (column_dot(x, n, width, j, j) > 0.5)
            continue;
        add_column(x, n, width, -1, j, j);
        x[(int64_t)free_unit(x, n, width) * width + j] = 1;
        for (int round = 0; round < 2; round++)
            for (int k = 0; k < width; k++)
                if (k != j)
                    add_column(x, n, width, -column_dot(x, n, width, j, k), k, j);
        add_column(x, n, width, 1 / sqrt(column_dot(x, n, width, j, j)) - 1, j, j);
    }
}

static sid_status run_subspace(subspace *s, int rank, uint64_t seed, double *value, double *v, sid_error *err)
{
    for (int64_t i = 0; i < (int64_t)s->n * s->width; i++)
        s->x[i] = sid__gaussian(seed, SID__STREAM_SUBSPACE, (uint64_t)i);
    SID_TRY(sid__orthonormalize(s->ctx, s->x, s->n, s->width, NULL, err));
    SID_TRY(iterate(s, rank, value, err));
    complete_basis(s->x, s->n, s->width, rank);
    memcpy(value, s->value, (size_t)rank * sizeof *value);
    for (int i = 0; i < s->n; i++)
        memcpy(v + (int64_t)i * rank, s->x + (int64_t)i * s->width, (size_t)rank * sizeof *v);
    return SID_OK;
}

sid_status sid__eigen_subspace(sid_ctx *ctx, const double *a, int n, int rank, uint64_t seed, double *value, double *v,
                               sid_error *err)
{
    int width = rank + OVERSAMPLE < n ? rank + OVERSAMPLE : n;
    size_t tall = (size_t)n * (size_t)width, square = (size_t)width * (size_t)width;
    size_t count = 2 * tall + 2 * square + (size_t)width;
    subspace s = {.ctx = ctx, .a = a, .n = n, .width = width};
    SID_TRY(sid__ctx_reserve(ctx, count * sizeof(double), "eigenvectors", err));
    sid_status status = sid__alloc(&s.x, count, sizeof(double), "eigenvectors", err);
    if (status == SID_OK) {
        s.y = s.x + tall;
        s.small = s.y + tall;
        s.vectors = s.small + square;
        s.value = s.vectors + square;
        status = run_subspace(&s, rank, seed, value, v, err);
    }
    sid__free(s.x);
    sid__ctx_release(ctx, count * sizeof(double));
    return status;
}

static sid_status eigen_direct(sid_ctx *ctx, const double *a, int n, int rank, double *value, double *v, sid_error *err)
{
    size_t size = 2 * (size_t)n * (size_t)n * sizeof(double);
    SID_TRY(sid__ctx_reserve(ctx, size, "eigenvectors", err));
    sid_status status = sid__eigen_direct(ctx, a, n, rank, value, v, err);
    sid__ctx_release(ctx, size);
    return status;
}

sid_status sid__eigen_leading(sid_ctx *ctx, const double *a, int n, int rank, uint64_t seed, double *value, double *v,
                              sid_error *err)
{
    double *kept = NULL;
    SID_TRY(sid__alloc(&kept, (size_t)rank, sizeof *kept, "eigenvalues", err));
    sid_status status = n <= DIRECT_MAX || rank > n / 2 ? eigen_direct(ctx, a, n, rank, kept, v, err)
                                                        : sid__eigen_subspace(ctx, a, n, rank, seed, kept, v, err);
    if (status == SID_OK) {
        sid__fix_signs(v, n, rank);
        if (value)
            memcpy(value, kept, (size_t)rank * sizeof *kept);
    }
    sid__free(kept);
    return status;
}
