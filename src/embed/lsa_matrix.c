/* lsa_matrix.c: see lsa_matrix.h. */
#include "embed/lsa_matrix.h"

#include "base/mem.h"
#include "kernel/dense.h"

enum { ROWS_A_CHUNK = 256 };

sid_status sid__sparse_init(sid__sparse *a, int64_t rows, int64_t columns, int64_t elements, sid_error *err)
{
    const char *what = "the item-by-word matrix";
    *a = (sid__sparse){.rows = rows, .columns = columns};
    sid_status status = sid__alloc(&a->start, (size_t)rows + 1, sizeof *a->start, what, err);
    if (status == SID_OK)
        status = sid__alloc(&a->index, (size_t)elements, sizeof *a->index, what, err);
    if (status == SID_OK)
        status = sid__alloc(&a->weight, (size_t)elements, sizeof *a->weight, what, err);
    if (status != SID_OK)
        sid__sparse_drop(a);
    return status;
}

void sid__sparse_drop(sid__sparse *a)
{
    sid__free(a->start);
    sid__free(a->index);
    sid__free(a->weight);
    *a = (sid__sparse){0};
}

sid_status sid__sparse_transpose(const sid__sparse *a, sid__sparse *out, sid_error *err)
{
    int64_t elements = a->start[a->rows];
    SID_TRY(sid__sparse_init(out, a->columns, a->rows, elements, err));
    for (int64_t i = 0; i < elements; i++)
        out->start[a->index[i] + 1]++;
    for (int64_t j = 0; j < a->columns; j++)
        out->start[j + 1] += out->start[j];
    for (int64_t row = 0; row < a->rows; row++) {
        for (int64_t i = a->start[row]; i < a->start[row + 1]; i++) {
            int64_t place = out->start[a->index[i]]++;
            out->index[place] = (int32_t)row;
            out->weight[place] = a->weight[i];
        }
    }
    for (int64_t j = a->columns; j > 0; j--) /* the filling moved each start to its end */
        out->start[j] = out->start[j - 1];
    out->start[0] = 0;
    return SID_OK;
}

typedef struct multiply_job {
    const sid__sparse *a;
    const sid__dense *dense;
    const double *x;
    int width;
    double *out;
} multiply_job;

static void multiply_rows(void *arg, int64_t begin, int64_t end, int worker)
{
    const multiply_job *job = arg;
    const sid__sparse *a = job->a;
    (void)worker;
    for (int64_t row = begin; row < end; row++)
        job->dense->gather_sum(a->start[row + 1] - a->start[row], a->weight + a->start[row], a->index + a->start[row],
                               job->x, job->width, job->out + row * job->width);
}

void sid__sparse_multiply(const sid_ctx *ctx, const sid__sparse *a, const double *x, int width, double *out)
{
    multiply_job job = {.a = a, .dense = sid__dense_for(ctx->isa), .x = x, .width = width};
    job.out = out;
    sid__ctx_for(ctx, a->rows, ROWS_A_CHUNK, multiply_rows, &job);
}
