/* prepare.c: see prepare.h. Every step is elementwise fp32, or one fused chain in d order, so that a vector prepares to
 * the same bits everywhere. The mean is a fixed-point sum (quantizers.md §2).
 */
#include "quant/prepare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "linalg/linalg.h"
#include "quant/codebook.h"

enum { SAMPLE_LEAST = 65536, SAMPLE_A_CODE = 256, ROWS_A_CHUNK = 1024 };

static int64_t largest_codes(const sid_quantizer *q)
{
    int largest = 0;
    for (int l = 0; l < q->options.levels; l++)
        largest = q->options.codes[l] > largest ? q->options.codes[l] : largest;
    return largest;
}

int64_t sid__quantizer_sample_count(const sid_quantizer *q, int64_t count)
{
    int64_t most = SAMPLE_A_CODE * largest_codes(q);
    int64_t wanted = q->options.sample ? q->options.sample : most > SAMPLE_LEAST ? most : SAMPLE_LEAST;
    return wanted < count ? wanted : count;
}

sid_status sid__sample_rows(const sid_quantizer *q, const int64_t *from, int64_t count, int64_t **row,
                            int64_t *row_count, sid_error *err)
{
    int64_t taken = 0, wanted = sid__quantizer_sample_count(q, count), *out = NULL;
    SID_TRY(sid__alloc(&out, (size_t)wanted, sizeof *out, "sampled rows", err));
    /* Selection sampling (Knuth, TAOCP 2, algorithm S): each row is taken with probability still wanted / still left. */
    for (int64_t i = 0; i < count && taken < wanted; i++) {
        uint64_t draw =
            sid__philox_below((uint64_t)q->options.seed, SID__STREAM_SAMPLE, (uint64_t)i, (uint64_t)(count - i));
        if ((int64_t)draw < wanted - taken)
            out[taken++] = from ? from[i] : i;
    }
    *row = out;
    *row_count = taken;
    return SID_OK;
}

static void to_unit_length(float *row, int dim)
{
    double norm = sqrt(sid__dot_exact(row, row, dim));
    for (int d = 0; d < dim && norm > 0; d++)
        row[d] = (float)((double)row[d] / norm);
}

static void center(const float *mean, float *row, int dim)
{
    for (int d = 0; d < dim; d++)
        row[d] -= mean[d];
}

/* Means of columns by the same fixed-point sums as k-means: one code holds every row. */
static sid_status find_mean(sid_ctx *ctx, sid_quantizer *q, const float *x, int64_t count, sid_error *err)
{
    int64_t *sum = NULL;
    sid_status status = sid__alloc(&sum, (size_t)q->dim, sizeof *sum, "column sums", err);
    if (status == SID_OK)
        status = sid__alloc(&q->mean, (size_t)q->dim, sizeof(float), "the mean", err);
    double scale = status == SID_OK ? sid__fixed_scale(ctx, x, count, q->dim, err, &status) : 1;
    if (status == SID_OK) {
        sid__sum_moved(ctx,
                       &(sid__moves){.x = x, .dim = q->dim, .codes = 1, .scale = scale, .count = count, .sum = sum});
        for (int d = 0; d < q->dim; d++)
            q->mean[d] = (float)((double)sum[d] / (scale * (double)count));
    }
    sid__free(sum);
    return status;
}

static sid_status find_pca(sid_ctx *ctx, sid_quantizer *q, const float *x, int64_t count, sid_error *err)
{
    int rank = (int)q->options.pca;
    if (rank > q->dim) {
        sid__ctx_warn(ctx, "pca %d is lowered to the %d dimensions there are", rank, q->dim);
        rank = q->dim;
    }
    SID_TRY(sid__alloc(&q->pca, (size_t)q->dim, (size_t)rank * sizeof(float), "principal directions", err));
    q->prepared_dim = rank;
    return sid__pca(ctx, x, count, q->dim, rank, (uint64_t)q->options.seed, q->pca, err);
}

static void project(const sid_quantizer *q, const float *row, float *out)
{
    for (int j = 0; j < q->prepared_dim; j++)
        out[j] = 0;
    for (int d = 0; d < q->dim; d++)
        for (int j = 0; j < q->prepared_dim; j++)
            out[j] = fmaf(row[d], q->pca[(int64_t)d * q->prepared_dim + j], out[j]);
}

typedef struct rows_job {
    const sid_quantizer *q;
    float *x; /* (.., dim) */
} rows_job;

static void normalize_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const rows_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        to_unit_length(job->x + i * job->q->dim, job->q->dim);
}

static void center_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const rows_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        center(job->q->mean, job->x + i * job->q->dim, job->q->dim);
}

sid_status sid__prepare_fit(sid_ctx *ctx, sid_quantizer *q, float *x, int64_t count, sid_error *err)
{
    q->prepared_dim = q->dim;
    rows_job job = {.q = q, .x = x};
    if (q->options.normalize)
        sid__ctx_for(ctx, count, ROWS_A_CHUNK, normalize_chunk, &job);
    if (!q->options.no_center) {
        SID_TRY(find_mean(ctx, q, x, count, err));
        sid__ctx_for(ctx, count, ROWS_A_CHUNK, center_chunk, &job);
    }
    if (q->options.pca == 0)
        return SID_OK;
    SID_TRY(find_pca(ctx, q, x, count, err));
    float *row = NULL;
    SID_TRY(sid__alloc(&row, (size_t)q->prepared_dim, sizeof(float), "a row", err));
    for (int64_t i = 0; i < count; i++) {
        project(q, x + i * q->dim, row);
        memcpy(x + i * q->prepared_dim, row, (size_t)q->prepared_dim * sizeof(float));
    }
    sid__free(row);
    return SID_OK;
}

static sid_status copy(float **out, const float *from, size_t count, sid_error *err)
{
    if (!from)
        return SID_OK;
    SID_TRY(sid__alloc(out, count, sizeof(float), "what prepares rows", err));
    memcpy(*out, from, count * sizeof(float));
    return SID_OK;
}

sid_status sid__prepare_follow(sid_quantizer *q, float *x, int64_t count, sid_error *err)
{
    const sid_quantizer *start = q->start;
    size_t dim = (size_t)q->dim;
    float *scratch = NULL;
    q->prepared_dim = start->prepared_dim;
    SID_TRY(copy(&q->mean, start->mean, dim, err));
    SID_TRY(copy(&q->pca, start->pca, dim * (size_t)q->prepared_dim, err));
    SID_TRY(sid__alloc(&scratch, dim, 2 * sizeof(float), "a row", err));
    for (int64_t i = 0; i < count; i++) { /* a prepared row is no longer than a row: none is overwritten unread */
        memcpy(scratch + dim, x + i * q->dim, dim * sizeof(float));
        sid__prepare_rows(q, scratch + dim, 1, scratch, x + i * q->prepared_dim);
    }
    sid__free(scratch);
    return SID_OK;
}

void sid__prepare_rows(const sid_quantizer *q, const float *x, int64_t count, float *scratch, float *out)
{
    for (int64_t i = 0; i < count; i++) {
        float *row = q->pca ? scratch : out + i * q->dim;
        memcpy(row, x + i * q->dim, (size_t)q->dim * sizeof(float));
        if (q->options.normalize)
            to_unit_length(row, q->dim);
        if (q->mean)
            center(q->mean, row, q->dim);
        if (q->pca)
            project(q, row, out + i * q->prepared_dim);
    }
}

void sid__unprepare_row(const sid_quantizer *q, const float *y, float *x)
{
    for (int d = 0; d < q->dim; d++) {
        double sum = q->pca ? 0 : (double)y[d];
        for (int j = 0; q->pca && j < q->prepared_dim; j++)
            sum += (double)y[j] * (double)q->pca[(int64_t)d * q->prepared_dim + j];
        x[d] = (float)sum;
        if (q->mean)
            x[d] += q->mean[d];
    }
}
