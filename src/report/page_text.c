/* page_text.c: see page_text.h. */
#include "report/page_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/json.h"
#include "io/sha256.h"

enum { PRINTF_SIZE = 1024 };

void sid__page_drop(sid__page_text *to)
{
    sid__strbuf_drop(&to->html);
}

void sid__page_bytes(sid__page_text *to, const void *bytes, size_t size)
{
    if (to->status == SID_OK)
        to->status = sid__strbuf_append(&to->html, bytes, size, to->err);
}

void sid__page_printf(sid__page_text *to, const char *format, ...)
{
    char text[PRINTF_SIZE];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sid__page_bytes(to, text, length < (int)sizeof text ? (size_t)length : sizeof text - 1);
}

void sid__page_json(sid__page_text *to, const char *json)
{
    for (const char *at = json; *at;) {
        size_t plain = strcspn(at, "<");
        sid__page_bytes(to, at, plain);
        at += plain;
        if (*at == '<') {
            sid__page_bytes(to, "\\u003c", 6);
            at++;
        }
    }
}

void sid__page_html(sid__page_text *to, const char *text)
{
    for (const char *at = text; *at; at++) {
        const char *entity = *at == '&'   ? "&amp;"
                             : *at == '<' ? "&lt;"
                             : *at == '>' ? "&gt;"
                             : *at == '"' ? "&quot;"
                                          : NULL;
        sid__page_bytes(to, entity ? entity : at, entity ? strlen(entity) : 1);
    }
}

void sid__page_number(sid__page_text *to, double value, int digits)
{
    char text[SID__NUMBER_TEXT_SIZE];
    if (!isfinite(value)) {
        sid__page_bytes(to, "null", 4);
        return;
    }
    sid__number_text(text, digits, value);
    sid__page_bytes(to, text, strlen(text));
}

/* The first `size_max` bytes of a text, less those of a character that is not whole. */
static size_t cut_size(const char *text, size_t size_max)
{
    size_t size = strnlen(text, size_max + 1);
    if (size <= size_max)
        return size;
    for (size = size_max; size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80;)
        size--;
    return size;
}

static sid_status quote(const char *text, size_t size_max, sid__strbuf *out, sid_error *err)
{
    static const char ellipsis[] = "\xE2\x80\xA6";
    size_t size = cut_size(text, size_max);
    sid__strbuf cut = {0};
    if (text[size] == 0)
        return sid__json_append_text(out, text, err);
    sid_status status = sid__strbuf_append(&cut, text, size, err);
    if (status == SID_OK)
        status = sid__strbuf_append(&cut, ellipsis, sizeof ellipsis - 1, err);
    if (status == SID_OK)
        status = sid__json_append_text(out, cut.text, err);
    sid__strbuf_drop(&cut);
    return status;
}

void sid__page_string(sid__page_text *to, const char *text, size_t size_max)
{
    sid__strbuf quoted = {0};
    if (!text) {
        sid__page_bytes(to, "null", 4);
        return;
    }
    if (to->status == SID_OK)
        to->status = quote(text, size_max, &quoted, to->err);
    if (to->status == SID_OK)
        sid__page_json(to, quoted.text);
    sid__strbuf_drop(&quoted);
}

void sid__page_part(sid__page_text *to, int64_t size_max)
{
    to->part_end = to->html.length + size_max;
}

void sid__page_row_begin(sid__page_text *to, int64_t written)
{
    to->row = to->html.length;
    if (written > 0)
        sid__page_bytes(to, ",\n", 2);
}

bool sid__page_row_end(sid__page_text *to)
{
    if (to->status != SID_OK)
        return false;
    if (to->html.length <= to->part_end)
        return true;
    to->html.length = to->row;
    to->html.text[to->row] = 0;
    return false;
}

void sid__page_hash(const void *bytes, size_t size, char text[SID__PAGE_HASH_SIZE])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char sum[SID__SHA256_SIZE + 1] = {0};
    sid__sha256 hash;
    sid__sha256_init(&hash);
    sid__sha256_update(&hash, bytes, size);
    sid__sha256_final(&hash, sum);
    char *out = text;
    for (int i = 0; i <= SID__SHA256_SIZE - 2; i += 3) { /* 32 = 10 * 3 + 2 bytes */
        unsigned group = (unsigned)sum[i] << 16 | (unsigned)sum[i + 1] << 8 | sum[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *out++ = digits[group >> shift & 63];
    }
    out[-1] = '=';
    *out = 0;
}
