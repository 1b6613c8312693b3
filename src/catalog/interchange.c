/* interchange.c: export. The text is made whole and then replaces the file, so that a reader never meets half of it. */
#include "catalog/interchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io/json.h"

static const struct {
    const char *name, *ending, *other_ending;
} forms[SID__FORM_COUNT] = {
    [SID__FORM_TSV] = {"tsv", ".tsv", ".csv"},
    [SID__FORM_JSONL] = {"jsonl", ".jsonl", ".ndjson"},
    [SID__FORM_NPY] = {"npy", ".npy", ".npy"},
};

static bool has_ending(const char *path, const char *ending)
{
    size_t length = strlen(path), size = strlen(ending);
    return length >= size && strcmp(path + length - size, ending) == 0;
}

sid_status sid__form_find(const char *name, const char *path, sid__form *out, sid_error *err)
{
    const char *names[SID__FORM_COUNT + 1] = {0};
    for (int i = 0; i < SID__FORM_COUNT; i++) {
        names[i] = forms[i].name;
        if (name ? strcmp(name, forms[i].name) == 0 || (i == SID__FORM_TSV && strcmp(name, "csv") == 0)
                 : has_ending(path, forms[i].ending) || has_ending(path, forms[i].other_ending)) {
            *out = (sid__form)i;
            return SID_OK;
        }
    }
    if (!name && strcmp(path, "-") == 0) {
        *out = SID__FORM_TSV;
        return SID_OK;
    }
    const char *near = name ? sid_closest(name, names, SID__FORM_COUNT) : NULL;
    return sid__fail(err, SID_EUSAGE, "%s \"%s\"%s%s%s; the forms are tsv, jsonl, npy",
                     name ? "there is no form" : "no form is told by the ending of", name ? name : path,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

sid_status sid__ids_path(const char *path, char *out, size_t size, sid_error *err)
{
    size_t length = strlen(path) - (has_ending(path, ".npy") ? strlen(".npy") : 0);
    int n = snprintf(out, size, "%.*s.ids.txt", (int)length, path);
    if (n < 0 || (size_t)n >= size)
        return sid__fail(err, SID_EUSAGE, "path is too long: %s", path);
    return SID_OK;
}

/* ---- Text --------------------------------------------------------------------------------------------------------- */

typedef struct exporting {
    const sid_catalog *catalog;
    sid__strbuf text;
    uint16_t *codes; /* npy: (capacity, levels), of which `count` rows are filled */
    int64_t count, capacity;
} exporting;

static sid_status append_tsv(void *user, const sid__db_item *item, sid_error *err)
{
    exporting *e = user;
    char sid[SID_SID_TEXT_MAX];
    if (item->state == SID__STATE_REMOVED)
        return SID_OK;
    sid_format(item->codes, sid__db_item_width(item), sid);
    SID_TRY(sid__strbuf_printf(&e->text, err, "%s\t%s", item->item_id, sid));
    for (int l = 0; l < item->levels; l++)
        SID_TRY(sid__strbuf_printf(&e->text, err, "\t%d", item->codes[l]));
    if (e->catalog->manifest.digit_codes && item->digit != SID__DIGIT_NONE)
        SID_TRY(sid__strbuf_printf(&e->text, err, "\t%" PRId32, item->digit));
    else if (e->catalog->manifest.digit_codes)
        SID_TRY(sid__strbuf_append(&e->text, "\t", 1, err));
    return sid__strbuf_append(&e->text, "\n", 1, err);
}

static sid_status append_jsonl(void *user, const sid__db_item *item, sid_error *err)
{
    exporting *e = user;
    char sid[SID_SID_TEXT_MAX];
    if (item->state == SID__STATE_REMOVED)
        return SID_OK;
    sid_format(item->codes, sid__db_item_width(item), sid);
    SID_TRY(sid__strbuf_printf(&e->text, err, "{\"item_id\":"));
    SID_TRY(sid__json_append_text(&e->text, item->item_id, err));
    SID_TRY(sid__strbuf_printf(&e->text, err, ",\"sid\":\"%s\",\"codes\":[", sid));
    for (int l = 0; l < item->levels; l++)
        SID_TRY(sid__strbuf_printf(&e->text, err, "%s%d", l ? "," : "", item->codes[l]));
    if (item->digit != SID__DIGIT_NONE)
        return sid__strbuf_printf(&e->text, err, "],\"digit\":%" PRId32 "}\n", item->digit);
    return sid__strbuf_printf(&e->text, err, "]}\n");
}

static sid_status append_tsv_header(exporting *e, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(&e->text, err, "item_id\tsid"));
    for (int l = 0; l < e->catalog->manifest.levels; l++)
        SID_TRY(sid__strbuf_printf(&e->text, err, "\tc%d", l + 1));
    return sid__strbuf_printf(&e->text, err, "%s\n", e->catalog->manifest.digit_codes ? "\tdigit" : "");
}

static sid_status export_text(exporting *e, sid__form form, const char *path, sid_error *err)
{
    if (form == SID__FORM_TSV)
        SID_TRY(append_tsv_header(e, err));
    SID_TRY(sid__item_db_scan(e->catalog->db, form == SID__FORM_TSV ? append_tsv : append_jsonl, e, err));
    return sid__replace_whole(path, e->text.text ? e->text.text : "", (size_t)e->text.length, err);
}

/* ---- npy ---------------------------------------------------------------------------------------------------------- */

static sid_status append_npy(void *user, const sid__db_item *item, sid_error *err)
{
    exporting *e = user;
    if (item->state == SID__STATE_REMOVED)
        return SID_OK;
    if (e->count == e->capacity)
        return sid__fail(err, SID_ECORRUPT, "%s: the index of live items is damaged; restore or refit",
                         SID__FILE_ITEMS);
    memcpy(e->codes + e->count++ * item->levels, item->codes, (size_t)item->levels * sizeof *e->codes);
    return sid__strbuf_printf(&e->text, err, "%s\n", item->item_id);
}

static sid_status export_npy(exporting *e, const char *path, sid_error *err)
{
    char ids_path[PATH_MAX];
    int levels = e->catalog->manifest.levels;
    if (strcmp(path, "-") == 0)
        return sid__fail(err, SID_EUSAGE, "npy needs a path, since the ids go beside it; pass -o FILE.npy");
    SID_TRY(sid__ids_path(path, ids_path, sizeof ids_path, err));
    SID_TRY(sid__item_db_live_count(e->catalog->db, &e->capacity, err));
    SID_TRY(sid__alloc(&e->codes, (size_t)e->capacity, (size_t)levels * sizeof *e->codes, "codes", err));
    SID_TRY(sid__item_db_scan(e->catalog->db, append_npy, e, err));
    /* Two renames: a crash between them leaves new ids beside the old array or none, and the import that meets them
     * compares the counts. */
    SID_TRY(sid__replace_whole(ids_path, e->text.text ? e->text.text : "", (size_t)e->text.length, err));
    return sid__npy_write(path, SID__U16, e->codes, e->count, levels, err);
}

sid_status sid_catalog_export(sid_catalog *catalog, const char *form, const char *path, sid_error *err)
{
    sid__form which = SID__FORM_TSV;
    exporting e = {.catalog = catalog};
    SID_TRY(sid__form_find(form, path, &which, err));
    SID_TRY(sid__catalog_enter(catalog, err));
    sid_status status = which == SID__FORM_NPY ? export_npy(&e, path, err) : export_text(&e, which, path, err);
    sid__catalog_leave(catalog);
    sid__strbuf_drop(&e.text);
    sid__free(e.codes);
    return status;
}
