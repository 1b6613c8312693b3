/* health_errors.c: how well codes describe vectors: reconstruction error, cosine and residual by level.
 *
 * Chunks of rows, their borders fixed by the dimension alone, are added in chunk order; inside a row sums run in d
 * order: the same bits for any number of threads.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "sid/health_parts.h"

enum { CHUNK_ROWS = 256, CHUNK_VALUES = 1 << 18 }; /* a worker holds at most 3 MB, or one row of vectors */

typedef struct level_sums {
    double error, cosine, ratio;
    int64_t cosine_rows, ratio_rows; /* rows where the quotient means something */
} level_sums;

typedef struct worker_scratch {
    double *x;      /* (chunk, dim) */
    float *raw;     /* (chunk, dim) where rows must be read; NULL: they lie in memory */
    float *decoded; /* (chunk, dim) */
} worker_scratch;

typedef struct errors_job {
    const sid__health_input *in;
    const sid__health_rows *rows;
    double *origin; /* (dim) where r_1 begins: the quantizer's centre */
    int64_t grain;
    int first;        /* level measured first: 0, or the last one in families whose prefixes mean nothing */
    double *variance; /* (chunks) sum of |x - mean|^2 */
    level_sums *sums; /* (chunks, levels) */
    worker_scratch *worker;
} errors_job;

/* One row after one level: x, its decoding x_hat, both seen from the origin. */
static void add_row(const double *x, const float *decoded, const double *origin, int dim, level_sums *sums)
{
    double error = 0, product = 0, length = 0, decoded_length = 0;
    for (int d = 0; d < dim; d++) {
        double from = x[d] - origin[d], to = (double)decoded[d] - origin[d], left = x[d] - (double)decoded[d];
        error += left * left;
        product += from * to;
        length += from * from;
        decoded_length += to * to;
    }
    sums->error += error;
    if (length > 0) {
        sums->ratio += sqrt(error / length);
        sums->ratio_rows++;
    }
    if (length > 0 && decoded_length > 0) {
        sums->cosine += product / (sqrt(length) * sqrt(decoded_length));
        sums->cosine_rows++;
    }
}

static double row_variance(const double *x, const double *mean, int dim)
{
    double square = 0;
    for (int d = 0; d < dim; d++)
        square += (x[d] - mean[d]) * (x[d] - mean[d]);
    return square;
}

static sid_status add_chunk(void *arg, int64_t begin, int64_t end, int worker, sid_error *err)
{
    const errors_job *job = arg;
    const worker_scratch *own = &job->worker[worker];
    const sid__health_input *in = job->in;
    const float *raw;
    int dim = job->rows->dim;
    int64_t chunk = begin / job->grain;
    SID_TRY(sid__rows_get(in->x, begin, end - begin, own->raw, &raw, err));
    for (int64_t i = begin; i < end; i++) {
        double *x = own->x + (i - begin) * dim;
        sid__health_row(job->rows, raw + (i - begin) * dim, NULL, x);
        job->variance[chunk] += row_variance(x, job->rows->mean, dim);
    }
    for (int l = job->first; l < in->levels; l++) {
        SID_TRY(
            sid_quantizer_decode(in->quantizer, in->codes + begin * in->levels, end - begin, l + 1, own->decoded, err));
        for (int64_t i = begin; i < end; i++)
            add_row(own->x + (i - begin) * dim, own->decoded + (i - begin) * dim, job->origin, dim,
                    &job->sums[chunk * in->levels + l]);
    }
    return SID_OK;
}

static sid_status allocate(errors_job *job, int64_t chunks, int threads, sid_error *err)
{
    size_t dim = (size_t)job->rows->dim, values = (size_t)job->grain * dim;
    SID_TRY(sid__alloc(&job->origin, dim, sizeof *job->origin, "the centre", err));
    SID_TRY(sid__alloc(&job->variance, (size_t)chunks, sizeof *job->variance, "chunks of sums", err));
    SID_TRY(sid__alloc(&job->sums, (size_t)chunks, (size_t)job->in->levels * sizeof *job->sums, "chunks of sums", err));
    SID_TRY(sid__alloc(&job->worker, (size_t)threads, sizeof *job->worker, "workers' scratch", err));
    for (int w = 0; w < threads; w++) {
        SID_TRY(sid__alloc(&job->worker[w].x, values, sizeof(double), "rows of vectors", err));
        SID_TRY(sid__alloc(&job->worker[w].decoded, values, sizeof(float), "decoded rows", err));
        SID_TRY(sid__rows_buffer(job->in->x, job->grain, &job->worker[w].raw, err));
    }
    return SID_OK;
}

static void drop(errors_job *job, int threads)
{
    for (int w = 0; job->worker && w < threads; w++) {
        sid__free(job->worker[w].x);
        sid__free(job->worker[w].decoded);
        sid__free(job->worker[w].raw);
    }
    sid__free(job->worker);
    sid__free(job->sums);
    sid__free(job->variance);
    sid__free(job->origin);
}

static void fill(const errors_job *job, int64_t chunks, sid_report *report)
{
    int levels = job->in->levels;
    double variance = 0;
    for (int64_t c = 0; c < chunks; c++)
        variance += job->variance[c];
    for (int l = job->first; l < levels; l++) {
        level_sums all = {0};
        for (int64_t c = 0; c < chunks; c++) {
            const level_sums *sums = &job->sums[c * levels + l];
            all.error += sums->error;
            all.cosine += sums->cosine;
            all.ratio += sums->ratio;
            all.cosine_rows += sums->cosine_rows;
            all.ratio_rows += sums->ratio_rows;
        }
        report->mse = all.error / (double)job->in->count;
        report->relative_mse = variance > 0 ? all.error / variance : SID__NAN;
        if (!job->in->quantizer->family->is_ordered)
            break; /* the whole SID's error is no level's */
        report->level[l].relative_mse = report->relative_mse;
        report->level[l].cosine = all.cosine_rows > 0 ? all.cosine / (double)all.cosine_rows : SID__NAN;
        report->level[l].residual_ratio = all.ratio_rows > 0 ? all.ratio / (double)all.ratio_rows : SID__NAN;
    }
}

static sid_status run(const sid_ctx *ctx, errors_job *job, sid_error *err)
{
    const float *mean = job->in->quantizer->mean;
    for (int d = 0; mean && d < job->rows->dim; d++)
        job->origin[d] = (double)mean[d];
    return sid__ctx_try_for(ctx, job->in->count, job->grain, add_chunk, job, err);
}

sid_status sid__health_errors(sid_ctx *ctx, const sid__health_input *in, const sid__health_rows *rows,
                              sid_report *report, sid_error *err)
{
    int threads = sid_ctx_threads(ctx);
    int64_t grain = CHUNK_VALUES / rows->dim;
    grain = grain < 1 ? 1 : grain > CHUNK_ROWS ? CHUNK_ROWS : grain;
    int64_t chunks = (in->count + grain - 1) / grain;
    errors_job job = {.in = in, .rows = rows, .grain = grain};
    job.first = in->quantizer->family->is_ordered ? 0 : in->levels - 1;
    sid__ctx_progress(ctx, "health: reconstruction", 0, in->count, "rows", SID__NAN);
    sid_status status = allocate(&job, chunks, threads, err);
    if (status == SID_OK)
        status = run(ctx, &job, err);
    if (status == SID_OK)
        fill(&job, chunks, report);
    drop(&job, threads);
    return status;
}
