/* item_filter.c: see item_filter.h. What a model cannot tell of its items is looked up in the catalogue, once: the ids that
 * pass are then the request's allow list. */
#include "item_filter.h"

#include <stdlib.h>
#include <string.h>

#include "output.h"

/* ---- --where ---- */

/* COLUMN=VALUE */
static bool is_of(const char *condition, const char *column, size_t length)
{
    return strncmp(condition, column, length) == 0 && condition[length] == '=';
}

static bool has_value(const json_t *metadata, const char *condition)
{
    size_t length = strcspn(condition, "=");
    const json_t *value = json_object_getn(metadata, condition, length);
    return json_is_string(value) && strcmp(json_string_value(value), condition + length + 1) == 0;
}

/* For each column named, one of its values. */
static bool passes_where(const json_t *metadata, const cli_setting *where)
{
    for (int i = 0; i < where->count; i++) {
        size_t length = strcspn(where->text[i], "=");
        bool passes = false;
        for (int j = 0; j < where->count && !passes; j++)
            passes = is_of(where->text[j], where->text[i], length) && has_value(metadata, where->text[j]);
        if (!passes)
            return false;
    }
    return true;
}

/* A column that no item has is a slip of the pen. */
static sid_status check_where(cli_app *app, const sid_catalog *catalog, const sid_hits *hits, const cli_setting *where)
{
    if (where->count > 0 && !catalog)
        return cli_fail(app, SID_EUSAGE,
                        "--where %s looks at columns of a catalogue, and there is none: add --catalog DIR",
                        where->text[0]);
    for (int i = 0; i < where->count; i++) {
        size_t length = strcspn(where->text[i], "=");
        bool is_known = false;
        if (length == 0 || where->text[i][length] == 0)
            return cli_fail(app, SID_EUSAGE, "--where is \"%s\"; COLUMN=VALUE, such as brand=OPI, is expected",
                            where->text[i]);
        for (int64_t h = 0; h < hits->count && !is_known; h++) {
            json_t *metadata = json_loads(hits->row[h].metadata, 0, NULL);
            is_known = json_object_getn(metadata, where->text[i], length) != NULL;
            json_decref(metadata);
        }
        if (!is_known)
            return cli_fail(
                app, SID_EUSAGE,
                "--where %s: no item of the catalogue has a column \"%.*s\"; semid show names what they have",
                where->text[i], (int)length, where->text[i]);
    }
    return SID_OK;
}

/* ---- --within ---- */

static bool is_below(const char *sid, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(sid, prefix, length) == 0 && (sid[length] == 0 || sid[length] == '-');
}

static sid_status split_prefixes(cli_app *app, cli_item_filter *out)
{
    const char *text = cli_text(app, "within");
    const char **prefix = cli_alloc(text ? strlen(text) + 1 : 1, sizeof *prefix);
    out->within = prefix;
    for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        uint16_t code[SID_LEVELS_MAX + 1];
        int count;
        prefix[out->within_count] = cli_keep(app, "%.*s", (int)strcspn(at, ","), at);
        if (sid_parse(prefix[out->within_count], SID_LEVELS_MAX + 1, code, &count, &app->err) != SID_OK)
            return cli_fail(app, SID_EUSAGE, "--within is \"%s\"; prefixes of SIDs such as 12,40-7 are expected", text);
        out->within_count++;
    }
    return SID_OK;
}

/* ---- All ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_allowed(const cli_item_filter *filter, const char *id)
{
    return !filter->allow || bsearch(&id, filter->lines.line, (size_t)filter->lines.count, sizeof id, by_text) != NULL;
}

static bool is_within(const cli_item_filter *filter, const char *sid)
{
    bool is_in = filter->within_count == 0;
    for (int64_t p = 0; p < filter->within_count && !is_in; p++)
        is_in = is_below(sid, filter->within[p]);
    return is_in;
}

/* The ids of the catalogue that pass become the allow list. */
static void choose_ids(cli_item_filter *out, const cli_setting *where)
{
    int64_t count = 0;
    out->made = cli_alloc((size_t)out->hits.count + 1, sizeof *out->made);
    if (out->lines.count > 1)
        qsort(out->lines.line, (size_t)out->lines.count, sizeof *out->lines.line, by_text);
    for (int64_t h = 0; h < out->hits.count; h++) {
        const sid_item *item = &out->hits.row[h];
        json_t *metadata = where->count > 0 ? json_loads(item->metadata, 0, NULL) : NULL;
        if (is_allowed(out, item->item_id) && is_within(out, item->sid) &&
            (where->count == 0 || passes_where(metadata, where)))
            out->made[count++] = item->item_id;
        json_decref(metadata);
    }
    out->allow = out->made;
    out->allow_count = count;
}

sid_status cli_item_filter_read(cli_app *app, sid_catalog *catalog, bool has_sids, cli_item_filter *out)
{
    const char *allow = cli_text(app, "allow");
    static const cli_setting none;
    const cli_setting *where = cli_is_given(app, "where") ? cli_setting_of(app, "where") : &none;
    CLI_TRY(split_prefixes(app, out));
    if (allow) {
        CLI_TRY(cli_lines_read(app, allow, &out->lines));
        if (out->lines.count == 0)
            return cli_fail(app, SID_EDATA, "%s allows nothing: it holds no id", allow);
        out->allow = (const char *const *)out->lines.line;
        out->allow_count = out->lines.count;
    }
    if (out->within_count > 0 && !has_sids && !catalog)
        return cli_fail(app, SID_EUSAGE, "--within %s: the model knows no SIDs; pass --catalog DIR, which has them",
                        cli_text(app, "within"));
    bool asks_catalog = where->count > 0 || (out->within_count > 0 && !has_sids && catalog);
    if (asks_catalog && catalog)
        CLI_TRY(sid_catalog_items(catalog, &out->hits, &app->err));
    CLI_TRY(check_where(app, catalog, &out->hits, where));
    if (!asks_catalog)
        return SID_OK;
    choose_ids(out, where);
    if (!has_sids)
        out->within_count = 0; /* looked after */
    if (out->allow_count == 0)
        cli_warn(app, "no item of the catalogue passes the filters");
    return SID_OK;
}

void cli_item_filter_drop(cli_item_filter *filter)
{
    cli_lines_drop(&filter->lines);
    sid_hits_drop(&filter->hits);
    free(filter->made);
    free((void *)filter->within);
    *filter = (cli_item_filter){0};
}
