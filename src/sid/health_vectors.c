/* health_vectors.c: what the pieces of sid__health_vectors share: reading rows, and putting the pieces together. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "sid/health_parts.h"

enum { COLUMN_GRAIN = 32 };

static double inverse_length(const float *x, int dim)
{
    double square = 0;
    for (int d = 0; d < dim; d++)
        square += (double)x[d] * (double)x[d];
    return square > 0 ? 1 / sqrt(square) : 1;
}

void sid__health_row(const sid__health_rows *rows, const float *x, const double *origin, double *out)
{
    double scale = rows->is_unit ? inverse_length(x, rows->dim) : 1;
    for (int d = 0; d < rows->dim; d++)
        out[d] = (double)x[d] * scale;
    for (int d = 0; origin && d < rows->dim; d++)
        out[d] -= origin[d];
}

/* ---- The mean ---- */

/* Sums of what differs from row 0: equal rows give it exactly. */
typedef struct mean_job {
    sid__health_rows *rows;
    const float *x; /* (count, dim) of one block */
    int64_t count;
    double *scale;  /* (block) 1 / length under l2; NULL: 1 */
    double *first;  /* (dim) row 0 */
    double *square; /* (dim) sums of squared differences */
    float *buffer;
} mean_job;

/* The multiple of a power of two near a quarter of the spread that is nearest to the mean. */
static double round_mean(double mean, double variance)
{
    int exponent;
    (void)frexp(sqrt(variance), &exponent);
    double step = ldexp(1, exponent - 3);
    return rint(mean / step) * step;
}

/* Each column's sum goes on in row order, so that blocks change no bit of it. */
static void add_columns(void *arg, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const mean_job *job = arg;
    const sid__health_rows *rows = job->rows;
    for (int64_t i = 0; i < job->count; i++) {
        double scale = job->scale ? job->scale[i] : 1;
        for (int64_t d = begin; d < end; d++) {
            double difference = (double)job->x[i * rows->dim + d] * scale - job->first[d];
            rows->mean[d] += difference;
            job->square[d] += difference * difference;
        }
    }
}

static sid_status add_blocks(sid_ctx *ctx, mean_job *job, sid_error *err)
{
    const sid__health_rows *rows = job->rows;
    int64_t block = sid__rows_block(rows->dim);
    for (int64_t begin = 0; begin < rows->count; begin += block) {
        SID_TRY(sid__ctx_check(ctx, err));
        job->count = sid__rows_in_block(rows->x, begin, block);
        SID_TRY(sid__rows_get(rows->x, begin, job->count, job->buffer, &job->x, err));
        for (int64_t i = 0; job->scale && i < job->count; i++)
            job->scale[i] = inverse_length(job->x + i * rows->dim, rows->dim);
        if (begin == 0)
            sid__health_row(rows, job->x, NULL, job->first);
        sid__ctx_for(ctx, rows->dim, COLUMN_GRAIN, add_columns, job);
    }
    return SID_OK;
}

static void finish_mean(const mean_job *job)
{
    sid__health_rows *rows = job->rows;
    double count = (double)rows->count;
    for (int d = 0; d < rows->dim; d++) {
        double difference = rows->mean[d] / count, variance = job->square[d] / count - difference * difference;
        rows->mean[d] = job->first[d] + difference;
        rows->origin[d] = variance > 0 ? round_mean(rows->mean[d], variance) : job->first[d];
    }
}

static sid_status allocate(mean_job *job, sid_error *err)
{
    sid__health_rows *rows = job->rows;
    size_t dim = (size_t)rows->dim;
    int64_t block = sid__rows_block(rows->dim);
    SID_TRY(sid__alloc(&rows->mean, dim, sizeof(double), "the mean vector", err));
    SID_TRY(sid__alloc(&rows->origin, dim, sizeof(double), "the origin", err));
    SID_TRY(sid__alloc(&job->first, dim, sizeof(double), "a row", err));
    SID_TRY(sid__alloc(&job->square, dim, sizeof(double), "variances", err));
    if (rows->is_unit)
        SID_TRY(sid__alloc(&job->scale, (size_t)block, sizeof(double), "lengths of vectors", err));
    return sid__rows_buffer(rows->x, block, &job->buffer, err);
}

sid_status sid__health_rows_create(sid_ctx *ctx, const sid__health_input *in, sid__health_rows *out, sid_error *err)
{
    sid__health_rows rows = {
        .x = in->x, .count = in->count, .dim = in->x->dim, .is_unit = in->quantizer->options.normalize != 0};
    mean_job job = {.rows = &rows};
    sid_status status = allocate(&job, err);
    if (status == SID_OK)
        status = add_blocks(ctx, &job, err);
    if (status == SID_OK) {
        finish_mean(&job);
        *out = rows;
    } else {
        sid__health_rows_free(&rows);
    }
    sid__free(job.first);
    sid__free(job.square);
    sid__free(job.scale);
    sid__free(job.buffer);
    return status;
}

void sid__health_rows_free(sid__health_rows *rows)
{
    sid__free(rows->mean);
    sid__free(rows->origin);
    *rows = (sid__health_rows){0};
}

static sid_status compute(sid_ctx *ctx, const sid__health_input *in, const sid__health_rows *rows, sid_report *report,
                          sid_error *err)
{
    SID_TRY(sid__health_duplicates(ctx, in, report, err));
    SID_TRY(sid__health_errors(ctx, in, rows, report, err));
    if (!in->quantizer->family->is_ordered)
        return SID_OK;
    return sid__health_neighbors(ctx, in, rows, report, err);
}

/* "level.x": figure x of every level. */
static const char *const computed[] = {"mse",
                                       "relative_mse",
                                       "lcp_ratio",
                                       "colliding_distinct_rate",
                                       "duplicate_vectors",
                                       "level.relative_mse",
                                       "level.cosine",
                                       "level.residual_ratio",
                                       "level.knn_recall",
                                       "level.knn_lift"};

sid_status sid__health_vectors(sid_ctx *ctx, const sid__health_input *in, sid_report *report, sid_error *err)
{
    if (!in->x || !in->quantizer || in->count == 0)
        return SID_OK;
    sid__health_rows rows = {0};
    sid_report fresh = *report;
    sid_level_report level[SID_LEVELS_MAX];
    memcpy(level, report->level, (size_t)in->levels * sizeof *level);
    fresh.level = level;
    SID_TRY(sid__health_rows_create(ctx, in, &rows, err));
    sid_status status = compute(ctx, in, &rows, &fresh, err);
    sid__health_rows_free(&rows);
    if (status != SID_OK)
        return status;
    fresh.dim = in->quantizer->dim;
    fresh.at_creation = computed;
    fresh.at_creation_count = sizeof computed / sizeof *computed;
    fresh.level = report->level;
    memcpy(report->level, level, (size_t)in->levels * sizeof *level);
    *report = fresh;
    return SID_OK;
}
