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

enum {
    ROWS = 96,                    /* rows of h of a task: 8 tiles of the product's 12 */
    TILE = 512,                   /* items at a time: with both panels of their rows within 1 MiB at D = 64 */
    BACK_ROWS = 128,              /* rows of h at a time on the way back */
    STEP = TILE + SID__ROW_GROUP, /* off powers of two, whose rows would share cache sets */
    BACK_STEP = BACK_ROWS + SID__ROW_GROUP
};

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
} catalog_job;

static int least(int64_t a, int64_t b)
{
    return (int)(a < b ? a : b);
}

/* ---- Forward ------------------------------------------------------------------------------------------------------ */

/* Logits of rows row .. row + rows - 1 for the tile from `item` on, then exponentials. */
static void absorb_tile(const catalog_job *job, int64_t row, int rows, int64_t item, sid__real *logits)
{
    int dim = job->h->columns, items = least(TILE, job->table->rows - item);
    sid__multiply_real(job->ctx, &(sid__real_product){.a = {job->rows + row * dim, dim, false},
                                                      .b = {job->table->data + item * dim, dim, false},
                                                      .packed = job->by_lane + item * dim,
                                                      .c = logits,
                                                      .c_step = STEP,
                                                      .rows = rows,
                                                      .columns = items,
                                                      .depth = dim});
    for (int64_t i = row; i < row + rows; i++, logits += STEP) {
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
        if (!job->mean)
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
                                         slope + v * BACK_STEP);
        if (sid__wants_grad(bias))
            bias->grad[item + v] = (row > 0 || bias->has_grad ? bias->grad[item + v] : 0) + sum;
    }
    for (int64_t i = row; i < row + rows; i++) {
        int64_t target = job->target[job->counted[i]] - item;
        if (target < 0 || target >= items)
            continue;
        slope[target * BACK_STEP + i - row] -= (sid__real)job->scale;
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
        if (sid__wants_grad(job->table))
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
