/* gemm.c: see gemm.h. A task is one block of c: at most 96 rows by a range of columns. It walks the depth at most 512 at
 * a time; the rows of a are copied to where they do not share cache sets (where columns are few, they are read in place),
 * b comes packed in panels of 16 columns (by the caller, or here, 64 columns at a time), and kernel/gemm_tile.h does the
 * work. Between steps of the depth the sums lie in c, which rounds nothing.
 */
#include "linalg/gemm.h"

#include <assert.h>

#include "base/mem.h"
#include "kernel/gemm_tile.h"

enum {
    GROUP = SID__GEMM_GROUP,
    DEPTH = SID__GEMM_DEPTH,
    A_STEP = SID__GEMM_A_STEP,
    BLOCK_ROWS = 96,      /* 8 tiles of 12 rows: a strip of b is read from afar once for all of them */
    PACKED_COLUMNS = 64,  /* of b, where it comes unpacked */
    BLOCK_COLUMNS = 1024, /* at most: a wider block would copy a less often, but leave less to share out */
    LEAST_COLUMNS = 128,  /* below, copying a costs more than a busier thread gains */
    TASKS_A_THREAD = 4,   /* what a slow thread leaves to others */
    DIRECT_COLUMNS = 128, /* up to here, copying a costs more than it gains, unless its rows share cache sets */
    DIRECT_STEP = 160,    /* and of any number, where its rows lie close together: they fill the sets evenly */
    ALIASED_STEP = 512,
    BATCH_FLOP = 1 << 20, /* of a task of a batch */
    ALONE_FLOP = 1 << 20, /* below, waking a thread takes longer */
};

/* What a task needs on its stack. */
typedef struct scratch {
    _Alignas(64) float a[BLOCK_ROWS * A_STEP], b[PACKED_COLUMNS * DEPTH];
} scratch;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t split(int64_t count, int64_t size)
{
    return (count + size - 1) / size;
}

/* ---- Copying factors ---------------------------------------------------------------------------------------------- */

/* Rows row .. row+rows-1 at depths first .. first+depth-1. Up to 15 floats after a row become 0. */
static void copy_a(const sid__gemm_tile *tile, const sid__gemm_factor *a, int64_t row, int rows, int64_t first,
                   int depth, float *to)
{
    if (!a->is_by_depth) {
        tile->copy(a->data + row * a->step + first, a->step, rows, depth, to, A_STEP);
        return;
    }
    for (int i = 0; i < rows; i += GROUP)
        for (int p = 0; p < depth; p += GROUP)
            tile->transpose(a->data + (first + p) * a->step + row + i, a->step, (int)least(GROUP, depth - p),
                            (int)least(GROUP, rows - i), to + i * A_STEP + p, A_STEP);
}

/* One panel: `lanes` <= 16 columns from `column`, depths first .. first+depth-1; to (depth, 16). */
static void pack_panel(const sid__gemm_tile *tile, const sid__gemm_factor *b, int64_t column, int lanes, int64_t first,
                       int64_t depth, float *to)
{
    if (!b->is_by_depth) {
        for (int64_t p = 0; p < depth; p += GROUP)
            tile->transpose(b->data + column * b->step + first + p, b->step, lanes, (int)least(GROUP, depth - p),
                            to + p * GROUP, GROUP);
        return;
    }
    tile->copy(b->data + first * b->step + column, b->step, depth, lanes, to, GROUP);
}

typedef struct pack_job {
    const sid__gemm_tile *tile;
    sid__gemm_factor b;
    sid__gemm_packed *out;
} pack_job;

static void pack_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const pack_job *job = arg;
    int depth = job->out->depth;
    (void)worker;
    for (int64_t group = begin; group < end; group++)
        pack_panel(job->tile, &job->b, group * GROUP, (int)least(GROUP, job->out->columns - group * GROUP), 0, depth,
                   job->out->panel + group * depth * GROUP);
}

sid_status sid__gemm_pack(const sid_ctx *ctx, sid__gemm_factor b, int depth, int columns, sid__gemm_packed *out,
                          sid_error *err)
{
    assert(depth >= 0 && columns >= 0);
    float *panel = NULL;
    *out = (sid__gemm_packed){.columns = columns, .depth = depth};
    SID_TRY(sid__alloc(&panel, sid__gemm_panel_count(depth, columns), sizeof(float), "packed weights", err));
    *out = sid__gemm_pack_into(ctx, b, depth, columns, panel);
    return SID_OK;
}

sid__gemm_packed sid__gemm_pack_into(const sid_ctx *ctx, sid__gemm_factor b, int depth, int columns, float *panel)
{
    sid__gemm_packed out = {.panel = panel, .columns = columns, .depth = depth};
    pack_job job = {.tile = sid__gemm_tile_for(ctx->isa), .b = b, .out = &out};
    sid__ctx_for(ctx, split(columns, GROUP), 8, pack_task, &job);
    return out;
}

void sid__gemm_packed_drop(sid__gemm_packed *packed)
{
    sid__free(packed->panel);
    *packed = (sid__gemm_packed){0};
}

/* ---- One block of c ----------------------------------------------------------------------------------------------- */

/* The columns of one step of the depth; step->a, rows, depth and is_added are set. */
static void multiply_step(const sid__gemm_tile *tile, const sid__gemm_product *product, sid__gemm_block *step,
                          int64_t first, int64_t column, int64_t column_end, float *c, float *panel)
{
    if (product->packed) {
        step->b_step = (int64_t)product->depth * GROUP;
        step->b = product->packed->panel + column / GROUP * step->b_step + first * GROUP;
        step->c = c + column;
        step->columns = (int)(column_end - column);
        tile->block(step);
        return;
    }
    step->b_step = (int64_t)step->depth * GROUP;
    step->b = panel;
    for (; column < column_end; column += PACKED_COLUMNS) {
        step->c = c + column;
        step->columns = (int)least(PACKED_COLUMNS, column_end - column);
        for (int i = 0; i < step->columns; i += GROUP)
            pack_panel(tile, &product->b, column + i, (int)least(GROUP, step->columns - i), first, step->depth,
                       panel + i / GROUP * step->b_step);
        tile->block(step);
    }
}

/* Steps of nearly equal depth: a short last one would read and write c for little. */
static int64_t step_depth(int64_t depth)
{
    int64_t steps = split(depth > 0 ? depth : 1, DEPTH);
    return split(split(depth, steps), GROUP) * GROUP;
}

/* Rows row .. row_end-1 (at most 96), columns column .. column_end-1; column is a multiple of 16. */
static void multiply_block(const sid__gemm_tile *tile, const sid__gemm_product *product, int64_t row, int64_t row_end,
                           int64_t column, int64_t column_end, scratch *work)
{
    bool is_direct = !product->a.is_by_depth && product->a.step % ALIASED_STEP != 0 &&
                     (column_end - column <= DIRECT_COLUMNS || product->a.step <= DIRECT_STEP);
    sid__gemm_block step = {.a = work->a,
                            .a_step = is_direct ? product->a.step : A_STEP,
                            .c_step = product->c_step,
                            .rows = (int)(row_end - row)};
    step.is_added = product->is_added;
    int64_t first = 0, depth = step_depth(product->depth);
    do { /* at depth 0 once, for the zeroes */
        step.depth = (int)least(depth, product->depth - first);
        if (is_direct)
            step.a = product->a.data + row * product->a.step + first;
        else
            copy_a(tile, &product->a, row, step.rows, first, step.depth, work->a);
        multiply_step(tile, product, &step, first, column, column_end, product->c + row * product->c_step, work->b);
        step.is_added = true;
        first += depth;
    } while (first < product->depth);
}

/* ---- Blocks on threads -------------------------------------------------------------------------------------------- */

static double flop_of(const sid__gemm_product *product)
{
    return 2.0 * (double)product->rows * product->columns * product->depth;
}

typedef struct gemm_job {
    const sid__gemm_tile *tile;
    const sid__gemm_product *product;
    int64_t row_blocks, block_columns;
} gemm_job;

/* Neighbouring tasks share columns, so that b stays in the cache. Rows are split evenly. */
static void gemm_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gemm_job *job = arg;
    const sid__gemm_product *product = job->product;
    scratch work;
    (void)worker;
    for (int64_t task = begin; task < end; task++) {
        int64_t block = task % job->row_blocks, column = task / job->row_blocks * job->block_columns;
        multiply_block(job->tile, product, product->rows * block / job->row_blocks,
                       product->rows * (block + 1) / job->row_blocks, column,
                       least(column + job->block_columns, product->columns), &work);
    }
}

void sid__gemm(const sid_ctx *ctx, const sid__gemm_product *product)
{
    assert(!product->packed ||
           (product->packed->columns == product->columns && product->packed->depth == product->depth));
    gemm_job job = {.tile = sid__gemm_tile_for(ctx->isa), .product = product};
    int threads = flop_of(product) < ALONE_FLOP ? 1 : sid_ctx_threads(ctx);
    job.row_blocks = split(product->rows, BLOCK_ROWS);
    job.block_columns = BLOCK_COLUMNS;
    while (threads > 1 && job.block_columns > LEAST_COLUMNS &&
           job.row_blocks * split(product->columns, job.block_columns) < (int64_t)threads * TASKS_A_THREAD)
        job.block_columns /= 2;
    int64_t tasks = job.row_blocks * split(product->columns, job.block_columns);
    sid__ctx_for(ctx, tasks, threads == 1 && tasks > 0 ? tasks : 1, gemm_task, &job);
}

typedef struct batch_job {
    const sid__gemm_tile *tile;
    const sid__gemm_batch *batch;
} batch_job;

static void batch_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const batch_job *job = arg;
    const sid__gemm_batch *batch = job->batch;
    scratch work;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        sid__gemm_product product = batch->first;
        product.a.data += i * batch->a_stride;
        product.b.data += product.packed ? 0 : i * batch->b_stride;
        product.c += i * batch->c_stride;
        for (int64_t row = 0; row < product.rows; row += BLOCK_ROWS)
            multiply_block(job->tile, &product, row, least(row + BLOCK_ROWS, product.rows), 0, product.columns, &work);
    }
}

void sid__gemm_batched(const sid_ctx *ctx, const sid__gemm_batch *batch)
{
    batch_job job = {.tile = sid__gemm_tile_for(ctx->isa), .batch = batch};
    double flop = flop_of(&batch->first);
    int64_t grain = flop >= BATCH_FLOP ? 1 : (int64_t)(BATCH_FLOP / (flop + 1)) + 1;
    sid__ctx_for(ctx, batch->count, grain, batch_task, &job);
}
