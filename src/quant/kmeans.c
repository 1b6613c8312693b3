/* kmeans.c: k-means: starts, Lloyd's sweeps from each, and the best of them. */
#include "quant/kmeans.h"

#include <math.h>
#include <string.h>

/* Copies the centroids into `book`, most members first, and the rows' labels by them into `label`. Renumbering changes a
 * label otherwise only where two codes are equally near: rows whose bounds leave no doubt are not compared again. */
static sid_status take_best(sid_ctx *ctx, sid__lloyd *lloyd, sid__codebook *book, uint16_t *label, sid_error *err)
{
    int64_t *members = lloyd->begin;
    uint16_t *now = NULL;
    size_t size = (size_t)lloyd->codes * (size_t)lloyd->dim * sizeof(float);
    SID_TRY(sid__alloc(&now, (size_t)lloyd->codes, sizeof *now, "the order of codes", err));
    sid__lloyd_assign(ctx, lloyd);
    sid__group_rows(lloyd->label, lloyd->count, lloyd->codes, lloyd->begin, lloyd->order);
    for (int k = 0; k < lloyd->codes; k++)
        members[k] = lloyd->begin[k + 1] - lloyd->begin[k];
    memcpy(sid__codebook_code(book), lloyd->book.code, size);
    sid_status status = sid__codebook_renumber(book, members, now, err);
    if (status == SID_OK) {
        for (int64_t i = 0; i < lloyd->count; i++)
            lloyd->label[i] = now[lloyd->label[i]];
        memcpy(sid__codebook_code(&lloyd->book), book->code, size);
        memcpy(lloyd->last_code, book->code, size);
        sid__lloyd_assign(ctx, lloyd);
        memcpy(label, lloyd->label, (size_t)lloyd->count * sizeof *label);
    }
    sid__free(now);
    return status;
}

static sid_status fit_once(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt, sid__lloyd *lloyd,
                           sid_error *err)
{
    SID_TRY(sid__kmeans_start(ctx, options, attempt, lloyd, err));
    return sid__lloyd_run(ctx, lloyd, options->iters, options->tol, options->stage, err);
}

sid_status sid__kmeans_fit(sid_ctx *ctx, const sid__kmeans_options *options, const float *x, int64_t count, int dim,
                           sid__codebook *book, uint16_t *label, sid_error *err)
{
    sid__lloyd lloyd;
    double least = (double)INFINITY;
    SID_TRY(sid__lloyd_create(ctx, x, count, dim, book->codes, &lloyd, err));
    sid_status status = SID_OK;
    for (int attempt = 0; attempt < options->n_init && status == SID_OK; attempt++) {
        status = fit_once(ctx, options, (uint64_t)attempt, &lloyd, err);
        if (status == SID_OK && (attempt == 0 || lloyd.error < least)) {
            least = lloyd.error;
            status = take_best(ctx, &lloyd, book, label, err);
        }
    }
    sid__lloyd_drop(&lloyd);
    return status;
}
