/* json_where.c: see json_where.h. */
#include "io/json_where.h"

#include <stdlib.h>
#include <string.h>

static bool next(sid__json_scanner *scanner, sid__json_token *out)
{
    return sid__json_next(scanner, out, NULL) == SID_OK && out->kind != SID__JSON_END;
}

static bool is_mark(const sid__json_token *token, char mark)
{
    return token->kind == SID__JSON_MARK && *token->at == mark;
}

/* What begins with `token`, to its end. */
static void pass_value(sid__json_scanner *scanner, const sid__json_token *token)
{
    sid__json_token at = *token;
    for (int depth = 0;;) {
        depth += is_mark(&at, '{') || is_mark(&at, '[');
        depth -= is_mark(&at, '}') || is_mark(&at, ']');
        if (depth <= 0 || !next(scanner, &at))
            return;
    }
}

/* Behind "{": to the value of a member; *found its name's offset. */
static bool enter_object(sid__json_scanner *scanner, const char *name, size_t size, size_t *found)
{
    sid__json_token token;
    while (next(scanner, &token) && !is_mark(&token, '}')) {
        if (token.kind != SID__JSON_STRING)
            continue; /* , and : */
        bool is_it = token.size == size && memcmp(token.at, name, size) == 0;
        *found = (size_t)(token.at - scanner->bytes);
        if (!next(scanner, &token)) /* : */
            return false;
        if (is_it)
            return true;
        if (next(scanner, &token))
            pass_value(scanner, &token);
    }
    return false;
}

/* Behind "[": to the value of that number. */
static bool enter_list(sid__json_scanner *scanner, long index, size_t *found)
{
    sid__json_token token;
    for (long i = 0; i < index; i++) {
        if (!next(scanner, &token) || is_mark(&token, ']'))
            return false;
        pass_value(scanner, &token);
        if (!next(scanner, &token) || is_mark(&token, ']'))
            return false;
    }
    sid__json_scanner ahead = *scanner;
    if (!next(&ahead, &token) || is_mark(&token, ']'))
        return false;
    *found = (size_t)(token.at - scanner->bytes);
    return true;
}

sid__place sid__json_where(const char *bytes, size_t size, const char *path, const char *file)
{
    sid__json_scanner scanner = {.bytes = bytes, .size = size, .start = {.file = file, .row = 1, .byte = 0}};
    size_t found = 0, offset = 0;
    sid__json_token token;
    for (const char *at = path; *at && next(&scanner, &token);) {
        size_t part = strcspn(at, "/");
        bool is_there = is_mark(&token, '{')   ? enter_object(&scanner, at, part, &offset)
                        : is_mark(&token, '[') ? enter_list(&scanner, strtol(at, NULL, 10), &offset)
                                               : false;
        if (!is_there)
            break;
        found = offset;
        at += part + (at[part] == '/');
    }
    sid__place place = sid__json_place(&scanner, found);
    place.byte = -1;
    return place;
}
