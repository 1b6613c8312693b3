/* page_text.h: the text of the page while it grows. Whatever comes from people is JSON inside of a script element that no
 * browser runs: quotes and control bytes are escaped as JSON wants it, `<` as \u003c, so that no data ends the element.
 *
 * Calls go on after a failure and do nothing; `status` is that of the first.
 */
#ifndef SEMID_REPORT_PAGE_TEXT_H
#define SEMID_REPORT_PAGE_TEXT_H

#include "base/strbuf.h"

typedef struct sid__page_text {
    sid__strbuf html;
    sid_status status;
    sid_error *err;
    int64_t part_end; /* html.length at which the part being written is full */
    int64_t row;      /* html.length where the row being written begins */
} sid__page_text;

enum { SID__PAGE_HASH_SIZE = 48 };
/* The base64 of a SHA-256, as a policy names what it allows. */
void sid__page_hash(const void *bytes, size_t size, char text[SID__PAGE_HASH_SIZE]);

void sid__page_drop(sid__page_text *to);
/* As text of HTML: & < > " written as entities. */
void sid__page_html(sid__page_text *to, const char *text);
/* As they are: the page's own words. */
void sid__page_bytes(sid__page_text *to, const void *bytes, size_t size);
__attribute__((format(printf, 2, 3))) void sid__page_printf(sid__page_text *to, const char *format, ...);
/* A JSON value that was made elsewhere. */
void sid__page_json(sid__page_text *to, const char *json);
/* A JSON number of so many digits; NaN: null. */
void sid__page_number(sid__page_text *to, double value, int digits);
/* A JSON string of at most `size_max` bytes of `text`, whole characters; what was cut ends in "…". NULL: null. */
void sid__page_string(sid__page_text *to, const char *text, size_t size_max);

/* Parts of lists: what does not fit is left out, and the reader is told. The rows after `begin` take at most `size_max`
 * bytes together; each is written between row_begin and row_end, which takes it back and gives false when it does not fit. */
void sid__page_part(sid__page_text *to, int64_t size_max);
void sid__page_row_begin(sid__page_text *to, int64_t written);
bool sid__page_row_end(sid__page_text *to);

#endif
