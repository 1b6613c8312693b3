/* kmeans_follow.c: see kmeans_follow.h. */
#include "quant/kmeans_follow.h"

#include <assert.h>
#include <string.h>

sid_status sid__kmeans_follow(sid_ctx *ctx, const sid__kmeans_options *options, const sid__codebook *from,
                              const float *x, int64_t count, sid__codebook *book, uint16_t *label, sid_error *err)
{
    assert(from->codes == book->codes && from->dim == book->dim);
    size_t size = (size_t)book->codes * (size_t)book->dim * sizeof(float);
    sid__lloyd lloyd;
    SID_TRY(sid__lloyd_create(ctx, x, count, book->dim, book->codes, &lloyd, err));
    memcpy(sid__codebook_code(&lloyd.book), from->code, size);
    sid_status status = sid__lloyd_run(ctx, &lloyd, options->iters, options->tol, options->stage, err);
    if (status == SID_OK) {
        sid__lloyd_assign(ctx, &lloyd);
        memcpy(label, lloyd.label, (size_t)count * sizeof *label);
        memcpy(sid__codebook_code(book), lloyd.book.code, size);
        sid__codebook_pack(book);
    }
    sid__lloyd_drop(&lloyd);
    return status;
}
