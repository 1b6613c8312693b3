/* items.c: what sid_items is in memory; items_read.c fills it from files.
 *
 * Millions of rows, read once and kept: a row is one arena entry (offsets, id, values), so that it costs its text, four
 * bytes a value and one struct.
 */
#include "io/items.h"

#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "io/json.h"

enum { RESERVE_STEP = 16 << 20 }; /* the memory budget is asked for this much at a time */

static sid__names item_names(const sid_items *items)
{
    _Static_assert(offsetof(sid__item, id) == 0, "the index finds an id at the start of each item");
    return (sid__names){.first = items->item, .stride = sizeof *items->item};
}

static sid__names column_names(const sid_items *items)
{
    return (sid__names){.first = items->column, .stride = sizeof *items->column};
}

sid_status sid__items_create(sid_ctx *ctx, const char *path, sid_items **out, sid_error *err)
{
    sid_items *items = NULL;
    SID_TRY(sid__alloc(&items, 1, sizeof *items, "items", err));
    items->ctx = ctx;
    sid_status status = sid__strdup(&items->path, path, err);
    if (status != SID_OK) {
        sid_items_free(items);
        return status;
    }
    *out = items;
    return SID_OK;
}

void sid_items_free(sid_items *items)
{
    if (!items)
        return;
    if (items->reserved_size)
        sid__ctx_release(items->ctx, items->reserved_size);
    sid__id_index_drop(&items->index);
    sid__id_index_drop(&items->column_index);
    sid__arena_drop(&items->arena);
    sid__free(items->column);
    sid__free(items->item);
    sid__free(items->path);
    sid__free(items);
}

sid_status sid__items_column(sid_items *items, const char *name, size_t size, int64_t *column, sid_error *err)
{
    char text[SID_ITEM_ID_MAX + 1] = {0}, *copy = NULL;
    int64_t seen = -1;
    SID_TRY(sid__check_id(name, size, "column name", (sid__place){.file = items->path, .byte = -1}, err));
    memcpy(text, name, size);
    *column = sid__id_index_find(&items->column_index, column_names(items), text);
    if (*column >= 0)
        return SID_OK;
    if (items->column_count == SID__COLUMNS_MAX)
        return sid__fail(err, SID_EDATA, "%s: more than %d columns", items->path, SID__COLUMNS_MAX);
    SID_TRY(sid__arena_text(&items->arena, text, size, &copy, err));
    SID_TRY(sid__grow(&items->column, &items->column_capacity, items->column_count + 1, sizeof copy, "columns", err));
    items->column[items->column_count] = copy;
    SID_TRY(sid__id_index_add(&items->column_index, column_names(items), items->column_count, &seen, err));
    *column = items->column_count++;
    return SID_OK;
}

/* ---- Adding rows ---- */

static sid_status reserve(sid_items *items, size_t size, sid_error *err)
{
    if (size > items->reserved_size - items->used_size) {
        size_t step = size > RESERVE_STEP ? size : RESERVE_STEP;
        SID_TRY(sid__ctx_reserve(items->ctx, step, "the items", err));
        items->reserved_size += step;
    }
    items->used_size += size;
    return SID_OK;
}

static sid_status copy_vector(sid_items *items, const sid__item_row *row, sid__item *out, sid_error *err)
{
    float *copy = NULL;
    if (!row->vector)
        return SID_OK;
    SID_TRY(sid__arena_push(&items->arena, (size_t)row->vector_dim * sizeof *copy, &copy, err));
    memcpy(copy, row->vector, (size_t)row->vector_dim * sizeof *copy);
    out->vector = copy;
    out->vector_dim = row->vector_dim;
    return SID_OK;
}

/* Offsets, id and values in one arena entry. Empty values are kept as none. */
static sid_status copy_texts(sid_items *items, const sid__item_row *row, sid__item *out, sid_error *err)
{
    size_t head_size = (1 + (size_t)row->value_count) * sizeof(uint32_t), size = head_size + row->id.size + 1;
    uint32_t *offset = NULL;
    for (int64_t c = 0; c < row->value_count; c++)
        size += row->value[c].size ? row->value[c].size + 1 : 0;
    if (size > UINT32_MAX)
        return sid__fail(err, SID_EDATA, "a row of %zu bytes; 4 GiB are possible", size);
    SID_TRY(sid__arena_push(&items->arena, size, &offset, err));
    char *id = (char *)offset + head_size, *at = id;
    memcpy(at, row->id.bytes, row->id.size);
    at += row->id.size + 1; /* the arena is zeroed */
    offset[0] = (uint32_t)row->value_count;
    for (int64_t c = 0; c < row->value_count; c++) {
        if (row->value[c].size == 0)
            continue;
        memcpy(at, row->value[c].bytes, row->value[c].size);
        offset[c + 1] = (uint32_t)(at - id);
        at += row->value[c].size + 1;
    }
    out->id = id;
    out->value_offset = offset;
    return SID_OK;
}

static size_t row_size(const sid__item_row *row)
{
    size_t size = sizeof(sid__item) + 2 * sizeof(sid__id_slot) + row->id.size + (size_t)row->vector_dim * sizeof(float);
    for (int64_t c = 0; c < row->value_count; c++)
        size += row->value[c].size + 1 + sizeof(uint32_t);
    return size;
}

static sid_status fail_repeated(const sid_items *items, const char *id, int64_t first, const sid__item_row *row,
                                sid_error *err)
{
    if (row->line == 0)
        return sid__fail(err, SID_EDATA, "item_id \"%s\" of row %" PRId64 " seen before at row %" PRId64 "; remove one",
                         id, items->count, first);
    sid__place place = {.file = items->path, .row = row->line, .byte = -1};
    sid_status status = sid__fail_at(err, SID_EDATA, place,
                                     "item_id \"%s\" seen before at line %" PRId64 " (byte %" PRId64
                                     "); remove one row or pass --on-error skip",
                                     id, items->item[first].line, items->item[first].byte);
    if (err)
        err->byte = row->byte;
    return status;
}

sid_status sid__items_add(sid_items *items, const sid__item_row *row, sid_error *err)
{
    sid__place place = {.file = items->path, .row = row->line, .byte = row->line ? row->byte : -1};
    sid__item item = {.line = row->line, .byte = row->byte};
    int64_t seen = -1;
    SID_TRY(sid__check_id(row->id.bytes, row->id.size, "item_id", place, err));
    SID_TRY(reserve(items, row_size(row), err));
    SID_TRY(sid__grow(&items->item, &items->capacity, items->count + 1, sizeof item, "items", err));
    SID_TRY(copy_texts(items, row, &item, err));
    SID_TRY(copy_vector(items, row, &item, err));
    items->item[items->count] = item;
    SID_TRY(sid__id_index_add(&items->index, item_names(items), items->count, &seen, err));
    if (seen >= 0)
        return fail_repeated(items, item.id, seen, row, err);
    items->count++;
    return SID_OK;
}

static sid_status add_rows(sid_items *items, const char *const *columns, int column_count, const char *const *rows,
                           int64_t count, sid__text *value, sid_error *err)
{
    for (int c = 0; c < column_count; c++) {
        int64_t column = 0;
        SID_TRY(sid__items_column(items, columns[c], strlen(columns[c]), &column, err));
        if (column != c)
            return sid__fail(err, SID_EDATA, "column \"%s\" is there twice", columns[c]);
    }
    for (int64_t i = 0; i < count; i++) {
        const char *const *cell = rows + i * (1 + column_count);
        for (int c = 0; c < column_count; c++)
            value[c] = (sid__text){.bytes = cell[1 + c], .size = cell[1 + c] ? strlen(cell[1 + c]) : 0};
        sid__item_row row = {.id = {cell[0], strlen(cell[0])}, .value = value, .value_count = column_count};
        SID_TRY(sid__items_add(items, &row, err));
    }
    return SID_OK;
}

sid_status sid__items_from_rows(sid_ctx *ctx, const char *const *columns, int column_count, const char *const *rows,
                                int64_t count, sid_items **out, sid_error *err)
{
    sid_items *items = NULL;
    sid__text *value = NULL;
    SID_TRY(sid__items_create(ctx, "items in memory", &items, err));
    sid_status status = sid__alloc(&value, (size_t)column_count, sizeof *value, "a row's values", err);
    if (status == SID_OK)
        status = add_rows(items, columns, column_count, rows, count, value, err);
    sid__free(value);
    if (status != SID_OK) {
        sid_items_free(items);
        return status;
    }
    *out = items;
    return SID_OK;
}

sid_status sid_items_create(sid_ctx *ctx, const char *const *columns, int column_count, const char *const *cell,
                            int64_t count, sid_items **out, sid_error *err)
{
    if (column_count < 0 || count < 0)
        return sid__fail(err, SID_EUSAGE, "%d columns and %" PRId64 " rows; 0 or more are expected", column_count,
                         count);
    return sid__items_from_rows(ctx, columns, column_count, cell, count, out, err);
}

/* ---- Asking ---- */

int64_t sid_items_count(const sid_items *items)
{
    return items->count;
}

int64_t sid_items_skipped(const sid_items *items)
{
    return items->skipped;
}

const char *sid_items_id(const sid_items *items, int64_t row)
{
    return items->item[row].id;
}

int64_t sid_items_find(const sid_items *items, const char *item_id)
{
    return sid__id_index_find(&items->index, item_names(items), item_id);
}

int sid_items_column_count(const sid_items *items)
{
    return (int)items->column_count;
}

const char *sid_items_column_name(const sid_items *items, int column)
{
    return items->column[column];
}

const char *sid_items_value(const sid_items *items, int64_t row, int column)
{
    const sid__item *item = &items->item[row];
    uint32_t offset = (uint32_t)column < item->value_offset[0] ? item->value_offset[column + 1] : 0;
    return offset ? item->id + offset : "";
}

const char *sid_items_title(const sid_items *items, int64_t row)
{
    if (items->column_count == 0)
        return "";
    int64_t title = sid__id_index_find(&items->column_index, column_names(items), "title");
    return sid_items_value(items, row, title < 0 ? 0 : (int)title);
}

static sid_status write_metadata(const sid_items *items, int64_t row, sid__strbuf *out, sid_error *err)
{
    bool is_first = true;
    SID_TRY(sid__strbuf_append(out, "{", 1, err));
    for (int c = 0; c < sid_items_column_count(items); c++) {
        const char *value = sid_items_value(items, row, c);
        if (!*value)
            continue;
        if (!is_first)
            SID_TRY(sid__strbuf_append(out, ",", 1, err));
        is_first = false;
        SID_TRY(sid__json_append_text(out, items->column[c], err));
        SID_TRY(sid__strbuf_append(out, ":", 1, err));
        SID_TRY(sid__json_append_text(out, value, err));
    }
    return sid__strbuf_append(out, "}", 1, err);
}

sid_status sid_items_metadata(const sid_items *items, int64_t row, char **json, sid_error *err)
{
    sid__strbuf out = {0};
    sid_status status = write_metadata(items, row, &out, err);
    if (status != SID_OK) {
        sid__strbuf_drop(&out);
        return status;
    }
    *json = sid__strbuf_take(&out);
    return SID_OK;
}

void sid_text_free(char *text)
{
    sid__free(text);
}
