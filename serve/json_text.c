/* json_text.c: see json_text.h. */
#include "json_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void srv_text_drop(srv_text *text)
{
    free(text->bytes);
    *text = (srv_text){0};
}

static bool make_room(srv_text *text, size_t more)
{
    size_t wanted = text->size + more + 1, room = text->room ? text->room : 256;
    if (text->is_failed)
        return false;
    if (wanted <= text->room)
        return true;
    while (room < wanted)
        room *= 2;
    char *bytes = realloc(text->bytes, room);
    if (!bytes) {
        text->is_failed = true;
        return false;
    }
    text->bytes = bytes;
    text->room = room;
    return true;
}

void srv_put(srv_text *text, const char *bytes, size_t size)
{
    if (!make_room(text, size))
        return;
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = 0;
}

void srv_puts(srv_text *text, const char *string)
{
    srv_put(text, string, strlen(string));
}

void srv_printf(srv_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length >= 0 && make_room(text, (size_t)length)) {
        (void)vsnprintf(text->bytes + text->size, (size_t)length + 1, format, again);
        text->size += (size_t)length;
    }
    va_end(again);
}

/* Bytes of the UTF-8 sequence at `at`; 0: it is none. */
static size_t sequence_length(const unsigned char *at)
{
    unsigned lead = at[0];
    size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool is_overlong = (lead == 0xe0 && at[1] < 0xa0) || (lead == 0xf0 && at[1] < 0x90);
    bool is_beyond = (lead == 0xed && at[1] > 0x9f) || (lead == 0xf4 && at[1] > 0x8f);
    return is_overlong || is_beyond ? 0 : length;
}

static void put_special(srv_text *text, unsigned char byte)
{
    if (byte == '"' || byte == '\\')
        srv_printf(text, "\\%c", byte);
    else if (byte >= 0x80)
        srv_puts(text, "\\ufffd");
    else
        srv_printf(text, "\\u%04x", byte);
}

void srv_put_string(srv_text *text, const char *string)
{
    const unsigned char *at = (const unsigned char *)string;
    if (!string) {
        srv_puts(text, "null");
        return;
    }
    srv_put(text, "\"", 1);
    while (*at) {
        const unsigned char *plain = at;
        for (size_t length = 1; *at; at += length) {
            length = *at < 0x80 ? 1 : sequence_length(at);
            if (length == 0 || *at < 0x20 || *at == '"' || *at == '\\' || *at == 0x7f)
                break;
        }
        srv_put(text, (const char *)plain, (size_t)(at - plain));
        if (*at)
            put_special(text, *at++);
    }
    srv_put(text, "\"", 1);
}

void srv_put_integer(srv_text *text, int64_t number)
{
    char digit[24];
    size_t at = sizeof digit;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digit[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        digit[--at] = '-';
    srv_put(text, digit + at, sizeof digit - at);
}

void srv_put_number(srv_text *text, double number)
{
    if (isfinite(number))
        srv_printf(text, "%.9g", number);
    else
        srv_puts(text, "null");
}

void srv_put_codes(srv_text *text, const char *sid)
{
    srv_put(text, "[", 1);
    for (const char *at = sid; *at; at++)
        srv_put(text, *at == '-' ? "," : at, 1);
    srv_put(text, "]", 1);
}
