/* tridiagonal.c: all eigenvalues and the leading eigenvectors of a symmetric matrix, directly: Householder reflections
 * to tridiagonal form, implicit QL on that, reflections back (Wilkinson and Reinsch, Handbook for Automatic Computation
 * II, 1971, contributions 2 and 4). About 1.5 n^3 multiplications, no spectrum is slow: what PCA of an ordinary
 * embedding (n = 384, 768) needs. Loops run along rows, so that they vectorise across outputs.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "kernel/dense.h"
#include "linalg/eigen.h"

#define NOTHING 0x1p-200
#define FLOOR_FINE 0x1p-80 /* of the largest entry */
#define FLOOR_ROUNDING 0x1p-50

enum { ROUNDS_MAX = 60, STRIP = 256, ROWS = 32 };

typedef struct tridiagonal {
    const sid_ctx *ctx;
    const sid__dense *dense;
    int n, k;      /* k: the row being reduced */
    double *a;     /* (n, n); row k keeps its reflector in columns k+1.. */
    double *d, *e; /* (n) diagonal; e[i] stands between i and i+1 */
    double *beta;  /* (n) of each reflector I - beta v v^T */
    double *p;     /* (n) scratch */
    double *z;     /* (n, n) row i: eigenvector i of the tridiagonal matrix */
} tridiagonal;

static double dot(const double *x, const double *y, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += x[i] * y[i];
    return sum;
}

/* p[begin..end) = A v over the rest of the matrix, by rows (A is symmetric). */
static void times_reflector(void *arg, int64_t begin, int64_t end, int worker)
{
    const tridiagonal *t = arg;
    int64_t n = t->n, first = t->k + 1;
    const double *v = t->a + t->k * n + first;
    (void)worker;
    memset(t->p + first + begin, 0, (size_t)(end - begin) * sizeof(double));
    for (int64_t i = 0; i < n - first; i++)
        t->dense->add_scaled(end - begin, v[i], t->a + (first + i) * n + first + begin, t->p + first + begin);
}

/* Rows begin..end of the rest: A -= v w^T + w v^T, w in p. */
static void subtract_rank_two(void *arg, int64_t begin, int64_t end, int worker)
{
    const tridiagonal *t = arg;
    int64_t n = t->n, first = t->k + 1;
    const double *v = t->a + t->k * n + first, *w = t->p + first;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        double *row = t->a + (first + i) * n + first;
        t->dense->add_scaled(n - first, -v[i], w, row);
        t->dense->add_scaled(n - first, -w[i], v, row);
    }
}

/* Row k becomes (d, e, 0, ...): the reflector is left in its place. */
static void reduce_row(tridiagonal *t)
{
    int64_t first = t->k + 1;
    int rest = t->n - (int)first;
    double *v = t->a + (int64_t)t->k * t->n + first, *w = t->p + first;
    double length = sqrt(dot(v, v, rest));
    t->d[t->k] = v[-1];
    t->beta[t->k] = 0;
    t->e[t->k] = v[0];
    if (rest == 1 || !(length > fabs(v[0])))
        return;
    if (length < NOTHING) { /* beside a largest entry near 1; its reflector would overflow */
        t->e[t->k] = 0;
        return;
    }
    double end = v[0] > 0 ? -length : length;
    t->e[t->k] = end;
    v[0] -= end;
    double beta = 2 / dot(v, v, rest);
    t->beta[t->k] = beta;
    sid__ctx_for(t->ctx, rest, STRIP, times_reflector, t);
    double shift = beta * beta * dot(w, v, rest) / 2;
    for (int i = 0; i < rest; i++)
        w[i] = beta * w[i] - shift * v[i];
    sid__ctx_for(t->ctx, rest, ROWS, subtract_rank_two, t);
}

/* The first m >= l whose off-diagonal e[m] is nothing beside its neighbours. */
static int split_point(const tridiagonal *t, int l, double floor_value)
{
    int m = l;
    while (m < t->n - 1) {
        double scale = fabs(t->d[m]) + fabs(t->d[m + 1]);
        if (fabs(t->e[m]) <= 0x1p-53 * scale || fabs(t->e[m]) <= floor_value)
            break;
        m++;
    }
    return m;
}

/* One implicit QL step on rows l..m, Wilkinson's shift. */
static void ql_step(tridiagonal *t, int l, int m)
{
    double *d = t->d, *e = t->e;
    double g = (d[l + 1] - d[l]) / (2 * e[l]), r = sqrt(g * g + 1);
    g = d[m] - d[l] + e[l] / (g + (g < 0 ? -r : r));
    double s = 1, c = 1, p = 0;
    for (int i = m - 1; i >= l; i--) {
        double f = s * e[i], b = c * e[i];
        r = sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r == 0) {
            d[i + 1] -= p;
            e[m] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        t->dense->rotate(t->n, c, s, t->z + (int64_t)i * t->n, t->z + (int64_t)(i + 1) * t->n);
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0;
}

/* What is nothing beside its neighbours is found at any size, so that small eigenvalues get all their digits. Where rows are
 * fewer than dimensions, zero eigenvalues are but rounding at 1e-16 of the largest, which stays as large as its neighbours
 * for ever: then, and from there on, rounding counts as nothing. */
static sid_status diagonalize(tridiagonal *t, sid_error *err)
{
    double largest = 0;
    for (int i = 0; i < t->n; i++)
        largest = fmax(largest, fmax(fabs(t->d[i]), fabs(t->e[i])));
    double floor_value = largest * FLOOR_FINE;
    for (int l = 0; l < t->n; l++) {
        int round = 0;
        for (int m; (m = split_point(t, l, floor_value)) != l; round++) {
            if (round == 2 * ROUNDS_MAX)
                return sid__fail(err, SID_EINTERNAL, "eigenvalue %d of %d does not converge; are all values finite?", l,
                                 t->n);
            if (round == ROUNDS_MAX)
                floor_value = largest * FLOOR_ROUNDING;
            ql_step(t, l, m);
        }
        SID_TRY(sid__ctx_check(t->ctx, err));
    }
    return SID_OK;
}

/* Gives d's order by falling value; equal ones by index. */
static void order_falling(const double *d, int n, int *order)
{
    for (int i = 0; i < n; i++) {
        int place = i;
        for (; place > 0 && d[order[place - 1]] < d[i]; place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
}

/* v (n, rank) = reflectors from the last to the first, applied to the leading vectors of the tridiagonal matrix. */
static void reflect_back(tridiagonal *t, const int *order, int rank, double *v)
{
    for (int i = 0; i < t->n; i++)
        for (int j = 0; j < rank; j++)
            v[(int64_t)i * rank + j] = t->z[(int64_t)order[j] * t->n + i];
    for (int k = t->n - 2; k >= 0; k--) {
        const double *u = t->a + (int64_t)k * t->n;
        if (t->beta[k] == 0)
            continue;
        double *sum = t->z; /* no longer needed; rank <= n */
        memset(sum, 0, (size_t)rank * sizeof *sum);
        for (int i = k + 1; i < t->n; i++)
            t->dense->add_scaled(rank, u[i], v + (int64_t)i * rank, sum);
        for (int i = k + 1; i < t->n; i++)
            t->dense->add_scaled(rank, -(t->beta[k] * u[i]), sum, v + (int64_t)i * rank);
    }
}

static sid_status run(tridiagonal *t, int rank, int *order, double *value, double *v, sid_error *err)
{
    int n = t->n;
    for (t->k = 0; t->k < n - 1; t->k++) {
        reduce_row(t);
        SID_TRY(sid__ctx_check(t->ctx, err));
    }
    t->d[n - 1] = t->a[(int64_t)n * n - 1];
    for (int i = 0; i < n; i++)
        t->z[(int64_t)i * n + i] = 1;
    SID_TRY(diagonalize(t, err));
    order_falling(t->d, n, order);
    reflect_back(t, order, rank, v);
    for (int j = 0; j < rank; j++)
        value[j] = t->d[order[j]];
    return SID_OK;
}

/* Scales by a power of two, so that the largest entry is near 1: residuals of deep levels come near to denormals, whose
 * products vanish. Gives the exponent that undoes it; ordinary matrices keep every bit of their mantissas. */
static int scale_to_one(double *a, size_t count)
{
    double largest = 0;
    int exponent = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(a[i]));
    if (largest > 0)
        (void)frexp(largest, &exponent);
    for (size_t i = 0; i < count; i++)
        a[i] = ldexp(a[i], -exponent);
    return exponent;
}

sid_status sid__eigen_direct(const sid_ctx *ctx, const double *a, int n, int rank, double *value, double *v,
                             sid_error *err)
{
    size_t square = (size_t)n * (size_t)n;
    const char *what = "eigenvectors";
    tridiagonal t = {.ctx = ctx, .dense = sid__dense_for(ctx->isa), .n = n};
    int *order = NULL;
    sid_status status = sid__alloc(&t.a, 2 * square + 4 * (size_t)n, sizeof(double), what, err);
    if (status == SID_OK)
        status = sid__alloc(&order, (size_t)n, sizeof *order, what, err);
    if (status == SID_OK) {
        t.z = t.a + square;
        t.d = t.z + square;
        t.e = t.d + n;
        t.beta = t.e + n;
        t.p = t.beta + n;
        memcpy(t.a, a, square * sizeof *a);
        int exponent = scale_to_one(t.a, square);
        status = run(&t, rank, order, value, v, err);
        for (int j = 0; j < rank && status == SID_OK; j++)
            value[j] = ldexp(value[j], exponent);
    }
    sid__free(order);
    sid__free(t.a);
    return status;
}
