/* interchange.c: the table of forms, and export. A file is made whole and then replaces the old one, so that a reader never
 * meets half of it.
 */
#include "catalog/interchange.h"

#include <stdio.h>
#include <string.h>

/* `beside`: the ending of a second file, without which the first is worth nothing; loose_beside: standard output goes
 * without it. needs_unique: each item must have a SID of its own. */
static const struct form {
    const char *name, *alias, *ending, *other_ending, *beside;
    bool loose_beside, needs_unique;
    sid__form_write_fn *write;
    sid__form_read_fn *read;
} forms[SID__FORM_COUNT] = {
    [SID__FORM_TSV] = {"tsv", "csv", ".tsv", ".csv", .write = sid__tsv_write, .read = sid__tsv_read},
    [SID__FORM_JSONL] = {"jsonl", NULL, ".jsonl", ".ndjson", .write = sid__jsonl_write, .read = sid__jsonl_read},
    [SID__FORM_NPY] = {"npy", NULL, ".npy", NULL, SID__IDS_ENDING, .write = sid__npy_form_write,
                       .read = sid__npy_form_read},
    [SID__FORM_LETTERS] = {"letters", "lcrec", ".index.json", ".json", SID__ROWS_ENDING, .needs_unique = true,
                           .write = sid__letters_write, .read = sid__letters_read},
    [SID__FORM_ONEREC] = {"onerec", .write = sid__token_table_write, .read = sid__onerec_read},
    [SID__FORM_FLAT] = {"flat", .write = sid__token_table_write, .read = sid__flat_read},
    [SID__FORM_OFFSET] = {"offset", .write = sid__token_table_write, .read = sid__offset_read},
    [SID__FORM_INFO] = {"info", .beside = SID__ROWS_ENDING, .needs_unique = true, .write = sid__info_write,
                        .read = sid__info_read},
    [SID__FORM_GRID] = {"grid", NULL, ".safetensors", NULL, SID__IDS_ENDING, .needs_unique = true,
                        .write = sid__grid_write, .read = sid__grid_read},
    [SID__FORM_RECBOLE] = {"recbole", NULL, ".item", NULL, .write = sid__recbole_write, .read = sid__recbole_read},
    [SID__FORM_TEMPLATE] = {"template", .write = sid__token_table_write, .read = sid__template_read},
    [SID__FORM_TOKENS] = {"tokens", .beside = SID__IDS_ENDING, .loose_beside = true, .write = sid__tokens_write,
                          .read = sid__tokens_read},
};

const char *sid__form_name(sid__form form)
{
    return forms[form].name;
}

static bool has_ending(const char *path, const char *ending)
{
    size_t length = strlen(path), size = ending ? strlen(ending) : 0;
    return ending && length >= size && strcmp(path + length - size, ending) == 0;
}

sid_status sid__form_find(const char *name, const char *path, sid__form *out, sid_error *err)
{
    const char *names[SID__FORM_COUNT], *list = "";
    for (int i = 0; i < SID__FORM_COUNT; i++) {
        names[i] = forms[i].name;
        if (name ? strcmp(name, forms[i].name) == 0 || (forms[i].alias && strcmp(name, forms[i].alias) == 0)
                 : has_ending(path, forms[i].ending) || has_ending(path, forms[i].other_ending)) {
            *out = (sid__form)i;
            return SID_OK;
        }
    }
    if (!name && strcmp(path, "-") == 0) {
        *out = SID__FORM_TSV;
        return SID_OK;
    }
#define NAME_(id, form_name, summary) ", " form_name
    list = "" SID_FORM_LIST(NAME_);
#undef NAME_
    const char *near = name ? sid_closest(name, names, SID__FORM_COUNT) : NULL;
    return sid__fail(err, SID_EUSAGE, "%s \"%s\"%s%s%s; the forms are %s",
                     name ? "there is no form" : "no form is told by the ending of", name ? name : path,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "", list + strlen(", "));
}

sid_status sid__beside_path(const char *path, const char *ending, char *out, size_t size, sid_error *err)
{
    static const char *const own[] = {".index.json", ".json", ".npy", ".safetensors", ".txt", ".tsv"};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (has_ending(path, own[i]) && length > strlen(own[i])) {
            length -= strlen(own[i]);
            break;
        }
    }
    int n = snprintf(out, size, "%.*s%s", (int)length, path, ending);
    if (n < 0 || (size_t)n >= size)
        return sid__fail(err, SID_EUSAGE, "path is too long: %s", path);
    return SID_OK;
}

/* Standard output has no place for a second file. */
static sid_status check_beside(sid__form form, const char *path, sid_error *err)
{
    if (!forms[form].beside || forms[form].loose_beside || strcmp(path, "-") != 0)
        return SID_OK;
    return sid__fail(err, SID_EUSAGE, "%s needs a path, since the ids go beside it; pass -o FILE%s", forms[form].name,
                     forms[form].ending ? forms[form].ending : ".txt");
}

sid_status sid_export_beside(const char *form, const char *path, char *out, size_t size, sid_error *err)
{
    sid__form which = SID__FORM_TSV;
    SID_TRY(sid__form_find(form, path, &which, err));
    SID_TRY(check_beside(which, path, err));
    if (forms[which].beside && strcmp(path, "-") != 0)
        return sid__beside_path(path, forms[which].beside, out, size, err);
    if (size > 0)
        out[0] = 0;
    return SID_OK;
}

/* ---- Export */

/* What can be refused is refused before the items are read. */
static sid_status check(sid__form form, const sid_export_options *options, const char *path, sid_error *err)
{
    static const char *const digits[] = {"none", "tiger", "grid", "suffix"};
    const char *digit = options->digit, *near = digit ? sid_closest(digit, digits, 4) : NULL;
    bool is_known = !digit;
    for (int i = 0; i < 4; i++)
        is_known = is_known || strcmp(digit, digits[i]) == 0;
    if (!is_known)
        return sid__fail(err, SID_EUSAGE, "digit is \"%s\"%s%s%s; none, tiger, grid or suffix is expected", digit,
                         near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    SID_TRY(check_beside(form, path, err));
    if (options->token_form && form != SID__FORM_TOKENS)
        return sid__fail(err, SID_EUSAGE, "a token form (%s) belongs to the form tokens; the form is %s",
                         options->token_form, forms[form].name);
    bool is_template = form == SID__FORM_TEMPLATE || (form == SID__FORM_TOKENS && options->token_form &&
                                                      strcmp(options->token_form, "template") == 0);
    if (options->template_text && !is_template)
        return sid__fail(err, SID_EUSAGE, "a template belongs to the form template; the form is %s", forms[form].name);
    return SID_OK;
}

sid_status sid_catalog_export_as(sid_catalog *catalog, const sid_export_options *options, const char *path,
                                 sid_error *err)
{
    static const sid_export_options defaults = {0};
    sid__exported e = {0};
    sid__form form = SID__FORM_TSV;
    options = options ? options : &defaults;
    SID_TRY(sid__form_find(options->form, path, &form, err));
    SID_TRY(check(form, options, path, err));
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = sid__exported_collect(catalog, options, form, &e, err);
    sid__catalog_leave(catalog);
    bool is_shared_wanted = options->digit && strcmp(options->digit, "none") == 0;
    if (status == SID_OK && forms[form].needs_unique && !is_shared_wanted)
        status = sid__exported_check_unique(&e, err);
    if (status == SID_OK)
        status = forms[form].write(&e, path, err);
    sid__exported_drop(&e);
    return status;
}

sid_status sid_catalog_export(sid_catalog *catalog, const char *form, const char *path, sid_error *err)
{
    return sid_catalog_export_as(catalog, &(sid_export_options){.form = form}, path, err);
}

/* ---- Import */

sid_status sid__import_read(sid_ctx *ctx, const char *path, sid__form form, const sid_import_options *options,
                            sid__imported *out, sid_error *err)
{
    sid__imported in = {.path = path};
    sid_status status = forms[form].read(ctx, options, &in, err);
    if (status == SID_OK && in.count == 0)
        status = sid__fail_at(err, SID_EDATA, sid__import_place(&in, 0), "no SIDs; at least one is expected");
    if (status != SID_OK) {
        sid__imported_drop(&in);
        return status;
    }
    *out = in;
    return SID_OK;
}
