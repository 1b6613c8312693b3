/* qr.c: an orthonormal basis for the columns of a tall matrix.
 *
 * Cholesky QR, twice (Yamamoto et al., "Roundoff error analysis of the CholeskyQR2 algorithm", ETNA 44, 2015): the Gram
 * matrix, its factor u, a u^-1; the second round repairs what the first lost. Three products, all vectorised. It needs
 * columns that are not nearly dependent; when a pivot says they are, modified Gram-Schmidt, twice, takes over.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "kernel/dense.h"
#include "linalg/factor.h"
#include "linalg/linalg.h"
#include "linalg/matmul.h"

/* A pivot below this share of its diagonal (an angle below 1e-5 to the columns before) is too near for Cholesky. */
#define PIVOT_SHARE 1e-10
/* A column that keeps less than this share of its length is dependent: what remains is rounding. */
#define DEPENDENT_SHARE 1e-13
enum { CHUNK_ROWS = 4096 };

typedef struct basis {
    const sid_ctx *ctx;
    double *a; /* (rows, n) */
    int64_t rows;
    int n;
    double *square, *inverse; /* (n, n) each */
    double *partial;          /* (chunks, n) */
    double *length, *product; /* (n) each */
} basis;

static void drop_basis(basis *q)
{
    sid__free(q->square);
    sid__free(q->inverse);
    sid__free(q->partial);
    sid__free(q->length);
    sid__free(q->product);
}

static sid_status init_basis(basis *q, sid_error *err)
{
    size_t n = (size_t)q->n, chunks = (size_t)(q->rows / CHUNK_ROWS + 1);
    const char *what = "an orthonormal basis";
    sid_status status = sid__alloc(&q->square, n * n, sizeof(double), what, err);
    if (status == SID_OK)
        status = sid__alloc(&q->inverse, n * n, sizeof(double), what, err);
    if (status == SID_OK)
        status = sid__alloc(&q->partial, n * chunks, sizeof(double), what, err);
    if (status == SID_OK)
        status = sid__alloc(&q->length, n, sizeof(double), what, err);
    if (status == SID_OK)
        status = sid__alloc(&q->product, n, sizeof(double), what, err);
    return status;
}

static bool cholesky_round(basis *q)
{
    sid__gram_f64(q->ctx, q->a, q->rows, q->n, q->square);
    for (int i = 0; i < q->n; i++)
        q->length[i] = q->square[(int64_t)i * q->n + i];
    if (!sid__cholesky(q->ctx, q->square, q->n, q->length, PIVOT_SHARE))
        return false;
    sid__invert_upper(q->square, q->n, q->inverse);
    sid__multiply_triangular(q->ctx, q->a, q->rows, q->inverse, q->n);
    return true;
}

typedef struct sweep_job {
    basis *q;
    const sid__dense *dense;
    int column;
} sweep_job;

/* partial[chunk][k] = column . column k over the chunk's rows, k >= column. */
static void project_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const sweep_job *job = arg;
    int n = job->q->n, j = job->column;
    double *sum = job->q->partial + begin / CHUNK_ROWS * n;
    (void)worker;
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (int64_t i = begin; i < end; i++) {
        const double *row = job->q->a + i * n;
        job->dense->add_scaled(n - j, row[j], row + j, sum + j);
    }
}

/* Scales the column by product[column] and takes product[k] times the new column from column k > column. */
static void subtract_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const sweep_job *job = arg;
    int n = job->q->n, j = job->column;
    const double *product = job->q->product;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        double *row = job->q->a + i * n;
        row[j] *= product[j];
        job->dense->add_scaled(n - j - 1, -row[j], product + j + 1, row + j + 1);
    }
}

/* product[k] = column . column k, k >= column. */
static void project(sweep_job *job)
{
    basis *q = job->q;
    sid__ctx_for(q->ctx, q->rows, CHUNK_ROWS, project_chunk, job);
    memset(q->product, 0, (size_t)q->n * sizeof(double));
    for (int64_t start = 0; start < q->rows; start += CHUNK_ROWS)
        for (int k = job->column; k < q->n; k++)
            q->product[k] += q->partial[start / CHUNK_ROWS * q->n + k];
}

/* Modified Gram-Schmidt by columns from the left; dependent ones (by `length`, squared) become zero. */
static void gram_schmidt_round(basis *q)
{
    sweep_job job = {.q = q, .dense = sid__dense_for(q->ctx->isa)};
    for (int j = 0; j < q->n; j++) {
        job.column = j;
        project(&job);
        double square = q->product[j];
        bool is_dependent = !(square > DEPENDENT_SHARE * DEPENDENT_SHARE * q->length[j]);
        double scale = is_dependent ? 0 : 1 / sqrt(square);
        for (int k = j + 1; k < q->n; k++)
            q->product[k] *= scale;
        q->product[j] = scale;
        sid__ctx_for(q->ctx, q->rows, CHUNK_ROWS, subtract_chunk, &job);
    }
}

static void gram_schmidt(basis *q)
{
    sid__gram_f64(q->ctx, q->a, q->rows, q->n, q->square);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < q->n; i++)
            q->length[i] = round ? 1 : q->square[(int64_t)i * q->n + i];
        gram_schmidt_round(q);
    }
}

static int count_columns(const basis *q)
{
    int count = 0;
    for (int j = 0; j < q->n; j++) {
        bool is_zero = true;
        for (int64_t i = 0; i < q->rows && is_zero; i++)
            is_zero = q->a[i * q->n + j] == 0;
        count += !is_zero;
    }
    return count;
}

/* Cholesky rounds, each on what the one before left; Gram-Schmidt when the columns are too near. */
static sid_status run(const sid_ctx *ctx, double *a, int64_t rows, int columns, int rounds, int *rank, sid_error *err)
{
    basis q = {.ctx = ctx, .rows = rows, .n = columns};
    q.a = a;
    sid_status status = init_basis(&q, err);
    if (status == SID_OK) {
        bool is_done = true;
        for (int round = 0; round < rounds && is_done; round++)
            is_done = cholesky_round(&q);
        if (!is_done)
            gram_schmidt(&q);
        if (rank)
            *rank = count_columns(&q);
    }
    drop_basis(&q);
    return status;
}

sid_status sid__orthonormalize(const sid_ctx *ctx, double *a, int64_t rows, int columns, int *rank, sid_error *err)
{
    return run(ctx, a, rows, columns, 2, rank, err);
}

sid_status sid__orthonormalize_roughly(const sid_ctx *ctx, double *a, int64_t rows, int columns, sid_error *err)
{
    return run(ctx, a, rows, columns, 1, NULL, err);
}
