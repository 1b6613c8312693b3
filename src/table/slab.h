/* slab.h: rows of one size in blocks of 2 MiB on large pages, dense: rows 0 .. n - 1 are there, and a table that shrinks moves
 * its last rows into holes, so that whole blocks at the end go back to the system. Blocks never move.
 */
#ifndef SEMID_TABLE_SLAB_H
#define SEMID_TABLE_SLAB_H

#include "base/ctx.h"
#include "base/mem.h"
#include "base/mix.h"

typedef struct sid__slab {
    sid_ctx *ctx; /* counts the memory */
    char **block; /* (blocks) of SID__PAGE_SIZE bytes */
    int64_t blocks, capacity;
    size_t stride;       /* bytes a row; 0: rows of nothing */
    uint64_t block_rows; /* rows a block, >= 8 */
    uint64_t inverse;    /* ceil(2^64 / block_rows): row / block_rows by one multiplication */
} sid__slab;

enum { SID__ROW_SIZE_MAX = SID__PAGE_SIZE / 8 };

/* stride <= SID__ROW_SIZE_MAX */
void sid__slab_init(sid_ctx *ctx, size_t stride, sid__slab *slab);
void sid__slab_drop(sid__slab *slab);
/* Blocks for rows 0 .. rows - 1; new rows hold zeroes or what rows there held before. A failure leaves all as it was. */
sid_status sid__slab_reserve(sid__slab *slab, int64_t rows, sid_error *err);
/* Gives back blocks that hold none of rows 0 .. rows - 1. */
void sid__slab_trim(sid__slab *slab, int64_t rows);
size_t sid__slab_size(const sid__slab *slab);

static inline void *sid__slab_row(const sid__slab *slab, uint32_t row)
{
    uint64_t block = sid__scale64(slab->inverse, row); /* exact: row < 2^32 */
    return slab->block[block] + (row - block * slab->block_rows) * slab->stride;
}

#endif
