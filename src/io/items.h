/* items.h: the inside of sid_items, for the rooms that read or make items in memory. */
#ifndef SEMID_IO_ITEMS_H
#define SEMID_IO_ITEMS_H

#include "base/arena.h"
#include "base/ctx.h"
#include "io/delimited.h"
#include "io/id_index.h"

enum { SID__COLUMNS_MAX = 1024 };

/* value_offset[0] says how many offsets follow; the value of column c is at id + value_offset[c + 1], and 0 means that the
 * row has none. One arena entry holds offsets, id and values. */
typedef struct sid__item {
    const char *id; /* first, for the index */
    const uint32_t *value_offset;
    const float *vector; /* (vector_dim), the "vector" of a .jsonl row; NULL: none */
    int vector_dim;
    int64_t line, byte; /* where it stands in the file; line 0: made in memory */
} sid__item;

struct sid_items {
    sid_ctx *ctx;         /* whose memory budget holds reserved_size bytes; outlives the items */
    size_t reserved_size; /* >= used_size */
    size_t used_size;
    char *path; /* for messages */
    sid__item *item;
    int64_t count, capacity;
    const char **column;
    int64_t column_count, column_capacity;
    int64_t skipped;
    sid__arena arena;
    sid__id_index index, column_index;
};

typedef struct sid__text {
    const char *bytes;
    size_t size;
} sid__text;

/* A row to be added. value[c] with bytes NULL: none. */
typedef struct sid__item_row {
    sid__text id;
    const sid__text *value;
    int64_t value_count;
    const float *vector;
    int vector_dim;
    int64_t line, byte;
} sid__item_row;

/* Empty items; `path` is for messages. */
sid_status sid__items_create(sid_ctx *ctx, const char *path, sid_items **out, sid_error *err);
/* The column's number, made when it is new. SID_EDATA for a bad name (as for ids) and over SID__COLUMNS_MAX. */
sid_status sid__items_column(sid_items *items, const char *name, size_t size, int64_t *column, sid_error *err);
/* Adds a copy of the row. SID_EDATA for a bad or repeated id; the items stay as they were. */
sid_status sid__items_add(sid_items *items, const sid__item_row *row, sid_error *err);
/* Items in memory: `columns` (column_count) names without item_id; `rows` (count, 1 + column_count): id, then values (NULL:
 * none). */
sid_status sid__items_from_rows(sid_ctx *ctx, const char *const *columns, int column_count, const char *const *rows,
                                int64_t count, sid_items **out, sid_error *err);
/* As sid_items_read does from a source; format by the ending of `path`. For tests and fuzzing. */
sid_status sid__items_parse(sid_ctx *ctx, sid__source *source, const char *path, const sid_read_options *options,
                            sid_items **out, sid_error *err);

#endif
