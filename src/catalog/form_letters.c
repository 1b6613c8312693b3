/* form_letters.c: SIDs by row number, as LC-Rec, LETTER and MiniOneRec have them; which item a row is stands beside, in
 * `<path without ending>.item2id.tsv`, lines `item_id TAB row`.
 *
 *   letters  {"0": ["<a_12>", "<b_153>", "<c_87>"], ...}, rows in any order
 *   info     lines `<a_12><b_153><c_87> TAB title TAB row`
 *
 * The JSON is read token by token: as a tree, a catalogue would be a million containers.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/interchange.h"
#include "io/json.h"

static sid_status letters_of(int levels, sid__token_style *out, sid_error *err)
{
    return sid__token_style_find("letters", NULL, levels, NULL, out, err);
}

/* ---- Writing */

static sid_status append_letters(const sid__exported *e, const sid__token_style *style, int64_t row, sid__strbuf *text,
                                 sid_error *err)
{
    uint16_t codes[SID__IMPORT_CODES_MAX];
    int count = sid__exported_sid(e, row, codes);
    SID_TRY(sid__strbuf_printf(text, err, "%s\n  \"%" PRId64 "\": [\"", row ? "," : "", row));
    SID_TRY(sid__tokens_append(style, codes, count, "\", \"", text, err));
    return sid__strbuf_printf(text, err, "\"]");
}

static sid_status append_info(const sid__exported *e, const sid__token_style *style, int64_t row, sid__strbuf *text,
                              sid_error *err)
{
    uint16_t codes[SID__IMPORT_CODES_MAX];
    int count = sid__exported_sid(e, row, codes);
    SID_TRY(sid__tokens_append(style, codes, count, NULL, text, err));
    int64_t begin = text->length + 1;
    SID_TRY(sid__strbuf_printf(text, err, "\t%s", e->title[row]));
    for (int64_t at = begin; at < text->length; at++)
        if (strchr("\t\r\n", text->text[at]))
            text->text[at] = ' ';
    return sid__strbuf_printf(text, err, "\t%" PRId64 "\n", row);
}

/* Rows first: a file never stands without them. */
static sid_status replace(const sid__exported *e, const char *path, const sid__strbuf *text, sid_error *err)
{
    SID_TRY(sid__write_rows(e, path, err));
    return sid__replace_whole(path, text->text ? text->text : "", (size_t)text->length, err);
}

sid_status sid__letters_write(const sid__exported *e, const char *path, sid_error *err)
{
    sid__token_style style;
    sid__strbuf text = {0};
    SID_TRY(letters_of(e->levels + (e->digit_codes > 0), &style, err));
    sid_status status = sid__strbuf_append(&text, "{", 1, err);
    for (int64_t row = 0; row < e->count && status == SID_OK; row++)
        status = append_letters(e, &style, row, &text, err);
    if (status == SID_OK)
        status = sid__strbuf_printf(&text, err, "\n}\n");
    if (status == SID_OK)
        status = replace(e, path, &text, err);
    sid__strbuf_drop(&text);
    return status;
}

sid_status sid__info_write(const sid__exported *e, const char *path, sid_error *err)
{
    sid__token_style style;
    sid__strbuf text = {0};
    SID_TRY(letters_of(e->levels + (e->digit_codes > 0), &style, err));
    sid_status status = SID_OK;
    for (int64_t row = 0; row < e->count && status == SID_OK; row++)
        status = append_info(e, &style, row, &text, err);
    if (status == SID_OK)
        status = replace(e, path, &text, err);
    sid__strbuf_drop(&text);
    return status;
}

/* ---- Reading */

typedef struct letters_reader {
    sid__imported *in;
    sid__token_style style;
    sid__row_names names;
    sid__json_scanner json; /* letters */
    size_t counted;         /* line ends before this byte are in `line` */
    int64_t line;
    sid__strbuf sid;   /* the row's tokens, joined */
    int64_t *row_line; /* (names.count) where a row was seen; 0: not yet */
} letters_reader;

static sid_status parse_row(const letters_reader *r, const char *text, size_t size, int64_t line, int64_t *row,
                            sid_error *err)
{
    char number[24] = "";
    size_t digits = 0;
    while (digits < size && digits < 18 && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    bool is_number = digits > 0 && digits == size && (text[0] != '0' || size == 1);
    memcpy(number, text, digits);
    *row = is_number ? strtoll(number, NULL, 10) : -1;
    if (*row < 0 || *row >= r->names.count)
        return sid__fail_at(err, SID_EDATA, sid__import_place(r->in, line),
                            "row \"%.*s\"; a number from 0 to %" PRId64 " is expected, since there are %" PRId64
                            " ids in %s",
                            (int)(size < 40 ? size : 40), text, r->names.count - 1, r->names.count, r->names.from);
    return SID_OK;
}

/* The SID in `text` belongs to the item of `row`. */
static sid_status add_row(letters_reader *r, const char *text, int64_t row, int64_t line, sid_error *err)
{
    uint16_t codes[SID__IMPORT_CODES_MAX];
    sid_error why = {0};
    int count = 0;
    if (r->row_line[row])
        return sid__fail_at(err, SID_EDATA, sid__import_place(r->in, line),
                            "row %" PRId64 " was seen before at line %" PRId64 "; remove one of them", row,
                            r->row_line[row]);
    r->row_line[row] = line;
    sid_status status = sid__tokens_parse(&r->style, text, SID__IMPORT_CODES_MAX, codes, &count, &why);
    if (status != SID_OK)
        return sid__fail_at(err, status, sid__import_place(r->in, line), "%s", why.message);
    return sid__import_add_loose(r->in, r->names.id[row], line, codes, count, err);
}

/* No row is missing: each was there once at most. */
static sid_status finish(letters_reader *r, const sid_import_options *options, sid_error *err)
{
    if (r->in->count > 0 && r->in->count < r->names.count)
        return sid__fail_at(err, SID_EDATA, sid__import_place(r->in, 0),
                            "%" PRId64 " rows for the %" PRId64 " ids of %s; each item needs a row", r->in->count,
                            r->names.count, r->names.from);
    return sid__import_settle(r->in, options->digit_column_last, err);
}

/* The line of a token, counted on from the last one asked for. */
static int64_t line_of(letters_reader *r, const sid__json_token *token)
{
    for (size_t end = (size_t)(token->at - r->json.bytes); r->counted < end; r->counted++)
        r->line += r->json.bytes[r->counted] == '\n';
    return r->line;
}

/* The next token, which must be of that kind (and mark). */
static sid_status expect(letters_reader *r, sid__json_kind kind, const char *marks, sid__json_token *out,
                         const char *expected, sid_error *err)
{
    SID_TRY(sid__json_next(&r->json, out, err));
    bool is_mark = kind != SID__JSON_MARK || (out->kind == SID__JSON_MARK && strchr(marks, *out->at));
    if (out->kind == kind && is_mark && !(kind == SID__JSON_STRING && out->has_escape))
        return SID_OK;
    return sid__fail_at(err, SID_EDATA, sid__json_place(&r->json, r->json.offset), "%s is expected", expected);
}

/* ["<a_12>", "<b_153>"] into r->sid. */
static sid_status read_list(letters_reader *r, sid_error *err)
{
    sid__json_token token;
    r->sid.length = 0;
    SID_TRY(expect(r, SID__JSON_MARK, "[", &token, "a list of tokens", err));
    do {
        SID_TRY(expect(r, SID__JSON_STRING, NULL, &token, "a token such as \"<a_12>\"", err));
        if (memchr(token.at, 0, token.size))
            return sid__fail_at(err, SID_EDATA, sid__import_place(r->in, line_of(r, &token)), "a zero byte in a token");
        SID_TRY(sid__strbuf_append(&r->sid, token.at, token.size, err));
        SID_TRY(expect(r, SID__JSON_MARK, ",]", &token, ", or ]", err));
    } while (*token.at == ',');
    return SID_OK;
}

static sid_status read_object(letters_reader *r, sid_error *err)
{
    sid__json_token token;
    int64_t row = 0;
    SID_TRY(expect(r, SID__JSON_MARK, "{", &token, "{\"0\": [\"<a_12>\", ..", err));
    do {
        SID_TRY(expect(r, SID__JSON_STRING, NULL, &token, "a row number in quotes", err));
        int64_t line = line_of(r, &token);
        SID_TRY(parse_row(r, token.at, token.size, line, &row, err));
        SID_TRY(expect(r, SID__JSON_MARK, ":", &token, ":", err));
        SID_TRY(read_list(r, err));
        SID_TRY(add_row(r, r->sid.text, row, line, err));
        SID_TRY(expect(r, SID__JSON_MARK, ",}", &token, ", or }", err));
    } while (*token.at == ',');
    return expect(r, SID__JSON_END, NULL, &token, "the end", err);
}

/* title may hold anything but tabs; the SID ends at the first tab, the row begins after the last. */
static sid_status read_info_line(letters_reader *r, char *text, size_t size, int64_t line, sid_error *err)
{
    char *first = memchr(text, '\t', size), *last = first;
    int64_t row = 0;
    for (char *at = first; at; at = memchr(at + 1, '\t', size - (size_t)(at + 1 - text)))
        last = at;
    if (!first || first == last || memchr(text, 0, size))
        return sid__fail_at(err, SID_EDATA, sid__import_place(r->in, line),
                            "SID, title and row are expected, tabs between them");
    SID_TRY(parse_row(r, last + 1, size - (size_t)(last + 1 - text), line, &row, err));
    *first = 0;
    return add_row(r, text, row, line, err);
}

static sid_status read_info(letters_reader *r, char *text, int64_t size, sid_error *err)
{
    int64_t line = 0;
    for (int64_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', (size_t)(size - at));
        int64_t length = end ? end - (text + at) : size - at, kept = length;
        kept -= kept > 0 && text[at + kept - 1] == '\r';
        SID_TRY(read_info_line(r, text + at, (size_t)kept, ++line, err));
        at += length + 1;
    }
    return SID_OK;
}

static sid_status read_rows(sid__form form, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    letters_reader r = {.in = in, .line = 1};
    char *text = NULL;
    int64_t size = 0;
    SID_TRY(letters_of(0, &r.style, err));
    SID_TRY(sid__row_names_read(in, options, SID__ROWS_ENDING, &r.names, err));
    sid_status status = sid__alloc(&r.row_line, (size_t)r.names.count, sizeof *r.row_line, "lines of rows", err);
    if (status == SID_OK)
        status = sid__read_whole(in->path, SID__IMPORT_SIZE_MAX, &text, &size, err);
    r.json = (sid__json_scanner){.bytes = text, .size = (size_t)size, .start = {.file = in->path, .row = 1}};
    if (status == SID_OK)
        status = form == SID__FORM_LETTERS ? read_object(&r, err) : read_info(&r, text, size, err);
    if (status == SID_OK)
        status = finish(&r, options, err);
    sid__free(text);
    sid__strbuf_drop(&r.sid);
    sid__free(r.row_line);
    sid__row_names_drop(&r.names);
    return status;
}

sid_status sid__letters_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    (void)ctx;
    return read_rows(SID__FORM_LETTERS, options, in, err);
}

sid_status sid__info_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    (void)ctx;
    return read_rows(SID__FORM_INFO, options, in, err);
}
