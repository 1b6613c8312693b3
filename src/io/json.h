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
/* Appends `text` as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD, control bytes \u escapes. */
sid_status sid__json_append_text(sid__strbuf *out, const char *text, sid_error *err);
/* Appends a number as %.9g, NaN and infinities as null. */
sid_status sid__json_append_number(sid__strbuf *out, double value, sid_error *err);

#endif
