/* ops_softmax_loss.c: the softmax cross-entropy over a catalogue, in parts, so that logits never lie in memory as a whole.
 *
 * All gradients are made on the way there, for a loss whose own gradient is 1; the way back multiplies by what it is. Rows of h go in
 * chunks. First a task has some rows of a chunk and goes over the catalogue TILE items at a time, keeping the largest logit, the
 * sum of exponentials and, where h takes a gradient, the sum of exp(logit) times the item's row, which is all that its
 * gradient needs. Exponentials, each from the largest logit that its row had met by then, are kept for the chunk, which is of
 * a size that caches hold. Then a task has a tile of items: the gradient of their rows grows by the kept exponentials times the
 * rows of h, these scaled to the row's sum and its largest logit in the end. So no task writes what another writes, each logit is
 * computed once, and 6 V D operations a row are done in all. Neither chunks nor tasks change the order of any sum.
 *
 * Rows without a target are left out from the start.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/sequence.h"
#include "linalg/scalar.h"
#include "tensor/ops_sequence.h"
#include "tensor/real_product.h"
#include "tensor/rounded.h"

enum {
    ROWS = 48,                    /* rows of h of a task: 4 tiles of the product's 12 */
    ROWS_LEAST = 12,              /* where the catalogue is large */
    CHUNK_ROWS = 480,             /* at most */
    KEPT = 5 << 19,               /* numbers of a chunk, unless each thread's rows take more */
    KEPT_MOST = 1 << 24,          /* then rows are fewer */
    TILE = 512,                   /* items at a time: with both panels of their rows within 1 MiB at D = 64 */
    STEP = TILE + SID__ROW_GROUP, /* off powers of two, whose rows would share cache sets */
};

#ifdef SEMID_REAL_IS_DOUBLE
typedef int catalog_rounded; /* gradcheck knows no rounding */
#else
/* All factors once more for SID__PRECISION_BF16. */
typedef struct catalog_rounded {
    sid__bf16_copy rows; /* by row */
    uint16_t *table_lanes;
    sid__bf16_copy *tile; /* pairs of each tile of items */
    uint16_t *kept;       /* (tiles, kept_count): pairs of rows of a chunk */
    uint16_t *own;        /* (threads, own_count) */
    int64_t kept_count, own_count;
} catalog_rounded;
#endif

typedef struct catalog_job {
    const sid_ctx *ctx;
    const sid__neural *kernels;
    const sid__sequence_kernels *row;
    sid__value *h, *table, *bias; /* bias NULL: none */
    const int32_t *target;
    int64_t *counted; /* (count) rows of h that have a target */
    int64_t count;
    double scale;
    sid__real *rows;         /* (count, D) those rows */
    sid__real *by_lane;      /* table packed, items as columns */
    sid__real *by_depth;     /* each tile of it packed, items as depth; NULL: h takes no gradient */
    sid__real *mean;         /* (count, D) sum of exp(logit - most) times the item's row; or NULL */
    sid__real *most, *share; /* (count + 16); share: scale / sum */
    double *sum, *right;     /* (count): of exp(logit - most); logit of the target */
    sid__real *table_slope;  /* (V, D) gradient of the table for a loss whose own is 1; NULL: it takes none */
    sid__real *bias_slope;   /* (V) likewise */
    sid__real *kept;         /* (tiles, chunk_rows, STEP): exp(logit - from) of a chunk; NULL: none, or rounded */
    sid__real *from;         /* (tiles, chunk_rows): the largest logit when the tile was met */
    int64_t first, chunk, chunk_rows; /* the chunk's first row, its rows, and their most */
    int task_rows;                    /* of h */
    sid__real *own; /* (threads, own_count): logits; rows of a chunk, scaled; these packed; their scales */
    int64_t own_count;
    const catalog_rounded *rounded; /* NULL: fp32 */
} catalog_job;

static int least(int64_t a, int64_t b)
{
    return (int)(a < b ? a : b);
}

/* Row steps: a rounded product writes its rows one after the other. */
static int64_t step_of(const catalog_job *job, int items)
{
    return job->rounded ? sid__row_step(items) : STEP;
}

static int64_t tiles_of_items(int64_t items)
{
    return (items + TILE - 1) / TILE;
}

static int64_t tiles_of(const catalog_job *job)
{
    return tiles_of_items(job->table->rows);
}

static bool is_kept(const catalog_job *job)
{
    return job->table_slope || job->bias_slope;
}

#ifdef SEMID_REAL_IS_DOUBLE

static bool multiply_logits(const catalog_job *job, int64_t row, int rows, int64_t item, sid__real *logits)
{
    return job->rounded && row + rows + item < 0 && logits;
}

static bool add_means(const catalog_job *job, int64_t row, int rows, int64_t item, const sid__real *shares, int worker)
{
    return job->rounded && row + rows + item + worker < 0 && shares;
}

static bool add_slopes(const catalog_job *job, int64_t item, const sid__real *scaled, int columns, sid__real *to,
                       int worker)
{
    return job->rounded && item + columns + worker < 0 && scaled && to;
}

static void round_forward(sid__tape *tape, catalog_job *job)
{
    (void)tape;
    (void)job;
}

#else

/* ---- Products of rounded factors; false: not under this precision ------------------------------------------------- */

static bool multiply_logits(const catalog_job *job, int64_t row, int rows, int64_t item, sid__real *logits)
{
    const catalog_rounded *r = job->rounded;
    int dim = job->h->columns;
    if (!r)
        return false;
    sid__bf16_lanes a = sid__bf16_by_row(&r->rows);
    a.data += row * a.lane;
    sid__gemm_bf16(job->ctx,
                   &(sid__bf16_product){.a = a,
                                        .b = r->table_lanes + item / SID__ROW_GROUP * sid__bf16_pairs_step(dim),
                                        .c = logits,
                                        .rows = rows,
                                        .columns = (int)sid__row_step(least(TILE, job->table->rows - item)),
                                        .depth = dim},
                   1);
    return true;
}

/* Keeps what it rounded, too. */
static bool add_means(const catalog_job *job, int64_t row, int rows, int64_t item, const sid__real *shares, int worker)
{
    const catalog_rounded *r = job->rounded;
    int dim = job->h->columns, items = least(TILE, job->table->rows - item);
    if (!r)
        return false;
    const sid__bf16_copy copy = {
        .row_count = rows, .columns = (int)sid__row_step(items), .rows = r->own + worker * r->own_count};
    const sid__bf16_target to = {
        .rows = job->mean ? copy.rows : NULL,
        .row_step = sid__bf16_row_step(copy.columns),
        .pairs = r->kept ? r->kept + item / TILE * r->kept_count + (row - job->first) * SID__BF16_GROUP : NULL,
        .pairs_group = sid__bf16_pairs_step(job->chunk_rows)};
    const sid__bf16_rows from = {
        .x = (sid__real *)(uintptr_t)shares, .x_step = copy.columns, .rows = rows, .columns = copy.columns};
    sid__bf16_tile_for(job->ctx->isa)->round(&from, &to);
    if (job->mean)
        sid__gemm_bf16(job->ctx,
                       &(sid__bf16_product){.a = sid__bf16_by_row(&copy),
                                            .b = r->tile[item / TILE].pairs,
                                            .c = job->mean + row * dim,
                                            .rows = rows,
                                            .columns = dim,
                                            .depth = items,
                                            .is_added = true},
                       1);
    return true;
}

static bool add_slopes(const catalog_job *job, int64_t item, const sid__real *scaled, int columns, sid__real *to,
                       int worker)
{
    const catalog_rounded *r = job->rounded;
    if (!r)
        return false;
    const sid__bf16_copy right = {.row_count = job->chunk, .columns = columns, .pairs = r->own + worker * r->own_count};
    sid__bf16_round(job->ctx, scaled, &right);
    sid__gemm_bf16(job->ctx,
                   &(sid__bf16_product){.a = {.data = r->kept + item / TILE * r->kept_count,
                                              .lane = 2,
                                              .pair = 2 * SID__BF16_GROUP,
                                              .group = sid__bf16_pairs_step(job->chunk_rows)},
                                        .b = right.pairs,
                                        .c = to,
                                        .rows = least(TILE, job->table->rows - item),
                                        .columns = columns,
                                        .depth = job->chunk,
                                        .is_added = job->first > 0},
                   1);
    return true;
}

/* Room for pairs of every `size` rows. */
static sid__bf16_copy *place_parts(sid__tape *tape, int64_t rows, int columns, int size)
{
    sid__bf16_copy *part = sid__tape_push(tape, (size_t)((rows + size - 1) / size), sizeof *part);
    for (int64_t i = 0; i * size < rows && part; i++) {
        part[i] = (sid__bf16_copy){.row_count = least(size, rows - i * size), .columns = columns};
        part[i].pairs =
            sid__tape_push(tape, (size_t)sid__bf16_pairs_count(part[i].row_count, columns), sizeof(uint16_t));
    }
    return part;
}

static void round_parts(const sid_ctx *ctx, const sid__real *x, int64_t rows, int columns, int size,
                        const sid__bf16_copy *part)
{
    for (int64_t i = 0; i * size < rows; i++)
        sid__bf16_round(ctx, x + i * size * columns, &part[i]);
}

static void round_forward(sid__tape *tape, catalog_job *job)
{
    int dim = job->h->columns;
    int64_t items = job->table->rows, there = job->task_rows * sid__bf16_row_step(TILE),
            back = sid__bf16_pairs_count(job->chunk_rows, dim);
    catalog_rounded *r = sid__tape_push(tape, 1, sizeof *r);
    if (!r)
        return;
    *r = (catalog_rounded){.own_count = there > back ? there : back};
    r->rows = (sid__bf16_copy){.row_count = job->count, .columns = dim};
    r->rows.rows = sid__tape_push(tape, (size_t)(job->count * sid__bf16_row_step(dim)), sizeof(uint16_t));
    r->table_lanes = sid__tape_push(tape, (size_t)sid__bf16_pairs_count(dim, (int)items), sizeof(uint16_t));
    r->own = sid__tape_push(tape, (size_t)(r->own_count * sid_ctx_threads(tape->ctx)), sizeof(uint16_t));
    r->tile = job->mean ? place_parts(tape, items, dim, TILE) : NULL;
    r->kept_count = sid__bf16_pairs_count(job->chunk_rows, TILE);
    if (is_kept(job))
        r->kept = sid__tape_push(tape, (size_t)(tiles_of(job) * r->kept_count), sizeof(uint16_t));
    if (tape->status != SID_OK)
        return;
    job->rounded = r;
    sid__bf16_round(tape->ctx, job->rows, &r->rows);
    sid__bf16_round_weights(tape->ctx, job->table->data, (int)items, dim,
                            &(sid__bf16_weights){.by_lane = r->table_lanes});
    if (job->mean)
        round_parts(tape->ctx, job->table->data, items, dim, TILE, r->tile);
}

#endif

/* ---- Forward ------------------------------------------------------------------------------------------------------ */

/* Logits of rows row .. row + rows - 1 for the tile from `item` on, then exponentials. */
static void absorb_tile(const catalog_job *job, int64_t row, int rows, int64_t item, sid__real *logits)
{
    int dim = job->h->columns, items = least(TILE, job->table->rows - item);
    int64_t step = step_of(job, items);
    sid__real *from = is_kept(job) ? job->from + item / TILE * job->chunk_rows + (row - job->first) : NULL;
    if (!multiply_logits(job, row, rows, item, logits))
        sid__multiply_real(job->ctx, &(sid__real_product){.a = {job->rows + row * dim, dim, false},
                                                          .b = {job->table->data + item * dim, dim, false},
                                                          .packed = job->by_lane + item * dim,
                                                          .c = logits,
                                                          .c_step = STEP,
                                                          .rows = rows,
                                                          .columns = items,
                                                          .depth = dim});
    for (int64_t i = row; i < row + rows; i++, logits += step) {
        int64_t target = job->target[job->counted[i]] - item;
        if (target >= 0 && target < items)
            job->right[i] = (double)logits[target] + (job->bias ? (double)job->bias->data[item + target] : 0);
        sid__real factor =
            job->row->absorb(items, job->bias ? job->bias->data + item : NULL, logits, &job->most[i], &job->sum[i]);
        if (job->mean && factor != 1)
            job->kernels->scale(dim, factor, job->mean + i * dim, job->mean + i * dim);
        if (from)
            *from++ = job->most[i];
    }
}

static void clear_row(const catalog_job *job, int64_t i)
{
    int dim = job->h->columns;
    job->most[i] = -(sid__real)INFINITY;
    job->sum[i] = 0;
    for (int d = 0; d < dim && job->mean; d++)
        job->mean[i * dim + d] = 0;
}

/* Rows of the chunk from `begin` on. */
static void forward_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const catalog_job *job = arg;
    int dim = job->h->columns, rows = (int)(end - begin);
    int64_t row = job->first + begin;
    for (int64_t i = row; i < row + rows; i++)
        clear_row(job, i);
    for (int64_t item = 0; item < job->table->rows; item += TILE) {
        sid__real *logits =
            job->kept ? job->kept + (item / TILE * job->chunk_rows + begin) * STEP : job->own + worker * job->own_count;
        absorb_tile(job, row, rows, item, logits);
        if (add_means(job, row, rows, item, logits, worker) || !job->mean)
            continue;
        sid__multiply_real(job->ctx, &(sid__real_product){.a = {logits, STEP, false},
                                                          .b = {job->table->data + item * dim, dim, true},
                                                          .packed = job->by_depth + sid__row_step(dim) * item,
                                                          .c = job->mean + row * dim,
                                                          .rows = rows,
                                                          .columns = dim,
                                                          .depth = least(TILE, job->table->rows - item),
                                                          .is_added = true});
    }
    for (int64_t i = row; i < row + rows; i++)
        job->share[i] = (sid__real)(job->scale / job->sum[i]);
}

/* ---- Gradients of a chunk ----------------------------------------------------------------------------------------- */

/* to (items of the tile, columns) (+)= kept exponentials, transposed, times scaled (rows of the chunk, columns). */
static void multiply_kept(const catalog_job *job, int64_t item, const sid__real *scaled, int columns, sid__real *panel,
                          sid__real *to, int worker)
{
    int items = least(TILE, job->table->rows - item);
    if (!add_slopes(job, item, scaled, columns, to, worker))
        sid__multiply_real(
            job->ctx, &(sid__real_product){.a = {job->kept + item / TILE * job->chunk_rows * STEP, STEP, true},
                                           .b = {scaled, columns, true},
                                           .c = to,
                                           .rows = items,
                                           .columns = columns,
                                           .depth = (int)job->chunk,
                                           .is_added = job->first > 0,
                                           .panel = sid__panel_count(items, columns, (int)job->chunk) ? panel : NULL});
}

/* Tiles of items. */
static void slope_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const catalog_job *job = arg;
    int dim = job->h->columns;
    sid__real *scaled = job->own + worker * job->own_count, *panel = scaled + sid__row_step(job->chunk_rows * dim);
    sid__real *weight = panel + sid__packed_count((int)job->chunk_rows, dim);
    const sid__real *rows = job->rows + job->first * dim;
    for (int64_t tile = begin; tile < end; tile++) {
        int64_t item = tile * TILE;
        memcpy(weight, job->from + tile * job->chunk_rows, (size_t)job->chunk * sizeof *weight);
        (void)job->row->shares((int)job->chunk, 0, job->most + job->first, job->share + job->first, weight);
        for (int64_t i = 0; i < job->chunk && job->table_slope; i++)
            job->kernels->scale(dim, weight[i], rows + i * dim, scaled + i * dim);
        if (job->table_slope)
            multiply_kept(job, item, scaled, dim, panel, job->table_slope + item * dim, worker);
        if (job->bias_slope)
            multiply_kept(job, item, weight, 1, panel, job->bias_slope + item, worker);
    }
}

/* The shares of targets are less by 1: what all chunks share comes last, in the order of the rows. */
static void target_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const catalog_job *job = arg;
    int dim = job->h->columns;
    (void)worker;
    for (int64_t i = 0; i < job->count; i++) {
        int64_t target = job->target[job->counted[i]];
        if (target < begin || target >= end)
            continue;
        if (job->table_slope)
            job->kernels->add_scaled(dim, -(sid__real)job->scale, job->rows + i * dim, job->table_slope + target * dim);
        if (job->bias_slope)
            job->bias_slope[target] -= (sid__real)job->scale;
    }
}

static void run_chunks(catalog_job *job)
{
    for (job->first = 0; job->first < job->count; job->first += job->chunk) {
        job->chunk = least(job->chunk_rows, job->count - job->first);
        sid__ctx_for(job->ctx, job->chunk, job->task_rows, forward_task, job);
        if (is_kept(job))
            sid__ctx_for(job->ctx, tiles_of(job), 1, slope_task, job);
    }
    if (is_kept(job))
        sid__ctx_for(job->ctx, job->table->rows, 4 * TILE, target_task, job);
}

/* ---- Backward ----------------------------------------------------------------------------------------------------- */

/* dh = scale (mean / sum - table[target]), 0 where there is no target. */
static void h_grad(const catalog_job *job)
{
    int dim = job->h->columns;
    sid__value *h = job->h;
    if (!h->has_grad)
        memset(h->grad, 0, (size_t)h->rows * (size_t)dim * sizeof *h->grad);
    h->has_grad = true;
    for (int64_t i = 0; i < job->count; i++) {
        const sid__real *right = job->table->data + (int64_t)job->target[job->counted[i]] * dim;
        sid__real *to = h->grad + job->counted[i] * dim;
        job->kernels->add_scaled(dim, job->share[i], job->mean + i * dim, to);
        job->kernels->add_scaled(dim, -(sid__real)job->scale, right, to);
    }
}

typedef struct pass_job {
    const sid__neural *kernels;
    const sid__real *slope;
    sid__value *to;
    sid__real scale;
} pass_job;

static void pass_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const pass_job *job = arg;
    int columns = job->to->columns;
    int64_t at = begin * columns, count = (end - begin) * columns;
    (void)worker;
    if (!job->slope) /* no row has a target */
        memset(job->to->grad + at, 0, (size_t)count * sizeof *job->to->grad);
    else if (job->to->has_grad)
        job->kernels->add_scaled(count, job->scale, job->slope + at, job->to->grad + at);
    else
        job->kernels->scale(count, job->scale, job->slope + at, job->to->grad + at);
}

/* to->grad (+)= grad slope */
static void pass_on(const catalog_job *job, sid__real grad, const sid__real *slope, sid__value *to)
{
    if (sid__wants_grad(to) && (job->count > 0 || !to->has_grad)) {
        int64_t grain = to->rows > 1 ? TILE : 1;
        sid__ctx_for(
            job->ctx, to->rows, grain, pass_task,
            &(pass_job){.kernels = job->kernels, .slope = job->count > 0 ? slope : NULL, .to = to, .scale = grad});
    }
    if (sid__wants_grad(to))
        to->has_grad = true;
}

static void catalog_backward(const sid_ctx *ctx, const sid__node *node)
{
    catalog_job job = *(const catalog_job *)node->saved;
    sid__real grad = node->out->grad[0];
    job.ctx = ctx;
    job.scale *= (double)grad;
    for (int64_t i = 0; i < job.count; i++)
        job.share[i] = (sid__real)(job.scale / job.sum[i]);
    if (sid__wants_grad(job.h))
        h_grad(&job);
    pass_on(&job, grad, job.table_slope, job.table);
    pass_on(&job, grad, job.bias_slope, job.bias);
}

/* ---- The op ------------------------------------------------------------------------------------------------------- */

static void take_counted(sid__tape *tape, catalog_job *job)
{
    job->counted = sid__tape_push(tape, (size_t)job->h->rows, sizeof *job->counted);
    for (int64_t i = 0; i < job->h->rows && job->counted; i++) {
        assert(job->target[i] < job->table->rows);
        if (job->target[i] >= 0)
            job->counted[job->count++] = i;
    }
    job->rows = sid__tape_push(tape, (size_t)job->count * (size_t)job->h->columns, sizeof *job->rows);
    for (int64_t i = 0; i < job->count && job->rows; i++)
        memcpy(job->rows + i * job->h->columns, job->h->data + job->counted[i] * job->h->columns,
               (size_t)job->h->columns * sizeof *job->rows);
}

/* Rows of a task, and as the answer those of a chunk: neither changes a bit. */
static int64_t choose_rows(int64_t threads, int64_t items, int *task_rows)
{
    int64_t kept = tiles_of_items(items) * STEP;
    *task_rows = ROWS;
    while (*task_rows > ROWS_LEAST && *task_rows * threads * kept > KEPT_MOST)
        *task_rows /= 2;
    int64_t tasks = KEPT / (*task_rows * kept), most = CHUNK_ROWS / *task_rows;
    tasks = tasks < threads ? threads : tasks;
    return (tasks < most ? tasks : most) * *task_rows;
}

/* The table packed both ways and its gradient; exponentials of a chunk. */
int64_t sid__catalog_loss_floats(int threads, int64_t items, int64_t dim)
{
    int task_rows;
    int64_t chunk_rows = choose_rows(threads, items, &task_rows);
    return 3 * items * dim + chunk_rows * tiles_of_items(items) * STEP;
}

static void place(sid__tape *tape, catalog_job *job, bool wants_grad)
{
    size_t count = (size_t)job->count, dim = (size_t)job->h->columns, padded = (size_t)sid__row_step(job->h->columns);
    size_t packed = sid__packed_count((int)dim, job->table->rows), items = (size_t)job->table->rows;
    job->chunk_rows = choose_rows(sid_ctx_threads(job->ctx), job->table->rows, &job->task_rows);
    job->by_lane = sid__tape_push(tape, packed, sizeof(sid__real));
    job->most = sid__tape_push(tape, count + SID__ROW_GROUP, sizeof(sid__real));
    job->share = sid__tape_push(tape, count + SID__ROW_GROUP, sizeof(sid__real));
    job->sum = sid__tape_push(tape, count, sizeof(double));
    job->right = sid__tape_push(tape, count, sizeof(double));
    int64_t there = job->task_rows * STEP, back = sid__row_step(job->chunk_rows * (int64_t)dim) + job->chunk_rows +
                                                  (int64_t)sid__packed_count((int)job->chunk_rows, (int64_t)dim) +
                                                  SID__ROW_GROUP;
    job->own_count = there > back ? there : back;
    job->own = sid__tape_push(tape, (size_t)(job->own_count * sid_ctx_threads(tape->ctx)), sizeof(sid__real));
    if (wants_grad && sid__wants_grad(job->h)) {
        job->by_depth = sid__tape_push(tape, items * padded, sizeof(sid__real));
        job->mean = sid__tape_push(tape, count * dim, sizeof(sid__real));
    }
    if (wants_grad && sid__wants_grad(job->table))
        job->table_slope = sid__tape_push(tape, items * dim, sizeof(sid__real));
    if (wants_grad && sid__wants_grad(job->bias))
        job->bias_slope = sid__tape_push(tape, items, sizeof(sid__real));
    if (!is_kept(job))
        return;
    job->from = sid__tape_push(tape, (size_t)(tiles_of(job) * job->chunk_rows), sizeof(sid__real));
    if (tape->precision == SID__PRECISION_FP32)
        job->kept = sid__tape_push(tape, (size_t)(tiles_of(job) * job->chunk_rows * STEP), sizeof(sid__real));
}

static void pack_table(const catalog_job *job)
{
    int dim = job->h->columns;
    sid__pack_real(job->ctx, (sid__real_factor){job->table->data, dim, false}, dim, (int)job->table->rows,
                   job->by_lane);
    for (int64_t item = 0; item < job->table->rows && job->by_depth; item += TILE)
        sid__pack_real(job->ctx, (sid__real_factor){job->table->data + item * dim, dim, true},
                       least(TILE, job->table->rows - item), dim, job->by_depth + sid__row_step(dim) * item);
}

sid__value *sid__op_catalog_loss(sid__tape *tape, sid__value *h, sid__value *table, sid__value *bias,
                                 const int32_t *target, double scale)
{
    if (!h || !table)
        return NULL;
    assert(h->columns == table->columns && table->rows > 0 && (!bias || bias->columns == table->rows));
    catalog_job job = {.ctx = tape->ctx, .kernels = tape->kernels, .row = sid__sequence_for(tape->ctx->isa)};
    job.h = h;
    job.table = table;
    job.bias = bias;
    job.target = target;
    job.scale = scale;
    sid__value *loss =
        sid__tape_value(tape, 1, 1, sid__wants_grad(h) || sid__wants_grad(table) || sid__wants_grad(bias));
    take_counted(tape, &job);
    place(tape, &job, sid__wants_grad(loss));
    if (tape->status != SID_OK)
        return NULL;
    if (tape->precision == SID__PRECISION_BF16)
        round_forward(tape, &job);
    if (tape->status != SID_OK)
        return NULL;
    if (!job.rounded)
        pack_table(&job);
    for (int i = 0; i < SID__ROW_GROUP; i++) { /* what stands after the end counts nothing */
        job.most[job.count + i] = (sid__real)INFINITY;
        job.share[job.count + i] = 0;
    }
    run_chunks(&job);
    double sum = 0;
    for (int64_t i = 0; i < job.count; i++)
        sum += sid__log(job.sum[i]) + (double)job.most[i] - job.right[i];
    loss->data[0] = (sid__real)(scale * sum);
    sid__tape_record(tape,
                     &(sid__node){.backward = catalog_backward,
                                  .op = SID__OP_CATALOG_LOSS,
                                  .out = loss,
                                  .in = {h, table, bias},
                                  .saved = &job},
                     sizeof job);
    return loss;
}
