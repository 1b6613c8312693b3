/* records.h: rows of named columns, of which the reader wants a few: interactions, impressions. TSV, CSV (RFC 4180), JSON
 * lines, RecBole atomic files (header name:type); the ending of the path says which.
 *
 *     SID_TRY(sid__records_open(ctx, source, path, &columns, options, &records, err));
 *     while ((status = sid__records_next(&records, &has_record, &why)) == SID_OK && has_record) ... records.value[c] ...
 *     // a status that is not SID_OK, from next or of the caller's own checks: sid__records_pass decides
 */
#ifndef SEMID_IO_RECORDS_H
#define SEMID_IO_RECORDS_H

#include "io/bad_rows.h"
#include "io/json.h"

enum { SID__RECORD_COLUMNS_MAX = 48 };

typedef enum sid__record_form {
    SID__RECORDS_TSV,
    SID__RECORDS_CSV,
    SID__RECORDS_JSONL,
    SID__RECORDS_RECBOLE
} sid__record_form;

/* The columns wanted; other ones of the file are passed by. */
typedef struct sid__record_columns {
    const char *name[SID__RECORD_COLUMNS_MAX];
    int count, required_count; /* the first required_count must be there */
} sid__record_columns;

typedef struct sid__records {
    const sid__record_columns *columns; /* the caller's */
    sid__record_form form;
    sid__row_reader rows;
    sid__bad_rows bad;
    int64_t position[SID__RECORD_COLUMNS_MAX]; /* of a column in the file; -1: not there */
    /* The current record; valid until the next call. text NULL: the record has no such value. */
    sid__field value[SID__RECORD_COLUMNS_MAX];
    sid__strbuf text; /* values of a JSON line */
} sid__records;

/* Reads the header. `source` and `columns` must outlive the records. Close in any case. */
sid_status sid__records_open(sid_ctx *ctx, sid__source *source, const char *path, const sid__record_columns *columns,
                             const sid_read_options *options, sid__records *out, sid_error *err);
/* The next record, or *has_record false at the end. SID_EDATA: a bad row; see sid__records_pass. */
sid_status sid__records_next(sid__records *records, bool *has_record, sid_error *err);
/* Whether a column is in the file; JSON lines: whether the current record has it. */
bool sid__records_has(const sid__records *records, int column);
/* SID_OK: the current record is left out as options say, and reading goes on; else `why` comes back. */
sid_status sid__records_pass(sid__records *records, const sid_error *why, sid_error *err);
/* Ends the reading with `status`, which comes back, or what then fails. */
sid_status sid__records_close(sid__records *records, sid_status status, sid_error *err);
/* Where the current value of a column stands. */
sid__place sid__records_place(const sid__records *records, int column);

/* Takes ":token" and the like off a RecBole name; false: it has no such ending. */
bool sid__recbole_strip(sid__field *field);

#endif
