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

void sid__health_row(const sid__health_rows *rows, int64_t row, const double *origin, double *out)
{
    const float *x = rows->x + row * rows->dim;
    double scale = rows->is_unit ? inverse_length(x, rows->dim) : 1;
    for (int d = 0; d < rows->dim; d++)
        out[d] = (double)x[d] * scale;
    for (int d = 0; origin && d < rows->dim; d++)
        out[d] -= origin[d];
}

typedef struct mean_job {
    sid__health_rows *rows;
    const double *scale; /* (count) 1 / length under l2; NULL: 1 */
    double *square;      /* (dim) sums of squared differences from row 0 */
} mean_job;

/* The multiple of a power of two near a quarter of the spread that is nearest to the mean. */
static double round_mean(double mean, double variance)
{
    int exponent;
    (void)frexp(sqrt(variance), &exponent);
    double step = ldexp(1, exponent - 3);
    return rint(mean / step) * step;
}

/* Means of the columns begin .. end, in row order, of what differs from row 0: equal rows give it exactly. */
static void mean_columns(void *arg, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const mean_job *job = arg;
    sid__health_rows *rows = job->rows;
    double first_scale = job->scale ? job->scale[0] : 1, count = (double)rows->count;
    for (int64_t i = 0; i < rows->count; i++) {
        double scale = job->scale ? job->scale[i] : 1;
        for (int64_t d = begin; d < end; d++) {
            double difference = (double)rows->x[i * rows->dim + d] * scale - (double)rows->x[d] * first_scale;
            rows->mean[d] += difference;
            job->square[d] += difference * difference;
        }
    }
    for (int64_t d = begin; d < end; d++) {
        double first = (double)rows->x[d] * first_scale, difference = rows->mean[d] / count;
        double variance = job->square[d] / count - difference * difference;
        rows->mean[d] = first + difference;
        rows->origin[d] = variance > 0 ? round_mean(rows->mean[d], variance) : first;
    }
}

static sid_status allocate(sid__health_rows *rows, double **scale, double **square, sid_error *err)
{
    size_t dim = (size_t)rows->dim;
    SID_TRY(sid__alloc(&rows->mean, dim, sizeof(double), "the mean vector", err));
    SID_TRY(sid__alloc(&rows->origin, dim, sizeof(double), "the origin", err));
    SID_TRY(sid__alloc(square, dim, sizeof(double), "variances", err));
    if (rows->is_unit)
        SID_TRY(sid__alloc(scale, (size_t)rows->count, sizeof(double), "lengths of vectors", err));
    return SID_OK;
}

sid_status sid__health_rows_create(sid_ctx *ctx, const sid__health_input *in, sid__health_rows *out, sid_error *err)
{
    double *scale = NULL, *square = NULL;
    sid__health_rows rows = {
        .x = in->x, .count = in->count, .dim = in->quantizer->dim, .is_unit = in->quantizer->options.normalize != 0};
    sid_status status = allocate(&rows, &scale, &square, err);
    for (int64_t i = 0; status == SID_OK && scale && i < in->count; i++)
        scale[i] = inverse_length(in->x + i * rows.dim, rows.dim);
    if (status == SID_OK) {
        mean_job job = {.rows = &rows, .scale = scale, .square = square};
        sid__ctx_for(ctx, rows.dim, COLUMN_GRAIN, mean_columns, &job);
        *out = rows;
    } else {
        sid__health_rows_free(&rows);
    }
    sid__free(square);
    sid__free(scale);
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
    SID_TRY(sid__health_duplicates(in, rows->dim, report, err));
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
