/* jsonl.h: an object a line. */
#ifndef SEMID_IO_JSONL_H
#define SEMID_IO_JSONL_H

#include "io/delimited.h"
#include "io/json.h"

/* The object in the reader's current row (SID__ROWS_LINES). SID_EDATA with line and byte when the line is empty, not JSON or
 * not an object. The caller json_decref's *out. */
sid_status sid__jsonl_object(const sid__row_reader *reader, json_t **out, sid_error *err);
/* Appends a member's value as text: strings as they are, numbers (the shortest that reads back) and booleans as JSON has
 * them, arrays of strings joined with " > ", other arrays and objects as JSON; null is "". */
sid_status sid__jsonl_text(const json_t *value, sid__strbuf *out, sid_error *err);

#endif
