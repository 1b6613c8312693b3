/* items_read.c: sid_items_read, from a file's rows to sid_items.
 *
 * Read once per fit, up to tens of millions of rows. Bad rows: io/bad_rows.h.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "io/items.h"
#include "io/jsonl.h"
#include "io/records.h"

enum { CHECK_EVERY = 1 << 14 };

typedef enum item_format { FORMAT_TSV, FORMAT_CSV, FORMAT_JSONL, FORMAT_RECBOLE } item_format;

typedef struct items_reader {
    sid_ctx *ctx;
    item_format format;
    sid_items *items;
    sid__row_reader rows;
    sid__text *value;    /* of the current row, by column */
    int64_t *text_begin; /* JSON: where value[c] begins in text */
    int64_t value_capacity, begin_capacity;
    sid__strbuf text;
    float *vector;
    int64_t vector_capacity;
    sid__bad_rows bad;
} items_reader;

static bool ends_with(const char *path, const char *ending)
{
    size_t size = strlen(path), ending_size = strlen(ending);
    return size >= ending_size && strcasecmp(path + size - ending_size, ending) == 0;
}

static item_format format_of(const char *path)
{
    if (ends_with(path, ".csv"))
        return FORMAT_CSV;
    if (ends_with(path, ".jsonl") || ends_with(path, ".ndjson"))
        return FORMAT_JSONL;
    return ends_with(path, ".item") ? FORMAT_RECBOLE : FORMAT_TSV;
}

/* ---- The header ---- */

static bool is_text(const sid__field *field, const char *text)
{
    return field->size == strlen(text) && memcmp(field->text, text, field->size) == 0;
}

static sid_status strip_type(sid__field *field, sid__place place, sid_error *err)
{
    if (sid__recbole_strip(field))
        return SID_OK;
    return sid__fail_at(
        err, SID_EDATA, place,
        "column \"%.*s\" of a RecBole header; name:type with token, token_seq, float or float_seq is expected",
        field->size < 80 ? (int)field->size : 80, field->text);
}

static sid_status check_first_column(const items_reader *reader, sid_error *err)
{
    const sid__field *first = &reader->rows.field[0];
    sid__place place = {.file = reader->rows.source->path, .row = first->line, .byte = first->byte};
    if (is_text(first, "item_id"))
        return SID_OK;
    const char *next = first->size && *first->text == '{' ? "; JSON lines need a file name that ends in .jsonl" : "";
    return sid__fail_at(err, SID_EDATA, place,
                        "the first column is \"%.*s\"; the header is expected to start with item_id%s",
                        first->size < 80 ? (int)first->size : 80, first->text, next);
}

static sid_status add_columns(items_reader *reader, sid_error *err)
{
    sid__row_reader *rows = &reader->rows;
    for (int64_t i = 0; i < rows->field_count; i++) {
        sid__field *field = &rows->field[i];
        sid__place place = {.file = rows->source->path, .row = field->line, .byte = field->byte};
        if (reader->format == FORMAT_RECBOLE)
            SID_TRY(strip_type(field, place, err));
        if (i == 0) {
            SID_TRY(check_first_column(reader, err));
            continue;
        }
        int64_t column = 0;
        SID_TRY(sid__check_id(field->text, field->size, "column name", place, err));
        SID_TRY(sid__items_column(reader->items, field->text, field->size, &column, err));
        if (column != i - 1 || is_text(field, "item_id"))
            return sid__fail_at(err, SID_EDATA, place, "column \"%.*s\" is there twice", (int)field->size, field->text);
    }
    rows->column_count = rows->field_count;
    return SID_OK;
}

static sid_status read_header(items_reader *reader, sid_error *err)
{
    sid__row_reader *rows = &reader->rows;
    bool has_row = false;
    SID_TRY(sid__row_next(rows, &has_row, err));
    if (!has_row)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = rows->source->path, .byte = 0},
                            "the file is empty; a header line such as item_id<TAB>title is expected");
    if (reader->format == FORMAT_TSV && is_text(&rows->field[0], "item_id:token"))
        reader->format = FORMAT_RECBOLE;
    SID_TRY(add_columns(reader, err));
    SID_TRY(sid__grow(&reader->value, &reader->value_capacity, rows->column_count, sizeof(sid__text), "a row's values",
                      err));
    return sid__bad_rows_header(&reader->bad, rows, err);
}

/* ---- Rows ---- */

static sid_status add_delimited(items_reader *reader, sid_error *err)
{
    const sid__row_reader *rows = &reader->rows;
    const sid__field *id = &rows->field[0];
    for (int64_t i = 1; i < rows->field_count; i++)
        reader->value[i - 1] = (sid__text){.bytes = rows->field[i].text, .size = rows->field[i].size};
    sid__item_row row = {.id = {id->text, id->size},
                         .value = reader->value,
                         .value_count = rows->field_count - 1,
                         .line = id->line,
                         .byte = id->byte};
    return sid__items_add(reader->items, &row, err);
}

static sid_status take_vector(items_reader *reader, const json_t *list, sid__item_row *row, sid_error *err)
{
    sid__place place = {.file = reader->rows.source->path, .row = row->line, .byte = row->byte};
    size_t count = json_array_size(list);
    if (count == 0 || count > SID_DIM_MAX)
        return sid__fail_at(err, SID_EDATA, place, "\"vector\" is no list of 1 to %d numbers", SID_DIM_MAX);
    SID_TRY(sid__grow(&reader->vector, &reader->vector_capacity, (int64_t)count, sizeof(float), "a vector", err));
    for (size_t i = 0; i < count; i++) {
        const json_t *number = json_array_get(list, i);
        double value = json_number_value(number);
        if (!json_is_number(number))
            return sid__fail_at(err, SID_EDATA, place, "\"vector\" element %zu is no number", i);
        if (fabs(value) > SID_VALUE_MAX)
            return sid__fail_at(err, SID_EDATA, place, "\"vector\" element %zu is %g; at most %g is possible", i, value,
                                SID_VALUE_MAX);
        reader->vector[i] = (float)value;
    }
    row->vector = reader->vector;
    row->vector_dim = (int)count;
    return SID_OK;
}

/* Appends the member's text and notes where; row->value_count grows to its column. */
static sid_status take_member(items_reader *reader, const char *name, const json_t *value, sid__item_row *row,
                              sid_error *err)
{
    int64_t column = 0, begin = reader->text.length;
    SID_TRY(sid__items_column(reader->items, name, strlen(name), &column, err));
    SID_TRY(
        sid__grow(&reader->value, &reader->value_capacity, column + 1, sizeof *reader->value, "a row's values", err));
    SID_TRY(sid__grow(&reader->text_begin, &reader->begin_capacity, column + 1, sizeof begin, "a row's values", err));
    for (; row->value_count <= column; row->value_count++)
        reader->value[row->value_count] = (sid__text){0};
    SID_TRY(sid__jsonl_text(value, &reader->text, err));
    reader->text_begin[column] = begin;
    reader->value[column].size = (size_t)(reader->text.length - begin);
    return SID_OK;
}

static sid_status take_id(const json_t *value, char id[SID_ITEM_ID_MAX + 1], sid__item_row *row, sid__place place,
                          sid_error *err)
{
    if (json_is_integer(value)) {
        int n = snprintf(id, SID_ITEM_ID_MAX + 1, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        row->id = (sid__text){id, (size_t)n};
        return SID_OK;
    }
    if (!json_is_string(value))
        return sid__fail_at(err, SID_EDATA, place, "%s; \"item_id\" with a text is expected",
                            value ? "\"item_id\" is no text" : "the object has no \"item_id\"");
    row->id = (sid__text){json_string_value(value), json_string_length(value)};
    return SID_OK;
}

static sid_status add_object(items_reader *reader, json_t *object, sid_error *err)
{
    char id[SID_ITEM_ID_MAX + 1];
    sid__item_row row = {.line = reader->rows.line, .byte = reader->rows.byte};
    sid__place place = {.file = reader->rows.source->path, .row = row.line, .byte = row.byte};
    const char *name;
    json_t *value;
    SID_TRY(take_id(json_object_get(object, "item_id"), id, &row, place, err));
    reader->text.length = 0;
    json_object_foreach(object, name, value)
    {
        if (strcmp(name, "vector") == 0)
            SID_TRY(take_vector(reader, value, &row, err));
        else if (strcmp(name, "item_id") != 0)
            SID_TRY(take_member(reader, name, value, &row, err));
    }
    for (int64_t c = 0; c < row.value_count; c++)
        if (reader->value[c].size)
            reader->value[c].bytes = reader->text.text + reader->text_begin[c];
    row.value = reader->value;
    return sid__items_add(reader->items, &row, err);
}

static sid_status add_line(items_reader *reader, sid_error *err)
{
    json_t *object = NULL;
    SID_TRY(sid__jsonl_object(&reader->rows, &object, err));
    sid_status status = add_object(reader, object, err);
    json_decref(object);
    return status;
}

static sid_status take_row(items_reader *reader, bool *has_row, sid_error *err)
{
    SID_TRY(sid__row_next(&reader->rows, has_row, err));
    if (!*has_row)
        return SID_OK;
    return reader->format == FORMAT_JSONL ? add_line(reader, err) : add_delimited(reader, err);
}

/* ---- All of them ---- */

static sid_status read_rows(items_reader *reader, sid_error *err)
{
    sid_error why = {0};
    bool has_row = true;
    for (int64_t row = 1; has_row; row++) {
        sid_status status = take_row(reader, &has_row, &why);
        if (status != SID_OK) {
            SID_TRY(sid__bad_rows_pass(&reader->bad, &reader->rows, &why, err));
            has_row = true;
        }
        if (row % CHECK_EVERY == 0) {
            SID_TRY(sid__ctx_check(reader->ctx, err));
            sid__ctx_progress(reader->ctx, "reading items", row, 0, "rows", (double)NAN);
        }
    }
    return SID_OK;
}

static sid_status check_result(const items_reader *reader, sid_error *err)
{
    const sid_items *items = reader->items;
    sid__place place = {.file = reader->rows.source->path, .byte = -1};
    if (items->count == 0 && items->skipped > 0)
        return sid__fail_at(err, SID_EDATA, place, "no items: all %" PRId64 " rows are bad", items->skipped);
    if (items->count == 0)
        return sid__fail_at(err, SID_EDATA, place, "no items; at least one row%s is expected",
                            reader->format == FORMAT_JSONL ? "" : " below the header");
    if (items->skipped > 0)
        sid__ctx_warn(reader->ctx, "%s: %" PRId64 " bad rows left out, %" PRId64 " items read", place.file,
                      items->skipped, items->count);
    return SID_OK;
}

/* ---- The whole ---- */

static void drop_reader(items_reader *reader)
{
    sid__row_reader_drop(&reader->rows);
    sid__strbuf_drop(&reader->text);
    sid__free(reader->value);
    sid__free(reader->text_begin);
    sid__free(reader->vector);
}

static sid_status read_all(items_reader *reader, const sid_read_options *options, sid_error *err)
{
    sid_status status = sid__bad_rows_open(reader->ctx, options, &reader->bad, err);
    if (status == SID_OK && reader->format != FORMAT_JSONL)
        status = read_header(reader, err);
    if (status == SID_OK)
        status = read_rows(reader, err);
    reader->items->skipped = reader->bad.skipped;
    status = sid__bad_rows_close(&reader->bad, status, err);
    return status == SID_OK ? check_result(reader, err) : status;
}

sid_status sid__items_parse(sid_ctx *ctx, sid__source *source, const char *path, const sid_read_options *options,
                            sid_items **out, sid_error *err)
{
    items_reader reader = {.ctx = ctx, .format = format_of(path)};
    SID_TRY(sid__items_create(ctx, source->path, &reader.items, err));
    sid__row_reader_init(&reader.rows, source,
                         reader.format == FORMAT_CSV     ? SID__ROWS_CSV
                         : reader.format == FORMAT_JSONL ? SID__ROWS_LINES
                                                         : SID__ROWS_TSV);
    sid_status status = read_all(&reader, options, err);
    drop_reader(&reader);
    if (status != SID_OK) {
        sid_items_free(reader.items);
        return status;
    }
    *out = reader.items;
    return SID_OK;
}

sid_status sid_items_read(sid_ctx *ctx, const char *path, const sid_read_options *options, sid_items **out,
                          sid_error *err)
{
    sid__source source;
    SID_TRY(sid__source_open(path, &source, err));
    sid_status status = sid__items_parse(ctx, &source, path, options, out, err);
    sid__source_close(&source);
    return status;
}
