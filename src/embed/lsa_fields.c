/* lsa_fields.c: see lsa_fields.h. */
#include "embed/lsa_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TITLE_WEIGHT = 2, COLUMNS_SHOWN_SIZE = 400 };

void sid__fields_drop(sid__fields *fields)
{
    for (int i = 0; i < fields->count; i++)
        sid__free(fields->field[i].name);
    sid__free(fields->field);
    *fields = (sid__fields){0};
}

static int find_field(const sid__fields *fields, const char *name)
{
    for (int i = 0; i < fields->count; i++)
        if (strcmp(fields->field[i].name, name) == 0)
            return i;
    return -1;
}

static int find_column(const sid_items *items, const char *name)
{
    for (int i = 0; i < sid_items_column_count(items); i++)
        if (strcmp(sid_items_column_name(items, i), name) == 0)
            return i;
    return -1;
}

/* Room for SID__FIELDS_MAX fields is made at the first. */
static sid_status add_field(sid__fields *fields, const char *name, int weight, bool is_path, sid_error *err)
{
    if (fields->count == SID__FIELDS_MAX)
        return sid__fail(err, SID_EUSAGE, "more than %d text columns; name the ones that matter with --fields",
                         SID__FIELDS_MAX);
    if (!fields->field)
        SID_TRY(sid__alloc(&fields->field, SID__FIELDS_MAX, sizeof *fields->field, "the fields", err));
    sid__field *field = &fields->field[fields->count];
    SID_TRY(sid__strdup(&field->name, name, err));
    field->weight = weight;
    field->is_path = is_path;
    fields->count++;
    return SID_OK;
}

/* "title, brand, categories", cut when long. */
static void list_columns(const sid_items *items, char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < sid_items_column_count(items) && used < size; i++) {
        int length = snprintf(text + used, size - used, "%s%s", i ? ", " : "", sid_items_column_name(items, i));
        used += length > 0 ? (size_t)length : 0;
    }
}

static sid_status fail_column(const sid_items *items, const char *name, sid_error *err)
{
    char columns[COLUMNS_SHOWN_SIZE];
    const char **names = NULL;
    int count = sid_items_column_count(items);
    list_columns(items, columns, sizeof columns);
    SID_TRY(sid__alloc(&names, (size_t)count, sizeof *names, "column names", err));
    for (int i = 0; i < count; i++)
        names[i] = sid_items_column_name(items, i);
    const char *near = sid_closest(name, names, count);
    sid_status status = sid__fail(err, SID_EUSAGE, "fields: there is no column \"%s\"%s%s%s; the columns are %s", name,
                                  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "", columns);
    sid__free(names);
    return status;
}

/* Whether at least half of the column's values that are not empty hold the separator. */
static bool is_path_column(const sid_items *items, int column)
{
    int64_t filled = 0, paths = 0;
    for (int64_t row = 0; row < sid_items_count(items); row++) {
        const char *value = sid_items_value(items, row, column);
        filled += *value != 0;
        paths += strstr(value, SID__PATH_SEPARATOR) != NULL;
    }
    return paths > 0 && 2 * paths >= filled;
}

static sid_status choose_all(const sid_items *items, sid__fields *out, sid_error *err)
{
    int title = find_column(items, "title");
    for (int i = 0; i < sid_items_column_count(items); i++) {
        int weight = i == (title < 0 ? 0 : title) ? TITLE_WEIGHT : 1;
        SID_TRY(add_field(out, sid_items_column_name(items, i), weight, is_path_column(items, i), err));
    }
    if (out->count == 0)
        return sid__fail(err, SID_EDATA, "the items have no column beside item_id; a text column is needed");
    return SID_OK;
}

/* Splits "name:weight" in place; no weight is 1. */
static sid_status split_weight(char *name, int *weight, sid_error *err)
{
    char *colon = strrchr(name, ':');
    *weight = 1;
    if (!colon)
        return SID_OK;
    char *end = NULL;
    long value = strtol(colon + 1, &end, 10);
    if (end == colon + 1 || *end || value < 1 || value > SID__FIELD_WEIGHT_MAX)
        return sid__fail(err, SID_EUSAGE, "fields: \"%s\": a whole weight from 1 to %d is expected after the colon",
                         name, SID__FIELD_WEIGHT_MAX);
    *weight = (int)value;
    *colon = 0;
    return SID_OK;
}

static sid_status choose_one(const sid_items *items, char *name, sid__fields *out, sid_error *err)
{
    int weight = 1, column = find_column(items, name); /* a column may be called "a:1" */
    if (column < 0) {
        SID_TRY(split_weight(name, &weight, err));
        column = find_column(items, name);
    }
    if (column < 0)
        return fail_column(items, name, err);
    if (find_field(out, name) >= 0)
        return sid__fail(err, SID_EUSAGE, "fields: column \"%s\" is named twice", name);
    return add_field(out, name, weight, is_path_column(items, column), err);
}

static sid_status choose_named(const sid_items *items, const char *text, sid__fields *out, sid_error *err)
{
    char name[1024];
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, ",");
        if (length == 0 || length >= sizeof name)
            return sid__fail(err, SID_EUSAGE, "fields: \"%s\": column:weight pairs separated by commas are expected",
                             text);
        memcpy(name, at, length);
        name[length] = 0;
        SID_TRY(choose_one(items, name, out, err));
        at += length + (at[length] == ',');
    }
    return SID_OK;
}

sid_status sid__fields_choose(const sid_items *items, const char *text, sid__fields *out, sid_error *err)
{
    sid__fields fields = {0};
    sid_status status = *text ? choose_named(items, text, &fields, err) : choose_all(items, &fields, err);
    if (status != SID_OK) {
        sid__fields_drop(&fields);
        return status;
    }
    fields.title = find_field(&fields, "title") < 0 ? 0 : find_field(&fields, "title");
    *out = fields;
    return SID_OK;
}

sid_status sid__fields_write(const sid__fields *fields, sid__strbuf *out, sid_error *err)
{
    for (int i = 0; i < fields->count; i++) {
        const sid__field *field = &fields->field[i];
        SID_TRY(
            sid__strbuf_printf(out, err, "%d\t%s\t%s\n", field->weight, field->is_path ? "path" : "text", field->name));
    }
    return SID_OK;
}

static sid_status parse_line(char *line, sid__fields *out, sid_error *err)
{
    char *kind = strchr(line, '\t'), *name = kind ? strchr(kind + 1, '\t') : NULL, *end = NULL;
    long weight = strtol(line, &end, 10);
    bool is_path = kind && strncmp(kind, "\tpath\t", 6) == 0;
    if (!name || !name[1] || end != kind || weight < 1 || weight > SID__FIELD_WEIGHT_MAX ||
        (!is_path && strncmp(kind, "\ttext\t", 6) != 0) || find_field(out, name + 1) >= 0)
        return sid__fail(
            err, SID_EDATA,
            "tensor lsa.fields: \"%.200s\" is not a field (weight, kind, name); the encoder file is damaged", line);
    return add_field(out, name + 1, (int)weight, is_path, err);
}

static sid_status parse_lines(char *text, sid__fields *out, sid_error *err)
{
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        SID_TRY(parse_line(line, out, err));
    }
    if (out->count == 0)
        return sid__fail(err, SID_EDATA, "tensor lsa.fields names no field; the encoder file is damaged");
    return SID_OK;
}

sid_status sid__fields_parse(const char *text, int64_t size, sid__fields *out, sid_error *err)
{
    sid__fields fields = {0};
    char *copy = NULL;
    SID_TRY(sid__alloc(&copy, (size_t)size + 1, 1, "the fields", err));
    memcpy(copy, text, (size_t)size);
    sid_status status = parse_lines(copy, &fields, err);
    sid__free(copy);
    if (status != SID_OK) {
        sid__fields_drop(&fields);
        return status;
    }
    fields.title = find_field(&fields, "title") < 0 ? 0 : find_field(&fields, "title");
    *out = fields;
    return SID_OK;
}

sid_status sid__fields_columns(const sid__fields *fields, const sid_items *items, int *column, sid_error *err)
{
    char columns[COLUMNS_SHOWN_SIZE];
    int found = 0;
    for (int i = 0; i < fields->count; i++) {
        column[i] = find_column(items, fields->field[i].name);
        found += column[i] >= 0;
    }
    if (found)
        return SID_OK;
    list_columns(items, columns, sizeof columns);
    return sid__fail(err, SID_EDATA,
                     "the items have none of the encoder's text columns (the first is \"%s\"); their columns are: %s",
                     fields->field[0].name, columns);
}
