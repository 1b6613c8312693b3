/* kmeans_greedy.c: k-means++ (Arthur, Vassilvitskii 2007) with 2 + floor(ln K) candidates a step; the one that lowers the
 * potential most wins, as scikit-learn does. D^2 sampling in double, chunks of rows added in order.
 */
#include <math.h>
#include <string.h>

#include "base/philox.h"
#include "quant/kmeans_init.h"

enum {
    GREEDY_CODES_MAX = 4096, /* one pass over all rows a code and trial: beyond, minutes become hours */
    ROWS_A_CHUNK = 4 * SID__BLOCK_ROWS
};

typedef struct greedy_job {
    const sid__lloyd *lloyd;
    int64_t candidate;
    const double *nearest; /* (count) squared distance to the nearest code so far */
    double *trial;         /* (count) the same with the candidate added */
    double *chunk_sum;     /* potential of each chunk */
} greedy_job;

static void greedy_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const greedy_job *job = arg;
    const sid__lloyd *lloyd = job->lloyd;
    const float *code = lloyd->x + job->candidate * lloyd->dim;
    double sum = 0;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        double distance = lloyd->square[i] + lloyd->square[job->candidate] -
                          2 * sid__dot_exact(lloyd->x + i * lloyd->dim, code, lloyd->dim);
        distance = distance > 0 && i != job->candidate ? distance : 0;
        job->trial[i] = distance < job->nearest[i] ? distance : job->nearest[i];
        sum += job->trial[i];
    }
    job->chunk_sum[begin / ROWS_A_CHUNK] = sum;
}

/* Potential when row `candidate` becomes a code. */
static double try_candidate(sid_ctx *ctx, greedy_job *job)
{
    double potential = 0;
    sid__ctx_for(ctx, job->lloyd->count, ROWS_A_CHUNK, greedy_chunk, job);
    for (int64_t i = 0; i * ROWS_A_CHUNK < job->lloyd->count; i++)
        potential += job->chunk_sum[i];
    return potential;
}

/* A row drawn with probability nearest / potential. */
static int64_t draw_far_row(const double *nearest, int64_t count, double potential, double uniform)
{
    double target = potential * uniform, sum = 0;
    int64_t last = 0;
    for (int64_t i = 0; i < count; i++) {
        if (nearest[i] <= 0)
            continue;
        sum += nearest[i];
        last = i;
        if (sum > target)
            break;
    }
    return last;
}

typedef struct greedy_buffers {
    double *nearest, *trial, *best, *chunk_sum;
} greedy_buffers;

static sid_status alloc_greedy(int64_t count, greedy_buffers *out, sid_error *err)
{
    size_t rows = (size_t)count;
    SID_TRY(sid__alloc(&out->nearest, rows, sizeof(double), "distances", err));
    SID_TRY(sid__alloc(&out->trial, rows, sizeof(double), "distances", err));
    SID_TRY(sid__alloc(&out->best, rows, sizeof(double), "distances", err));
    return sid__alloc(&out->chunk_sum, rows / ROWS_A_CHUNK + 1, sizeof(double), "chunk sums", err);
}

/* Chooses the next code among `trials` candidates; its distances end in buffers->nearest. */
static int64_t greedy_step(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t draw, int trials,
                           const sid__lloyd *lloyd, greedy_buffers *buffers, double *potential)
{
    int64_t best_row = 0;
    double least = (double)INFINITY;
    for (int t = 0; t < trials; t++) {
        double uniform = sid__philox_uniform(options->seed, SID__STREAM_INIT, draw + (uint64_t)t);
        greedy_job job = {
            .lloyd = lloyd, .nearest = buffers->nearest, .trial = buffers->trial, .chunk_sum = buffers->chunk_sum};
        job.candidate = draw_far_row(buffers->nearest, lloyd->count, *potential, uniform);
        double sum = try_candidate(ctx, &job);
        if (sum < least) {
            least = sum;
            best_row = job.candidate;
            double *swap = buffers->best;
            buffers->best = buffers->trial;
            buffers->trial = swap;
        }
    }
    double *swap = buffers->nearest;
    buffers->nearest = buffers->best;
    buffers->best = swap;
    *potential = least;
    return best_row;
}

static int floor_log(int value)
{
    const double e = 2.718281828459045;
    double power = e;
    int result = 0; /* powers of e up to value: exact for values this small */
    while (power <= value) {
        power *= e;
        result++;
    }
    return result;
}

static sid_status run_greedy(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt, sid__lloyd *lloyd,
                             greedy_buffers *buffers, sid_error *err)
{
    int trials = 2 + floor_log(lloyd->codes);
    double potential = (double)INFINITY;
    for (int64_t i = 0; i < lloyd->count; i++)
        buffers->nearest[i] = (double)INFINITY;
    for (int k = 0; k < lloyd->codes; k++) {
        uint64_t draw = sid__kmeans_draw(options, attempt, (uint64_t)k * 64);
        int64_t row = 0;
        SID_TRY(sid__ctx_check(ctx, err));
        if (k == 0) {
            greedy_job job = {
                .lloyd = lloyd, .nearest = buffers->nearest, .trial = buffers->trial, .chunk_sum = buffers->chunk_sum};
            row = job.candidate =
                (int64_t)sid__philox_below(options->seed, SID__STREAM_INIT, draw, (uint64_t)lloyd->count);
            potential = try_candidate(ctx, &job);
            memcpy(buffers->nearest, buffers->trial, (size_t)lloyd->count * sizeof(double));
        } else {
            row = greedy_step(ctx, options, draw, trials, lloyd, buffers, &potential);
        }
        memcpy(sid__codebook_code(&lloyd->book) + (int64_t)k * lloyd->dim, lloyd->x + row * lloyd->dim,
               (size_t)lloyd->dim * sizeof(float));
        sid__ctx_progress(ctx, options->stage, k + 1, lloyd->codes, "start codes", (double)NAN);
    }
    return SID_OK;
}

sid_status sid__kmeans_start_greedy(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt,
                                    sid__lloyd *lloyd, sid_error *err)
{
    greedy_buffers buffers = {0};
    if (lloyd->codes > GREEDY_CODES_MAX)
        return sid__fail(err, SID_EUSAGE, "init greedy takes at most %d codes, this level has %d; use progressive",
                         GREEDY_CODES_MAX, lloyd->codes);
    sid_status status = alloc_greedy(lloyd->count, &buffers, err);
    if (status == SID_OK)
        status = run_greedy(ctx, options, attempt, lloyd, &buffers, err);
    sid__free(buffers.nearest);
    sid__free(buffers.trial);
    sid__free(buffers.best);
    sid__free(buffers.chunk_sum);
    return status;
}
