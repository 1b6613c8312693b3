/* gemm_bf16.c: see gemm_bf16.h. A task is one block of c: at most 128 rows by a range of columns, walked at most 1024 depths
 * at a time; nothing is packed here. Between steps of the depth the sums lie in c, which rounds nothing.
 */
#include "linalg/gemm_bf16.h"

#include <assert.h>

#include "kernel/gemm_tile.h"

enum {
    GROUP = SID__BF16_GROUP,
    BLOCK_ROWS = 128,     /* a multiple of 16 */
    BLOCK_COLUMNS = 768,  /* at most: 48 groups are strips of three without a rest */
    LEAST_COLUMNS = 96,   /* below, a strip of b is used too seldom */
    HOT_COLUMNS = 96,     /* two strips: what is finished at a time, while it is in the nearest caches */
    PAIRS = 512,          /* of a step: a strip of three groups is 96 KiB */
    TASKS_A_THREAD = 4,   /* what a slow thread leaves to others */
    ALONE_FLOP = 1 << 21, /* below, waking a thread takes longer */
    ROUND_ROWS = 32,      /* of a task */
    WEIGHT_COLUMNS = 512, /* of 16 rows of weights, rounded on the stack */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t split(int64_t count, int64_t size)
{
    return (count + size - 1) / size;
}

/* ---- Rounding ----------------------------------------------------------------------------------------------------- */

void sid__bf16_round_part(const sid_ctx *ctx, const sid__bf16_rows *part, int64_t row, int column,
                          const sid__bf16_copy *copy)
{
    int64_t row_step = sid__bf16_row_step(copy->columns), group = sid__bf16_pairs_step(copy->row_count);
    sid__bf16_target to = {.row_step = row_step, .pairs_group = group};
    assert(row % 2 == 0 && (part->rows % 2 == 0 || row + part->rows == copy->row_count) && column % GROUP == 0);
    if (copy->rows)
        to.rows = copy->rows + row * row_step + column;
    if (copy->pairs)
        to.pairs = copy->pairs + column / GROUP * group + row * GROUP;
    sid__bf16_tile_for(ctx->isa)->round(part, &to);
}

/* Nothing is written to x where there is no bias and no activation. */
static sid__bf16_rows plain_rows(const float *x, int64_t step, int64_t rows, int columns)
{
    return (sid__bf16_rows){.x = (float *)(uintptr_t)x, .x_step = step, .rows = rows, .columns = columns};
}

typedef struct round_job {
    const sid_ctx *ctx;
    const float *x;
    const sid__bf16_copy *copy;
} round_job;

static void round_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const round_job *job = arg;
    (void)worker;
    int columns = job->copy->columns;
    const sid__bf16_rows rows = plain_rows(job->x + begin * columns, columns, end - begin, columns);
    sid__bf16_round_part(job->ctx, &rows, begin, 0, job->copy);
}

void sid__bf16_round(const sid_ctx *ctx, const float *x, const sid__bf16_copy *copy)
{
    sid__ctx_for(ctx, copy->row_count, ROUND_ROWS, round_task, &(round_job){.ctx = ctx, .x = x, .copy = copy});
}

typedef struct weight_job {
    const sid_ctx *ctx;
    const float *w;
    int64_t step; /* of its rows */
    int out, in;
    sid__bf16_weights to;
} weight_job;

/* Rows row .. row+rows-1 (at most 16), columns column ..: rounded; pairs along the row are then words, turned 16 x 16. */
static void round_lanes(const weight_job *job, int64_t row, int rows, int column, int columns)
{
    _Alignas(64) uint16_t rounded[GROUP * WEIGHT_COLUMNS];
    const sid__gemm_tile *mover = sid__gemm_tile_for(job->ctx->isa);
    int64_t group = sid__bf16_pairs_step(job->in);
    sid__bf16_target to = {.rows = rounded, .row_step = WEIGHT_COLUMNS, .pairs_group = sid__bf16_pairs_step(job->out)};
    if (job->to.by_depth)
        to.pairs = job->to.by_depth + column / GROUP * to.pairs_group + row * GROUP;
    const sid__bf16_rows part = plain_rows(job->w + row * job->step + column, job->step, rows, columns);
    sid__bf16_tile_for(job->ctx->isa)->round(&part, &to);
    uint16_t *panel = job->to.by_lane ? job->to.by_lane + row / GROUP * group + (int64_t)column * GROUP : NULL;
    for (int j = 0; panel && j < columns; j += 2 * GROUP) {
        int pairs = (int)least(GROUP, (columns - j + 1) / 2);
        mover->transpose((const void *)(rounded + j), WEIGHT_COLUMNS / 2, rows, pairs, (void *)(panel + j * GROUP),
                         GROUP);
    }
}

static void weight_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const weight_job *job = arg;
    (void)worker;
    for (int64_t row = begin; row < end; row += GROUP)
        for (int column = 0; column < job->in; column += WEIGHT_COLUMNS)
            round_lanes(job, row, (int)least(GROUP, end - row), column, (int)least(WEIGHT_COLUMNS, job->in - column));
}

void sid__bf16_round_weights(const sid_ctx *ctx, const float *w, int out, int in, const sid__bf16_weights *to)
{
    sid__ctx_for(ctx, out, GROUP, weight_task,
                 &(weight_job){.ctx = ctx, .w = w, .step = in, .out = out, .in = in, .to = *to});
}

void sid__bf16_round_lanes(const sid_ctx *ctx, const float *x, int64_t step, int lanes, int depth, uint16_t *panels)
{
    weight_task(&(weight_job){.ctx = ctx, .w = x, .step = step, .out = lanes, .in = depth, .to = {.by_lane = panels}},
                0, lanes, 0);
}

/* ---- Products ----------------------------------------------------------------------------------------------------- */

/* Rows row .. row_end-1 (at most 128), columns column .. column_end-1; both begin at a multiple of 16. */
static void multiply_part(const sid__bf16_tile *tile, const sid__bf16_product *product, int64_t row, int64_t row_end,
                          int64_t column, int64_t column_end)
{
    int64_t pairs = split(product->depth, 2), steps = pairs > PAIRS ? split(pairs, PAIRS) : 1;
    sid__bf16_block step = {.a_lane = product->a.lane,
                            .a_pair = product->a.pair,
                            .a_group = product->a.group,
                            .b_group = sid__bf16_pairs_step(product->depth),
                            .c = product->c + row * product->columns + column,
                            .c_step = product->columns,
                            .rows = (int)(row_end - row),
                            .columns = (int)(column_end - column),
                            .is_added = product->is_added};
    for (int64_t i = 0; i < steps; i++) {
        int64_t first = pairs * i / steps;
        step.pairs = (int)(pairs * (i + 1) / steps - first);
        step.a = product->a.data + row / GROUP * product->a.group + first * product->a.pair;
        step.b = product->b + column / GROUP * step.b_group + first * 2 * GROUP;
        tile->block(&step);
        step.is_added = true;
    }
}

static void multiply_block(const sid__bf16_tile *tile, const sid__bf16_product *product, int64_t row, int64_t row_end,
                           int64_t column, int64_t column_end)
{
    if (!product->finish) {
        multiply_part(tile, product, row, row_end, column, column_end);
        return;
    }
    for (int64_t end; column < column_end; column = end) {
        end = least(column + HOT_COLUMNS, column_end);
        multiply_part(tile, product, row, row_end, column, end);
        product->finish(product->user, row, row_end, (int)column, (int)end);
    }
}

/* How the blocks of a product are numbered: neighbours share columns, so that b stays in the cache. */
typedef struct grid {
    int64_t row_blocks, block_columns, tasks;
} grid;

static grid grid_of(const sid__bf16_product *product, int64_t threads)
{
    grid g = {.row_blocks = split(product->rows, BLOCK_ROWS), .block_columns = BLOCK_COLUMNS};
    while (threads > 1 && g.block_columns > LEAST_COLUMNS &&
           g.row_blocks * split(product->columns, g.block_columns) < threads * TASKS_A_THREAD)
        g.block_columns /= 2;
    g.tasks = g.row_blocks * split(product->columns, g.block_columns);
    return g;
}

typedef struct bf16_job {
    const sid__bf16_tile *tile;
    const sid__bf16_product *product;
    grid grid[SID__BF16_PRODUCTS_MAX];
} bf16_job;

static void bf16_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const bf16_job *job = arg;
    (void)worker;
    for (int64_t number = begin; number < end; number++) {
        int which = number >= job->grid[0].tasks;
        const sid__bf16_product *product = &job->product[which];
        const grid *g = &job->grid[which];
        int64_t task = number - (which ? job->grid[0].tasks : 0), row = task % g->row_blocks * BLOCK_ROWS;
        int64_t column = task / g->row_blocks * g->block_columns;
        multiply_block(job->tile, product, row, least(row + BLOCK_ROWS, product->rows), column,
                       least(column + g->block_columns, product->columns));
    }
}

void sid__gemm_bf16(const sid_ctx *ctx, const sid__bf16_product *product, int count)
{
    bf16_job job = {.tile = sid__bf16_tile_for(ctx->isa), .product = product};
    double flop = 0;
    int64_t tasks = 0;
    assert(count <= SID__BF16_PRODUCTS_MAX);
    for (int i = 0; i < count; i++)
        flop += 2.0 * (double)product[i].rows * product[i].columns * (double)product[i].depth;
    int threads = flop < ALONE_FLOP ? 1 : sid_ctx_threads(ctx);
    for (int i = 0; i < count; i++) {
        job.grid[i] = grid_of(&product[i], threads);
        tasks += job.grid[i].tasks;
    }
    sid__ctx_for(ctx, tasks, threads == 1 && tasks > 0 ? tasks : 1, bf16_task, &job);
}
