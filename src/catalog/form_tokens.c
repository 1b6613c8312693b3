/* form_tokens.c: SIDs as tokens (sid/sid_tokens.h).
 *
 *   onerec, flat, offset, template   header `item_id TAB sid`, a line an item
 *   recbole                          an .item file, the SID a token_seq `1_12 2_153` (untagged numbers are read too)
 *   tokens                           the tokens alone, a line an item, single spaces between; ids beside
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/interchange.h"
#include "io/items.h"

static const sid__token_style recbole_tagged = {
    .name = "recbole", .begin = "", .token = "{level}_{code}", .end = "", .separator = " "};
static const sid__token_style recbole_plain = {
    .name = "recbole", .begin = "", .token = "{code}", .end = "", .separator = " "};

/* Which tokens a form has; "tokens" by its option. */
static const char *style_name(sid__form form, const char *token_form)
{
    if (form == SID__FORM_TOKENS)
        return token_form ? token_form : "letters";
    return form == SID__FORM_LETTERS || form == SID__FORM_INFO ? "letters" : sid__form_name(form);
}

/* ---- Writing */

static sid_status export_style(const sid__exported *e, sid__token_style *out, sid_error *err)
{
    return sid__token_style_find(style_name(e->form, e->options->token_form), e->options->template_text,
                                 e->levels + (e->digit_codes > 0), e->level_codes, out, err);
}

static sid_status append_row(const sid__exported *e, const sid__token_style *style, int64_t row, const char *separator,
                             sid__strbuf *text, sid_error *err)
{
    uint16_t codes[SID__IMPORT_CODES_MAX];
    int count = sid__exported_sid(e, row, codes);
    SID_TRY(sid__tokens_append(style, codes, count, separator, text, err));
    return sid__strbuf_append(text, "\n", 1, err);
}

sid_status sid__token_table_write(const sid__exported *e, const char *path, sid_error *err)
{
    sid__token_style style;
    sid__strbuf text = {0};
    SID_TRY(export_style(e, &style, err));
    sid_status status = sid__strbuf_printf(&text, err, "item_id\tsid\n");
    for (int64_t row = 0; row < e->count && status == SID_OK; row++) {
        status = sid__strbuf_printf(&text, err, "%s\t", e->id[row]);
        if (status == SID_OK)
            status = append_row(e, &style, row, NULL, &text, err);
    }
    if (status == SID_OK)
        status = sid__replace_whole(path, text.text, (size_t)text.length, err);
    sid__strbuf_drop(&text);
    return status;
}

/* A template may hold spaces of its own, which stay. */
sid_status sid__tokens_write(const sid__exported *e, const char *path, sid_error *err)
{
    sid__token_style style;
    sid__strbuf text = {0};
    SID_TRY(export_style(e, &style, err));
    sid_status status = SID_OK;
    for (int64_t row = 0; row < e->count && status == SID_OK; row++)
        status = append_row(e, &style, row, " ", &text, err);
    if (status == SID_OK && strcmp(path, "-") != 0)
        status = sid__write_ids(e, path, err);
    if (status == SID_OK)
        status = sid__replace_whole(path, text.text ? text.text : "", (size_t)text.length, err);
    sid__strbuf_drop(&text);
    return status;
}

/* `id TAB title TAB`; what would end a field or a line becomes a space. */
static sid_status append_title(const sid__exported *e, int64_t row, sid__strbuf *text, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(text, err, "%s\t", e->id[row]));
    int64_t begin = text->length;
    SID_TRY(sid__strbuf_printf(text, err, "%s", e->title[row]));
    for (int64_t at = begin; at < text->length; at++)
        if (strchr("\t\r\n", text->text[at]))
            text->text[at] = ' ';
    return sid__strbuf_append(text, "\t", 1, err);
}

sid_status sid__recbole_write(const sid__exported *e, const char *path, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = sid__strbuf_printf(&text, err, "item_id:token\ttitle:token_seq\tsid:token_seq\n");
    for (int64_t row = 0; row < e->count && status == SID_OK; row++) {
        status = append_title(e, row, &text, err);
        if (status == SID_OK)
            status = append_row(e, &recbole_tagged, row, NULL, &text, err);
    }
    if (status == SID_OK)
        status = sid__replace_whole(path, text.text, (size_t)text.length, err);
    sid__strbuf_drop(&text);
    return status;
}

/* ---- Reading */

/* "256,256,16" to numbers; one number stands for every level. *count 0: not given. */
static sid_status parse_codes(const char *text, int *codes, int *count, sid_error *err)
{
    *count = 0;
    for (const char *at = text; at && *at; at += *at == ',') {
        char *end = NULL;
        long value = *at >= '0' && *at <= '9' ? strtol(at, &end, 10) : 0;
        if (!end || (*end && *end != ',') || value < 1 || value > SID_CODES_MAX || *count == SID__IMPORT_CODES_MAX)
            return sid__fail(err, SID_EUSAGE,
                             "codes is \"%.60s\"; numbers from 1 to %d are expected, one or one a level", text,
                             SID_CODES_MAX);
        codes[(*count)++] = (int)value;
        at = end;
    }
    for (int l = *count; *count == 1 && l < SID__IMPORT_CODES_MAX; l++)
        codes[l] = codes[0];
    return SID_OK;
}

sid_status sid__import_style(sid__form form, const sid_import_options *options, int *codes, sid__token_style *out,
                             sid_error *err)
{
    int count = 0;
    SID_TRY(parse_codes(options->codes, codes, &count, err));
    SID_TRY(sid__token_style_find(style_name(form, options->token_form), options->template_text, 0,
                                  count ? codes : NULL, out, err));
    out->levels = count == 1 ? SID__IMPORT_CODES_MAX : count;
    return SID_OK;
}

static sid_status add_tokens(sid__imported *in, const sid__token_style *style, const char *id, int64_t line,
                             const char *text, sid_error *err)
{
    uint16_t codes[SID__IMPORT_CODES_MAX];
    sid_error why = {0};
    int count = 0;
    sid_status status = sid__tokens_parse(style, text, SID__IMPORT_CODES_MAX, codes, &count, &why);
    if (status != SID_OK)
        return sid__fail_at(err, status, sid__import_place(in, line), "%s", why.message);
    return sid__import_add_loose(in, id, line, codes, count, err);
}

/* Column `sid` of a table with a header. */
static sid_status add_column(sid__imported *in, const sid__token_style *style, const sid_items *items, sid_error *err)
{
    int sid = 0;
    while (sid < sid_items_column_count(items) && strcmp(sid_items_column_name(items, sid), "sid") != 0)
        sid++;
    if (sid == sid_items_column_count(items))
        return sid__fail_at(err, SID_EDATA, sid__import_place(in, 1), "a column \"sid\" is expected");
    for (int64_t row = 0; row < sid_items_count(items); row++) {
        const char *text = sid_items_value(items, row, sid);
        bool is_untagged = style == &recbole_tagged && !strchr(text, '_');
        SID_TRY(add_tokens(in, is_untagged ? &recbole_plain : style, sid_items_id(items, row), items->item[row].line,
                           text, err));
    }
    return SID_OK;
}

static sid_status read_column(sid_ctx *ctx, const sid_import_options *options, const sid__token_style *style,
                              sid__imported *in, sid_error *err)
{
    sid_items *items = NULL;
    SID_TRY(sid_items_read(ctx, in->path, NULL, &items, err));
    sid_status status = add_column(in, style, items, err);
    sid_items_free(items);
    return status == SID_OK ? sid__import_settle(in, options->digit_column_last, err) : status;
}

static sid_status read_token_table(sid_ctx *ctx, const sid_import_options *options, sid__form form, sid__imported *in,
                                   sid_error *err)
{
    int codes[SID__IMPORT_CODES_MAX];
    sid__token_style style;
    SID_TRY(sid__import_style(form, options, codes, &style, err));
    return read_column(ctx, options, &style, in, err);
}

sid_status sid__onerec_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    return read_token_table(ctx, options, SID__FORM_ONEREC, in, err);
}

sid_status sid__flat_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    return read_token_table(ctx, options, SID__FORM_FLAT, in, err);
}

sid_status sid__offset_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    return read_token_table(ctx, options, SID__FORM_OFFSET, in, err);
}

sid_status sid__template_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    return read_token_table(ctx, options, SID__FORM_TEMPLATE, in, err);
}

sid_status sid__recbole_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    return read_column(ctx, options, &recbole_tagged, in, err);
}

static sid_status split_lines(sid__imported *in, const sid__token_style *style, char *text, int64_t size,
                              sid_error *err)
{
    int64_t line = 0;
    for (int64_t at = 0; at < size;) {
        char *end = memchr(text + at, '\n', (size_t)(size - at));
        int64_t length = end ? end - (text + at) : size - at, kept = length;
        kept -= kept > 0 && text[at + kept - 1] == '\r';
        text[at + kept] = 0; /* a line end, or the zero behind the file */
        line++;
        if ((int64_t)strlen(text + at) < kept)
            return sid__fail_at(err, SID_EDATA, sid__import_place(in, line), "a zero byte; text is expected");
        SID_TRY(add_tokens(in, style, NULL, line, text + at, err));
        at += length + 1;
    }
    return SID_OK;
}

sid_status sid__tokens_read(sid_ctx *ctx, const sid_import_options *options, sid__imported *in, sid_error *err)
{
    int codes[SID__IMPORT_CODES_MAX];
    sid__token_style style;
    sid__row_names names;
    char *text = NULL;
    int64_t size = 0;
    (void)ctx;
    SID_TRY(sid__import_style(SID__FORM_TOKENS, options, codes, &style, err));
    SID_TRY(sid__read_whole(in->path, SID__IMPORT_SIZE_MAX, &text, &size, err));
    sid_status status = split_lines(in, &style, text, size, err);
    sid__free(text);
    SID_TRY(status);
    SID_TRY(sid__import_settle(in, options->digit_column_last, err));
    SID_TRY(sid__row_names_read(in, options, SID__IDS_ENDING, &names, err));
    status = sid__import_name_rows(in, &names, err);
    sid__row_names_drop(&names);
    return status;
}
