/* kmeans_slice.c: see kmeans_slice.h. Zeroes add nothing to a canonical score, so that the labels of the slice are those of
 * the whole rows.
 */
#include "quant/kmeans_slice.h"

#include <stdlib.h>
#include <string.h>

#include "quant/kmeans_follow.h"
#include "quant/slices.h"

sid_status sid__groups_parse(const char *text, int dim, int levels, sid__groups *out, sid_error *err)
{
    *out = (sid__groups){0};
    for (const char *at = text; *at;) {
        char *end = NULL;
        long width = strtol(at, &end, 10);
        if (end == at || (*end && *end != ':') || (*end && !end[1]) || width < 1 || out->count == SID_LEVELS_MAX)
            return sid__fail(err, SID_EUSAGE,
                             "groups is \"%s\"; widths such as 128:64 that add up to the %d dimensions are expected",
                             text, dim);
        if (width > dim - out->begin[out->count])
            return sid__fail(err, SID_EDATA, "groups is \"%s\", more together than the %d dimensions of the vectors",
                             text, dim);
        out->begin[out->count + 1] = out->begin[out->count] + (int)width;
        out->count++;
        at = *end ? end + 1 : end;
    }
    if (out->count && out->begin[out->count] != dim)
        return sid__fail(err, SID_EDATA, "groups is \"%s\", %d together; the vectors have %d dimensions", text,
                         out->begin[out->count], dim);
    if (out->count && levels % out->count != 0)
        return sid__fail(err, SID_EUSAGE, "levels is %d for %d groups; a multiple of %d is expected", levels,
                         out->count, out->count);
    return SID_OK;
}

/* Columns begin .. of the codes `from` into `to`, which is as wide as the slice, or back. */
static void copy_codes(const sid__codebook *from, int from_begin, sid__codebook *to, int to_begin, int width)
{
    float *out = sid__codebook_code(to);
    for (int k = 0; k < to->codes; k++)
        memcpy(out + (int64_t)k * to->dim + to_begin, from->code + (int64_t)k * from->dim + from_begin,
               (size_t)width * sizeof *out);
}

static sid_status fit_part(sid_ctx *ctx, const sid__kmeans_options *options, const sid__codebook *from,
                           const float *part, int64_t count, int begin, sid__codebook *narrow, uint16_t *label,
                           sid_error *err)
{
    sid__codebook start;
    if (!from)
        return sid__kmeans_fit(ctx, options, part, count, narrow->dim, narrow, label, err);
    SID_TRY(sid__codebook_create(&start, narrow->codes, narrow->dim, err));
    copy_codes(from, begin, &start, 0, narrow->dim);
    sid_status status = sid__kmeans_follow(ctx, options, &start, part, count, narrow, label, err);
    sid__codebook_drop(&start);
    return status;
}

sid_status sid__kmeans_fit_slice(sid_ctx *ctx, const sid__kmeans_options *options, const sid__codebook *from,
                                 const float *x, int64_t count, int begin, int end, sid__codebook *book,
                                 uint16_t *label, sid_error *err)
{
    int width = end - begin;
    float *part = NULL;
    sid__codebook narrow;
    SID_TRY(sid__codebook_create(&narrow, book->codes, width, err));
    sid_status status = sid__alloc(&part, (size_t)count, (size_t)width * sizeof *part, "a slice of the rows", err);
    if (status == SID_OK) {
        sid__slice_rows(x + begin, book->dim, count, width, part);
        status = fit_part(ctx, options, from, part, count, begin, &narrow, label, err);
    }
    if (status == SID_OK) {
        memset(sid__codebook_code(book), 0, (size_t)book->codes * (size_t)book->dim * sizeof(float));
        copy_codes(&narrow, 0, book, begin, width);
        sid__codebook_pack(book);
    }
    sid__free(part);
    sid__codebook_drop(&narrow);
    return status;
}
