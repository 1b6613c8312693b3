/* jacobi.c: eigenvalues of a small symmetric matrix by cyclic Jacobi (Golub and Van Loan, Matrix Computations, 8.5):
 * slow, plain, and accurate also for small eigenvalues. Larger matrices go through tridiagonal.c.
 */
#include <math.h>
#include <stdbool.h>

#include "linalg/linalg.h"

enum { SWEEPS_MAX = 60 }; /* 6 to 10 are usual; convergence is quadratic */

/* cos and sin of the rotation that makes the off-diagonal `middle` of [[first, middle], [middle, last]] zero. */
static void rotation(double first, double middle, double last, double *c, double *s)
{
    double tau = (last - first) / (2 * middle);
    double t = 1 / (fabs(tau) + sqrt(1 + tau * tau));
    if (tau < 0)
        t = -t;
    *c = 1 / sqrt(1 + t * t);
    *s = t * *c;
}

/* Elements i * step of two rows or columns. */
static void rotate(double *x, double *y, int64_t step, int n, double c, double s)
{
    for (int i = 0; i < n; i++) {
        double u = x[i * step], w = y[i * step];
        x[i * step] = c * u - s * w;
        y[i * step] = s * u + c * w;
    }
}

/* One pass over all pairs; false when each was too small to matter. */
static bool sweep(double *a, int n, double *v)
{
    bool is_changed = false;
    for (int p = 0; p < n - 1; p++) {
        for (int q = p + 1; q < n; q++) {
            int64_t pp = (int64_t)p * n + p, qq = (int64_t)q * n + q, pq = (int64_t)p * n + q;
            double middle = a[pq];
            if (!(fabs(middle) > 0x1p-53 * sqrt(fabs(a[pp])) * sqrt(fabs(a[qq]))) || fabs(middle) < 0x1p-1000)
                continue;
            double c, s;
            rotation(a[pp], middle, a[qq], &c, &s);
            rotate(a + (int64_t)p * n, a + (int64_t)q * n, 1, n, c, s);
            rotate(a + p, a + q, n, n, c, s);
            rotate(v + p, v + q, n, n, c, s);
            a[pq] = a[(int64_t)q * n + p] = 0;
            is_changed = true;
        }
    }
    return is_changed;
}

static void swap_columns(double *v, int n, int a, int b)
{
    for (int i = 0; i < n; i++) {
        double kept = v[(int64_t)i * n + a];
        v[(int64_t)i * n + a] = v[(int64_t)i * n + b];
        v[(int64_t)i * n + b] = kept;
    }
}

/* Falling; equal values keep their order (the first largest is taken). */
static void sort_falling(double *value, int n, double *v)
{
    for (int i = 0; i < n - 1; i++) {
        int best = i;
        for (int j = i + 1; j < n; j++)
            if (value[j] > value[best])
                best = j;
        if (best == i)
            continue;
        double kept = value[i];
        value[i] = value[best];
        value[best] = kept;
        swap_columns(v, n, i, best);
    }
}

void sid__eigen_jacobi(double *a, int n, double *value, double *v)
{
    for (int64_t i = 0; i < (int64_t)n * n; i++)
        v[i] = i % (n + 1) == 0;
    for (int round = 0; round < SWEEPS_MAX && sweep(a, n, v); round++)
        continue;
    for (int i = 0; i < n; i++)
        value[i] = a[(int64_t)i * n + i];
    sort_falling(value, n, v);
}
