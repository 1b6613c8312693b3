/* vectors_filter.c: leaving out bad rows of vectors: --on-error skip and quarantine. The rows that stay keep their order and
 * ids; the ids of the others go to the quarantine file, one a line, the reasons to FILE.why.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/vfs.h"
#include "io/vectors.h"

enum { REASONS_SHOWN = 5, PATH_SIZE = 4096 };

typedef struct filter {
    sid_vectors *vectors;
    const char *path;
    const sid_read_options *options;
    int64_t kept, skipped;
    int64_t *bad, bad_capacity; /* (skipped) rows of a file, which stay where they are */
    sid__strbuf ids, reasons;
} filter;

static void keep_row(filter *f, int64_t row)
{
    sid_vectors *vectors = f->vectors;
    size_t row_size = (size_t)vectors->dim * sizeof(float);
    int64_t to = f->kept++;
    if (to == row)
        return;
    if (vectors->data)
        memcpy(vectors->data + to * vectors->dim, vectors->data + row * vectors->dim, row_size);
    if (vectors->id)
        vectors->id[to] = vectors->id[row];
    if (vectors->number)
        memcpy(vectors->number + (size_t)to * vectors->number_size,
               vectors->number + (size_t)row * vectors->number_size, vectors->number_size);
}

static sid_status leave_out(filter *f, int64_t row, const sid_error *reason, sid_error *err)
{
    if (f->vectors->file) {
        SID_TRY(sid__grow(&f->bad, &f->bad_capacity, f->skipped + 1, sizeof *f->bad, "rows that are left out", err));
        f->bad[f->skipped] = row;
    }
    if (f->skipped++ < REASONS_SHOWN)
        sid__ctx_warn(f->vectors->ctx, "%s; left out", reason->message);
    if (f->options->on_error != SID_ON_ERROR_QUARANTINE)
        return SID_OK;
    SID_TRY(sid__strbuf_printf(&f->ids, err, "%s\n", sid_vectors_id(f->vectors, row)));
    return sid__strbuf_printf(&f->reasons, err, "%s\n", reason->message);
}

static sid_status write_quarantine(const filter *f, sid_error *err)
{
    char why[PATH_SIZE];
    const char *path = f->options->quarantine_path;
    if (f->options->on_error != SID_ON_ERROR_QUARANTINE)
        return SID_OK;
    int size = snprintf(why, sizeof why, "%s.why", path);
    if (size < 0 || (size_t)size >= sizeof why)
        return sid__fail(err, SID_EUSAGE, "the quarantine path is too long: %s", path);
    SID_TRY(sid__replace_whole(path, f->ids.text ? f->ids.text : "", (size_t)f->ids.length, err));
    return sid__replace_whole(why, f->reasons.text ? f->reasons.text : "", (size_t)f->reasons.length, err);
}

static sid_status look_at_rows(filter *f, const float *x, int64_t begin, int64_t count, sid_error *err)
{
    int dim = f->vectors->dim;
    for (int64_t i = 0; i < count; i++) {
        sid_error reason = {0};
        if (sid__vectors_check_row(x + i * dim, dim, begin + i, f->path, &reason) == SID_OK)
            keep_row(f, begin + i);
        else
            SID_TRY(leave_out(f, begin + i, &reason, err));
    }
    return SID_OK;
}

static sid_status look_at_all(filter *f, const sid__rows *rows, float *buffer, sid_error *err)
{
    int64_t block = sid__rows_block(rows->dim);
    for (int64_t begin = 0; begin < rows->count; begin += block) {
        int64_t count = sid__rows_in_block(rows, begin, block);
        const float *x;
        SID_TRY(sid__ctx_check(f->vectors->ctx, err));
        if (f->vectors->file)
            sid__ctx_progress(f->vectors->ctx, "checking the vectors", begin, rows->count, "rows", (double)NAN);
        SID_TRY(sid__rows_get(rows, begin, count, buffer, &x, err));
        SID_TRY(look_at_rows(f, x, begin, count, err));
    }
    return SID_OK;
}

static sid_status run(filter *f, float *buffer, sid_error *err)
{
    const sid__rows rows = sid__vectors_rows(f->vectors);
    SID_TRY(look_at_all(f, &rows, buffer, err));
    if (f->kept == 0)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = f->path, .byte = -1},
                            "all %" PRId64 " rows are bad; at least one good vector is expected", f->vectors->count);
    SID_TRY(write_quarantine(f, err));
    if (f->skipped > REASONS_SHOWN)
        sid__ctx_warn(f->vectors->ctx, "%s: %" PRId64 " bad rows were left out", f->path, f->skipped);
    f->vectors->count = f->kept;
    if (f->vectors->file) {
        sid__vectors_file_leave_out(f->vectors->file, f->bad, f->skipped);
        f->bad = NULL;
    }
    return SID_OK;
}

sid_status sid__vectors_filter(sid_vectors *vectors, const char *path, const sid_read_options *options,
                               int64_t *skipped, sid_error *err)
{
    filter f = {.vectors = vectors, .path = path, .options = options};
    if (options->on_error == SID_ON_ERROR_QUARANTINE && (!options->quarantine_path || !*options->quarantine_path))
        return sid__fail(err, SID_EUSAGE, "on_error is quarantine without a path; give one");
    const sid__rows rows = sid__vectors_rows(vectors);
    float *buffer = NULL;
    SID_TRY(sid__rows_buffer(&rows, sid__rows_block(rows.dim), &buffer, err));
    sid_status status = run(&f, buffer, err);
    sid__free(buffer);
    sid__free(f.bad);
    sid__strbuf_drop(&f.ids);
    sid__strbuf_drop(&f.reasons);
    if (status == SID_OK && skipped)
        *skipped = f.skipped;
    return status;
}
