/* import_read.c: what the readers of all forms share: rows of one width or of any, ids of files that have none. Every code
 * and count is checked; ranges are those of a stored code, since which codes a level has is what the file shows.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/interchange.h"
#include "io/delimited.h"

void sid__imported_drop(sid__imported *imported)
{
    sid__free(imported->codes);
    sid__free(imported->digit);
    sid__free(imported->id);
    sid__free(imported->line);
    sid__free(imported->width);
    sid__free(imported->loose);
    sid__arena_drop(&imported->arena);
    *imported = (sid__imported){0};
}

sid__place sid__import_place(const sid__imported *in, int64_t line)
{
    return (sid__place){.file = in->path, .row = line, .byte = -1};
}

/* ---- Rows */

static sid_status fail_width(const sid__imported *in, int64_t line, int seen, int expected, sid_error *err)
{
    return sid__fail_at(err, SID_EDATA, sid__import_place(in, line),
                        "%d codes, the rows before have %d; if the last is an added digit, pass --digit-column last",
                        seen, expected);
}

static sid_status add_id(sid__imported *in, const char *id, int64_t line, sid_error *err)
{
    char *copy = NULL;
    int64_t at = in->count;
    SID_TRY(sid__grow(&in->id, &in->id_capacity, at + 1, sizeof *in->id, "ids", err));
    SID_TRY(sid__grow(&in->line, &in->line_capacity, at + 1, sizeof *in->line, "lines", err));
    if (id)
        SID_TRY(sid__arena_text(&in->arena, id, strlen(id), &copy, err));
    in->id[at] = copy;
    in->line[at] = line;
    return SID_OK;
}

sid_status sid__import_add(sid__imported *in, const char *id, int64_t line, const int *codes, int count, bool has_digit,
                           int32_t digit, sid_error *err)
{
    int64_t at = in->count;
    if (count < 1 || count > SID_LEVELS_MAX)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, line), "%d codes; 1 to %d are expected", count,
                            SID_LEVELS_MAX);
    if (in->levels && count != in->levels)
        return fail_width(in, line, count, in->levels, err);
    in->levels = count;
    SID_TRY(sid__grow(&in->codes, &in->codes_capacity, (at + 1) * in->levels, sizeof *in->codes, "codes", err));
    if (has_digit)
        SID_TRY(sid__grow(&in->digit, &in->digit_capacity, at + 1, sizeof *in->digit, "digits", err));
    SID_TRY(add_id(in, id, line, err));
    for (int l = 0; l < in->levels; l++)
        in->codes[at * in->levels + l] = (uint16_t)codes[l];
    if (has_digit)
        in->digit[at] = digit;
    in->count++;
    return SID_OK;
}

sid_status sid__import_add_loose(sid__imported *in, const char *id, int64_t line, const uint16_t *codes, int count,
                                 sid_error *err)
{
    SID_TRY(sid__grow(&in->loose, &in->loose_capacity, in->loose_count + count, sizeof *in->loose, "codes", err));
    SID_TRY(sid__grow(&in->width, &in->width_capacity, in->count + 1, sizeof *in->width, "widths", err));
    SID_TRY(add_id(in, id, line, err));
    memcpy(in->loose + in->loose_count, codes, (size_t)count * sizeof *codes);
    in->loose_count += count;
    in->width[in->count++] = (uint8_t)count;
    return SID_OK;
}

/* Rows are in->levels wide, or wider by a digit. Without is_digit_last the first row says how wide all must be. */
static sid_status check_widths(sid__imported *in, bool is_digit_last, sid_error *err)
{
    int widest = 0, narrowest = SID__IMPORT_CODES_MAX;
    for (int64_t i = 0; i < in->count; i++) {
        widest = in->width[i] > widest ? in->width[i] : widest;
        narrowest = in->width[i] < narrowest ? in->width[i] : narrowest;
    }
    in->levels = is_digit_last ? widest - 1 : in->width[0];
    if (in->levels < 1 || in->levels > SID_LEVELS_MAX)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, in->line[0]), "%d codes%s; 1 to %d are expected",
                            in->levels, is_digit_last ? " before the digit" : "", SID_LEVELS_MAX);
    for (int64_t i = 0; i < in->count; i++)
        if (in->width[i] != in->levels && !(is_digit_last && in->width[i] == widest))
            return fail_width(in, in->line[i], in->width[i], is_digit_last ? widest : in->levels, err);
    return SID_OK;
}

sid_status sid__import_settle(sid__imported *in, bool is_digit_last, sid_error *err)
{
    const uint16_t *from = in->loose;
    if (in->count == 0)
        return SID_OK;
    SID_TRY(check_widths(in, is_digit_last, err));
    size_t row_size = (size_t)in->levels * sizeof *in->codes;
    SID_TRY(sid__alloc(&in->codes, (size_t)in->count, row_size, "codes", err));
    if (is_digit_last)
        SID_TRY(sid__alloc(&in->digit, (size_t)in->count, sizeof *in->digit, "digits", err));
    for (int64_t i = 0; i < in->count; i++) {
        memcpy(in->codes + i * in->levels, from, row_size);
        if (is_digit_last)
            in->digit[i] = in->width[i] > in->levels ? from[in->levels] : SID__DIGIT_NONE;
        from += in->width[i];
    }
    return SID_OK;
}

/* ---- Ids of files that have none */

typedef struct id_lines {
    sid__imported *in; /* whose arena keeps the ids */
    const char *path;
    sid__row_names *names;
    int64_t capacity;
} id_lines;

static sid_status fail_line(const id_lines *lines, int64_t line, const char *expected, sid_error *err)
{
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = lines->path, .row = line, .byte = -1}, "%s is expected",
                        expected);
}

static sid_status put_name(id_lines *lines, int64_t row, const char *id, size_t size, sid_error *err)
{
    char *copy = NULL;
    SID_TRY(sid__grow(&lines->names->id, &lines->capacity, row + 1, sizeof *lines->names->id, "ids", err));
    SID_TRY(sid__arena_text(&lines->in->arena, id, size, &copy, err));
    lines->names->id[row] = copy;
    return SID_OK;
}

/* A line `id`, or `id TAB row` where rows must come in order: they are what the file is for. */
static sid_status take_line(id_lines *lines, const char *at, int64_t length, bool has_row, sid_error *err)
{
    int64_t row = lines->names->count;
    char number[24];
    size_t size = length > 0 ? (size_t)length : 0;
    const char *tab = has_row ? memchr(at, '\t', size) : NULL;
    size_t id_size = tab ? (size_t)(tab - at) : size;
    if (has_row && id_size < 1)
        return fail_line(lines, row + 1, "item_id, a tab, the row", err);
    SID_TRY(sid__check_id(at, id_size, "id", (sid__place){.file = lines->path, .row = row + 1, .byte = -1}, err));
    int digits = snprintf(number, sizeof number, "%" PRId64, row);
    bool is_row = tab && size - id_size - 1 == (size_t)digits && memcmp(tab + 1, number, (size_t)digits) == 0;
    if (has_row && !is_row) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "item_id, a tab and the row, here %s,", number);
        return fail_line(lines, row + 1, expected, err);
    }
    SID_TRY(put_name(lines, row, at, id_size, err));
    lines->names->count++;
    return SID_OK;
}

static sid_status read_names(sid__imported *in, bool has_row, sid__row_names *out, sid_error *err)
{
    char *text = NULL;
    int64_t size = 0;
    id_lines lines = {.in = in, .path = out->path, .names = out};
    SID_TRY(sid__read_whole(out->path, SID__IMPORT_SIZE_MAX, &text, &size, err));
    sid_status status = SID_OK;
    for (int64_t at = 0; at < size && status == SID_OK;) {
        const char *end = memchr(text + at, '\n', (size_t)(size - at));
        int64_t length = end ? end - (text + at) : size - at, kept = length;
        kept -= kept > 0 && text[at + kept - 1] == '\r';
        status = take_line(&lines, text + at, kept, has_row, err);
        at += length + 1;
    }
    sid__free(text);
    return status;
}

sid_status sid__row_names_read(sid__imported *in, const sid_import_options *options, const char *ending,
                               sid__row_names *out, sid_error *err)
{
    *out = (sid__row_names){0};
    SID_TRY(sid__beside_path(in->path, ending, out->path, sizeof out->path, err));
    out->from = out->path;
    if (sid__path_exists(out->path)) {
        sid_status status = read_names(in, strcmp(ending, SID__ROWS_ENDING) == 0, out, err);
        if (status != SID_OK)
            sid__row_names_drop(out);
        return status;
    }
    out->from = options->items ? "the items" : "the vectors";
    out->count = options->items     ? sid_items_count(options->items)
                 : options->vectors ? sid_vectors_count(options->vectors)
                                    : 0;
    SID_TRY(sid__alloc(&out->id, (size_t)out->count, sizeof *out->id, "ids", err));
    for (int64_t row = 0; row < out->count; row++)
        out->id[row] = options->items ? sid_items_id(options->items, row) : sid_vectors_id(options->vectors, row);
    return SID_OK;
}

void sid__row_names_drop(sid__row_names *names)
{
    sid__free(names->id);
    names->id = NULL;
}

sid_status sid__import_name_rows(sid__imported *in, const sid__row_names *names, sid_error *err)
{
    if (names->count != in->count)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, 0),
                            "%" PRId64 " rows for the %" PRId64 " ids of %s; the ids, one a row, go beside it as %s",
                            in->count, names->count, names->from, names->path);
    for (int64_t row = 0; row < in->count; row++) {
        char *id = NULL;
        SID_TRY(sid__arena_text(&in->arena, names->id[row], strlen(names->id[row]), &id, err));
        in->id[row] = id;
    }
    return SID_OK;
}
