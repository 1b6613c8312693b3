/* matmul.c: see matmul.h. A task is one 64 x 64 block of outputs; the depth is walked 128 rows at a time, both factors
 * packed into panels of 16 lanes that stay in the first-level cache, and kernel/dense.h's tile does the work.
 */
#include "linalg/matmul.h"

#include <assert.h>
#include <string.h>

#include "kernel/dense.h"

enum { TILE = SID__DENSE_TILE, BLOCK = 64, DEPTH = 128, PANEL = DEPTH * TILE };

/* What one task needs on its stack. */
typedef struct block {
    _Alignas(64) double a[BLOCK * DEPTH], b[BLOCK * DEPTH], c[BLOCK * BLOCK];
} block;

typedef struct multiply_job {
    const sid__product *product;
    const sid__dense *dense;
    int64_t block_columns;
} multiply_job;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void pack_row(const sid__operand *from, const sid__dense *dense, int64_t p, int64_t lane, int width, double *to)
{
    int64_t start = p * from->depth_step + lane * from->lane_step;
    if (from->f32 && from->lane_step == 1)
        dense->widen(width, from->f32 + start, to);
    else if (from->f32)
        for (int i = 0; i < width; i++)
            to[i] = (double)from->f32[start + i * from->lane_step];
    else if (from->lane_step == 1)
        memcpy(to, from->f64 + start, (size_t)width * sizeof *to);
    else
        for (int i = 0; i < width; i++)
            to[i] = from->f64[start + i * from->lane_step];
    if (from->is_negated)
        for (int i = 0; i < width; i++)
            to[i] = -to[i];
}

/* Lanes lane .. lane+width-1 (width <= 64), `depth` rows from `first`; lanes beyond the width are zero. */
static void pack(const sid__operand *from, const sid__dense *dense, int64_t lane, int width, int64_t first,
                 int64_t depth, double *packed)
{
    for (int start = 0; start < width; start += TILE) {
        double *panel = packed + (start / TILE) * PANEL;
        int lanes = width - start < TILE ? width - start : TILE;
        for (int64_t p = 0; p < depth; p++) {
            pack_row(from, dense, first + p, lane + start, lanes, panel + p * TILE);
            for (int i = lanes; i < TILE; i++)
                panel[p * TILE + i] = 0;
        }
    }
}

/* work->c (64, 64) += a^T b for one block, depth 0 .. depth-1. */
static void multiply_block(const sid__operand *a, const sid__operand *b, const sid__dense *dense, int64_t row, int rows,
                           int64_t column, int columns, int64_t depth, block *work)
{
    for (int64_t first = 0; first < depth; first += DEPTH) {
        int64_t count = least(DEPTH, depth - first);
        pack(a, dense, row, rows, first, count, work->a);
        pack(b, dense, column, columns, first, count, work->b);
        for (int i = 0; i < rows; i += TILE)
            for (int j = 0; j < columns; j += TILE)
                dense->tile(count, work->a + (i / TILE) * PANEL, work->b + (j / TILE) * PANEL, work->c + i * BLOCK + j,
                            BLOCK);
    }
}

static void copy_block(const double *from, int64_t from_step, int rows, int columns, double *to, int64_t to_step)
{
    for (int i = 0; i < rows; i++)
        memcpy(to + i * to_step, from + i * from_step, (size_t)columns * sizeof *to);
}

static void multiply_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const multiply_job *job = arg;
    const sid__product *product = job->product;
    block work;
    (void)worker;
    for (int64_t task = begin; task < end; task++) {
        int64_t row = task / job->block_columns * BLOCK, column = task % job->block_columns * BLOCK;
        if (product->is_upper && column < row)
            continue;
        int rows = (int)least(BLOCK, product->m - row), columns = (int)least(BLOCK, product->n - column);
        double *c = product->c + row * product->c_step + column;
        memset(work.c, 0, sizeof work.c);
        if (product->is_added)
            copy_block(c, product->c_step, rows, columns, work.c, BLOCK);
        multiply_block(&product->a, &product->b, job->dense, row, rows, column, columns, product->depth, &work);
        copy_block(work.c, BLOCK, rows, columns, c, product->c_step);
    }
}

void sid__multiply(const sid_ctx *ctx, const sid__product *product)
{
    assert(!product->is_upper || product->m == product->n);
    int64_t block_columns = (product->n + BLOCK - 1) / BLOCK, block_rows = (product->m + BLOCK - 1) / BLOCK;
    multiply_job job = {product, sid__dense_for(ctx->isa), block_columns};
    sid__ctx_for(ctx, block_rows * block_columns, 1, multiply_task, &job);
}

typedef struct triangular_job {
    const sid__dense *dense;
    double *a;
    const double *r;
    int n;
} triangular_job;

/* 64 rows of a. Columns from the right: block j needs the old columns up to its own end only. */
static void triangular_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const triangular_job *job = arg;
    block work;
    (void)worker;
    int rows = (int)(end - begin);
    double *a = job->a + begin * job->n;
    sid__operand left = {.f64 = a, .depth_step = 1, .lane_step = job->n};
    sid__operand right = {.f64 = job->r, .depth_step = job->n, .lane_step = 1};
    for (int column = (job->n - 1) / BLOCK * BLOCK; column >= 0; column -= BLOCK) {
        int columns = (int)least(BLOCK, job->n - column);
        memset(work.c, 0, sizeof work.c);
        multiply_block(&left, &right, job->dense, 0, rows, column, columns, column + columns, &work);
        copy_block(work.c, BLOCK, rows, columns, a + column, job->n);
    }
}

void sid__multiply_triangular(const sid_ctx *ctx, double *a, int64_t rows, const double *r, int n)
{
    triangular_job job = {.dense = sid__dense_for(ctx->isa), .r = r, .n = n};
    job.a = a;
    sid__ctx_for(ctx, rows, BLOCK, triangular_task, &job);
}
