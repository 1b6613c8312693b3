/* strbuf.h: text that grows. The text is always zero-terminated; a failed append leaves it as it was. */
#ifndef SEMID_BASE_STRBUF_H
#define SEMID_BASE_STRBUF_H

#include "base/mem.h"

/* Invariant: text is NULL (empty) or text[length] == 0 and length < capacity. Zero-initialised is empty. */
typedef struct sid__strbuf {
    char *text;
    int64_t length, capacity;
} sid__strbuf;

sid_status sid__strbuf_append(sid__strbuf *buffer, const char *bytes, size_t size, sid_error *err);
__attribute__((format(printf, 3, 4))) sid_status sid__strbuf_printf(sid__strbuf *buffer, sid_error *err,
                                                                    const char *format, ...);
/* The text; the buffer becomes empty. Free with sid__free (sid_text_free for users). */
char *sid__strbuf_take(sid__strbuf *buffer);
void sid__strbuf_drop(sid__strbuf *buffer);

#endif
