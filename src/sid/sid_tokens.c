/* sid_tokens.c: see sid_tokens.h. One writer and one reader walk the middle text field by field, so that what is written
 * reads back.
 */
#include "sid/sid_tokens.h"

#include <stdio.h>
#include <string.h>

typedef enum field { FIELD_NONE, FIELD_CODE, FIELD_LEVEL, FIELD_LETTER, FIELD_OFFSET } field;

/* The field at `at`, and how long its name is. */
static field field_at(const char *at, size_t *length)
{
    static const struct {
        const char *text;
        field field;
    } known[] = {
        {"{code}", FIELD_CODE}, {"{level}", FIELD_LEVEL}, {"{letter}", FIELD_LETTER}, {"{offset}", FIELD_OFFSET}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        *length = strlen(known[i].text);
        if (strncmp(at, known[i].text, *length) == 0)
            return known[i].field;
    }
    *length = 1;
    return FIELD_NONE;
}

/* ---- Styles */

static const sid__token_style styles[] = {
    {.name = "letters", .begin = "", .token = "<{letter}_{code}>", .end = "", .separator = ""},
    {.name = "onerec", .begin = "<|sid_begin|>", .token = "<s_{letter}_{code}>", .end = "<|sid_end|>", .separator = ""},
    {.name = "flat",
     .begin = "<|sid_start|>",
     .token = "<|sid_{code}|>",
     .end = "<|sid_end|>",
     .separator = "",
     .end_is_optional = true},
    {.name = "offset", .begin = "", .token = "{offset}", .end = "", .separator = " "},
    {.name = "template", .begin = "", .end = "", .separator = ""},
};
enum { STYLE_COUNT = sizeof styles / sizeof *styles };

/* A digit would run into the code before it: at the pattern's place `at`, or at its start when it ends there. */
static bool runs_into_code(const char *token, const char *at)
{
    size_t length;
    at = *at ? at : token;
    field next = field_at(at, &length);
    return next == FIELD_CODE || next == FIELD_LEVEL || (*at >= '0' && *at <= '9');
}

static sid_status check_template(const char *token, sid_error *err)
{
    bool has_code = false;
    if (!token || !*token)
        return sid__fail(err, SID_EUSAGE, "the form template needs its text; pass --template '<{letter}_{code}>'");
    if (strlen(token) > SID__TOKEN_SIZE_MAX)
        return sid__fail(err, SID_EUSAGE, "the template has %zu bytes; %d are possible", strlen(token),
                         SID__TOKEN_SIZE_MAX);
    for (size_t at = 0, length; token[at]; at += length) {
        field found = field_at(token + at, &length);
        if (found == FIELD_OFFSET || (found == FIELD_NONE && (token[at] == '{' || token[at] == '}')))
            return sid__fail(err, SID_EUSAGE,
                             "template \"%s\": {code}, {level} and {letter} are the fields; none stands at byte %zu",
                             token, at);
        if ((unsigned char)token[at] < ' ' || token[at] == 127)
            return sid__fail(err, SID_EUSAGE,
                             "the template has a control byte at %zu; tabs and line ends separate items", at);
        if (found == FIELD_CODE && runs_into_code(token, token + at + length))
            return sid__fail(err, SID_EUSAGE,
                             "template \"%s\" would not read back: after {code} at byte %zu, a digit may follow; put "
                             "another character there, such as {code},",
                             token, at);
        has_code = has_code || found == FIELD_CODE;
    }
    if (!has_code)
        return sid__fail(err, SID_EUSAGE, "template \"%s\" has no {code}", token);
    return SID_OK;
}

sid_status sid__token_style_find(const char *name, const char *template_text, int levels, const int *codes,
                                 sid__token_style *out, sid_error *err)
{
    const char *names[STYLE_COUNT];
    const sid__token_style *found = NULL;
    for (int i = 0; i < STYLE_COUNT; i++) {
        names[i] = styles[i].name;
        found = strcmp(name, names[i]) == 0 ? &styles[i] : found;
    }
    const char *near = found ? NULL : sid_closest(name, names, STYLE_COUNT);
    if (!found)
        return sid__fail(err, SID_EUSAGE,
                         "no token form is called \"%s\"%s%s%s; they are letters, onerec, flat, offset, template", name,
                         near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    sid__token_style style = *found;
    style.levels = levels;
    style.codes = codes;
    if (!style.token) {
        SID_TRY(check_template(template_text, err));
        style.token = template_text;
    }
    if (strstr(style.token, "{letter}") && levels > SID__TOKEN_LETTERS)
        return sid__fail(err, SID_EUSAGE, "%s has letters for %d levels, there are %d; use another form", name,
                         SID__TOKEN_LETTERS, levels);
    if (strstr(style.token, "{offset}") && !codes)
        return sid__fail(err, SID_EUSAGE,
                         "offset does not tell how many codes a level has; pass --codes 256, or one number a level");
    *out = style;
    return SID_OK;
}

/* ---- Writing */

/* The number of code 0 of a level, counted from 1; 0 is padding. */
static int64_t offset_of(const sid__token_style *style, int level)
{
    int64_t offset = 1;
    for (int l = 0; l < level; l++)
        offset += style->codes[l];
    return offset;
}

static sid_status append_token(const sid__token_style *style, int level, int code, sid__strbuf *out, sid_error *err)
{
    for (size_t at = 0, length; style->token[at]; at += length) {
        switch (field_at(style->token + at, &length)) {
        case FIELD_NONE:
            SID_TRY(sid__strbuf_append(out, style->token + at, 1, err));
            break;
        case FIELD_CODE:
            SID_TRY(sid__strbuf_printf(out, err, "%d", code));
            break;
        case FIELD_LEVEL:
            SID_TRY(sid__strbuf_printf(out, err, "%d", level + 1));
            break;
        case FIELD_LETTER:
            SID_TRY(sid__strbuf_printf(out, err, "%c", 'a' + level));
            break;
        case FIELD_OFFSET:
            SID_TRY(sid__strbuf_printf(out, err, "%lld", (long long)(offset_of(style, level) + code)));
            break;
        }
    }
    return SID_OK;
}

sid_status sid__tokens_append(const sid__token_style *style, const uint16_t *codes, int count, const char *separator,
                              sid__strbuf *out, sid_error *err)
{
    const char *between = separator ? separator : style->separator;
    SID_TRY(sid__strbuf_printf(out, err, "%s%s", style->begin, *style->begin ? between : ""));
    for (int l = 0; l < count; l++) {
        SID_TRY(sid__strbuf_append(out, between, l ? strlen(between) : 0, err));
        SID_TRY(append_token(style, l, codes[l], out, err));
    }
    for (int l = count; l < style->levels && strstr(style->token, "{offset}"); l++)
        SID_TRY(sid__strbuf_printf(out, err, "%s0", between));
    return sid__strbuf_printf(out, err, "%s%s", *style->end ? between : "", style->end);
}

/* ---- Reading */

typedef struct cursor {
    const sid__token_style *style;
    const char *text, *at;
} cursor;

static sid_status fail_here(const cursor *c, const char *expected, sid_error *err)
{
    return sid__fail(err, SID_EDATA, "\"%.60s\": %s is expected at byte %zu", c->text, expected,
                     (size_t)(c->at - c->text));
}

static sid_status read_number(cursor *c, int64_t most, int64_t *out, sid_error *err)
{
    char expected[48];
    const char *begin = c->at;
    int64_t value = 0;
    while (*c->at >= '0' && *c->at <= '9' && value <= most)
        value = value * 10 + (*c->at++ - '0');
    bool is_good = c->at > begin && value <= most && (*begin != '0' || c->at == begin + 1);
    (void)snprintf(expected, sizeof expected, "a number from 0 to %lld", (long long)most);
    *out = value;
    if (is_good)
        return SID_OK;
    c->at = begin;
    return fail_here(c, expected, err);
}

static sid_status read_literal(cursor *c, const char *text, sid_error *err)
{
    char expected[SID__TOKEN_SIZE_MAX + 8];
    size_t length = strlen(text);
    (void)snprintf(expected, sizeof expected, "\"%s\"", text);
    if (strncmp(c->at, text, length) != 0)
        return fail_here(c, expected, err);
    c->at += length;
    return SID_OK;
}

/* The code of an offset, of a level that must be `level`. */
static sid_status read_offset(cursor *c, int level, int64_t *code, sid_error *err)
{
    char expected[80];
    int64_t first = offset_of(c->style, level), value = 0;
    const char *begin = c->at;
    SID_TRY(read_number(c, (int64_t)SID_CODES_MAX * (SID_LEVELS_MAX + 1), &value, err));
    *code = value - first;
    if (*code >= 0 && *code < c->style->codes[level])
        return SID_OK;
    c->at = begin;
    (void)snprintf(expected, sizeof expected, "a number of level %d, %lld to %lld,", level + 1, (long long)first,
                   (long long)first + c->style->codes[level] - 1);
    return fail_here(c, expected, err);
}

/* One field or one byte of the token's text. */
static sid_status read_field(cursor *c, field which, int level, char literal, int64_t *code, sid_error *err)
{
    char text[16] = {literal, 0};
    int64_t again = 0;
    switch (which) {
    case FIELD_OFFSET:
        return read_offset(c, level, code, err);
    case FIELD_CODE:
        SID_TRY(read_number(c, SID_CODES_MAX - 1, &again, err));
        if (*code >= 0 && again != *code)
            return fail_here(c, "the same code again", err);
        *code = again;
        return SID_OK;
    case FIELD_LETTER:
        text[0] = (char)('a' + level);
        break;
    case FIELD_LEVEL:
        (void)snprintf(text, sizeof text, "%d", level + 1);
        break;
    case FIELD_NONE:
        break;
    }
    return read_literal(c, text, err);
}

static sid_status read_token(cursor *c, int level, uint16_t *code, sid_error *err)
{
    int64_t value = -1;
    const char *token = c->style->token;
    if (strstr(token, "{letter}") && level >= SID__TOKEN_LETTERS)
        return fail_here(c, "the end (there are 26 letters)", err);
    if (strstr(token, "{offset}") && level >= c->style->levels)
        return fail_here(c, "the end", err);
    for (size_t at = 0, length; token[at]; at += length) {
        field which = field_at(token + at, &length);
        SID_TRY(read_field(c, which, level, token[at], &value, err));
    }
    *code = (uint16_t)value;
    return SID_OK;
}

static void skip_space(cursor *c)
{
    c->at += *c->at == ' ' && c->at > c->text;
}

/* Zeros up to the end of the text. */
static bool is_padding(const char *at)
{
    while (*at == '0' || *at == ' ')
        at++;
    return *at == 0;
}

static bool is_at_end(const cursor *c)
{
    const char *end = c->style->end;
    if (strstr(c->style->token, "{offset}") && *c->at == '0')
        return is_padding(c->at);
    return *c->at == 0 || (*end && strncmp(c->at, end, strlen(end)) == 0);
}

sid_status sid__tokens_parse(const sid__token_style *style, const char *text, int max, uint16_t *codes, int *count,
                             sid_error *err)
{
    cursor c = {.style = style, .text = text, .at = text};
    int found = 0;
    SID_TRY(read_literal(&c, style->begin, err));
    for (skip_space(&c); !is_at_end(&c); skip_space(&c)) {
        if (found == max)
            return sid__fail(err, SID_EDATA, "\"%.60s\": more than %d codes", text, max);
        SID_TRY(read_token(&c, found, &codes[found], err));
        found++;
    }
    if (found == 0)
        return fail_here(&c, "a code", err);
    if (*c.at || !style->end_is_optional)
        SID_TRY(*c.at == '0' && is_padding(c.at) ? SID_OK : read_literal(&c, style->end, err));
    if (*style->end && *c.at)
        return fail_here(&c, "the end", err);
    *count = found;
    return SID_OK;
}
