/* vectors.h: the inside of sid_vectors, for the rooms that make vectors (encoders, catalogues). */
#ifndef SEMID_IO_VECTORS_H
#define SEMID_IO_VECTORS_H

#include "base/arena.h"
#include "base/ctx.h"

struct sid_vectors {
    sid_ctx *ctx;         /* whose memory budget holds reserved_size bytes; outlives the vectors */
    size_t reserved_size; /* of data */
    float *data;          /* (count, dim) row-major */
    int64_t count;
    int dim;
    const char **id; /* (count), in `arena`; NULL: row numbers */
    sid__arena arena;
    char *number; /* row numbers as texts of number_size bytes each; NULL when there are ids */
    size_t number_size;
};

/* Zeroed vectors of that size, ids the row numbers; fill `data`, then call sid__vectors_check. */
sid_status sid__vectors_alloc(sid_ctx *ctx, int64_t count, int dim, sid_vectors **out, sid_error *err);
/* Every value is finite and at most SID_VALUE_MAX; SID_EDATA with row and column. `path` is for messages. */
sid_status sid__vectors_check(const sid_vectors *vectors, const char *path, sid_error *err);
/* The same for one row. */
sid_status sid__vectors_check_row(const sid_vectors *vectors, int64_t row, const char *path, sid_error *err);
/* Leaves out bad rows as options->on_error says (skip or quarantine); SID_EDATA when none is left. After a failure the
 * vectors are only fit to be freed. */
sid_status sid__vectors_filter(sid_vectors *vectors, const char *path, const sid_read_options *options,
                               int64_t *skipped, sid_error *err);
/* Copies `ids` (count). They must be valid and differ: SID_EDATA names both rows. */
sid_status sid__vectors_copy_ids(sid_vectors *vectors, const char *const *ids, sid_error *err);

#endif
