/* rows.h: N rows of D floats, wherever they lie: in memory, or in a file that is larger than memory. What walks over rows
 * takes them from here, so that there is one path for both and its results are the same bits:
 *
 *     for (int64_t begin = 0; begin < rows->count; begin += block) {     // block = sid__rows_block(rows->dim)
 *         int64_t size = sid__rows_in_block(rows, begin, block);
 *         SID_TRY(sid__rows_get(rows, begin, size, buffer, &x, err));    // x: into memory, or buffer, filled
 *
 * Rule: where sums are made, block borders depend on the dimension alone, never on the memory limit or the place.
 */
#ifndef SEMID_IO_ROWS_H
#define SEMID_IO_ROWS_H

#include "base/error.h"

typedef struct sid__rows {
    const float *data; /* (count, dim) row-major; NULL: `read` gives them */
    int64_t count;
    int dim;
    /* Rows begin .. begin+count-1 into out (count, dim). Thread-safe. */
    sid_status (*read)(const void *source, int64_t begin, int64_t count, float *out, sid_error *err);
    const void *source;
} sid__rows;

static inline sid__rows sid__rows_of(const float *data, int64_t count, int dim)
{
    return (sid__rows){.data = data, .count = count, .dim = dim};
}

/* Rows of about 1 MiB together; at least 1. */
int64_t sid__rows_block(int dim);

/* Rows from `begin` on, `block` at most. */
static inline int64_t sid__rows_in_block(const sid__rows *rows, int64_t begin, int64_t block)
{
    return rows->count - begin < block ? rows->count - begin : block;
}

/* Room for `count` rows where they must be read; else *buffer becomes NULL. The caller's to free. */
sid_status sid__rows_buffer(const sid__rows *rows, int64_t count, float **buffer, sid_error *err);
/* Rows begin .. begin+count-1: *out is `buffer` (count, dim), filled, or where they lie in memory. Thread-safe. */
sid_status sid__rows_get(const sid__rows *rows, int64_t begin, int64_t count, float *buffer, const float **out,
                         sid_error *err);
/* The rows row[0 .. count-1], in that order, into out (count, dim). Ascending ones that stand near each other are read
 * together. */
sid_status sid__rows_gather(const sid__rows *rows, const int64_t *row, int64_t count, float *out, sid_error *err);

#endif
