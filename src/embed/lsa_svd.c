/* lsa_svd.c: randomised SVD after Halko, Martinsson and Tropp, "Finding structure with randomness" (arXiv 0909.4061,
 * algorithms 4.4 and 5.1), on A and on A^T by turns:
 *
 *     Y = A Omega; `power` times: Q = orth(Y), Z = orth(A^T Q), Y = A Z; once more Q, Z; C = A Z; C^T C = W S^2 W^T; V = Z W
 *
 * Departures: (1) the last factor is taken of C = A Z, not of Q^T A, so that V is orthonormal to rounding without a
 * division by small singular values; (2) only the last Z is orthonormal to rounding: before, the span is what counts.
 */
#include "embed/lsa_svd.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/mem.h"
#include "base/philox.h"
#include "linalg/factor.h"
#include "linalg/linalg.h"
#include "linalg/matmul.h"
#include "linalg/scalar.h"

enum { OVERSAMPLE = 10 };
/* Singular values below this share of the first are rounding: their directions carry nothing. */
#define ZERO_SHARE 1e-10
static const char stage[] = "lsa: factorising";

typedef struct svd {
    sid_ctx *ctx;
    const sid__sparse *a, *transposed;
    int width, power;
    double *tall;                     /* (rows, width) Y and Q */
    double *wide;                     /* (columns, width) Z */
    double *square, *vectors, *value; /* (width, width) twice, (width) */
} svd;

static sid_status half_step(svd *s, const sid__sparse *a, const double *from, double *to, bool is_last, sid_error *err)
{
    sid__sparse_multiply(s->ctx, a, from, s->width, to);
    SID_TRY(sid__ctx_check(s->ctx, err));
    if (is_last)
        return sid__orthonormalize(s->ctx, to, a->rows, s->width, NULL, err);
    return sid__orthonormalize_roughly(s->ctx, to, a->rows, s->width, err);
}

/* Z = orth(A^T Q) for the Q that `power` rounds lead to. */
static sid_status find_range(svd *s, uint64_t seed, sid_error *err)
{
    for (int64_t i = 0; i < s->a->columns * s->width; i++)
        s->wide[i] = sid__gaussian(seed, SID__STREAM_SVD, (uint64_t)i);
    for (int round = 0; round <= s->power; round++) {
        sid__ctx_progress(s->ctx, stage, round, s->power + 1, "rounds", (double)NAN);
        SID_TRY(half_step(s, s->a, s->wide, s->tall, false, err));
        SID_TRY(half_step(s, s->transposed, s->tall, s->wide, round == s->power, err));
    }
    sid__ctx_progress(s->ctx, stage, s->power + 1, s->power + 1, "rounds", (double)NAN);
    return SID_OK;
}

/* Zero columns for the directions that A maps to nothing. */
static void drop_null_directions(const double *sigma, int64_t rows, int rank, double *v)
{
    for (int j = 0; j < rank; j++)
        if (!(sigma[j] > ZERO_SHARE * sigma[0]))
            for (int64_t i = 0; i < rows; i++)
                v[i * rank + j] = 0;
}

static void project(svd *s, int rank, double *sigma, double *v)
{
    int64_t columns = s->a->columns;
    sid__sparse_multiply(s->ctx, s->a, s->wide, s->width, s->tall);
    sid__gram_f64(s->ctx, s->tall, s->a->rows, s->width, s->square);
    sid__eigen_jacobi(s->square, s->width, s->value, s->vectors);
    for (int j = 0; j < rank; j++)
        sigma[j] = sqrt(fmax(s->value[j], 0));
    sid__multiply(s->ctx, &(sid__product){.a = {.f64 = s->wide, .depth_step = 1, .lane_step = s->width},
                                          .b = {.f64 = s->vectors, .depth_step = s->width, .lane_step = 1},
                                          .m = columns,
                                          .n = rank,
                                          .depth = s->width,
                                          .c = v,
                                          .c_step = rank});
    drop_null_directions(sigma, columns, rank, v);
    sid__fix_signs(v, (int)columns, rank);
}

static sid_status alloc_svd(svd *s, size_t count, sid_error *err)
{
    size_t width = (size_t)s->width;
    SID_TRY(sid__alloc(&s->tall, count, sizeof(double), stage, err));
    s->wide = s->tall + (size_t)s->a->rows * width;
    s->square = s->wide + (size_t)s->a->columns * width;
    s->vectors = s->square + width * width;
    s->value = s->vectors + width * width;
    return SID_OK;
}

sid_status sid__sparse_svd(sid_ctx *ctx, const sid__sparse *a, const sid__svd_options *options, double *sigma,
                           double *v, sid_error *err)
{
    int64_t least = a->rows < a->columns ? a->rows : a->columns;
    int64_t width = options->rank + OVERSAMPLE < least ? options->rank + OVERSAMPLE : least;
    size_t count = (size_t)(a->rows + a->columns + 2 * width + 1) * (size_t)width, size = count * sizeof(double);
    svd s = {.ctx = ctx, .a = a, .width = (int)width, .power = options->power};
    sid__sparse transposed = {0};
    SID_TRY(sid__ctx_reserve(ctx, size, stage, err));
    sid_status status = sid__sparse_transpose(a, &transposed, err);
    s.transposed = &transposed;
    if (status == SID_OK)
        status = alloc_svd(&s, count, err);
    if (status == SID_OK)
        status = find_range(&s, options->seed, err);
    if (status == SID_OK)
        project(&s, options->rank, sigma, v);
    sid__free(s.tall);
    sid__sparse_drop(&transposed);
    sid__ctx_release(ctx, size);
    return status;
}
