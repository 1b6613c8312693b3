/* rotation.c: see rotation.h. */
#include "quant/rotation.h"

#include <math.h>
#include <string.h>

#include "linalg/linalg.h"
#include "linalg/scalar.h"

enum { CHUNK_ROWS = SID__BLOCK_ROWS };
#define WEAKEST_SHARE 0x1p-20 /* of the largest eigenvalue; below it stands rounding */

sid_status sid__directions_create(sid_ctx *ctx, const float *x, int64_t count, int dim, uint64_t seed,
                                  sid__directions *out, sid_error *err)
{
    size_t square = (size_t)dim * (size_t)dim;
    sid__directions made = {.dim = dim};
    double *gram = NULL;
    sid_status status = sid__alloc(&made.value, (size_t)dim, sizeof(double), "eigenvalues", err);
    if (status == SID_OK)
        status = sid__alloc(&made.v, square, sizeof(double), "principal directions", err);
    if (status == SID_OK)
        status = sid__alloc(&gram, square, sizeof(double), "the Gram matrix", err);
    if (status == SID_OK) {
        sid__gram_f32(ctx, x, count, dim, gram);
        status = sid__eigen_leading(ctx, gram, dim, dim, seed, made.value, made.v, err);
    }
    sid__free(gram);
    if (status != SID_OK) {
        sid__directions_drop(&made);
        return status;
    }
    *out = made;
    return SID_OK;
}

void sid__directions_drop(sid__directions *directions)
{
    sid__free(directions->value);
    sid__free(directions->v);
    *directions = (sid__directions){0};
}

/* The slice of least product that has room, ties to the first. */
static int slice_for(const sid__slices *s, const double *product, const int *taken)
{
    int best = -1;
    for (int l = 0; l < s->levels; l++)
        if (taken[l] < sid__slice_dim(s, l) && (best < 0 || product[l] < product[best]))
            best = l;
    return best;
}

void sid__deal_directions(const sid__slices *s, const double *value, int *place)
{
    double product[SID_LEVELS_MAX] = {0}, low = value[0] * WEAKEST_SHARE; /* logarithms above that of `low` */
    int taken[SID_LEVELS_MAX] = {0};
    for (int i = 0; i < s->dim; i++) {
        int l = slice_for(s, product, taken);
        product[l] += value[i] > low ? sid__log(value[i] / low) : 0;
        place[i] = s->begin[l] + taken[l]++;
    }
}

void sid__whitening_gain(const double *value, int dim, double *gain)
{
    double low = fmax(value[dim - 1], value[0] * WEAKEST_SHARE);
    for (int i = 0; i < dim; i++)
        gain[i] = value[i] > low ? sqrt(low / value[i]) : 1;
}

typedef struct rotate_job {
    const sid__kernels *kernels;
    const sid__slices *s;
    const float *x, *packed;
    int64_t count;
    int groups;
    float *y, *scratch;
} rotate_job;

static void rotate_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const rotate_job *job = arg;
    const sid__slices *s = job->s;
    int64_t wide = (int64_t)job->groups * SID__GROUP;
    float *rotated = job->scratch + worker * CHUNK_ROWS * wide;
    job->kernels->project(job->x + begin * s->dim, (int)(end - begin), s->dim, job->packed, job->groups, rotated);
    for (int l = 0; l < s->levels; l++) {
        int dim = sid__slice_dim(s, l);
        sid__slice_rows(rotated + s->begin[l], wide, end - begin, dim, job->y + job->count * s->begin[l] + begin * dim);
    }
}

sid_status sid__rotate_slices(sid_ctx *ctx, const sid__slices *s, const float *rotation, const float *x, int64_t count,
                              float *y, sid_error *err)
{
    int groups = (s->dim + SID__GROUP - 1) / SID__GROUP;
    size_t wide = (size_t)groups * SID__GROUP;
    float *packed = NULL, *scratch = NULL;
    sid_status status = sid__alloc(&packed, wide, (size_t)s->dim * sizeof(float), "a packed rotation", err);
    if (status == SID_OK)
        status =
            sid__alloc(&scratch, (size_t)sid_ctx_threads(ctx) * CHUNK_ROWS, wide * sizeof(float), "rotated rows", err);
    if (status == SID_OK) {
        sid__pack_columns(rotation, s->dim, s->dim, packed);
        rotate_job job = {.kernels = sid__kernels_of(ctx),
                          .s = s,
                          .x = x,
                          .packed = packed,
                          .count = count,
                          .groups = groups,
                          .y = y,
                          .scratch = scratch};
        sid__ctx_for(ctx, count, CHUNK_ROWS, rotate_chunk, &job);
    }
    sid__free(packed);
    sid__free(scratch);
    return status;
}
