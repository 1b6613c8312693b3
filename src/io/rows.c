/* rows.c: see rows.h. */
#include "io/rows.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

enum {
    BLOCK_VALUES = 1 << 18, /* 1 MiB of floats */
    GAP_VALUES = 1 << 14    /* reading 64 KiB more costs less than another call */
};

int64_t sid__rows_block(int dim)
{
    return dim < BLOCK_VALUES ? BLOCK_VALUES / dim : 1;
}

sid_status sid__rows_buffer(const sid__rows *rows, int64_t count, float **buffer, sid_error *err)
{
    *buffer = NULL;
    if (rows->data)
        return SID_OK;
    return sid__alloc(buffer, (size_t)count, (size_t)rows->dim * sizeof **buffer, "a block of rows", err);
}

sid_status sid__rows_get(const sid__rows *rows, int64_t begin, int64_t count, float *buffer, const float **out,
                         sid_error *err)
{
    assert(begin >= 0 && count >= 0 && count <= rows->count - begin);
    *out = rows->data ? rows->data + begin * rows->dim : buffer;
    return rows->data ? SID_OK : rows->read(rows->source, begin, count, buffer, err);
}

/* How many of the rows are read together with the first one. */
static int64_t run_length(const int64_t *row, int64_t count, int64_t block, int64_t gap)
{
    int64_t run = 1;
    while (run < count && row[run] > row[run - 1] && row[run] - row[run - 1] <= gap && row[run] - row[0] < block)
        run++;
    return run;
}

static sid_status gather_from_file(const sid__rows *rows, const int64_t *row, int64_t count, float *out, sid_error *err)
{
    int64_t block = sid__rows_block(rows->dim), gap = GAP_VALUES / rows->dim + 1;
    float *buffer = NULL;
    SID_TRY(sid__rows_buffer(rows, block, &buffer, err));
    sid_status status = SID_OK;
    for (int64_t i = 0, run; i < count && status == SID_OK; i += run) {
        run = run_length(row + i, count - i, block, gap);
        status = rows->read(rows->source, row[i], row[i + run - 1] - row[i] + 1, buffer, err);
        for (int64_t j = i; j < i + run && status == SID_OK; j++)
            memcpy(out + j * rows->dim, buffer + (row[j] - row[i]) * rows->dim, (size_t)rows->dim * sizeof *out);
    }
    sid__free(buffer);
    return status;
}

sid_status sid__rows_gather(const sid__rows *rows, const int64_t *row, int64_t count, float *out, sid_error *err)
{
    if (!rows->data)
        return gather_from_file(rows, row, count, out, err);
    for (int64_t i = 0; i < count; i++)
        memcpy(out + i * rows->dim, rows->data + row[i] * rows->dim, (size_t)rows->dim * sizeof *out);
    return SID_OK;
}
