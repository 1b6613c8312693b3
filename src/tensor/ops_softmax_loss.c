/* ops_softmax_loss.c: the softmax cross-entropy over a catalogue, in parts, so that logits never lie in memory as a whole.
 *
 * Forward: a task has ROWS rows of h and goes over the catalogue TILE items at a time, keeping the largest logit, the sum of
 * exponentials and, where h takes a gradient, the sum of exp(logit) times the item's row, which is all that its gradient
 * needs. Backward: a task has TILE items and goes over the rows of h: logits once more, their shares by the known maxima and
 * sums, then the gradient of these items' rows. So both ways write what no other task writes, and 8 V D operations a row are
 * done in all.
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
    ROWS = 96,                    /* rows of h of a task: 8 tiles of the product's 12 */
    TILE = 512,                   /* items at a time: with both panels of their rows within 1 MiB at D = 64 */
    BACK_ROWS = 128,              /* rows of h at a time on the way back */
    STEP = TILE + SID__ROW_GROUP, /* off powers of two, whose rows would share cache sets */
    BACK_STEP = BACK_ROWS + SID__ROW_GROUP
};

#ifdef SEMID_REAL_IS_DOUBLE
typedef int catalog_rounded; /* gradcheck knows no rounding */
#else
/* All factors once more for SID__PRECISION_BF16. */
typedef struct catalog_rounded {
    sid__bf16_copy rows, table; /* by row */
    uint16_t *rows_lanes, *table_lanes;
    sid__bf16_copy *tile, *block; /* pairs of each tile of items, of each BACK_ROWS rows */
    uint16_t *own;                /* (threads, own_count) */
    int64_t own_count;
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
    sid__real *rows;                         /* (count, D) those rows */
    sid__real *by_lane;                      /* table packed, items as columns */
    sid__real *by_depth;                     /* each tile of it packed, items as depth; NULL: h takes no gradient */
    sid__real *rows_by_lane, *rows_by_depth; /* the same of rows; NULL: table takes no gradient */
    sid__real *mean;                         /* (count, D) sum of exp(logit - most) times the item's row; or NULL */
    sid__real *most, *share;                 /* (count + 16) */
    double *sum, *right;                     /* (count): of exp(logit - most); logit of the target */
    sid__real *own;                          /* (threads, own_count) */
    int64_t own_count;
    const catalog_rounded *rounded; /* NULL: fp32 */
} catalog_job;

static int least(int64_t a, int64_t b)
{
    return (int)(a < b ? a : b);
}

/* Row steps: a rounded product writes its rows one after the other. */
static int64_t step_of(const catalog_job *job, int columns, int64_t step)
{
    return job->rounded ? sid__row_step(columns) : step;
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

static bool multiply_back(const catalog_job *job, int64_t item, int items, int64_t row, int rows, sid__real *slope)
{
    return job->rounded && row + rows + item + items < 0 && slope;
}

static bool add_table(const catalog_job *job, int64_t item, int items, int64_t row, int rows, const sid__real *slope,
                      int worker)
{
    return job->rounded && row + rows + item + items + worker < 0 && slope;
}

static void round_forward(sid__tape *tape, catalog_job *job)
{
    (void)tape;
    (void)job;
}

static void round_backward(const catalog_job *job)
{
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

static bool add_means(const catalog_job *job, int64_t row, int rows, int64_t item, const sid__real *shares, int worker)
{
    const catalog_rounded *r = job->rounded;
    int dim = job->h->columns, items = least(TILE, job->table->rows - item);
    if (!r)
        return false;
    const sid__bf16_copy copy = {
        .row_count = rows, .columns = (int)sid__row_step(items), .rows = r->own + worker * r->own_count};
    sid__bf16_round(job->ctx, shares, &copy);
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

static bool multiply_back(const catalog_job *job, int64_t item, int items, int64_t row, int rows, sid__real *slope)
{
    const catalog_rounded *r = job->rounded;
    int dim = job->h->columns;
    if (!r)
        return false;
    sid__bf16_lanes a = sid__bf16_by_row(&r->table);
    a.data += item * a.lane;
    sid__gemm_bf16(job->ctx,
                   &(sid__bf16_product){.a = a,
                                        .b = r->rows_lanes + row / SID__ROW_GROUP * sid__bf16_pairs_step(dim),
                                        .c = slope,
                                        .rows = items,
                                        .columns = (int)sid__row_step(rows),
                                        .depth = dim},
                   1);
    return true;
}

static bool add_table(const catalog_job *job, int64_t item, int items, int64_t row, int rows, const sid__real *slope,
                      int worker)
{
    const catalog_rounded *r = job->rounded;
    int dim = job->h->columns;
    if (!r)
        return false;
    const sid__bf16_copy copy = {
        .row_count = items, .columns = (int)sid__row_step(rows), .rows = r->own + worker * r->own_count};
    sid__bf16_round(job->ctx, slope, &copy);
    sid__gemm_bf16(job->ctx,
                   &(sid__bf16_product){.a = sid__bf16_by_row(&copy),
                                        .b = r->block[row / BACK_ROWS].pairs,
                                        .c = job->table->grad + item * dim,
                                        .rows = items,
                                        .columns = dim,
                                        .depth = rows,
                                        .is_added = job->table->has_grad || row > 0},
                   1);
    return true;
}

/* Pairs of every `size` rows of x; memory alone where x is NULL. */
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
    int64_t items = job->table->rows, there = ROWS * sid__bf16_row_step(TILE),
            back = TILE * sid__bf16_row_step(BACK_ROWS);
    catalog_rounded *r = sid__tape_push(tape, 1, sizeof *r);
    if (!r)
        return;
    *r = (catalog_rounded){.own_count = there > back ? there : back};
    r->rows = (sid__bf16_copy){.row_count = job->count, .columns = dim};
    r->table = (sid__bf16_copy){.row_count = items, .columns = dim};
    r->rows.rows = sid__tape_push(tape, (size_t)(job->count * sid__bf16_row_step(dim)), sizeof(uint16_t));
    r->table.rows = sid__tape_push(tape, (size_t)(items * sid__bf16_row_step(dim)), sizeof(uint16_t));
    r->table_lanes = sid__tape_push(tape, (size_t)sid__bf16_pairs_count(dim, (int)items), sizeof(uint16_t));
    r->rows_lanes = sid__tape_push(tape, (size_t)sid__bf16_pairs_count(dim, (int)job->count), sizeof(uint16_t));
    r->own = sid__tape_push(tape, (size_t)(r->own_count * sid_ctx_threads(tape->ctx)), sizeof(uint16_t));
    r->tile = place_parts(tape, items, dim, TILE);
    r->block = place_parts(tape, job->count, dim, BACK_ROWS);
    if (tape->status != SID_OK)
        return;
    job->rounded = r;
    sid__bf16_round(tape->ctx, job->rows, &r->rows);
    sid__bf16_round(tape->ctx, job->table->data, &r->table);
    sid__bf16_round_weights(tape->ctx, job->table->data, (int)items, dim,
                            &(sid__bf16_weights){.by_lane = r->table_lanes});
    if (job->mean)
        round_parts(tape->ctx, job->table->data, items, dim, TILE, r->tile);
}

static void round_backward(const catalog_job *job)
{
    const catalog_rounded *r = job->rounded;
    int dim = job->h->columns;
    if (!r)
        return;
    sid__bf16_round_weights(job->ctx, job->rows, (int)job->count, dim, &(sid__bf16_weights){.by_lane = r->rows_lanes});
    round_parts(job->ctx, job->rows, job->count, dim, BACK_ROWS, r->block);
}

#endif

/* ---- Forward ------------------------------------------------------------------------------------------------------ */

/* Logits of rows row .. row + rows - 1 for the tile from `item` on, then exponentials. */
static void absorb_tile(const catalog_job *job, int64_t row, int rows, int64_t item, sid__real *logits)
{
    int dim = job->h->columns, items = least(TILE, job->table->rows - item);
    int64_t step = step_of(job, items, STEP);
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
    }
}

static void forward_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const catalog_job *job = arg;
    int dim = job->h->columns, rows = (int)(end - begin);
    sid__real *logits = job->own + worker * job->own_count;
    for (int64_t i = begin; i < end; i++) {
        job->most[i] = -(sid__real)INFINITY;
        job->sum[i] = 0;
        for (int d = 0; d < dim && job->mean; d++)
            job->mean[i * dim + d] = 0;
    }
    for (int64_t item = 0; item < job->table->rows; item += TILE) {
        absorb_tile(job, begin, rows, item, logits);
        if (!job->mean || add_means(job, begin, rows, item, logits, worker))
            continue;
        sid__multiply_real(job->ctx, &(sid__real_product){.a = {logits, STEP, false},
                                                          .b = {job->table->data + item * dim, dim, true},
                                                          .packed = job->by_depth + sid__row_step(dim) * item,
                                                          .c = job->mean + begin * dim,
                                                          .rows = rows,
                                                          .columns = dim,
                                                          .depth = least(TILE, job->table->rows - item),
                                                          .is_added = true});
    }
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

/* Of `items` items from `item` on: gradients of their logits for rows row .. row + rows - 1, (items, rows). */
static void share_tile(const catalog_job *job, int64_t item, int items, int64_t row, int rows, sid__real *slope)
{
    int dim = job->h->columns;
    int64_t step = step_of(job, rows, BACK_STEP);
    assert(slope);
    if (!multiply_back(job, item, items, row, rows, slope))
        sid__multiply_real(job->ctx, &(sid__real_product){.a = {job->table->data + item * dim, dim, false},
                                                          .b = {job->rows + row * dim, dim, false},
                                                          .packed = job->rows_by_lane + row * dim,
                                                          .c = slope,
                                                          .c_step = BACK_STEP,
                                                          .rows = items,
                                                          .columns = rows,
                                                          .depth = dim});
    for (int v = 0; v < items; v++) {
        const sid__value *bias = job->bias;
        sid__real sum = job->row->shares(rows, bias ? bias->data[item + v] : 0, job->most + row, job->share + row,
                                         slope + v * step);
        if (sid__wants_grad(bias))
            bias->grad[item + v] = (row > 0 || bias->has_grad ? bias->grad[item + v] : 0) + sum;
    }
    for (int64_t i = row; i < row + rows; i++) {
        int64_t target = job->target[job->counted[i]] - item;
        if (target < 0 || target >= items)
            continue;
        slope[target * step + i - row] -= (sid__real)job->scale;
        if (sid__wants_grad(job->bias))
            job->bias->grad[item + target] -= (sid__real)job->scale;
    }
}

static void backward_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const catalog_job *job = arg;
    int dim = job->h->columns, items = (int)(end - begin);
    sid__real *slope = job->own + worker * job->own_count;
    for (int64_t row = 0; row < job->count; row += BACK_ROWS) {
        int rows = least(BACK_ROWS, job->count - row);
        share_tile(job, begin, items, row, rows, slope);
        if (sid__wants_grad(job->table) && !add_table(job, begin, items, row, rows, slope, worker))
            sid__multiply_real(job->ctx, &(sid__real_product){.a = {slope, BACK_STEP, false},
                                                              .b = {job->rows + row * dim, dim, true},
                                                              .packed = job->rows_by_depth + sid__row_step(dim) * row,
                                                              .c = job->table->grad + begin * dim,
                                                              .rows = items,
                                                              .columns = dim,
                                                              .depth = rows,
                                                              .is_added = job->table->has_grad || row > 0});
    }
}

static void clear_unless_any(const catalog_job *job, sid__value *value)
{
    if (sid__wants_grad(value) && !value->has_grad && job->count == 0)
        memset(value->grad, 0, (size_t)value->rows * (size_t)value->columns * sizeof *value->grad);
}

static void catalog_backward(const sid_ctx *ctx, const sid__node *node)
{
    catalog_job job = *(const catalog_job *)node->saved;
    int dim = job.h->columns;
    job.ctx = ctx;
    job.scale *= (double)node->out->grad[0];
    for (int64_t i = 0; i < job.count; i++)
        job.share[i] = (sid__real)(job.scale / job.sum[i]);
    if (sid__wants_grad(job.h))
        h_grad(&job);
    clear_unless_any(&job, job.table);
    clear_unless_any(&job, job.bias);
    if (sid__wants_grad(job.table) || sid__wants_grad(job.bias)) {
        for (int64_t i = job.count; i < job.count + SID__ROW_GROUP;
             i++) { /* what stands after the end counts nothing */
            job.most[i] = (sid__real)INFINITY;
            job.share[i] = 0;
        }
        sid__pack_real(ctx, (sid__real_factor){job.rows, dim, false}, dim, (int)job.count, job.rows_by_lane);
        for (int64_t row = 0; row < job.count; row += BACK_ROWS)
            sid__pack_real(ctx, (sid__real_factor){job.rows + row * dim, dim, true}, least(BACK_ROWS, job.count - row),
                           dim, job.rows_by_depth + sid__row_step(dim) * row);
        round_backward(&job);
        sid__ctx_for(ctx, job.table->rows, TILE, backward_task, &job);
    }
    if (sid__wants_grad(job.table))
        job.table->has_grad = true;
    if (sid__wants_grad(job.bias))
        job.bias->has_grad = true;
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

static void place(sid__tape *tape, catalog_job *job, bool wants_grad)
{
    size_t count = (size_t)job->count, dim = (size_t)job->h->columns, padded = (size_t)sid__row_step(job->h->columns);
    size_t packed = sid__packed_count((int)dim, job->table->rows);
    job->by_lane = sid__tape_push(tape, packed, sizeof(sid__real));
    job->most = sid__tape_push(tape, count + SID__ROW_GROUP, sizeof(sid__real));
    job->share = sid__tape_push(tape, count + SID__ROW_GROUP, sizeof(sid__real));
    job->sum = sid__tape_push(tape, count, sizeof(double));
    job->right = sid__tape_push(tape, count, sizeof(double));
    job->own_count = ROWS * STEP > TILE * BACK_STEP ? ROWS * STEP : TILE * BACK_STEP;
    job->own = sid__tape_push(tape, (size_t)(job->own_count * sid_ctx_threads(tape->ctx)), sizeof(sid__real));
    if (wants_grad && sid__wants_grad(job->h)) {
        job->by_depth = sid__tape_push(tape, (size_t)job->table->rows * padded, sizeof(sid__real));
        job->mean = sid__tape_push(tape, count * dim, sizeof(sid__real));
    }
    if (wants_grad && (sid__wants_grad(job->table) || sid__wants_grad(job->bias))) {
        job->rows_by_lane = sid__tape_push(tape, sid__packed_count((int)dim, job->count), sizeof(sid__real));
        job->rows_by_depth = sid__tape_push(tape, count * padded, sizeof(sid__real));
    }
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
    sid__ctx_for(tape->ctx, job.count, ROWS, forward_task, &job);
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
