/* cholesky.c: a = u^T u with u upper triangular, row-major, 64 rows at a time; and systems solved with it.
 *
 * Row k of u needs the rows above it, all of them read along rows, so that every loop runs across outputs. An element
 * is a[i, j] minus its products in rising k, whatever the block size: blocks only decide when they are subtracted.
 */
#include <math.h>
#include <string.h>

#include "kernel/dense.h"
#include "linalg/factor.h"
#include "linalg/linalg.h"
#include "linalg/matmul.h"

enum { BLOCK = 64, STRIP = 64 };

/* Rows first .. end-1 of u, their columns from `first` on up to date with all rows above `first`. The pivot of row k
 * must exceed `floor` of what a[k, k] was at the start (kept in `diagonal`; NULL: must exceed 0). */
static bool factor_rows(const sid__dense *dense, double *a, int n, int first, int end, const double *diagonal,
                        double floor_share)
{
    for (int k = first; k < end; k++) {
        double *row = a + (int64_t)k * n;
        double least = diagonal ? floor_share * diagonal[k] : 0;
        if (!(row[k] > least))
            return false;
        double root = sqrt(row[k]);
        row[k] = root;
        for (int j = k + 1; j < n; j++)
            row[j] /= root;
        for (int i = k + 1; i < end; i++)
            dense->add_scaled(n - i, -row[i], row + i, a + (int64_t)i * n + i);
    }
    return true;
}

bool sid__cholesky(const sid_ctx *ctx, double *a, int n, const double *diagonal, double floor_share)
{
    const sid__dense *dense = sid__dense_for(ctx->isa);
    for (int first = 0; first < n; first += BLOCK) {
        int end = first + BLOCK < n ? first + BLOCK : n, rest = n - end;
        if (!factor_rows(dense, a, n, first, end, diagonal, floor_share))
            return false;
        sid__operand done = {.f64 = a + (int64_t)first * n + end, .depth_step = n, .lane_step = 1};
        sid__product update = {.a = done,
                               .b = done,
                               .m = rest,
                               .n = rest,
                               .depth = end - first,
                               .c = a + (int64_t)end * n + end,
                               .c_step = n,
                               .is_added = true,
                               .is_upper = true};
        update.a.is_negated = true;
        if (rest > 0)
            sid__multiply(ctx, &update);
    }
    return true;
}

typedef struct solve_job {
    const sid__dense *dense;
    const double *u;
    int n, m;
    double *b;
} solve_job;

static void divide(double *x, int64_t count, double by)
{
    for (int64_t j = 0; j < count; j++)
        x[j] /= by;
}

/* Columns begin .. end-1 of b: u^T y = b from the top, then u x = y from the bottom. */
static void solve_strip(void *arg, int64_t begin, int64_t end, int worker)
{
    const solve_job *job = arg;
    int64_t width = end - begin, m = job->m;
    int n = job->n;
    double *b = job->b + begin;
    (void)worker;
    for (int k = 0; k < n; k++) {
        const double *row = job->u + (int64_t)k * n;
        divide(b + k * m, width, row[k]);
        for (int i = k + 1; i < n; i++)
            job->dense->add_scaled(width, -row[i], b + k * m, b + i * m);
    }
    for (int k = n - 1; k >= 0; k--) {
        const double *row = job->u + (int64_t)k * n;
        for (int i = k + 1; i < n; i++)
            job->dense->add_scaled(width, -row[i], b + i * m, b + k * m);
        divide(b + k * m, width, row[k]);
    }
}

bool sid__solve_spd(const sid_ctx *ctx, double *a, int n, double *b, int m)
{
    if (!sid__cholesky(ctx, a, n, NULL, 0))
        return false;
    solve_job job = {.dense = sid__dense_for(ctx->isa), .u = a, .n = n, .m = m};
    job.b = b;
    sid__ctx_for(ctx, m, STRIP, solve_strip, &job);
    return true;
}

void sid__invert_upper(const double *u, int n, double *inverse)
{
    memset(inverse, 0, (size_t)n * (size_t)n * sizeof *inverse);
    for (int i = n - 1; i >= 0; i--) {
        double *row = inverse + (int64_t)i * n;
        row[i] = 1;
        for (int k = i + 1; k < n; k++) {
            double scale = u[(int64_t)i * n + k];
            const double *below = inverse + (int64_t)k * n;
            for (int j = k; j < n; j++)
                row[j] -= scale * below[j];
        }
        divide(row, n, u[(int64_t)i * n + i]);
    }
}
