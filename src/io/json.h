/* json.h: JSON from files that are not trusted. A pre-scan bounds depth, containers and values before jansson allocates
 * anything (spec/reliability.md §2); duplicate members are refused.
 */
#ifndef SEMID_IO_JSON_H
#define SEMID_IO_JSON_H

#include <jansson.h>

#include "base/strbuf.h"

enum { SID__JSON_DEPTH_MAX = 16, SID__JSON_CONTAINERS_MAX = 16384, SID__JSON_VALUES_MAX = 262144 };

/* SID_EDATA with line and byte. The caller json_decref's *out. `path` is for messages. */
sid_status sid__json_parse(const char *bytes, size_t size, const char *path, json_t **out, sid_error *err);
/* The same for a part of a file: `start` is the file, line and byte of bytes[0]. */
sid_status sid__json_parse_at(const char *bytes, size_t size, sid__place start, json_t **out, sid_error *err);
/* Appends `text` as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD, control bytes \u escapes. */
sid_status sid__json_append_text(sid__strbuf *out, const char *text, sid_error *err);
/* Appends a number as %.9g, NaN and infinities as null. */
sid_status sid__json_append_number(sid__strbuf *out, double value, sid_error *err);
/* Appends the shortest of %.15g to %.17g that reads back as `value`, for numbers that are kept. */
sid_status sid__json_append_exact(sid__strbuf *out, double value, sid_error *err);

/* "%.<digits>g" with a full stop for the decimal point, whatever the locale; NaN and infinities as printf has them. */
enum { SID__NUMBER_TEXT_SIZE = 40 };
void sid__number_text(char text[SID__NUMBER_TEXT_SIZE], int digits, double value);

/* Tokens one by one, for headers too large for a tree. The scanner knows tokens, not grammar. */
typedef enum sid__json_kind {
    SID__JSON_END,     /* no bytes left */
    SID__JSON_MARK,    /* one of { } [ ] : , */
    SID__JSON_STRING,  /* `at` is after the quote; escapes are as written */
    SID__JSON_NUMBER,  /* a run of bytes that numbers consist of */
    SID__JSON_LITERAL, /* true, false, null */
} sid__json_kind;

typedef struct sid__json_token {
    sid__json_kind kind;
    const char *at;
    size_t size;
    bool has_escape; /* a string with a backslash */
} sid__json_token;

typedef struct sid__json_scanner {
    const char *bytes;
    size_t size, offset;
    sid__place start; /* of bytes[0] */
} sid__json_scanner;

sid_status sid__json_next(sid__json_scanner *scanner, sid__json_token *out, sid_error *err);
/* File, line and byte of bytes[offset]. */
sid__place sid__json_place(const sid__json_scanner *scanner, size_t offset);

/* json_loadb, which calls lack of memory a syntax error as often as not: what fails is read once more, and *is_out_of_memory
 * tells which it was. */
json_t *sid__json_load(const char *bytes, size_t size, size_t flags, bool *is_out_of_memory, json_error_t *why);

#endif
