/* snapshot.h: a table as one safetensors file, for going on or for serving.
 *
 *     header                 as in io/safetensors.h
 *     keys U64 (n)           ascending; not in hashed and double tables, whose row i is row i
 *     last_use U32 (n)       with keys, not for serving
 *     count U32 (n)          capped, not for serving
 *     slice.I.weights        F32 (n, dim); for serving also F16 or I8
 *     slice.I.scale F32 (n)  of I8, before it
 *     slice.I.state F32 (n, floats)
 *     filter U32 (shards, generations, cells), filter.newest U8 (shards)      with admit_count
 *     about U8               one line of JSON: what the table is; its last member is the SHA-256 of all bytes before the digits
 *
 * Equal tables give equal bytes: no timestamps, no row numbers.
 */
#ifndef SEMID_TABLE_SNAPSHOT_H
#define SEMID_TABLE_SNAPSHOT_H

#include "table/table.h"

/* Where the elements of a tensor come from and go to. */
typedef enum sid__column_source {
    SID__COLUMN_KEY,
    SID__COLUMN_LAST_USE,
    SID__COLUMN_COUNT,
    SID__COLUMN_WEIGHTS, /* bytes `at` .. of a row of weights; served: of a served row */
    SID__COLUMN_STATE,
    SID__COLUMN_WHOLE /* not by row: `whole` */
} sid__column_source;

typedef struct sid__column {
    char name[32];
    const char *dtype;
    int rank;
    sid__column_source source;
    int64_t shape[3];
    size_t at, row_size; /* bytes of a row; of WHOLE: all */
    void *whole;
} sid__column;

enum { SID__COLUMNS_MAX = 6 + 3 * SID_SLICES_MAX, SID__SNAPSHOT_TAIL = 64 + 2 }; /* digits, then "} */

/* The tensors of a table of `rows` rows, in order, without `about`. */
int sid__snapshot_columns(const sid_table *t, int64_t rows, bool is_serving, sid__column *out);
/* `about` without its digits and tail. */
sid_status sid__snapshot_about(const sid_table *t, bool is_serving, sid__strbuf *out, sid_error *err);
/* Reads a file into a table made for it, with nothing in it: restore.c. */
sid_status sid__snapshot_open(const char *path, const sid__table_setup *expected, sid_ctx *ctx, sid_table **out,
                              sid_error *err);

#endif
