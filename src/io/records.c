/* records.c: see records.h. */
#include "io/records.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "io/jsonl.h"

static bool ends_with(const char *path, const char *ending)
{
    size_t size = strlen(path), ending_size = strlen(ending);
    return size >= ending_size && strcasecmp(path + size - ending_size, ending) == 0;
}

static sid__record_form form_of(const char *path)
{
    if (ends_with(path, ".csv"))
        return SID__RECORDS_CSV;
    if (ends_with(path, ".jsonl") || ends_with(path, ".ndjson"))
        return SID__RECORDS_JSONL;
    return ends_with(path, ".inter") ? SID__RECORDS_RECBOLE : SID__RECORDS_TSV;
}

static bool is_text(const char *text, size_t size, const char *wanted)
{
    return size == strlen(wanted) && memcmp(text, wanted, size) == 0;
}

bool sid__recbole_strip(sid__field *field)
{
    static const char *const types[] = {"token", "token_seq", "float", "float_seq"};
    const char *colon = NULL;
    for (size_t i = 0; i < field->size; i++)
        if (field->text[i] == ':')
            colon = field->text + i;
    size_t size = colon ? (size_t)(field->text + field->size - colon) - 1 : 0;
    for (int i = 0; i < 4; i++)
        if (colon && is_text(colon + 1, size, types[i])) {
            field->size = (size_t)(colon - field->text);
            return true;
        }
    return false;
}

/* ---- The header ---- */

static sid__place place_of(const sid__records *records, const sid__field *field)
{
    return (sid__place){.file = records->rows.source->path, .row = field->line, .byte = field->byte};
}

static sid_status strip_types(sid__records *records, sid_error *err)
{
    sid__row_reader *rows = &records->rows;
    sid__field first = rows->field[0];
    if (records->form == SID__RECORDS_TSV && sid__recbole_strip(&first))
        records->form = SID__RECORDS_RECBOLE;
    for (int64_t i = 0; records->form == SID__RECORDS_RECBOLE && i < rows->field_count; i++) {
        sid__field *field = &rows->field[i];
        if (!sid__recbole_strip(field))
            return sid__fail_at(
                err, SID_EDATA, place_of(records, field),
                "column \"%.*s\" of a RecBole header; name:type with token, token_seq, float or float_seq is expected",
                field->size < 80 ? (int)field->size : 80, field->text);
    }
    return SID_OK;
}

static sid_status fail_missing(const sid__records *records, const char *name, sid_error *err)
{
    const sid__row_reader *rows = &records->rows;
    const sid__field *first = &rows->field[0];
    const char *next = first->size && *first->text == '{' ? "; JSON lines need a file name that ends in .jsonl" : "";
    int64_t shown = 0;
    while (shown < rows->raw_size && shown < 160 && rows->raw[shown] != '\n' && rows->raw[shown] != '\r')
        shown++;
    return sid__fail_at(err, SID_EDATA, place_of(records, first),
                        "the header has no column %s; it is \"%.*s\", and names such as user_id<TAB>item_id<TAB>"
                        "timestamp are expected%s",
                        name, (int)shown, rows->raw, next);
}

static sid_status find_columns(sid__records *records, sid_error *err)
{
    const sid__row_reader *rows = &records->rows;
    const sid__record_columns *columns = records->columns;
    for (int c = 0; c < columns->count; c++) {
        for (int64_t i = 0; i < rows->field_count; i++) {
            if (!is_text(rows->field[i].text, rows->field[i].size, columns->name[c]))
                continue;
            if (records->position[c] >= 0)
                return sid__fail_at(err, SID_EDATA, place_of(records, &rows->field[i]), "column \"%s\" is there twice",
                                    columns->name[c]);
            records->position[c] = i;
        }
        if (c < columns->required_count && records->position[c] < 0)
            return fail_missing(records, columns->name[c], err);
    }
    return SID_OK;
}

static sid_status read_header(sid__records *records, sid_error *err)
{
    sid__row_reader *rows = &records->rows;
    bool has_row = false;
    SID_TRY(sid__row_next(rows, &has_row, err));
    if (!has_row)
        return sid__fail_at(err, SID_EDATA, (sid__place){.file = rows->source->path, .byte = 0},
                            "the file is empty; a header line such as user_id<TAB>item_id<TAB>timestamp is expected");
    SID_TRY(sid__bad_rows_header(&records->bad, rows, err));
    SID_TRY(strip_types(records, err));
    SID_TRY(find_columns(records, err));
    rows->column_count = rows->field_count;
    return SID_OK;
}

sid_status sid__records_open(sid_ctx *ctx, sid__source *source, const char *path, const sid__record_columns *columns,
                             const sid_read_options *options, sid__records *out, sid_error *err)
{
    *out = (sid__records){.columns = columns, .form = form_of(path)};
    for (int c = 0; c < SID__RECORD_COLUMNS_MAX; c++)
        out->position[c] = -1;
    sid__row_reader_init(&out->rows, source,
                         out->form == SID__RECORDS_CSV     ? SID__ROWS_CSV
                         : out->form == SID__RECORDS_JSONL ? SID__ROWS_LINES
                                                           : SID__ROWS_TSV);
    SID_TRY(sid__bad_rows_open(ctx, options, &out->bad, err));
    return out->form == SID__RECORDS_JSONL ? SID_OK : read_header(out, err);
}

/* ---- Records ---- */

/* Values of a JSON line stand one behind the other in `text`, which may move while they come. */
static sid_status take_members(sid__records *records, const json_t *object, sid_error *err)
{
    const sid__record_columns *columns = records->columns;
    int64_t begin[SID__RECORD_COLUMNS_MAX] = {0};
    records->text.length = 0;
    for (int c = 0; c < columns->count; c++) {
        const json_t *member = json_object_get(object, columns->name[c]);
        records->value[c] = (sid__field){.line = records->rows.line, .byte = records->rows.byte};
        records->position[c] = member && !json_is_null(member) ? c : -1;
        begin[c] = records->text.length;
        if (records->position[c] >= 0)
            SID_TRY(sid__jsonl_text(member, &records->text, err));
        records->value[c].size = (size_t)(records->text.length - begin[c]);
        if (c < columns->required_count && records->position[c] < 0)
            return sid__fail_at(err, SID_EDATA, place_of(records, &records->value[c]), "the object has no \"%s\"",
                                columns->name[c]);
    }
    for (int c = 0; c < columns->count; c++)
        if (records->position[c] >= 0)
            records->value[c].text = records->text.text ? records->text.text + begin[c] : "";
    return SID_OK;
}

static sid_status take_line(sid__records *records, sid_error *err)
{
    json_t *object = NULL;
    SID_TRY(sid__jsonl_object(&records->rows, &object, err));
    sid_status status = take_members(records, object, err);
    json_decref(object);
    return status;
}

sid_status sid__records_next(sid__records *records, bool *has_record, sid_error *err)
{
    SID_TRY(sid__row_next(&records->rows, has_record, err));
    if (!*has_record)
        return SID_OK;
    if (records->form == SID__RECORDS_JSONL)
        return take_line(records, err);
    for (int c = 0; c < records->columns->count; c++)
        records->value[c] =
            records->position[c] >= 0 ? records->rows.field[records->position[c]] : (sid__field){.text = NULL};
    return SID_OK;
}

bool sid__records_has(const sid__records *records, int column)
{
    return records->position[column] >= 0;
}

sid_status sid__records_pass(sid__records *records, const sid_error *why, sid_error *err)
{
    return sid__bad_rows_pass(&records->bad, &records->rows, why, err);
}

sid_status sid__records_close(sid__records *records, sid_status status, sid_error *err)
{
    status = sid__bad_rows_close(&records->bad, status, err);
    sid__row_reader_drop(&records->rows);
    sid__strbuf_drop(&records->text);
    return status;
}

sid__place sid__records_place(const sid__records *records, int column)
{
    return place_of(records, &records->value[column]);
}
