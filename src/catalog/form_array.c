/* form_array.c: SIDs as arrays, ids beside them in `<path without ending>.ids.txt`.
 *
 *   npy   (N, L) uint16 base codes; the digit is one more column when it is asked for
 *   grid  safetensors, one int64 array (L, N), as GRID keeps it ([N, L] is read too: which one it is follows from the
 *         number of items); the digit is the last row, -1 where an item has none
 */
#include <inttypes.h>
#include <string.h>

#include "catalog/interchange.h"
#include "io/npy.h"
#include "io/safetensors.h"

#define GRID_TENSOR "semantic_ids"

/* ---- npy */

sid_status sid__npy_form_write(const sid__exported *e, const char *path, sid_error *err)
{
    bool has_digit = e->options->digit && e->digit_codes > 0;
    int width = e->levels + has_digit;
    uint16_t *codes = NULL, whole[SID__IMPORT_CODES_MAX];
    for (int64_t row = 0; row < e->count && has_digit; row++)
        if (e->digit[row] == SID__DIGIT_NONE)
            return sid__fail(err, SID_EUSAGE,
                             "npy has rows of one width, and \"%s\" has no digit; pass --digit tiger or grid, or none",
                             e->id[row]);
    SID_TRY(sid__alloc(&codes, (size_t)e->count, (size_t)width * sizeof *codes, "codes", err));
    for (int64_t row = 0; row < e->count; row++) {
        (void)sid__exported_sid(e, row, whole);
        memcpy(codes + row * width, whole, (size_t)width * sizeof *codes);
    }
    /* Two renames: a crash between them leaves new ids beside the old array or none, and the import that meets them
     * compares the counts. */
    sid_status status = sid__write_ids(e, path, err);
    if (status == SID_OK)
        status = sid__npy_write(path, SID__U16, codes, e->count, width, err);
    sid__free(codes);
    return status;
}

/* Rows of codes (count, width), ids beside them. */
static sid_status add_rows(sid__imported *in, const sid_import_options *options, const uint16_t *codes, int64_t count,
                           int width, sid_error *err)
{
    sid__row_names names;
    for (int64_t row = 0; row < count; row++)
        SID_TRY(sid__import_add_loose(in, NULL, 0, codes + row * width, width, err));
    SID_TRY(sid__import_settle(in, options->digit_column_last, err));
    SID_TRY(sid__row_names_read(in, options, SID__IDS_ENDING, &names, err));
    sid_status status = sid__import_name_rows(in, &names, err);
    sid__row_names_drop(&names);
    return status;
}

static sid_status read_codes(sid__imported *in, const sid_import_options *options, const sid__npy_reader *reader,
                             sid_error *err)
{
    uint16_t *codes = NULL;
    if (reader->header.dtype != SID__U16 || reader->rows < 1 || reader->dim > SID__IMPORT_CODES_MAX)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, 0),
                            "a (N, L) array of uint16 with 1 to %d columns is expected", SID__IMPORT_CODES_MAX);
    SID_TRY(sid__alloc(&codes, (size_t)reader->rows, (size_t)reader->dim * sizeof *codes, "codes", err));
    sid_status status = sid__npy_read_raw(reader, 0, reader->rows, codes, err);
    if (status == SID_OK)
        status = add_rows(in, options, codes, reader->rows, reader->dim, err);
    sid__free(codes);
    return status;
}

sid_status sid__npy_form_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    sid__npy_reader reader;
    (void)ctx;
    SID_TRY(sid__npy_open(in->path, &reader, err));
    sid_status status = read_codes(in, options, &reader, err);
    sid__npy_close(&reader);
    return status;
}

/* ---- grid */

static sid_status fill_grid(const sid__exported *e, sid__tensor_set *set, sid_error *err)
{
    int64_t shape[2] = {e->levels + (e->digit_codes > 0), e->count}, *out = NULL;
    SID_TRY(sid__tensor_add(set, GRID_TENSOR, SID__I64, 2, shape, &out, err));
    for (int64_t row = 0; row < e->count; row++) {
        for (int l = 0; l < e->levels; l++)
            out[l * e->count + row] = e->codes[row * e->levels + l];
        if (e->digit_codes > 0)
            out[e->levels * e->count + row] = e->digit[row]; /* SID__DIGIT_NONE is -1 */
    }
    return SID_OK;
}

sid_status sid__grid_write(const sid__exported *e, const char *path, sid_error *err)
{
    sid__tensor_set set = {0};
    sid_status status = fill_grid(e, &set, err);
    if (status == SID_OK)
        status = sid__write_ids(e, path, err);
    if (status == SID_OK)
        status = sid__safetensors_write(&set, path, err);
    sid__tensor_set_drop(&set);
    return status;
}

static sid_status find_grid(const sid__imported *in, const sid__tensor_set *set, const sid__tensor **out,
                            sid_error *err)
{
    const sid__tensor *found = sid__tensor_find(set, GRID_TENSOR);
    for (int64_t i = 0; i < set->count && !found; i++)
        found = set->count == 1 ? &set->tensor[i] : NULL;
    if (!found)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, 0),
                            "%" PRId64 " tensors and none is called " GRID_TENSOR "; keep the SIDs alone", set->count);
    char shape[SID__SHAPE_TEXT_SIZE];
    if (found->dtype != SID__I64 || found->rank != 2 || found->shape[0] < 1 || found->shape[1] < 1)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, 0),
                            "tensor %s is %s of shape %s; I64 of (levels, items) is expected", found->name,
                            sid__dtype_name(found->dtype), sid__shape_text(found->rank, found->shape, shape));
    *out = found;
    return SID_OK;
}

/* An array of codes, whichever way it lies: code(item, level) = at[item * item_step + level * level_step]. */
typedef struct grid_view {
    const int64_t *at;
    int64_t items, levels, item_step, level_step;
} grid_view;

/* (levels, items) when the second size is the number of items, else (items, levels). */
static sid_status view_grid(sid_ctx *ctx, const sid__imported *in, const sid__tensor *tensor, int64_t items,
                            grid_view *out, sid_error *err)
{
    int64_t first = tensor->shape[0], second = tensor->shape[1];
    char shape[SID__SHAPE_TEXT_SIZE];
    bool is_by_level = second == items;
    if (!is_by_level && first != items)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, 0),
                            "tensor %s has shape %s; neither is the number of items, %" PRId64, tensor->name,
                            sid__shape_text(2, tensor->shape, shape), items);
    *out = (grid_view){.at = tensor->data, .items = items};
    out->levels = is_by_level ? first : second;
    out->item_step = is_by_level ? 1 : second;
    out->level_step = is_by_level ? second : 1;
    if (out->levels > SID__IMPORT_CODES_MAX)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, 0), "%" PRId64 " codes an item; 1 to %d are expected",
                            out->levels, SID_LEVELS_MAX);
    if (first == second)
        sid__ctx_warn(ctx, "%s: %" PRId64 " levels of as many items; read as (levels, items)", in->path, first);
    else
        sid__ctx_info(ctx, "%s is read as %s", in->path, is_by_level ? "(levels, items)" : "(items, levels)");
    return SID_OK;
}

/* The codes of one item; -1 in a last row of digits ends them. */
static sid_status item_codes(const sid__imported *in, const grid_view *view, int64_t item, bool is_digit_last,
                             uint16_t *codes, int *count, sid_error *err)
{
    *count = 0;
    for (int64_t l = 0; l < view->levels; l++) {
        int64_t code = view->at[item * view->item_step + l * view->level_step];
        if (is_digit_last && l == view->levels - 1 && l > 0 && code == -1)
            return SID_OK;
        if (code < 0 || code >= SID_CODES_MAX)
            return sid__fail_at(
                err, SID_EDATA, sid__import_place(in, 0),
                "item %" PRId64 " has %" PRId64 " at level %" PRId64 "; a code from 0 to %d is expected%s", item, code,
                l + 1, SID_CODES_MAX - 1, code == -1 ? " (-1 stands for no digit: pass --digit-column last)" : "");
        codes[(*count)++] = (uint16_t)code;
    }
    return SID_OK;
}

static sid_status read_items(sid_ctx *ctx, sid__imported *in, const grid_view *view, bool is_digit_last, sid_error *err)
{
    uint16_t codes[SID__IMPORT_CODES_MAX];
    int64_t unwritten = 0;
    for (int64_t item = 0; item < view->items; item++) {
        int count = 0, used = 0;
        SID_TRY(item_codes(in, view, item, is_digit_last, codes, &count, err));
        for (int l = 0; l < count; l++)
            used |= codes[l];
        unwritten += used == 0;
        SID_TRY(sid__import_add_loose(in, NULL, 0, codes, count, err));
    }
    if (unwritten > 1)
        sid__ctx_warn(ctx,
                      "%s: %" PRId64 " items are zero at every level; in GRID's arrays that may mean never written",
                      in->path, unwritten);
    return sid__import_settle(in, is_digit_last, err);
}

static sid_status read_tensor(sid_ctx *ctx, const sid_import_options *options, const sid__tensor_set *set,
                              sid__imported *in, sid_error *err)
{
    const sid__tensor *tensor = NULL;
    sid__row_names names;
    grid_view view = {0};
    SID_TRY(find_grid(in, set, &tensor, err));
    SID_TRY(sid__row_names_read(in, options, SID__IDS_ENDING, &names, err));
    sid_status status = view_grid(ctx, in, tensor, names.count, &view, err);
    if (status == SID_OK)
        status = read_items(ctx, in, &view, options->digit_column_last, err);
    if (status == SID_OK)
        status = sid__import_name_rows(in, &names, err);
    sid__row_names_drop(&names);
    return status;
}

sid_status sid__grid_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    sid__tensor_set set = {0};
    SID_TRY(sid__safetensors_read(in->path, &set, err));
    sid_status status = read_tensor(ctx, options, &set, in, err);
    sid__tensor_set_drop(&set);
    return status;
}
