/* json.c: JSON that somebody else wrote. Up to 80 bytes of tree grow from a byte of text (`{},{},...`), so a pass over the
 * tokens bounds what jansson may build: 15 MB at worst. Strict UTF-8 is checked first, to name the byte.
 */
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "io/utf8.h"

sid__place sid__json_place(const sid__json_scanner *scanner, size_t offset)
{
    sid__place place = scanner->start;
    for (size_t i = 0; i < offset && i < scanner->size; i++)
        place.row += scanner->bytes[i] == '\n';
    place.byte += (int64_t)offset;
    return place;
}

static sid_status scan_string(sid__json_scanner *scanner, sid__json_token *out, sid_error *err)
{
    size_t begin = scanner->offset + 1;
    *out = (sid__json_token){.kind = SID__JSON_STRING, .at = scanner->bytes + begin};
    for (size_t i = begin; i < scanner->size; i++) {
        unsigned char byte = (unsigned char)scanner->bytes[i];
        if (byte == '"') {
            out->size = i - begin;
            scanner->offset = i + 1;
            return SID_OK;
        }
        if (byte < 0x20)
            return sid__fail_at(err, SID_EDATA, sid__json_place(scanner, i),
                                "control byte 0x%02x in a JSON string; write it as \\u%04x", byte, byte);
        if (byte == '\\') {
            out->has_escape = true;
            i++;
        }
    }
    return sid__fail_at(err, SID_EDATA, sid__json_place(scanner, scanner->offset),
                        "the JSON string that starts here has no end");
}

static bool is_number_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' || byte == 'e' || byte == 'E';
}

static sid_status scan_word(sid__json_scanner *scanner, sid__json_token *out, sid_error *err)
{
    static const char *const literals[] = {"true", "false", "null"};
    const char *at = scanner->bytes + scanner->offset;
    size_t left = scanner->size - scanner->offset, used = 0;
    *out = (sid__json_token){.kind = SID__JSON_LITERAL, .at = at};
    for (int i = 0; i < 3 && used == 0; i++)
        if (left >= strlen(literals[i]) && memcmp(at, literals[i], strlen(literals[i])) == 0)
            used = strlen(literals[i]);
    if (used == 0) {
        out->kind = SID__JSON_NUMBER;
        while (used < left && is_number_byte(at[used]))
            used++;
    }
    if (used == 0)
        return sid__fail_at(err, SID_EDATA, sid__json_place(scanner, scanner->offset), "byte 0x%02x is not JSON here",
                            (unsigned char)*at);
    out->size = used;
    scanner->offset += used;
    return SID_OK;
}

static bool is_one_of(char byte, const char *set)
{
    return byte && strchr(set, byte);
}

sid_status sid__json_next(sid__json_scanner *scanner, sid__json_token *out, sid_error *err)
{
    while (scanner->offset < scanner->size && is_one_of(scanner->bytes[scanner->offset], " \t\r\n"))
        scanner->offset++;
    const char *at = scanner->bytes + scanner->offset;
    if (scanner->offset == scanner->size) {
        *out = (sid__json_token){.kind = SID__JSON_END, .at = at};
        return SID_OK;
    }
    if (is_one_of(*at, "{}[]:,")) {
        *out = (sid__json_token){.kind = SID__JSON_MARK, .at = at, .size = 1};
        scanner->offset++;
        return SID_OK;
    }
    return *at == '"' ? scan_string(scanner, out, err) : scan_word(scanner, out, err);
}

/* What jansson would build, counted from tokens alone. The name of a member is no value: it is taken back at its colon. */
typedef struct json_count {
    int depth, containers, values;
} json_count;

static const char *count_token(json_count *count, const sid__json_token *token, int *limit)
{
    char mark = token->kind == SID__JSON_MARK ? *token->at : 0;
    bool is_opening = mark == '{' || mark == '[';
    count->containers += is_opening;
    count->depth += is_opening - (mark == '}' || mark == ']');
    count->values += (is_opening || mark == 0) - (mark == ':');
    const struct {
        int seen, max;
        const char *what;
    } limits[] = {{count->depth, SID__JSON_DEPTH_MAX, "levels deep"},
                  {count->containers, SID__JSON_CONTAINERS_MAX, "objects and arrays"},
                  {count->values, SID__JSON_VALUES_MAX, "values"}};
    for (int i = 0; i < 3; i++)
        if (limits[i].seen > limits[i].max) {
            *limit = limits[i].max;
            return limits[i].what;
        }
    return NULL;
}

static sid_status check_size(sid__json_scanner scanner, sid_error *err)
{
    json_count count = {0};
    sid__json_token token = {.kind = SID__JSON_MARK};
    for (;;) {
        size_t before = scanner.offset;
        int limit = 0;
        SID_TRY(sid__json_next(&scanner, &token, err));
        if (token.kind == SID__JSON_END)
            return SID_OK;
        const char *what = count_token(&count, &token, &limit);
        if (what)
            return sid__fail_at(err, SID_EDATA, sid__json_place(&scanner, before),
                                "this JSON has more than %d %s, which is the limit; make it smaller", limit, what);
    }
}

json_t *sid__json_load(const char *bytes, size_t size, size_t flags, bool *is_out_of_memory, json_error_t *why)
{
    json_t *tree = json_loadb(bytes, size, flags, why);
    *is_out_of_memory = false;
    if (tree)
        return tree;
    json_t *probe = json_integer(0);
    tree = probe ? json_loadb(bytes, size, flags, why) : NULL;
    *is_out_of_memory = !tree && (!probe || !why->text[0] || json_error_code(why) == json_error_out_of_memory);
    json_decref(probe);
    return tree;
}

sid_status sid__json_parse_at(const char *bytes, size_t size, sid__place start, json_t **out, sid_error *err)
{
    sid__json_scanner scanner = {.bytes = bytes, .size = size, .start = start};
    size_t valid_size = sid__utf8_valid_size(bytes, size);
    if (valid_size < size)
        return sid__fail_at(err, SID_EDATA, sid__json_place(&scanner, valid_size),
                            "byte 0x%02x is not UTF-8; convert the file to UTF-8", (unsigned char)bytes[valid_size]);
    SID_TRY(check_size(scanner, err));
    json_error_t why;
    bool is_out_of_memory;
    json_t *tree = sid__json_load(bytes, size, JSON_REJECT_DUPLICATES, &is_out_of_memory, &why);
    if (tree) {
        *out = tree;
        return SID_OK;
    }
    if (is_out_of_memory)
        return sid__fail_memory(err, "a JSON tree", size);
    size_t offset = why.position > 0 && (size_t)why.position < size ? (size_t)why.position : 0;
    if (why.position > 0 && (size_t)why.position >= size)
        offset = size;
    return sid__fail_at(err, SID_EDATA, sid__json_place(&scanner, offset), "bad JSON: %s", why.text);
}

sid_status sid__json_parse(const char *bytes, size_t size, const char *path, json_t **out, sid_error *err)
{
    return sid__json_parse_at(bytes, size, (sid__place){.file = path, .row = 1, .byte = 0}, out, err);
}

/* How many bytes from `at` may be copied as they are: no quote, backslash, control byte or broken UTF-8. */
static size_t plain_size(const char *at, size_t valid_size)
{
    size_t i = 0;
    while (i < valid_size && (unsigned char)at[i] >= 0x20 && at[i] != '"' && at[i] != '\\' && at[i] != 0x7f)
        i++;
    return i;
}

static sid_status append_escape(sid__strbuf *out, unsigned char byte, sid_error *err)
{
    static const char shorts[] = "\"\\\n\t\r\b\f", letters[] = "\"\\ntrbf";
    const char *found = byte ? strchr(shorts, byte) : NULL;
    if (found)
        return sid__strbuf_printf(out, err, "\\%c", letters[found - shorts]);
    return sid__strbuf_printf(out, err, "\\u%04x", byte);
}

static sid_status append_text(sid__strbuf *out, const char *text, sid_error *err)
{
    size_t left = strlen(text);
    SID_TRY(sid__strbuf_append(out, "\"", 1, err));
    while (left > 0) {
        size_t valid_size = sid__utf8_valid_size(text, left);
        for (const char *end = text + valid_size; text < end;) {
            size_t plain = plain_size(text, (size_t)(end - text));
            SID_TRY(sid__strbuf_append(out, text, plain, err));
            text += plain;
            if (text < end)
                SID_TRY(append_escape(out, (unsigned char)*text++, err));
        }
        left -= valid_size;
        if (left > 0) {
            SID_TRY(sid__strbuf_append(out, "\xef\xbf\xbd", 3, err));
            text++;
            left--;
        }
    }
    return sid__strbuf_append(out, "\"", 1, err);
}

/* Takes back what was appended when it did not go well to the end. */
static sid_status keep_if_ok(sid__strbuf *out, int64_t length_before, sid_status status)
{
    if (status != SID_OK && out->text) {
        out->length = length_before;
        out->text[length_before] = 0;
    }
    return status;
}

sid_status sid__json_append_text(sid__strbuf *out, const char *text, sid_error *err)
{
    int64_t before = out->length;
    return keep_if_ok(out, before, append_text(out, text, err));
}

/* printf writes the locale's decimal point, which may take several bytes. */
void sid__number_text(char text[SID__NUMBER_TEXT_SIZE], int digits, double value)
{
    char *out = text;
    (void)snprintf(text, SID__NUMBER_TEXT_SIZE, "%.*g", digits, value);
    for (const char *at = text; *at && isfinite(value); at++)
        if (is_number_byte(*at))
            *out++ = *at;
        else if (out == text || out[-1] != '.')
            *out++ = '.';
    if (isfinite(value))
        *out = 0;
}

sid_status sid__json_append_number(sid__strbuf *out, double value, sid_error *err)
{
    char text[SID__NUMBER_TEXT_SIZE];
    if (!isfinite(value))
        return sid__strbuf_append(out, "null", 4, err);
    sid__number_text(text, 9, value);
    return sid__strbuf_append(out, text, strlen(text), err);
}

sid_status sid__json_append_exact(sid__strbuf *out, double value, sid_error *err)
{
    char text[SID__NUMBER_TEXT_SIZE], local[SID__NUMBER_TEXT_SIZE];
    if (!isfinite(value))
        return sid__strbuf_append(out, "null", 4, err);
    int digits = 15;
    do
        (void)snprintf(local, sizeof local, "%.*g", digits, value);
    while (digits++ < 17 && strtod(local, NULL) != value);
    sid__number_text(text, digits - 1, value);
    return sid__strbuf_append(out, text, strlen(text), err);
}
