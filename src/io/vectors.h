/* vectors.h: the inside of sid_vectors, for the rooms that make vectors (encoders, catalogues). */
#ifndef SEMID_IO_VECTORS_H
#define SEMID_IO_VECTORS_H

#include "base/arena.h"
#include "base/ctx.h"
#include "io/vectors_file.h"

struct sid_vectors {
    sid_ctx *ctx;         /* whose memory budget holds reserved_size bytes; outlives the vectors */
    size_t reserved_size; /* of data and ids */
    float *data;          /* (count, dim) row-major; NULL: they stay in `file` */
    bool is_wrapped;      /* `data` belongs to the caller, who wants it unchanged */
    sid__vectors_file *file;
    int64_t count;
    int dim;
    const char **id; /* (count), in `arena`; NULL: row numbers */
    sid__arena arena;
    char *number; /* row numbers as texts of number_size bytes each; NULL when there are ids */
    size_t number_size;
};

/* Zeroed vectors of that size, ids the row numbers; fill `data`, then call sid__vectors_check. */
sid_status sid__vectors_alloc(sid_ctx *ctx, int64_t count, int dim, sid_vectors **out, sid_error *err);
/* Vectors that are left in their file. Takes the reader over, in any case. */
sid_status sid__vectors_in_file(sid_ctx *ctx, sid__npy_reader *reader, sid_vectors **out, sid_error *err);
/* What to read them by; valid while the vectors live and are not filtered. */
sid__rows sid__vectors_rows(const sid_vectors *vectors);
/* Takes `size` bytes of the memory limit, which freeing the vectors gives back. */
sid_status sid__vectors_reserve(sid_vectors *vectors, size_t size, const char *what, sid_error *err);
/* The row numbers that were ids give way to other ids. */
void sid__vectors_drop_numbers(sid_vectors *vectors);
/* Every value is finite and at most SID_VALUE_MAX; SID_EDATA with row and column. `path` is for messages. */
sid_status sid__vectors_check(const sid_vectors *vectors, const char *path, sid_error *err);
/* The same for one row x (dim). */
sid_status sid__vectors_check_row(const float *x, int dim, int64_t row, const char *path, sid_error *err);
/* Leaves out bad rows as options->on_error says (skip or quarantine); SID_EDATA when none is left. After a failure the
 * vectors are only fit to be freed. */
sid_status sid__vectors_filter(sid_vectors *vectors, const char *path, const sid_read_options *options,
                               int64_t *skipped, sid_error *err);
/* Copies `ids` (count). They must be valid and differ: SID_EDATA names both rows. */
sid_status sid__vectors_copy_ids(sid_vectors *vectors, const char *const *ids, sid_error *err);

#endif
