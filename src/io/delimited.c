/* delimited.c: first the row's end is found (in CSV outside quotes), then its fields are cut. A bad row thus never hides
 * where the next one starts, which is what skipping and quarantining rows need.
 */
#include "io/delimited.h"

#include <inttypes.h>
#include <string.h>

#include "io/utf8.h"

void sid__row_reader_init(sid__row_reader *reader, sid__source *source, sid__row_form form)
{
    *reader = (sid__row_reader){.source = source, .form = form, .next_line = 1};
}

void sid__row_reader_drop(sid__row_reader *reader)
{
    sid__free(reader->field);
    sid__free(reader->unquoted);
    *reader = (sid__row_reader){0};
}

static sid__place place_of(const sid__row_reader *reader, int64_t line, int64_t byte)
{
    return (sid__place){.file = reader->source->path, .row = line, .byte = byte};
}

/* ---- The row's bytes ---- */

/* Where a search stands between two windows: inside quotes or not, and the last quote that closed, both relative to the
 * row's start. */
typedef struct quote_state {
    bool is_quoted;
    int64_t closed_at; /* -1: none */
} quote_state;

/* A quote opens only where a field starts; anywhere else in an unquoted field it is an error of its own row and must not
 * swallow the rows after it. Right behind a closing quote it is the second half of "". */
static void pass_quote(const char *begin, int64_t at, quote_state *state)
{
    bool is_opening = at == 0 || begin[at - 1] == ',' || state->closed_at == at - 1;
    if (state->is_quoted)
        state->closed_at = at;
    state->is_quoted = !state->is_quoted && is_opening;
}

/* Searches from `from` (relative to the unread bytes) for the newline that ends the row; -1: not in the window. */
static int64_t find_end(const sid__row_reader *reader, int64_t from, quote_state *state)
{
    const char *begin = reader->source->window + reader->source->begin;
    const char *end = reader->source->window + reader->source->end;
    for (const char *at = begin + from; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
        if (reader->form == SID__ROWS_CSV)
            for (const char *quote = at; (quote = memchr(quote, '"', (size_t)(stop - quote))); quote++)
                pass_quote(begin, quote - begin, state);
        if (newline && !state->is_quoted)
            return newline - begin;
        at = stop + 1;
    }
    return -1;
}

/* Sets raw and raw_size to the next row; *has_row false at the end of the input. */
static sid_status take_raw(sid__row_reader *reader, bool *has_row, sid_error *err)
{
    sid__source *source = reader->source;
    quote_state state = {.closed_at = -1};
    int64_t scanned = 0, newline = -1;
    for (;;) {
        if (source->end - source->begin > scanned)
            newline = find_end(reader, scanned, &state);
        scanned = source->end - source->begin;
        if (newline >= 0 || source->is_ended || scanned > SID__ROW_SIZE_MAX)
            break;
        SID_TRY(sid__source_more(source, err));
    }
    reader->raw_size = newline >= 0 ? newline + 1 : scanned;
    reader->raw = source->window ? source->window + source->begin : "";
    reader->line = reader->next_line;
    reader->byte = source->offset;
    reader->field_count = 0;
    *has_row = reader->raw_size > 0;
    if (reader->raw_size > SID__ROW_SIZE_MAX) {
        reader->is_stuck = true;
        return sid__fail_at(err, SID_EDATA, place_of(reader, reader->line, reader->byte),
                            "the row that starts here is longer than %d bytes%s", SID__ROW_SIZE_MAX,
                            state.is_quoted ? "; a quote is not closed" : "; is this a text file?");
    }
    for (const char *at = reader->raw, *end = at + reader->raw_size; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        reader->next_line++;
    sid__source_skip(source, reader->raw_size);
    return SID_OK;
}

/* ---- Its fields ---- */

static sid_status add_field(sid__row_reader *reader, sid__field field, sid_error *err)
{
    SID_TRY(sid__grow(&reader->field, &reader->field_capacity, reader->field_count + 1, sizeof field, "a row's fields",
                      err));
    reader->field[reader->field_count++] = field;
    return SID_OK;
}

static int64_t size_without_line_end(const sid__row_reader *reader)
{
    int64_t size = reader->raw_size;
    if (size > 0 && reader->raw[size - 1] == '\n')
        size--;
    if (size > 0 && size < reader->raw_size && reader->raw[size - 1] == '\r')
        size--;
    return size;
}

/* Fields between tabs; with `separator` -1 the whole line is one. */
static sid_status split_plain(sid__row_reader *reader, int separator, sid_error *err)
{
    const char *at = reader->raw, *end = at + size_without_line_end(reader);
    for (;;) {
        const char *tab = separator < 0 ? NULL : memchr(at, separator, (size_t)(end - at)), *stop = tab ? tab : end;
        sid__field field = {
            .text = at, .size = (size_t)(stop - at), .line = reader->line, .byte = reader->byte + (at - reader->raw)};
        SID_TRY(add_field(reader, field, err));
        if (!tab)
            return SID_OK;
        at = tab + 1;
    }
}

typedef struct csv_cursor {
    const char *at, *end; /* in the row, without its line end */
    char *write;          /* in reader->unquoted */
    int64_t line;
} csv_cursor;

static sid_status fail_csv(const sid__row_reader *reader, const csv_cursor *cursor, sid_error *err, const char *what)
{
    return sid__fail_at(err, SID_EDATA, place_of(reader, cursor->line, reader->byte + (cursor->at - reader->raw)),
                        "column %" PRId64 ": %s", reader->field_count + 1, what);
}

/* "...", with "" for a quote; leaves the cursor behind the closing one. */
static sid_status unquote(sid__row_reader *reader, csv_cursor *cursor, sid_error *err)
{
    csv_cursor opening = *cursor;
    for (cursor->at++; cursor->at < cursor->end; cursor->at++) {
        if (*cursor->at == '"') {
            if (cursor->at + 1 == cursor->end || cursor->at[1] != '"') {
                cursor->at++;
                return SID_OK;
            }
            cursor->at++;
        }
        cursor->line += *cursor->at == '\n';
        *cursor->write++ = *cursor->at;
    }
    return fail_csv(reader, &opening, err, "the quote that opens here is not closed");
}

static sid_status take_csv_field(sid__row_reader *reader, csv_cursor *cursor, sid_error *err)
{
    sid__field field = {.text = cursor->write, .line = cursor->line, .byte = reader->byte + (cursor->at - reader->raw)};
    bool is_quoted = cursor->at < cursor->end && *cursor->at == '"';
    if (is_quoted)
        SID_TRY(unquote(reader, cursor, err));
    for (; cursor->at < cursor->end && *cursor->at != ','; cursor->at++) {
        if (is_quoted)
            return fail_csv(reader, cursor, err, "text after a closing quote; write a quote inside quotes twice");
        if (*cursor->at == '"')
            return fail_csv(reader, cursor, err,
                            "a quote inside a field without quotes; quote the field, double the quote");
        *cursor->write++ = *cursor->at;
    }
    field.size = (size_t)(cursor->write - field.text);
    return add_field(reader, field, err);
}

static sid_status split_csv(sid__row_reader *reader, sid_error *err)
{
    SID_TRY(sid__grow(&reader->unquoted, &reader->unquoted_capacity, reader->raw_size, 1, "a row", err));
    csv_cursor cursor = {.at = reader->raw, .write = reader->unquoted, .line = reader->line};
    cursor.end = cursor.at + size_without_line_end(reader);
    for (;;) {
        SID_TRY(take_csv_field(reader, &cursor, err));
        if (cursor.at == cursor.end)
            return SID_OK;
        cursor.at++;
    }
}

/* ---- Checks ---- */

/* The column in which byte `at` of the row lies, 1-based. */
static int64_t column_at(const sid__row_reader *reader, int64_t at)
{
    int64_t column = 1;
    while (column < reader->field_count && reader->field[column].byte <= reader->byte + at)
        column++;
    return column;
}

static sid_status check_bytes(const sid__row_reader *reader, sid_error *err)
{
    size_t size = (size_t)reader->raw_size, valid_size = sid__utf8_valid_size(reader->raw, size);
    const char *zero = memchr(reader->raw, 0, valid_size);
    int64_t bad = zero ? zero - reader->raw : (int64_t)valid_size, line = reader->line;
    if (!zero && valid_size == size)
        return SID_OK;
    for (int64_t i = 0; i < bad; i++)
        line += reader->raw[i] == '\n';
    return sid__fail_at(err, SID_EDATA, place_of(reader, line, reader->byte + bad),
                        zero ? "column %" PRId64 ": byte 0x%02x; binary data instead of text?"
                             : "column %" PRId64 ": byte 0x%02x is not UTF-8; convert the file to UTF-8",
                        column_at(reader, bad), (unsigned char)reader->raw[bad]);
}

static sid_status check_count(const sid__row_reader *reader, sid_error *err)
{
    sid__place place = place_of(reader, reader->line, reader->byte);
    if (reader->column_count == 0 || reader->field_count == reader->column_count)
        return SID_OK;
    if (size_without_line_end(reader) == 0)
        return sid__fail_at(err, SID_EDATA, place, "an empty line; %" PRId64 " columns are expected, remove the line",
                            reader->column_count);
    return sid__fail_at(err, SID_EDATA, place, "%" PRId64 " columns; the header has %" PRId64, reader->field_count,
                        reader->column_count);
}

sid_status sid__row_next(sid__row_reader *reader, bool *has_row, sid_error *err)
{
    SID_TRY(take_raw(reader, has_row, err));
    if (!*has_row)
        return SID_OK;
    SID_TRY(reader->form == SID__ROWS_CSV   ? split_csv(reader, err)
            : reader->form == SID__ROWS_TSV ? split_plain(reader, '\t', err)
                                            : split_plain(reader, -1, err));
    SID_TRY(check_bytes(reader, err));
    return check_count(reader, err);
}

sid_status sid__check_id(const char *text, size_t size, const char *what, sid__place place, sid_error *err)
{
    if (size == 0)
        return sid__fail_at(err, SID_EDATA, place, "empty %s; 1 to %d bytes are expected", what, SID_ITEM_ID_MAX);
    if (size > SID_ITEM_ID_MAX)
        return sid__fail_at(err, SID_EDATA, place, "%s of %zu bytes; 1 to %d are possible", what, size,
                            SID_ITEM_ID_MAX);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            if (place.byte >= 0)
                place.byte += (int64_t)i;
            return sid__fail_at(err, SID_EDATA, place, "control byte 0x%02x in %s; remove it", (unsigned char)text[i],
                                what);
        }
    if (sid__utf8_valid_size(text, size) < size)
        return sid__fail_at(err, SID_EDATA, place, "%s is not UTF-8", what);
    return SID_OK;
}
