/* catalog_import.c: a catalogue from SIDs made elsewhere and the vectors of the same items, so that neighbours, health and
 * adding work as for fitted ones. Codes stay as they are; items whose codes the rebuilt codebooks would not choose are
 * `fit`, not `argmin`.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/interchange.h"
#include "io/vectors.h"

/* ---- Vectors in the file's order ---------------------------------------------------------------------------------- */

/* row[i]: the vector of the imported row i. */
static sid_status match_ids(const sid__imported *in, const sid__vector_ids *ids, int64_t *row, uint8_t *is_taken,
                            sid_error *err)
{
    for (int64_t i = 0; i < in->count; i++) {
        const sid__place place = {.file = in->path, .row = in->line[i], .byte = -1};
        row[i] = sid__vector_ids_find(ids, in->id[i]);
        if (row[i] < 0)
            return sid__fail_at(
                err, SID_EDATA, place,
                "no vector has the id \"%s\"; vectors of all items are needed, their ids row by row by --ids "
                "FILE or by --items FILE",
                in->id[i]);
        if (is_taken[row[i]])
            return sid__fail_at(err, SID_EDATA, place, "item_id \"%s\" was seen before; remove one row", in->id[i]);
        is_taken[row[i]] = 1;
    }
    return SID_OK;
}

static sid_status find_rows(const sid__imported *in, const sid_vectors *vectors, int64_t *row, sid_error *err)
{
    sid__vector_ids ids;
    uint8_t *is_taken = NULL;
    sid_status status = sid__vector_ids_init(vectors, &ids, err);
    if (status == SID_OK)
        status = sid__alloc(&is_taken, (size_t)sid_vectors_count(vectors), 1, "which vectors are used", err);
    if (status == SID_OK)
        status = match_ids(in, &ids, row, is_taken, err);
    sid__free(is_taken);
    sid__vector_ids_drop(&ids);
    return status;
}

/* A copy of the vectors in the order of the file. */
static sid_status order_vectors(sid_ctx *ctx, const sid__imported *in, const sid_vectors *vectors, sid_vectors **out,
                                sid_error *err)
{
    size_t row_size = (size_t)sid_vectors_dim(vectors) * sizeof(float);
    int64_t *row = NULL;
    float *x = NULL;
    SID_TRY(sid__ctx_reserve(ctx, (size_t)in->count * row_size, "vectors in the file's order", err));
    sid_status status = sid__alloc(&row, (size_t)in->count, sizeof *row, "rows", err);
    if (status == SID_OK)
        status = find_rows(in, vectors, row, err);
    if (status == SID_OK)
        status = sid__alloc(&x, (size_t)in->count, row_size, "vectors in the file's order", err);
    if (status == SID_OK) {
        const sid__rows rows = sid__vectors_rows(vectors);
        status = sid__rows_gather(&rows, row, in->count, x, err);
    }
    if (status == SID_OK)
        status = sid_vectors_create(ctx, x, in->count, sid_vectors_dim(vectors), in->id, out, err);
    sid__free(row);
    sid__free(x);
    sid__ctx_release(ctx, (size_t)in->count * row_size);
    return status;
}

/* ---- Digits ------------------------------------------------------------------------------------------------------- */

typedef struct digit_row {
    const uint16_t *codes;
    int levels;
    int32_t digit;
    int64_t row;
} digit_row;

static int by_codes(const void *a, const void *b)
{
    const digit_row *x = a, *y = b;
    for (int l = 0; l < x->levels; l++)
        if (x->codes[l] != y->codes[l])
            return x->codes[l] < y->codes[l] ? -1 : 1;
    if (x->digit != y->digit)
        return x->digit < y->digit ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool is_same_bucket(const digit_row *a, const digit_row *b)
{
    return memcmp(a->codes, b->codes, (size_t)a->levels * sizeof *a->codes) == 0;
}

/* Which policy gave such digits: a row without one means suffix; a shared bucket that starts at 1 means grid. */
static sid_status recognise_policy(const sid__imported *in, const digit_row *sorted, sid__draft *draft, sid_error *err)
{
    bool has_none = false, starts_at_0 = false, starts_at_1 = false;
    int32_t largest_digit = 0;
    for (int64_t begin = 0, end; begin < in->count; begin = end) {
        for (end = begin + 1; end < in->count && is_same_bucket(&sorted[begin], &sorted[end]); end++)
            if (sorted[end].digit == sorted[end - 1].digit)
                return sid__fail_at(
                    err, SID_EDATA, (sid__place){.file = in->path, .row = in->line[sorted[end].row], .byte = -1},
                    "\"%s\" and \"%s\" have the same codes and digit; digits tell items of a bucket apart",
                    in->id[sorted[end - 1].row], in->id[sorted[end].row]);
        has_none = has_none || sorted[begin].digit == SID__DIGIT_NONE;
        starts_at_0 = starts_at_0 || (end - begin > 1 && sorted[begin].digit == 0);
        starts_at_1 = starts_at_1 || (end - begin > 1 && sorted[begin].digit > 0);
        draft->largest_bucket = end - begin > draft->largest_bucket ? end - begin : draft->largest_bucket;
        largest_digit = sorted[end - 1].digit > largest_digit ? sorted[end - 1].digit : largest_digit;
    }
    int usual = sid__digit_codes(draft->largest_bucket);
    draft->digit_codes = usual > largest_digit ? usual : largest_digit + 1;
    if (has_none)
        return sid__policy_create("suffix", NULL, NULL, &draft->policy, err);
    return sid__policy_create("digit", starts_at_1 && !starts_at_0 ? "grid" : "tiger", NULL, &draft->policy, err);
}

static sid_status take_digits(const sid__imported *in, sid__draft *draft, sid_error *err)
{
    digit_row *sorted = NULL;
    SID_TRY(sid__alloc(&sorted, (size_t)in->count, sizeof *sorted, "digits", err));
    for (int64_t i = 0; i < in->count; i++) {
        draft->digit[i] = in->digit ? in->digit[i] : SID__DIGIT_NONE;
        sorted[i] = (digit_row){.codes = in->codes + i * in->levels,
                                .levels = in->levels,
                                .digit = in->digit ? draft->digit[i] : (int32_t)0,
                                .row = i};
    }
    qsort(sorted, (size_t)in->count, sizeof *sorted, by_codes);
    sid_status status = SID_OK;
    if (in->digit) {
        status = recognise_policy(in, sorted, draft, err);
    } else {
        status = sid__policy_create("keep", NULL, NULL, &draft->policy, err);
        for (int64_t begin = 0, end; begin < in->count; begin = end) {
            for (end = begin + 1; end < in->count && is_same_bucket(&sorted[begin], &sorted[end]);)
                end++;
            draft->largest_bucket = end - begin > draft->largest_bucket ? end - begin : draft->largest_bucket;
        }
    }
    sid__free(sorted);
    return status;
}

/* ---- The quantizer ------------------------------------------------------------------------------------------------ */

/* Codes of the file that the quantizer has no centroid for. */
static sid_status check_ranges(const sid__imported *in, const sid_quantizer *q, const char *codebooks, sid_error *err)
{
    if (in->levels != sid_quantizer_levels(q))
        return sid__fail_at(
            err, SID_EDATA, (sid__place){.file = in->path, .byte = -1}, "%d codes an item, but %s has %d codebooks%s",
            in->levels, codebooks, sid_quantizer_levels(q),
            in->levels == sid_quantizer_levels(q) + 1 ? "; if the last is an added digit, pass --digit-column last"
                                                      : "");
    for (int64_t i = 0; i < in->count; i++)
        for (int l = 0; l < in->levels; l++)
            if (in->codes[i * in->levels + l] >= sid_quantizer_codes(q, l))
                return sid__fail_at(err, SID_EDATA, (sid__place){.file = in->path, .row = in->line[i], .byte = -1},
                                    "item \"%s\" has code %d at level %d; codebook.%d of %s has 0 to %d", in->id[i],
                                    in->codes[i * in->levels + l], l + 1, l + 1, codebooks,
                                    sid_quantizer_codes(q, l) - 1);
    return SID_OK;
}

/* Read, or means of residuals. */
static sid_status make_quantizer(sid_ctx *ctx, const sid__imported *in, const sid_import_options *options,
                                 const sid_vectors *vectors, sid_quantizer **out, sid_error *err)
{
    if (!options->codebooks)
        return sid__codebooks_of_codes(ctx, sid_vectors_data(vectors), in->count, sid_vectors_dim(vectors), in->codes,
                                       in->levels, out, err);
    SID_TRY(sid__codebooks_read(options->codebooks, sid_vectors_dim(vectors), out, err));
    return check_ranges(in, *out, options->codebooks, err);
}

/* No file of SIDs: the codebooks choose them for the vectors, which are taken as they come. */
static sid_status choose_sids(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    sid_quantizer *q = NULL;
    int64_t count = sid_vectors_count(options->vectors);
    in->path = options->codebooks;
    SID_TRY(sid__codebooks_read(options->codebooks, sid_vectors_dim(options->vectors), &q, err));
    int levels = sid_quantizer_levels(q);
    sid_status status = sid__alloc(&in->codes, (size_t)count, (size_t)levels * sizeof *in->codes, "codes", err);
    if (status == SID_OK)
        status = sid__alloc(&in->id, (size_t)count, sizeof *in->id, "ids", err);
    if (status == SID_OK)
        status = sid__alloc(&in->line, (size_t)count, sizeof *in->line, "lines", err);
    if (status == SID_OK)
        status = sid_quantizer_encode(ctx, q, sid_vectors_data(options->vectors), count, in->codes, NULL, err);
    for (int64_t i = 0; i < count && status == SID_OK; i++)
        in->id[i] = sid_vectors_id(options->vectors, i);
    in->levels = levels;
    in->count = count;
    sid_quantizer_free(q);
    return status;
}

/* ---- All ---------------------------------------------------------------------------------------------------------- */

static sid_status fill_draft(sid_ctx *ctx, const sid__imported *in, sid__draft *draft, sid_error *err)
{
    size_t codes_size = (size_t)in->levels * sizeof *draft->codes;
    SID_TRY(sid__draft_init(ctx, draft, err));
    SID_TRY(sid_quantizer_encode(ctx, draft->quantizer, sid_vectors_data(draft->vectors), in->count, draft->codes, NULL,
                                 err));
    for (int64_t i = 0; i < in->count; i++)
        if (memcmp(draft->codes + i * in->levels, in->codes + i * in->levels, codes_size) != 0)
            draft->assigned[i] = SID__ASSIGNED_FIT;
    memcpy(draft->codes, in->codes, (size_t)in->count * codes_size);
    SID_TRY(sid__draft_measure(ctx, draft, err));
    return take_digits(in, draft, err);
}

static sid_status import_rows(sid_ctx *ctx, const sid__imported *in, const sid_import_options *options,
                              sid__new_directory *directory, sid_error *err)
{
    sid_vectors *vectors = NULL;
    sid_quantizer *quantizer = NULL;
    sid__draft draft = {.items = options->items, .count = in->count};
    sid_status status = order_vectors(ctx, in, options->vectors, &vectors, err);
    if (status == SID_OK)
        status = make_quantizer(ctx, in, options, vectors, &quantizer, err);
    draft.vectors = vectors;
    draft.quantizer = quantizer;
    if (status == SID_OK)
        status = fill_draft(ctx, in, &draft, err);
    if (status == SID_OK)
        status = sid__draft_write(ctx, &draft, directory, err);
    else
        sid__new_directory_abandon(directory);
    sid__draft_drop(ctx, &draft);
    sid_quantizer_free(quantizer);
    sid_vectors_free(vectors);
    return status;
}

static sid_status import_to(sid_ctx *ctx, const sid__imported *in, const sid_import_options *options, const char *path,
                            sid_catalog **out, sid_error *err)
{
    sid__new_directory *directory = NULL;
    if (in->count < sid_vectors_count(options->vectors))
        sid__ctx_warn(ctx, "%" PRId64 " of %" PRId64 " vectors have no SID in %s and are left out",
                      sid_vectors_count(options->vectors) - in->count, sid_vectors_count(options->vectors), in->path);
    SID_TRY(sid__alloc(&directory, 1, sizeof *directory, "paths", err));
    sid_status status = sid__new_directory_begin(path, options->force, directory, err);
    if (status == SID_OK)
        status = import_rows(ctx, in, options, directory, err);
    if (status == SID_OK && out)
        status = sid__catalog_open_locked(ctx, directory->target, SID_OPEN_WRITE, directory->lock_fd, out, err);
    else if (status == SID_OK)
        sid__lock_drop(directory->lock_fd);
    sid__free(directory);
    return status;
}

sid_status sid_catalog_import(sid_ctx *ctx, const char *file, const sid_import_options *options, const char *path,
                              sid_catalog **out, sid_error *err)
{
    sid__form form = SID__FORM_TSV;
    sid__imported in = {0};
    sid_status status = SID_OK;
    if (!options || !options->vectors)
        return sid__fail(err, SID_EUSAGE, "the items' vectors are needed to rebuild the codebooks; pass --vectors");
    if (!file && !options->codebooks)
        return sid__fail(err, SID_EUSAGE, "nothing to import: a file of SIDs, or codebooks, or both are needed");
    if (file)
        SID_TRY(sid__form_find(options->form, file, &form, err));
    if (file)
        SID_TRY(sid__import_read(ctx, file, form, options, &in, err));
    else
        status = choose_sids(ctx, options, &in, err);
    if (status == SID_OK)
        status = import_to(ctx, &in, options, path, out, err);
    sid__imported_drop(&in);
    return status;
}
