/* form_table.c: semid's own tables of SIDs.
 *
 *   tsv, csv  header `item_id sid c1 .. cL [digit]`; on import `sid` may be absent, or be all there is
 *   jsonl     {"item_id": "B01", "sid": "12-153-87", "codes": [12, 153, 87]}, and "digit": 0 where one is added
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/interchange.h"
#include "io/items.h"
#include "io/json.h"

/* ---- Writing ------------------------------------------------------------------------------------------------------ */

static void sid_of_row(const sid__exported *e, int64_t row, char sid[SID_SID_TEXT_MAX])
{
    uint16_t codes[SID__IMPORT_CODES_MAX];
    sid_format(codes, sid__exported_sid(e, row, codes), sid);
}

static sid_status append_tsv(const sid__exported *e, int64_t row, sid__strbuf *text, sid_error *err)
{
    char sid[SID_SID_TEXT_MAX];
    sid_of_row(e, row, sid);
    SID_TRY(sid__strbuf_printf(text, err, "%s\t%s", e->id[row], sid));
    for (int l = 0; l < e->levels; l++)
        SID_TRY(sid__strbuf_printf(text, err, "\t%d", e->codes[row * e->levels + l]));
    if (e->digit_codes && e->digit[row] != SID__DIGIT_NONE)
        SID_TRY(sid__strbuf_printf(text, err, "\t%" PRId32, e->digit[row]));
    else if (e->digit_codes)
        SID_TRY(sid__strbuf_append(text, "\t", 1, err));
    return sid__strbuf_append(text, "\n", 1, err);
}

static sid_status append_jsonl(const sid__exported *e, int64_t row, sid__strbuf *text, sid_error *err)
{
    char sid[SID_SID_TEXT_MAX];
    sid_of_row(e, row, sid);
    SID_TRY(sid__strbuf_printf(text, err, "{\"item_id\":"));
    SID_TRY(sid__json_append_text(text, e->id[row], err));
    SID_TRY(sid__strbuf_printf(text, err, ",\"sid\":\"%s\",\"codes\":[", sid));
    for (int l = 0; l < e->levels; l++)
        SID_TRY(sid__strbuf_printf(text, err, "%s%d", l ? "," : "", e->codes[row * e->levels + l]));
    if (e->digit[row] != SID__DIGIT_NONE)
        return sid__strbuf_printf(text, err, "],\"digit\":%" PRId32 "}\n", e->digit[row]);
    return sid__strbuf_printf(text, err, "]}\n");
}

static sid_status append_tsv_header(const sid__exported *e, sid__strbuf *text, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(text, err, "item_id\tsid"));
    for (int l = 0; l < e->levels; l++)
        SID_TRY(sid__strbuf_printf(text, err, "\tc%d", l + 1));
    return sid__strbuf_printf(text, err, "%s\n", e->digit_codes ? "\tdigit" : "");
}

sid_status sid__tsv_write(const sid__exported *e, const char *path, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = append_tsv_header(e, &text, err);
    for (int64_t row = 0; row < e->count && status == SID_OK; row++)
        status = append_tsv(e, row, &text, err);
    if (status == SID_OK)
        status = sid__replace_whole(path, text.text, (size_t)text.length, err);
    sid__strbuf_drop(&text);
    return status;
}

sid_status sid__jsonl_write(const sid__exported *e, const char *path, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = SID_OK;
    for (int64_t row = 0; row < e->count && status == SID_OK; row++)
        status = append_jsonl(e, row, &text, err);
    if (status == SID_OK)
        status = sid__replace_whole(path, text.text ? text.text : "", (size_t)text.length, err);
    sid__strbuf_drop(&text);
    return status;
}

/* ---- Reading ------------------------------------------------------------------------------------------------------ */

/* A row of the file: `count` codes of which the last is the digit when has_digit. */
typedef struct record {
    const char *id;
    int64_t line;
    int codes[SID__IMPORT_CODES_MAX];
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

static sid_status add(sid__imported *in, const record *r, sid_error *err)
{
    return sid__import_add(in, r->id, r->line, r->codes, r->count, r->has_digit_field, r->digit, err);
}

static sid_status parse_code(const sid__imported *in, int64_t line, const char *column, const char *text, int *out,
                             sid_error *err)
{
    size_t digits = strspn(text, "0123456789");
    long value = digits > 0 && digits <= 5 && text[digits] == 0 ? strtol(text, NULL, 10) : -1;
    if (value < 0 || value >= SID_CODES_MAX)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, line),
                            "%s is \"%.40s\"; a code from 0 to %d is expected", column, text, SID_CODES_MAX - 1);
    *out = (int)value;
    return SID_OK;
}

/* ---- tsv, csv ----------------------------------------------------------------------------------------------------- */

/* Which column is what; code_column[0 .. code_count-1] are the codes. */
typedef struct columns {
    int sid, digit; /* -1: none */
    int code[SID__IMPORT_CODES_MAX], code_count;
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
        else if (out->code_count == SID__IMPORT_CODES_MAX)
            return sid__fail_at(err, SID_EDATA, sid__import_place(in, 1), "more than %d columns of codes",
                                SID__IMPORT_CODES_MAX);
        else
            out->code[out->code_count++] = c;
    }
    if (out->code_count == 0 && out->sid < 0)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, 1),
                            "no columns of codes; item_id, then sid or c1, c2, .. are expected");
    return SID_OK;
}

/* A line of a file that has nothing but a sid column. */
static sid_status read_sid_text(const sid__imported *in, const char *text, record *r, sid_error *err)
{
    uint16_t codes[SID__IMPORT_CODES_MAX];
    sid_error why = {0};
    if (sid_parse(text, SID__IMPORT_CODES_MAX, codes, &r->count, &why) != SID_OK)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, r->line), "%s", why.message);
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

sid_status sid__tsv_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    sid_items *items = NULL;
    columns which;
    record r;
    SID_TRY(sid_items_read(ctx, in->path, NULL, &items, err));
    sid_status status = find_columns(in, items, &which, err);
    for (int64_t row = 0; row < sid_items_count(items) && status == SID_OK; row++) {
        status = read_item(in, items, row, &which, options->digit_column_last, &r, err);
        if (status == SID_OK)
            status = add(in, &r, err);
    }
    sid_items_free(items);
    return status;
}

/* ---- jsonl -------------------------------------------------------------------------------------------------------- */

static sid_status json_code(const sid__imported *in, int64_t line, const json_t *value, int *out, sid_error *err)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) >= SID_CODES_MAX)
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, line), "a code is not a whole number from 0 to %d",
                            SID_CODES_MAX - 1);
    *out = (int)json_integer_value(value);
    return SID_OK;
}

static sid_status read_json(const sid__imported *in, const json_t *root, bool is_digit_last, record *r, sid_error *err)
{
    const json_t *id = json_object_get(root, "item_id"), *codes = json_object_get(root, "codes"),
                 *sid = json_object_get(root, "sid"), *digit = json_object_get(root, "digit");
    if (!json_is_string(id))
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, r->line),
                            "\"item_id\": a text of 1 to %d bytes is expected", SID_ITEM_ID_MAX);
    SID_TRY(
        sid__check_id(json_string_value(id), json_string_length(id), "item_id", sid__import_place(in, r->line), err));
    r->id = json_string_value(id);
    if (json_is_array(codes) && json_array_size(codes) <= SID__IMPORT_CODES_MAX) {
        for (size_t i = 0; i < json_array_size(codes); i++)
            SID_TRY(json_code(in, r->line, json_array_get(codes, i), &r->codes[r->count++], err));
    } else if (!codes && json_is_string(sid)) {
        SID_TRY(read_sid_text(in, json_string_value(sid), r, err));
    } else {
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, r->line),
                            "\"codes\": a list of at most %d numbers is expected", SID__IMPORT_CODES_MAX);
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
        return sid__fail_at(err, status, sid__import_place(in, line), "%s", why.message);
    status = read_json(in, root, is_digit_last, &r, err);
    if (status == SID_OK)
        status = note_digits(in, &r, err);
    if (status == SID_OK)
        status = add(in, &r, err);
    json_decref(root);
    return status;
}

sid_status sid__jsonl_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    char *text = NULL;
    int64_t size = 0, line = 0;
    (void)ctx;
    SID_TRY(sid__read_whole(in->path, SID__IMPORT_SIZE_MAX, &text, &size, err));
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
