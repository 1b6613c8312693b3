/* pca.c: principal directions from the Gram matrix of the rows. */
#include "base/checked.h"
#include "base/mem.h"
#include "linalg/linalg.h"

static sid_status directions(sid_ctx *ctx, const float *x, int64_t count, int dim, int rank, uint64_t seed,
                             double *gram, double *wide, float *v, sid_error *err)
{
    sid__gram_f32(ctx, x, count, dim, gram);
    SID_TRY(sid__ctx_check(ctx, err));
    SID_TRY(sid__eigen_leading(ctx, gram, dim, rank, seed, NULL, wide, err));
    for (int64_t i = 0; i < (int64_t)dim * rank; i++)
        v[i] = (float)wide[i];
    return SID_OK;
}

sid_status sid__pca(sid_ctx *ctx, const float *x, int64_t count, int dim, int rank, uint64_t seed, float *v,
                    sid_error *err)
{
    size_t elements = (size_t)dim * ((size_t)dim + (size_t)rank), size = elements * sizeof(double);
    double *gram = NULL;
    SID_TRY(sid__ctx_reserve(ctx, size, "the PCA's Gram matrix", err));
    sid_status status = sid__alloc(&gram, elements, sizeof(double), "the PCA's Gram matrix", err);
    if (status == SID_OK)
        status = directions(ctx, x, count, dim, rank, seed, gram, gram + (size_t)dim * (size_t)dim, v, err);
    sid__free(gram);
    sid__ctx_release(ctx, size);
    return status;
}
