/* filters.c: see filters.h. */
#include "filters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "json_body.h"

/* ---- Read --------------------------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool read_where(srv_request *request, const json_t *filter, srv_filter *out)
{
    const char *column;
    json_t *values, *value;
    size_t i;
    out->where = json_object_get(filter, "where");
    if (!out->where)
        return true;
    if (!json_is_object(out->where))
        return srv_fail_at(request, 400, SID_EDATA, "/filter/where",
                           "an object of columns with arrays of values is expected");
    json_object_foreach((json_t *)(uintptr_t)out->where, column, values)
    {
        char at[SRV_POINTER_MAX];
        (void)snprintf(at, sizeof at, "/filter/where/%.40s", column);
        if (!json_is_array(values) || json_array_size(values) > SRV_LIST_MAX)
            return srv_fail_at(request, 400, SID_EDATA, at, "an array of at most %d strings is expected", SRV_LIST_MAX);
        json_array_foreach(values, i, value) if (!json_is_string(value)) return srv_fail_at(
            request, 400, SID_EDATA, at, "value %zu is no string", i);
    }
    return true;
}

static bool check_prefixes(srv_request *request, const char *name, const char *const *prefix, int64_t count)
{
    uint16_t codes[SID_LEVELS_MAX + 1];
    char at[SRV_POINTER_MAX];
    int depth = 0;
    sid_error err = {0};
    for (int64_t i = 0; i < count; i++) {
        (void)snprintf(at, sizeof at, "/filter/%s/%lld", name, (long long)i);
        if (sid_parse(prefix[i], SID_LEVELS_MAX + 1, codes, &depth, &err) != SID_OK)
            return srv_fail_at(request, 400, SID_EUSAGE, at, "%s", err.message);
    }
    return true;
}

bool srv_filter_read(srv_request *request, const json_t *body, srv_filter *out)
{
    static const char *const names[] = {"exclude", "within", "without", "where", NULL};
    const json_t *filter = json_object_get(body, "filter");
    *out = (srv_filter){0};
    if (!filter)
        return true;
    if (!json_is_object(filter))
        return srv_fail_at(request, 400, SID_EDATA, "/filter", "an object is expected");
    out->is_there = true;
    if (!srv_json_check(request, filter, "/filter", names) || !read_where(request, filter, out) ||
        !srv_json_texts(request, filter, "/filter", "exclude", SRV_LIST_MAX, &out->exclude, &out->exclude_count) ||
        !srv_json_texts(request, filter, "/filter", "within", SRV_LIST_MAX, &out->within, &out->within_count) ||
        !srv_json_texts(request, filter, "/filter", "without", SRV_LIST_MAX, &out->without, &out->without_count))
        return false;
    if (out->exclude)
        qsort(out->exclude, (size_t)out->exclude_count, sizeof *out->exclude, by_text);
    return check_prefixes(request, "within", out->within, out->within_count) &&
           check_prefixes(request, "without", out->without, out->without_count);
}

void srv_filter_drop(srv_filter *filter)
{
    free(filter->exclude);
    free(filter->within);
    free(filter->without);
    *filter = (srv_filter){0};
}

/* ---- Judged one by one -------------------------------------------------------------------------------------------- */

/* "12-15" is below "12", "125" is not. */
static bool is_below(const char *sid, const char *const *prefix, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        size_t length = strlen(prefix[i]);
        if (strncmp(sid, prefix[i], length) == 0 && (sid[length] == 0 || sid[length] == '-'))
            return true;
    }
    return false;
}

static bool is_excluded(const srv_filter *filter, const char *item_id)
{
    return filter->exclude &&
           bsearch(&item_id, filter->exclude, (size_t)filter->exclude_count, sizeof *filter->exclude, by_text);
}

static bool takes_sid(const srv_filter *filter, const char *item_id, const char *sid)
{
    return !is_excluded(filter, item_id) && (!filter->within || is_below(sid, filter->within, filter->within_count)) &&
           !is_below(sid, filter->without, filter->without_count);
}

static bool is_among(const char *text, const json_t *values)
{
    const json_t *value;
    size_t i;
    json_array_foreach(values, i, value) if (text && strcmp(text, json_string_value(value)) == 0) return true;
    return false;
}

bool srv_filter_takes(const srv_filter *filter, const sid_item *item)
{
    const char *column;
    json_t *values;
    if (!takes_sid(filter, item->item_id, item->sid))
        return false;
    if (!filter->where)
        return true;
    json_t *metadata = json_loads(item->metadata, JSON_REJECT_DUPLICATES, NULL);
    bool is_taken = true;
    json_object_foreach((json_t *)(uintptr_t)filter->where, column, values) is_taken =
        is_taken && is_among(json_string_value(json_object_get(metadata, column)), values);
    json_decref(metadata);
    return is_taken;
}

/* ---- Lists for a model -------------------------------------------------------------------------------------------- */

typedef struct facet_column {
    char *name;
    char **value; /* (items) of the facets; NULL: none */
} facet_column;

struct srv_facets {
    sid_hits items;
    facet_column *column; /* (column_count) those asked for so far */
    int column_count;
};

void srv_facets_free(srv_facets *facets)
{
    if (!facets)
        return;
    for (int c = 0; c < facets->column_count; c++) {
        for (int64_t i = 0; facets->column[c].value && i < facets->items.count; i++)
            free(facets->column[c].value[i]);
        free(facets->column[c].value);
        free(facets->column[c].name);
    }
    free(facets->column);
    sid_hits_drop(&facets->items);
    free(facets);
}

static sid_status no_memory(sid_error *err)
{
    *err = (sid_error){.status = SID_ENOMEM, .row = -1, .byte = -1, .message = "out of memory for a filter; ask again"};
    return SID_ENOMEM;
}

static sid_status read_items(srv_store *store, int64_t version, sid_error *err)
{
    if (store->facets && store->facets_version == version)
        return SID_OK;
    srv_facets_free(store->facets);
    store->facets = calloc(1, sizeof *store->facets);
    if (!store->facets)
        return no_memory(err);
    (void)pthread_mutex_lock(&store->work_lock);
    sid_status status = sid_catalog_items(store->work, &store->facets->items, err);
    (void)pthread_mutex_unlock(&store->work_lock);
    store->facets_version = version;
    if (status == SID_OK)
        return SID_OK;
    srv_facets_free(store->facets);
    store->facets = NULL;
    return status;
}

static bool fill_column(const srv_facets *facets, facet_column *column)
{
    column->value = calloc((size_t)facets->items.count + 1, sizeof(char *));
    for (int64_t i = 0; column->value && i < facets->items.count; i++) {
        json_t *metadata = json_loads(facets->items.row[i].metadata, JSON_REJECT_DUPLICATES, NULL);
        const char *text = json_string_value(json_object_get(metadata, column->name));
        column->value[i] = text ? strdup(text) : NULL;
        bool is_failed = text && !column->value[i];
        json_decref(metadata);
        if (is_failed)
            return false;
    }
    return column->value != NULL;
}

static const facet_column *find_column(srv_facets *facets, const char *name)
{
    for (int c = 0; c < facets->column_count; c++)
        if (strcmp(facets->column[c].name, name) == 0)
            return &facets->column[c];
    facet_column *more = realloc(facets->column, (size_t)(facets->column_count + 1) * sizeof *more);
    if (!more)
        return NULL;
    facets->column = more;
    facet_column *column = &more[facets->column_count];
    *column = (facet_column){.name = strdup(name)};
    if (!column->name) {
        return NULL;
    }
    facets->column_count++;
    return fill_column(facets, column) ? column : NULL;
}

/* is_taken (items): what `where` says of each. */
static sid_status apply_where(srv_facets *facets, const json_t *where, unsigned char *is_taken, sid_error *err)
{
    const char *name;
    json_t *values;
    json_object_foreach((json_t *)(uintptr_t)where, name, values)
    {
        const facet_column *column = find_column(facets, name);
        if (!column || !column->value)
            return no_memory(err);
        for (int64_t i = 0; i < facets->items.count; i++)
            is_taken[i] = is_taken[i] && is_among(column->value[i], values);
    }
    return SID_OK;
}

static sid_status fill_lists(srv_facets *facets, const srv_filter *filter, srv_lists *out, sid_error *err)
{
    int64_t count = facets->items.count;
    bool is_allow = filter->within || filter->where;
    unsigned char *is_taken = malloc((size_t)count + 1);
    const char **list = calloc((size_t)count + 1, sizeof *list);
    sid_status status = is_taken && list ? SID_OK : no_memory(err);
    if (status == SID_OK) {
        memset(is_taken, 1, (size_t)count);
        status = apply_where(facets, filter->where, is_taken, err);
    }
    int64_t length = 0;
    for (int64_t i = 0; i < count && status == SID_OK; i++) {
        const sid_item *item = &facets->items.row[i];
        if ((is_taken[i] && takes_sid(filter, item->item_id, item->sid)) == is_allow)
            list[length++] = item->item_id;
    }
    free(is_taken);
    if (status != SID_OK) {
        free(list);
        return status;
    }
    *(is_allow ? &out->allow : &out->deny) = list;
    *(is_allow ? &out->allow_count : &out->deny_count) = length;
    return SID_OK;
}

sid_status srv_lists_make(srv_store *store, int64_t version, const srv_filter *filter, srv_lists *out, sid_error *err)
{
    *out = (srv_lists){.store = store};
    (void)pthread_mutex_lock(&store->facets_lock);
    sid_status status = read_items(store, version, err);
    if (status == SID_OK)
        status = fill_lists(store->facets, filter, out, err);
    if (status != SID_OK)
        srv_lists_drop(out);
    return status;
}

void srv_lists_drop(srv_lists *lists)
{
    free(lists->allow);
    free(lists->deny);
    if (lists->store)
        (void)pthread_mutex_unlock(&lists->store->facets_lock);
    *lists = (srv_lists){0};
}
