/* bad_rows.h: what becomes of a row that cannot be used: an error, left out (skip), or kept in another file as it stands
 * (quarantine). What ends a reading whatever on_error says: I/O, memory, a broken header.
 */
#ifndef SEMID_IO_BAD_ROWS_H
#define SEMID_IO_BAD_ROWS_H

#include "base/ctx.h"
#include "io/delimited.h"

/* Zero-initialised: every bad row is an error. */
typedef struct sid__bad_rows {
    sid_ctx *ctx; /* for warnings: the first five rows are named */
    sid_read_options options;
    sid__output bad, why; /* quarantine; path NULL: off */
    sid__strbuf why_path;
    int64_t skipped;
} sid__bad_rows;

/* Opens the files of a quarantine. `options` NULL: fail. Close in any case. */
sid_status sid__bad_rows_open(sid_ctx *ctx, const sid_read_options *options, sid__bad_rows *out, sid_error *err);
/* Copies the reader's current row, a header, so that a quarantine can be read like the input. */
sid_status sid__bad_rows_header(const sid__bad_rows *bad, const sid__row_reader *rows, sid_error *err);
/* Leaves the reader's current row out, if that is what the caller wants and the reading can go on; else gives `why` back. */
sid_status sid__bad_rows_pass(sid__bad_rows *bad, const sid__row_reader *rows, const sid_error *why, sid_error *err);
/* With `status` SID_OK the files of a quarantine appear, else they go and `status` comes back. */
sid_status sid__bad_rows_close(sid__bad_rows *bad, sid_status status, sid_error *err);

#endif
