/* delimited.h: rows of TSV and CSV, and plain lines, one at a time out of a source.
 *
 * TSV has no quoting, escapes or comments (`#` is data); CSV is RFC 4180, strictly. Lines end with LF or CRLF, the last one
 * with either or nothing. Text is strict UTF-8 without NUL. Every field knows its line and byte.
 */
#ifndef SEMID_IO_DELIMITED_H
#define SEMID_IO_DELIMITED_H

#include "io/source.h"

enum { SID__ROW_SIZE_MAX = 1 << 24 /* 16 MiB: a line without an end is an error, not a full memory */ };

typedef enum sid__row_form { SID__ROWS_TSV, SID__ROWS_CSV, SID__ROWS_LINES } sid__row_form;

typedef struct sid__field {
    const char *text; /* `size` bytes, unquoted, no zero behind them */
    size_t size;
    int64_t line, byte; /* where the field begins in the input */
} sid__field;

typedef struct sid__row_reader {
    sid__source *source; /* the caller's */
    sid__row_form form;
    int64_t column_count; /* what each row must have; 0: not checked */
    /* The current row; valid until the next call. */
    const char *raw; /* as it stands in the input, line end included */
    int64_t raw_size;
    int64_t line, byte; /* of its first byte */
    sid__field *field;
    int64_t field_count;
    /* Between rows. */
    int64_t next_line, field_capacity, unquoted_capacity;
    char *unquoted;
    bool is_stuck; /* the input cannot be followed beyond the last error */
} sid__row_reader;

void sid__row_reader_init(sid__row_reader *reader, sid__source *source, sid__row_form form);
void sid__row_reader_drop(sid__row_reader *reader);
/* The next row, or *has_row false at the end. SID_EDATA is a bad row with line, column and byte: unless is_stuck, `raw`
 * holds it and the next call goes on behind it. Other statuses end the reading. A line without a field separator is one
 * field; SID__ROWS_LINES always gives one. */
sid_status sid__row_next(sid__row_reader *reader, bool *has_row, sid_error *err);

/* An id: 1 to SID_ITEM_ID_MAX bytes, UTF-8, no control bytes. `what` names it in the message ("item_id"). */
sid_status sid__check_id(const char *text, size_t size, const char *what, sid__place place, sid_error *err);

#endif
