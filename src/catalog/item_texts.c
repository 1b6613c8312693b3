/* item_texts.c: see item_texts.h. */
#include "catalog/item_texts.h"

#include <string.h>

#include "catalog/catalog_files.h"

enum { COLUMNS_SHOWN = 32 };

sid_status sid__item_columns(const sid__db_item *item, json_t **out, sid_error *err)
{
    *out = NULL;
    if (!item->metadata[0])
        return SID_OK;
    return sid__json_parse(item->metadata, strlen(item->metadata), SID__FILE_ITEMS, out, err);
}

const char *sid__column_value(sid__column_search *search, json_t *columns)
{
    if (!search->name)
        return NULL;
    if (!search->columns && json_is_object(columns))
        search->columns = json_incref(columns);
    const json_t *value = json_object_get(columns, search->name);
    search->is_found = search->is_found || value;
    return json_string_value(value);
}

static sid_status fail_column(const sid__column_search *search, sid_error *err)
{
    const char *names[COLUMNS_SHOWN], *name;
    char shown[512] = "";
    json_t *value;
    int count = 0;
    json_object_foreach(search->columns, name, value)
    {
        size_t length = strlen(shown);
        if (count < COLUMNS_SHOWN && length + strlen(name) + 3 < sizeof shown) {
            (void)snprintf(shown + length, sizeof shown - length, "%s%s", count ? ", " : "", name);
            names[count++] = name;
        }
    }
    if (count == 0)
        return sid__fail(err, SID_EUSAGE, "category column \"%s\": the items of this catalogue have no columns",
                         search->name);
    const char *near = sid_closest(search->name, names, count);
    return sid__fail(err, SID_EUSAGE, "no item has a column \"%s\"%s%s%s; the columns are %s", search->name,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "", shown);
}

sid_status sid__column_search_end(sid__column_search *search, sid_status status, sid_error *err)
{
    if (status == SID_OK && search->name && !search->is_found)
        status = fail_column(search, err);
    json_decref(search->columns);
    search->columns = NULL;
    return status;
}
