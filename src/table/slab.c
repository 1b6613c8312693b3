/* slab.c: see slab.h. */
#include "table/slab.h"

#include <assert.h>

void sid__slab_init(sid_ctx *ctx, size_t stride, sid__slab *slab)
{
    assert(stride <= SID__ROW_SIZE_MAX);
    *slab = (sid__slab){.ctx = ctx, .stride = stride};
    slab->block_rows = stride ? SID__PAGE_SIZE / stride : 1;
    slab->inverse = slab->block_rows > 1 ? UINT64_MAX / slab->block_rows + 1 : 0;
}

static int64_t blocks_for(const sid__slab *slab, int64_t rows)
{
    int64_t block_rows = (int64_t)slab->block_rows;
    return slab->stride ? (rows + block_rows - 1) / block_rows : 0;
}

static void trim_to(sid__slab *slab, int64_t blocks)
{
    for (; slab->blocks > blocks; slab->blocks--) {
        sid__pages_free(slab->block[slab->blocks - 1], SID__PAGE_SIZE);
        sid__ctx_release(slab->ctx, SID__PAGE_SIZE);
    }
}

static sid_status add_block(sid__slab *slab, sid_error *err)
{
    static const char what[] = "rows of a table";
    SID_TRY(sid__grow(&slab->block, &slab->capacity, slab->blocks + 1, sizeof *slab->block, what, err));
    SID_TRY(sid__ctx_reserve(slab->ctx, SID__PAGE_SIZE, what, err));
    sid_status status = sid__pages_alloc(&slab->block[slab->blocks], SID__PAGE_SIZE, what, err);
    if (status == SID_OK)
        slab->blocks++;
    else
        sid__ctx_release(slab->ctx, SID__PAGE_SIZE);
    return status;
}

sid_status sid__slab_reserve(sid__slab *slab, int64_t rows, sid_error *err)
{
    int64_t wanted = blocks_for(slab, rows), before = slab->blocks;
    while (slab->blocks < wanted) {
        sid_status status = add_block(slab, err);
        if (status != SID_OK) {
            trim_to(slab, before);
            return status;
        }
    }
    return SID_OK;
}

void sid__slab_trim(sid__slab *slab, int64_t rows)
{
    trim_to(slab, blocks_for(slab, rows));
}

void sid__slab_drop(sid__slab *slab)
{
    trim_to(slab, 0);
    sid__free(slab->block);
    *slab = (sid__slab){0};
}

size_t sid__slab_size(const sid__slab *slab)
{
    return (size_t)slab->blocks * SID__PAGE_SIZE;
}
