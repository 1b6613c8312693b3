/* import_read.c: files of SIDs made elsewhere, read with every code and count checked. Ranges are those of a stored code;
 * which codes a level has is what the file shows.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/interchange.h"
#include "io/delimited.h"
#include "io/items.h"
#include "io/json.h"

enum { FILE_SIZE_MAX = 1 << 30, FIELD_COUNT_MAX = SID_LEVELS_MAX + 1 };

void sid__imported_drop(sid__imported *imported)
{
    sid__free(imported->codes);
    sid__free(imported->digit);
    sid__free(imported->id);
    sid__free(imported->line);
    sid__arena_drop(&imported->arena);
    *imported = (sid__imported){0};
}

static sid__place place_of(const sid__imported *in, int64_t line)
{
    return (sid__place){.file = in->path, .row = line, .byte = -1};
}

/* A row of the file: `count` codes of which the last is the digit when has_digit. */
typedef struct record {
    const char *id;
    int64_t line;
    int codes[FIELD_COUNT_MAX];
    int count;
    bool has_digit_field; /* the file tells digits */
    int32_t digit;        /* SID__DIGIT_NONE: none */
} record;

/* Takes the last code as the digit. */
static void split_digit(record *r)
{
    r->has_digit_field = true;
    r->digit = r->count > 0 ? r->codes[--r->count] : SID__DIGIT_NONE;
}

static sid_status append(sid__imported *in, const record *r, sid_error *err)
{
    char *id = NULL;
    int64_t at = in->count;
    if (r->count < 1 || r->count > SID_LEVELS_MAX)
        return sid__fail_at(err, SID_EDATA, place_of(in, r->line), "%d codes; 1 to %d are expected", r->count,
                            SID_LEVELS_MAX);
    if (in->levels && r->count != in->levels)
        return sid__fail_at(
            err, SID_EDATA, place_of(in, r->line),
            "%d codes, the rows before have %d; if the last is an added digit, pass --digit-column last", r->count,
            in->levels);
    in->levels = r->count;
    SID_TRY(sid__grow(&in->codes, &in->codes_capacity, (at + 1) * in->levels, sizeof *in->codes, "codes", err));
    SID_TRY(sid__grow(&in->id, &in->id_capacity, at + 1, sizeof *in->id, "ids", err));
    SID_TRY(sid__grow(&in->line, &in->line_capacity, at + 1, sizeof *in->line, "lines", err));
    if (r->has_digit_field)
        SID_TRY(sid__grow(&in->digit, &in->digit_capacity, at + 1, sizeof *in->digit, "digits", err));
    SID_TRY(sid__arena_text(&in->arena, r->id, strlen(r->id), &id, err));
    for (int l = 0; l < in->levels; l++)
        in->codes[at * in->levels + l] = (uint16_t)r->codes[l];
    if (r->has_digit_field)
        in->digit[at] = r->digit;
    in->id[at] = id;
    in->line[at] = r->line;
    in->count++;
    return SID_OK;
}

static sid_status parse_code(const sid__imported *in, int64_t line, const char *column, const char *text, int *out,
                             sid_error *err)
{
    size_t digits = strspn(text, "0123456789");
    long value = digits > 0 && digits <= 5 && text[digits] == 0 ? strtol(text, NULL, 10) : -1;
    if (value < 0 || value >= SID_CODES_MAX)
        return sid__fail_at(err, SID_EDATA, place_of(in, line), "%s is \"%.40s\"; a code from 0 to %d is expected",
                            column, text, SID_CODES_MAX - 1);
    *out = (int)value;
    return SID_OK;
}

/* ---- tsv, csv ----------------------------------------------------------------------------------------------------- */

/* Which column is what; code_column[0 .. code_count-1] are the codes. */
typedef struct columns {
    int sid, digit; /* -1: none */
    int code[FIELD_COUNT_MAX], code_count;
} columns;

static sid_status find_columns(const sid__imported *in, const sid_items *items, columns *out, sid_error *err)
{
    *out = (columns){.sid = -1, .digit = -1};
    for (int c = 0; c < sid_items_column_count(items); c++) {
        const char *name = sid_items_column_name(items, c);
        if (strcmp(name, "sid") == 0)
            out->sid = c;
        else if (strcmp(name, "digit") == 0)
            out->digit = c;
        else if (out->code_count == FIELD_COUNT_MAX)
            return sid__fail_at(err, SID_EDATA, place_of(in, 1), "more than %d columns of codes", FIELD_COUNT_MAX);
        else
            out->code[out->code_count++] = c;
    }
    if (out->code_count == 0 && out->sid < 0)
        return sid__fail_at(err, SID_EDATA, place_of(in, 1),
                            "no columns of codes; item_id, then sid or c1, c2, .. are expected");
    return SID_OK;
}

/* A line of a file that has nothing but a sid column. */
static sid_status read_sid_text(const sid__imported *in, const char *text, record *r, sid_error *err)
{
    uint16_t codes[FIELD_COUNT_MAX];
    sid_error why = {0};
    if (sid_parse(text, FIELD_COUNT_MAX, codes, &r->count, &why) != SID_OK)
        return sid__fail_at(err, SID_EDATA, place_of(in, r->line), "%s", why.message);
    for (int l = 0; l < r->count; l++)
        r->codes[l] = codes[l];
    return SID_OK;
}

static sid_status read_item(const sid__imported *in, const sid_items *items, int64_t row, const columns *which,
                            bool is_digit_last, record *r, sid_error *err)
{
    *r = (record){.id = sid_items_id(items, row), .line = items->item[row].line, .digit = SID__DIGIT_NONE};
    for (int i = 0; i < which->code_count; i++) {
        const char *text = sid_items_value(items, row, which->code[i]);
        bool is_blank_digit = is_digit_last && i == which->code_count - 1 && text[0] == 0;
        if (is_blank_digit) {
            r->has_digit_field = true;
            return SID_OK;
        }
        SID_TRY(
            parse_code(in, r->line, sid_items_column_name(items, which->code[i]), text, &r->codes[r->count++], err));
    }
    if (which->code_count == 0)
        SID_TRY(read_sid_text(in, sid_items_value(items, row, which->sid), r, err));
    if (is_digit_last && which->digit < 0)
        split_digit(r);
    if (which->digit >= 0) {
        const char *text = sid_items_value(items, row, which->digit);
        int digit = SID__DIGIT_NONE;
        r->has_digit_field = true;
        if (text[0])
            SID_TRY(parse_code(in, r->line, "digit", text, &digit, err));
        r->digit = digit;
    }
    return SID_OK;
}

static sid_status read_table(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    sid_items *items = NULL;
    columns which;
    record r;
    SID_TRY(sid_items_read(ctx, in->path, NULL, &items, err));
    sid_status status = find_columns(in, items, &which, err);
    for (int64_t row = 0; row < sid_items_count(items) && status == SID_OK; row++) {
        status = read_item(in, items, row, &which, options->digit_column_last, &r, err);
        if (status == SID_OK)
            status = append(in, &r, err);
    }
    sid_items_free(items);
    return status;
}

/* ---- jsonl -------------------------------------------------------------------------------------------------------- */

static sid_status json_code(const sid__imported *in, int64_t line, const json_t *value, int *out, sid_error *err)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) >= SID_CODES_MAX)
        return sid__fail_at(err, SID_EDATA, place_of(in, line), "a code is not a whole number from 0 to %d",
                            SID_CODES_MAX - 1);
    *out = (int)json_integer_value(value);
    return SID_OK;
}

static sid_status read_json(const sid__imported *in, const json_t *root, bool is_digit_last, record *r, sid_error *err)
{
    const json_t *id = json_object_get(root, "item_id"), *codes = json_object_get(root, "codes"),
                 *sid = json_object_get(root, "sid"), *digit = json_object_get(root, "digit");
    if (!json_is_string(id))
        return sid__fail_at(err, SID_EDATA, place_of(in, r->line), "\"item_id\": a text of 1 to %d bytes is expected",
                            SID_ITEM_ID_MAX);
    SID_TRY(sid__check_id(json_string_value(id), json_string_length(id), "item_id", place_of(in, r->line), err));
    r->id = json_string_value(id);
    if (json_is_array(codes) && json_array_size(codes) <= FIELD_COUNT_MAX) {
        for (size_t i = 0; i < json_array_size(codes); i++)
            SID_TRY(json_code(in, r->line, json_array_get(codes, i), &r->codes[r->count++], err));
    } else if (!codes && json_is_string(sid)) {
        SID_TRY(read_sid_text(in, json_string_value(sid), r, err));
    } else {
        return sid__fail_at(err, SID_EDATA, place_of(in, r->line),
                            "\"codes\": a list of at most %d numbers is expected", FIELD_COUNT_MAX);
    }
    if (digit) {
        int value = 0;
        SID_TRY(json_code(in, r->line, digit, &value, err));
        r->has_digit_field = true;
        r->digit = value;
    } else if (is_digit_last) {
        split_digit(r);
    }
    return SID_OK;
}

/* The digit member is left out where a row has none (suffix), so rows before the first one are filled up. */
static sid_status note_digits(sid__imported *in, record *r, sid_error *err)
{
    if (in->digit)
        r->has_digit_field = true;
    if (!r->has_digit_field || in->digit)
        return SID_OK;
    SID_TRY(sid__grow(&in->digit, &in->digit_capacity, in->count + 1, sizeof *in->digit, "digits", err));
    for (int64_t i = 0; i < in->count; i++)
        in->digit[i] = SID__DIGIT_NONE;
    return SID_OK;
}

static sid_status read_json_line(sid__imported *in, const char *text, size_t size, int64_t line, bool is_digit_last,
                                 sid_error *err)
{
    json_t *root = NULL;
    sid_error why = {0};
    record r = {.line = line, .digit = SID__DIGIT_NONE};
    sid_status status = sid__json_parse(text, size, in->path, &root, &why);
    if (status != SID_OK) /* its own line number counts from this line */
        return sid__fail_at(err, status, place_of(in, line), "%s", why.message);
    status = read_json(in, root, is_digit_last, &r, err);
    if (status == SID_OK)
        status = note_digits(in, &r, err);
    if (status == SID_OK)
        status = append(in, &r, err);
    json_decref(root);
    return status;
}

static sid_status read_jsonl(const sid_import_options *options, sid__imported *in, sid_error *err)
{
    char *text = NULL;
    int64_t size = 0, line = 0;
    SID_TRY(sid__read_whole(in->path, FILE_SIZE_MAX, &text, &size, err));
    sid_status status = SID_OK;
    for (int64_t at = 0; at < size && status == SID_OK;) {
        const char *end = memchr(text + at, '\n', (size_t)(size - at));
        int64_t length = end ? end - (text + at) : size - at;
        line++;
        if (length > 0)
            status = read_json_line(in, text + at, (size_t)length, line, options->digit_column_last, err);
        at += length + 1;
    }
    sid__free(text);
    return status;
}

/* ---- npy ---------------------------------------------------------------------------------------------------------- */

static sid_status read_codes(sid__imported *in, const sid__npy_reader *reader, sid_error *err)
{
    if (reader->header.dtype != SID__U16 || reader->rows < 1 || reader->dim > SID_LEVELS_MAX)
        return sid__fail_at(err, SID_EDATA, place_of(in, 0),
                            "a (N, L) array of uint16 with 1 to %d columns is expected", SID_LEVELS_MAX);
    SID_TRY(sid__alloc(&in->codes, (size_t)reader->rows, (size_t)reader->dim * sizeof *in->codes, "codes", err));
    in->levels = reader->dim;
    in->count = reader->rows;
    return sid__npy_read_raw(reader, 0, reader->rows, in->codes, err);
}

static sid_status read_array(sid__imported *in, sid_error *err)
{
    sid__npy_reader reader;
    SID_TRY(sid__npy_open(in->path, &reader, err));
    sid_status status = read_codes(in, &reader, err);
    sid__npy_close(&reader);
    return status;
}

/* One id a line, as many as rows. `path` is that of the ids. */
static sid_status split_ids(sid__imported *in, const char *path, const char *text, int64_t size, sid_error *err)
{
    int64_t row = 0;
    for (int64_t at = 0; at < size; row++) {
        const char *end = memchr(text + at, '\n', (size_t)(size - at));
        int64_t length = end ? end - (text + at) : size - at, next = at + length + 1;
        char *id = NULL;
        length -= length > 0 && text[at + length - 1] == '\r';
        if (row == in->count || length < 1 || length > SID_ITEM_ID_MAX)
            return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .row = row + 1, .byte = -1},
                                "%" PRId64 " ids of 1 to %d bytes, one a line, are expected", in->count,
                                SID_ITEM_ID_MAX);
        const sid__place place = {.file = path, .row = row + 1, .byte = -1};
        SID_TRY(sid__check_id(text + at, (size_t)length, "item_id", place, err));
        SID_TRY(sid__arena_text(&in->arena, text + at, (size_t)length, &id, err));
        in->id[row] = id;
        at = next;
    }
    if (row != in->count)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                            "%" PRId64 " ids, %s has %" PRId64 " rows", row, in->path, in->count);
    return SID_OK;
}

/* Ids of an array: those beside it as export writes them, else of the items, else of the vectors. */
static sid_status name_rows(const sid_import_options *options, sid__imported *in, sid_error *err)
{
    char path[PATH_MAX], *text = NULL;
    int64_t size = 0;
    SID_TRY(sid__alloc(&in->id, (size_t)in->count, sizeof *in->id, "ids", err));
    SID_TRY(sid__alloc(&in->line, (size_t)in->count, sizeof *in->line, "lines", err));
    SID_TRY(sid__ids_path(in->path, path, sizeof path, err));
    if (sid__path_exists(path)) {
        SID_TRY(sid__read_whole(path, FILE_SIZE_MAX, &text, &size, err));
        sid_status status = split_ids(in, path, text, size, err);
        sid__free(text);
        return status;
    }
    int64_t named = options->items ? sid_items_count(options->items) : sid_vectors_count(options->vectors);
    if (named != in->count)
        return sid__fail_at(err, SID_EDATA, place_of(in, 0),
                            "%" PRId64 " rows, the %s have %" PRId64 "; put the ids beside it as %s", in->count,
                            options->items ? "items" : "vectors", named, path);
    for (int64_t row = 0; row < in->count; row++) {
        char *id = NULL;
        const char *name = options->items ? sid_items_id(options->items, row) : sid_vectors_id(options->vectors, row);
        SID_TRY(sid__arena_text(&in->arena, name, strlen(name), &id, err));
        in->id[row] = id;
    }
    return SID_OK;
}

/* The last column of an array as digits. */
static sid_status split_digit_column(sid__imported *in, sid_error *err)
{
    int width = in->levels;
    if (width < 2)
        return sid__fail_at(err, SID_EDATA, place_of(in, 0), "one column; a digit needs codes before it");
    SID_TRY(sid__alloc(&in->digit, (size_t)in->count, sizeof *in->digit, "digits", err));
    in->levels = width - 1;
    for (int64_t i = 0; i < in->count; i++) {
        in->digit[i] = in->codes[i * width + width - 1];
        memmove(in->codes + i * in->levels, in->codes + i * width, (size_t)in->levels * sizeof *in->codes);
    }
    return SID_OK;
}

static sid_status read_npy(const sid_import_options *options, sid__imported *in, sid_error *err)
{
    SID_TRY(read_array(in, err));
    SID_TRY(name_rows(options, in, err));
    return options->digit_column_last ? split_digit_column(in, err) : SID_OK;
}

sid_status sid__import_read(sid_ctx *ctx, const char *path, sid__form form, const sid_import_options *options,
                            sid__imported *out, sid_error *err)
{
    sid__imported in = {.path = path};
    sid_status status = form == SID__FORM_TSV     ? read_table(ctx, options, &in, err)
                        : form == SID__FORM_JSONL ? read_jsonl(options, &in, err)
                                                  : read_npy(options, &in, err);
    if (status == SID_OK && in.count == 0)
        status = sid__fail_at(err, SID_EDATA, place_of(&in, 0), "no SIDs; at least one is expected");
    if (status != SID_OK) {
        sid__imported_drop(&in);
        return status;
    }
    *out = in;
    return SID_OK;
}
