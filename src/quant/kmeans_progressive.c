/* kmeans_progressive.c: the start that FAISS trains residual codebooks with (ProgressiveDimClustering): few dimensions
 * first, where random starts do little harm, each wider stage starting from the last.
 *
 * Departures: (1) 8 leading principal directions first, doubling to at most 128 (spec/quantizers.md §2); (2) the
 * directions come from at most max(16384, 16 dim) rows, evenly spaced: they only turn the space that the start is looked
 * for in, and the Gram matrix of all rows was a third of a large fit; (3) the rotated rows are fused chains in fp32, the
 * means fixed point: the same bits on any machine; (4) the stages run on at most max(65536, 256 codes) rows, evenly
 * spaced (P. Bradley, U. Fayyad, Refining initial points for k-means clustering, ICML 1998, begin from samples too): they
 * only make the start, from which the sweeps over all rows go on.
 */
#include <stdio.h>
#include <string.h>

#include "linalg/linalg.h"
#include "quant/kmeans_init.h"

enum {
    FIRST_DIRECTIONS = 8,
    MOST_DIRECTIONS = 128,
    LEAST_ROWS = 16384, /* for the directions */
    ROWS_A_DIMENSION = 16,
    LEAST_STAGE_ROWS = 65536,
    ROWS_A_CODE = 256
};

/* `some` evenly spaced rows of `of`: where the i-th stands. */
static int64_t spaced(int64_t i, int64_t some, int64_t of)
{
    return i * of / some; /* of < 2^48, some < 2^25: no overflow */
}

typedef struct rotate_job {
    const sid__kernels *kernels;
    const sid__lloyd *lloyd;
    const float *packed;
    int64_t rows;
    int directions, groups;
    float *y;       /* (rows, directions) */
    float *scratch; /* a worker: rows, then rows rotated */
} rotate_job;

static void rotate_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const rotate_job *job = arg;
    int dim = job->lloyd->dim, width = job->groups * SID__GROUP;
    float *row = job->scratch + (int64_t)worker * SID__BLOCK_ROWS * (dim + width), *wide = row + SID__BLOCK_ROWS * dim;
    for (int64_t i = begin; i < end; i++)
        memcpy(row + (i - begin) * dim, job->lloyd->x + spaced(i, job->rows, job->lloyd->count) * dim,
               (size_t)dim * sizeof(float));
    job->kernels->project(row, (int)(end - begin), dim, job->packed, job->groups, wide);
    for (int64_t i = begin; i < end; i++)
        memcpy(job->y + i * job->directions, wide + (i - begin) * width, (size_t)job->directions * sizeof(float));
}

/* y (rows, directions) = some rows times v, each element one fused chain. */
static sid_status rotate(sid_ctx *ctx, const sid__lloyd *lloyd, const float *v, int directions, int64_t rows, float *y,
                         sid_error *err)
{
    int groups = (directions + SID__GROUP - 1) / SID__GROUP, threads = sid_ctx_threads(ctx);
    size_t wide = (size_t)groups * SID__GROUP, dim = (size_t)lloyd->dim;
    float *packed = NULL, *scratch = NULL;
    sid_status status = sid__alloc(&packed, wide, dim * sizeof(float), "packed directions", err);
    if (status == SID_OK)
        status =
            sid__alloc(&scratch, (size_t)threads * SID__BLOCK_ROWS, (dim + wide) * sizeof(float), "rotated rows", err);
    if (status == SID_OK) {
        for (int d = 0; d < lloyd->dim; d++)
            for (int j = 0; j < directions; j++)
                packed[((int64_t)(j / SID__GROUP) * lloyd->dim + d) * SID__GROUP + j % SID__GROUP] =
                    v[(int64_t)d * directions + j];
        rotate_job job = {.kernels = sid__kernels_of(ctx),
                          .lloyd = lloyd,
                          .packed = packed,
                          .rows = rows,
                          .directions = directions,
                          .groups = groups,
                          .y = y,
                          .scratch = scratch};
        sid__ctx_for(ctx, rows, SID__BLOCK_ROWS, rotate_chunk, &job);
    }
    sid__free(packed);
    sid__free(scratch);
    return status;
}

typedef struct narrow_job {
    const float *y;
    int directions, wide;
    float *out;
} narrow_job;

static void narrow_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const narrow_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        memcpy(job->out + i * job->wide, job->y + i * job->directions, (size_t)job->wide * sizeof(float));
}

/* Leading `wide` columns of y (count, directions) as rows of `wide`. */
static void narrow(const sid_ctx *ctx, const float *y, int64_t count, int directions, int wide, float *out)
{
    narrow_job job = {.y = y, .directions = directions, .wide = wide, .out = out};
    sid__ctx_for(ctx, count, 1024, narrow_chunk, &job);
}

/* One stage: Lloyd in `wide` directions from the codes of the last one (`before` wide, its codes in `code`). */
static sid_status run_stage(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt, const float *part,
                            int64_t count, int wide, int before, float *code, int codes, sid_error *err)
{
    char stage[64];
    sid__lloyd lloyd;
    (void)snprintf(stage, sizeof stage, "%s: k-means start, %d dims", options->stage, wide);
    SID_TRY(sid__lloyd_create(ctx, part, count, wide, codes, &lloyd, err));
    float *start = sid__codebook_code(&lloyd.book);
    sid_status status = before == 0 ? sid__kmeans_start_random(options, attempt, &lloyd, err) : SID_OK;
    for (int k = 0; k < codes && before > 0; k++)
        memcpy(start + (int64_t)k * wide, code + (int64_t)k * before, (size_t)before * sizeof(float));
    if (status == SID_OK)
        status = sid__lloyd_run(ctx, &lloyd, options->stage_iters, options->tol, stage, err);
    if (status == SID_OK)
        memcpy(code, start, (size_t)codes * (size_t)wide * sizeof(float));
    sid__lloyd_drop(&lloyd);
    return status;
}

/* code (codes, wide) in the leading directions v (dim, directions), back to the original space. */
static void rotate_back(const float *code, int codes, int wide, const float *v, int dim, int directions, float *out)
{
    for (int k = 0; k < codes; k++) {
        for (int d = 0; d < dim; d++) {
            double sum = 0;
            for (int j = 0; j < wide; j++)
                sum += (double)code[(int64_t)k * wide + j] * (double)v[(int64_t)d * directions + j];
            out[(int64_t)k * dim + d] = (float)sum;
        }
    }
}

/* v (dim, directions) from evenly spaced rows. */
static sid_status find_directions(sid_ctx *ctx, const sid__lloyd *lloyd, int directions, uint64_t seed, float *v,
                                  sid_error *err)
{
    int64_t most =
        (int64_t)ROWS_A_DIMENSION * lloyd->dim > LEAST_ROWS ? (int64_t)ROWS_A_DIMENSION * lloyd->dim : LEAST_ROWS;
    float *some = NULL;
    size_t row_size = (size_t)lloyd->dim * sizeof(float);
    if (lloyd->count <= most)
        return sid__pca(ctx, lloyd->x, lloyd->count, lloyd->dim, directions, seed, v, err);
    SID_TRY(sid__alloc(&some, (size_t)most, row_size, "rows for principal directions", err));
    for (int64_t i = 0; i < most; i++)
        memcpy(some + i * lloyd->dim, lloyd->x + spaced(i, most, lloyd->count) * lloyd->dim, row_size);
    sid_status status = sid__pca(ctx, some, most, lloyd->dim, directions, seed, v, err);
    sid__free(some);
    return status;
}

static sid_status run_stages(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt, sid__lloyd *lloyd,
                             int directions, int64_t rows, float *v, float *y, float *part, float *code, sid_error *err)
{
    int before = 0;
    uint64_t seed = options->seed + options->index * UINT64_C(0x9E3779B97F4A7C15);
    SID_TRY(find_directions(ctx, lloyd, directions, seed, v, err));
    SID_TRY(rotate(ctx, lloyd, v, directions, rows, y, err));
    for (int wide = FIRST_DIRECTIONS; before < directions; wide *= 2) {
        wide = wide < directions ? wide : directions;
        narrow(ctx, y, rows, directions, wide, part);
        SID_TRY(run_stage(ctx, options, attempt, part, rows, wide, before, code, lloyd->codes, err));
        before = wide;
    }
    rotate_back(code, lloyd->codes, directions, v, lloyd->dim, directions, sid__codebook_code(&lloyd->book));
    return SID_OK;
}

sid_status sid__kmeans_start_progressive(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt,
                                         sid__lloyd *lloyd, sid_error *err)
{
    int directions = lloyd->dim < MOST_DIRECTIONS ? lloyd->dim : MOST_DIRECTIONS;
    int64_t most = (int64_t)ROWS_A_CODE * lloyd->codes;
    most = most > LEAST_STAGE_ROWS ? most : LEAST_STAGE_ROWS;
    int64_t rows = lloyd->count < most ? lloyd->count : most;
    size_t wide = (size_t)directions;
    float *v = NULL, *y = NULL, *part = NULL, *code = NULL;
    if (lloyd->dim <= FIRST_DIRECTIONS)
        return sid__kmeans_start_random(options, attempt, lloyd, err);
    sid_status status = sid__alloc(&v, (size_t)lloyd->dim, wide * sizeof(float), "principal directions", err);
    if (status == SID_OK)
        status = sid__alloc(&y, (size_t)rows, wide * sizeof(float), "rotated rows", err);
    if (status == SID_OK)
        status = sid__alloc(&part, (size_t)rows, wide * sizeof(float), "rotated rows", err);
    if (status == SID_OK)
        status = sid__alloc(&code, (size_t)lloyd->codes, wide * sizeof(float), "rotated codes", err);
    if (status == SID_OK)
        status = run_stages(ctx, options, attempt, lloyd, directions, rows, v, y, part, code, err);
    sid__free(v);
    sid__free(y);
    sid__free(part);
    sid__free(code);
    return status;
}
