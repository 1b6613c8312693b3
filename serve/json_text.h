/* json_text.h: text that grows, and JSON written into it. A failed allocation is remembered and asked about once, at the end. */
#ifndef SEMID_SERVE_JSON_TEXT_H
#define SEMID_SERVE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Invariant: bytes NULL, or size < room and bytes[size] == 0. */
typedef struct srv_text {
    char *bytes;
    size_t size, room;
    bool is_failed;
} srv_text;

void srv_text_drop(srv_text *text);
void srv_put(srv_text *text, const char *bytes, size_t size);
void srv_puts(srv_text *text, const char *string);
__attribute__((format(printf, 2, 3))) void srv_printf(srv_text *text, const char *format, ...);
/* A JSON string; bytes that are not UTF-8 become U+FFFD. NULL: null. */
void srv_put_string(srv_text *text, const char *string);
void srv_put_integer(srv_text *text, int64_t number);
/* %.9g; null where it is not finite. */
void srv_put_number(srv_text *text, double number);
/* "12-153-87" as [12,153,87] */
void srv_put_codes(srv_text *text, const char *sid);

#endif
