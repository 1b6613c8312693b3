/* bad_rows.c: see bad_rows.h. */
#include "io/bad_rows.h"

#include <string.h>

enum { WARN_COUNT = 5 };

sid_status sid__bad_rows_open(sid_ctx *ctx, const sid_read_options *options, sid__bad_rows *out, sid_error *err)
{
    *out = (sid__bad_rows){.ctx = ctx};
    if (options)
        out->options = *options;
    const char *path = out->options.quarantine_path;
    if (out->options.on_error != SID_ON_ERROR_QUARANTINE)
        return SID_OK;
    if (!path || !*path || strcmp(path, "-") == 0)
        return sid__fail(err, SID_EUSAGE, "quarantine needs a file for the bad rows; --on-error quarantine=FILE");
    SID_TRY(sid__strbuf_printf(&out->why_path, err, "%s.why", path));
    SID_TRY(sid__output_open(path, &out->bad, err));
    return sid__output_open(out->why_path.text, &out->why, err);
}

sid_status sid__bad_rows_header(const sid__bad_rows *bad, const sid__row_reader *rows, sid_error *err)
{
    return bad->bad.path ? sid__file_write(&bad->bad.file, rows->raw, (size_t)rows->raw_size, err) : SID_OK;
}

static sid_status quarantine(const sid__bad_rows *bad, const sid__row_reader *rows, const char *reason, sid_error *err)
{
    SID_TRY(sid__file_write(&bad->bad.file, rows->raw, (size_t)rows->raw_size, err));
    if (rows->raw[rows->raw_size - 1] != '\n')
        SID_TRY(sid__file_write(&bad->bad.file, "\n", 1, err));
    SID_TRY(sid__file_write(&bad->why.file, reason, strlen(reason), err));
    return sid__file_write(&bad->why.file, "\n", 1, err);
}

sid_status sid__bad_rows_pass(sid__bad_rows *bad, const sid__row_reader *rows, const sid_error *why, sid_error *err)
{
    if (why->status != SID_EDATA || rows->is_stuck || bad->options.on_error == SID_ON_ERROR_FAIL) {
        if (err)
            *err = *why;
        return why->status;
    }
    if (bad->skipped++ < WARN_COUNT)
        sid__ctx_warn(bad->ctx, "%s", why->message);
    return bad->bad.path ? quarantine(bad, rows, why->message, err) : SID_OK;
}

sid_status sid__bad_rows_close(sid__bad_rows *bad, sid_status status, sid_error *err)
{
    if (bad->bad.path)
        status = sid__output_finish(&bad->bad, status, err);
    if (bad->why.path)
        status = sid__output_finish(&bad->why, status, err);
    sid__strbuf_drop(&bad->why_path);
    bad->bad = bad->why = (sid__output){0};
    return status;
}
