/* snapshot.c: a table written. One tensor after the other, rows gathered in the order of their keys into a block, so that beside
 * the table there are its keys, twice, and no more.
 */
#include "table/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "io/sha256.h"
#include "table/serving.h"
#include "table/sorted.h"

enum { BLOCK_SIZE = 1 << 20, ALIGNMENT = 64, PREFIX_SIZE = 8 };

/* ---- What there is ---- */

typedef struct column_list {
    sid__column *column;
    int count;
    int64_t rows;
} column_list;

static void add(column_list *list, const char *dtype, int64_t width, sid__column_source source, size_t at,
                size_t row_size, const char *name, int slice)
{
    sid__column *c = &list->column[list->count++];
    *c = (sid__column){.dtype = dtype, .rank = width > 0 ? 2 : 1, .shape = {list->rows, width}, .source = source};
    c->at = at;
    c->row_size = row_size;
    if (slice < 0)
        (void)snprintf(c->name, sizeof c->name, "%s", name);
    else
        (void)snprintf(c->name, sizeof c->name, "slice.%d.%s", slice, name);
}

static void add_slice(column_list *list, const sid__slice *slice, int index, bool is_serving)
{
    size_t dim = (size_t)slice->dim;
    int state_floats = sid__rule_state_floats(&slice->rule, slice->dim);
    if (!is_serving) {
        add(list, "F32", slice->dim, SID__COLUMN_WEIGHTS, (size_t)slice->weight_at * 4, dim * 4, "weights", index);
        if (state_floats > 0)
            add(list, "F32", state_floats, SID__COLUMN_STATE, (size_t)slice->state_at * 4, (size_t)state_floats * 4,
                "state", index);
    } else if (slice->serving == SID__SERVING_FP32) {
        add(list, "F32", slice->dim, SID__COLUMN_WEIGHTS, slice->served_at, dim * 4, "weights", index);
    } else if (slice->serving == SID__SERVING_FP16) {
        add(list, "F16", slice->dim, SID__COLUMN_WEIGHTS, slice->served_at, dim * 2, "weights", index);
    } else {
        add(list, "F32", 0, SID__COLUMN_WEIGHTS, slice->served_at, 4, "scale", index);
        add(list, "I8", slice->dim, SID__COLUMN_WEIGHTS, slice->served_at + 4, dim, "weights", index);
    }
}

static void add_filter(column_list *list, const sid__filter *filter)
{
    size_t size = sid__filter_size(filter);
    add(list, "U32", filter->shards, SID__COLUMN_WHOLE, 0, size, "filter", -1);
    list->column[list->count - 1].rank = 3;
    memcpy(list->column[list->count - 1].shape, (const int64_t[]){filter->shards, SID__GENERATIONS, filter->cells},
           3 * sizeof(int64_t));
    list->column[list->count - 1].whole = filter->cell;
    add(list, "U8", 0, SID__COLUMN_WHOLE, 0, (size_t)filter->shards, "filter.newest", -1);
    list->column[list->count - 1].shape[0] = filter->shards;
    list->column[list->count - 1].whole = filter->newest;
}

int sid__snapshot_columns(const sid_table *t, int64_t rows, bool is_serving, sid__column *out)
{
    column_list list = {.column = out, .rows = rows};
    bool is_addressed = sid__table_is_addressed(t);
    if (!is_addressed)
        add(&list, "U64", 0, SID__COLUMN_KEY, 0, 8, "keys", -1);
    if (!is_addressed && !is_serving)
        add(&list, "U32", 0, SID__COLUMN_LAST_USE, 0, 4, "last_use", -1);
    if (t->setup.kind == SID__CAPPED && !is_serving)
        add(&list, "U32", 0, SID__COLUMN_COUNT, 0, 4, "count", -1);
    for (int i = 0; i < t->setup.slice_count; i++)
        add_slice(&list, &t->setup.slice[i], i, is_serving);
    if (t->filter.cells && !is_serving)
        add_filter(&list, &t->filter);
    return list.count;
}

/* What serving does not need, so that a served table saves the bytes that it was read from. */
static sid_status append_training(const sid_table *t, sid__strbuf *out, sid_error *err)
{
    sid__strbuf text = {0};
    sid_status status = sid__table_setup_text(&t->setup, &text, err);
    if (status == SID_OK)
        status = sid__strbuf_printf(out, err, ",\"sights\":%" PRId64 ",\"steps\":%" PRId64 ",\"setup\":", t->sights,
                                    t->steps);
    if (status == SID_OK)
        status = sid__json_append_text(out, text.text, err);
    sid__strbuf_drop(&text);
    return status;
}

sid_status sid__snapshot_about(const sid_table *t, bool is_serving, sid__strbuf *out, sid_error *err)
{
    const sid__table_setup *setup = &t->setup;
    SID_TRY(sid__strbuf_printf(out, err, "{\"format\":1,\"use\":\"%s\",\"rows\":%" PRId64,
                               is_serving ? "serving" : "training", t->rows));
    if (!is_serving)
        SID_TRY(append_training(t, out, err));
    SID_TRY(sid__strbuf_printf(out, err,
                               ",\"kind\":\"%s\",\"row_max\":%" PRId64 ",\"seed\":\"%" PRIu64
                               "\",\"hash_seed\":\"%" PRIu64 "\",\"by_row\":%s,\"slices\":[",
                               sid__table_kind_name[setup->kind], setup->rows, setup->seed, setup->hash_seed,
                               setup->by_row ? "true" : "false"));
    for (int i = 0; i < setup->slice_count; i++)
        SID_TRY(sid__strbuf_printf(out, err, "%s{\"dim\":%d,\"range\":%.9g,\"serving\":\"%s\"}", i ? "," : "",
                                   setup->slice[i].dim, (double)setup->slice[i].range,
                                   sid__serving_name[setup->slice[i].serving]));
    return sid__strbuf_printf(out, err, "],\"sha256\":\"");
}

/* ---- Written ---- */

typedef struct writing {
    const sid_table *t;
    bool is_serving;
    sid__column column[SID__COLUMNS_MAX];
    int columns;
    sid__sorted_key *key; /* (rows) */
    char *block, *served; /* served: a row, encoded */
    sid__strbuf header, about;
    sid__file *file;
    sid__sha256 hash;
} writing;

static size_t size_of(const writing *w, const sid__column *column)
{
    return column->source == SID__COLUMN_WHOLE ? column->row_size : column->row_size * (size_t)w->t->rows;
}

static sid_status append_tensor(sid__strbuf *out, const sid__column *c, size_t begin, size_t size, sid_error *err)
{
    SID_TRY(sid__strbuf_printf(out, err, "\"%s\":{\"dtype\":\"%s\",\"shape\":[", c->name, c->dtype));
    for (int i = 0; i < c->rank; i++)
        SID_TRY(sid__strbuf_printf(out, err, "%s%" PRId64, i ? "," : "", c->shape[i]));
    return sid__strbuf_printf(out, err, "],\"data_offsets\":[%zu,%zu]}", begin, begin + size);
}

static sid_status make_header(writing *w, sid_error *err)
{
    sid__strbuf *out = &w->header;
    sid__column about = {.name = "about", .dtype = "U8", .rank = 1};
    size_t at = 0;
    about.shape[0] = w->about.length + SID__SNAPSHOT_TAIL;
    SID_TRY(sid__strbuf_append(out, "\0\0\0\0\0\0\0\0{", PREFIX_SIZE + 1, err));
    for (int i = 0; i < w->columns; i++) {
        SID_TRY(append_tensor(out, &w->column[i], at, size_of(w, &w->column[i]), err));
        SID_TRY(sid__strbuf_append(out, ",", 1, err));
        at += size_of(w, &w->column[i]);
    }
    SID_TRY(append_tensor(out, &about, at, (size_t)about.shape[0], err));
    SID_TRY(sid__strbuf_append(out, "}", 1, err));
    while (out->length % ALIGNMENT != 0)
        SID_TRY(sid__strbuf_append(out, " ", 1, err));
    for (int i = 0; i < PREFIX_SIZE; i++)
        out->text[i] = (char)((uint64_t)(out->length - PREFIX_SIZE) >> 8 * i);
    return SID_OK;
}

static sid_status put(writing *w, const void *bytes, size_t size, sid_error *err)
{
    sid__sha256_update(&w->hash, bytes, size);
    return sid__file_write(w->file, bytes, size, err);
}

/* The bytes of one row of a column. */
static const void *bytes_of(const writing *w, const sid__column *column, const sid__sorted_key *key)
{
    const sid_table *t = w->t;
    switch (column->source) {
    case SID__COLUMN_KEY:
        return &key->key;
    case SID__COLUMN_LAST_USE:
        return &key->last_use;
    case SID__COLUMN_COUNT:
        return &t->capped.count[key->row];
    case SID__COLUMN_STATE:
        return (const char *)sid__slab_row(&t->state, key->row) + column->at;
    case SID__COLUMN_WEIGHTS:
    case SID__COLUMN_WHOLE:
        break;
    }
    const void *row = sid__slab_row(&t->weights, key->row);
    if (w->is_serving && !t->is_serving) {
        sid__served_encode(&t->setup, row, w->served);
        row = w->served;
    }
    return (const char *)row + column->at;
}

static sid_status put_column(writing *w, const sid__column *column, sid_error *err)
{
    size_t used = 0;
    if (column->source == SID__COLUMN_WHOLE)
        return put(w, column->whole, column->row_size, err);
    for (int64_t i = 0; i < w->t->rows; i++) {
        if (used + column->row_size > BLOCK_SIZE) {
            SID_TRY(put(w, w->block, used, err));
            used = 0;
        }
        memcpy(w->block + used, bytes_of(w, column, &w->key[i]), column->row_size);
        used += column->row_size;
    }
    return put(w, w->block, used, err);
}

static sid_status put_all(writing *w, sid_error *err)
{
    unsigned char digest[SID__SHA256_SIZE];
    char hex[SID__SHA256_HEX_SIZE];
    sid__sha256_init(&w->hash);
    SID_TRY(put(w, w->header.text, (size_t)w->header.length, err));
    for (int i = 0; i < w->columns; i++)
        SID_TRY(put_column(w, &w->column[i], err));
    SID_TRY(put(w, w->about.text, (size_t)w->about.length, err));
    sid__sha256_final(&w->hash, digest);
    sid__sha256_hex(digest, hex);
    SID_TRY(sid__file_write(w->file, hex, 64, err));
    return sid__file_write(w->file, "\"}", 2, err);
}

static sid_status prepare(writing *w, sid_error *err)
{
    w->columns = sid__snapshot_columns(w->t, w->t->rows, w->is_serving, w->column);
    SID_TRY(sid__alloc(&w->block, BLOCK_SIZE, 1, "a block of a snapshot", err));
    SID_TRY(sid__alloc(&w->served, w->t->setup.served_size, 1, "a served row", err));
    SID_TRY(sid__table_sorted(w->t, &w->key, err));
    SID_TRY(sid__snapshot_about(w->t, w->is_serving, &w->about, err));
    return make_header(w, err);
}

/* The writer's lock keeps the table still; readers go on. */
static sid_status save(const sid_table *table, const char *path, bool is_serving, sid_error *err)
{
    sid_table *t = (sid_table *)table; /* the lock changes */
    writing w = {.t = table, .is_serving = is_serving};
    sid__output output;
    (void)pthread_mutex_lock(&t->writer);
    sid_status status = prepare(&w, err);
    if (status == SID_OK)
        status = sid__output_open(path, &output, err);
    if (status == SID_OK) {
        w.file = &output.file;
        status = sid__output_finish(&output, put_all(&w, err), err);
    }
    (void)pthread_mutex_unlock(&t->writer);
    sid__free(w.block);
    sid__free(w.served);
    sid__free(w.key);
    sid__strbuf_drop(&w.about);
    sid__strbuf_drop(&w.header);
    return status;
}

sid_status sid_table_save(const sid_table *table, const char *path, sid_error *err)
{
    if (table->is_serving)
        return sid__fail(err, SID_EREADONLY,
                         "the table was opened for serving: it has no state to go on from; save the "
                         "one it was made from, or this one by sid_table_save_serving");
    return save(table, path, false, err);
}

sid_status sid_table_save_serving(const sid_table *table, const char *path, sid_error *err)
{
    return save(table, path, true, err);
}
