/* ops_sampled_loss.c: losses that tell the right item from a sample of the others: see ops_sequence.h. A row of scores holds the
 * target's first, then the samples'; its place then holds the gradients, which are known at once. Scores of shared samples
 * are one product a block of rows.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/sequence.h"
#include "linalg/scalar.h"
#include "tensor/ops_sequence.h"
#include "tensor/real_product.h"
#include "tensor/scatter.h"

typedef struct sampled_job {
    const sid_ctx *ctx;
    const sid__neural *kernels;
    const sid__sequence_kernels *row;
    sid__value *h, *table;
    sid__negatives negatives;
    int64_t *counted; /* (count) rows of h that have a target */
    int64_t count, step;
    int32_t *use;       /* (count, step): target, samples; -1 where there is none */
    sid__real *rows;    /* (count, D) of h */
    sid__real *slope;   /* (count, step): scores, then gradients; 0 where there is no sample */
    double *loss;       /* (count) */
    sid__real *shift;   /* (step): of scores before a softmax; NULL: none */
    sid__real *sampled; /* (samples, D), then its gradient; shared samples */
    sid__real *packed, *packed_back;
    sid__real *back;      /* (count, D): gradients of the rows */
    double scale, weight; /* weight: b of gbce */
} sampled_job;

static bool is_left_out(sid__real score)
{
    return score == -(sid__real)INFINITY;
}

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + sid__exp(-x)) : sid__exp(x) / (1 + sid__exp(x));
}

/* log(1 + exp x) */
static double softplus(double x)
{
    return (x > 0 ? x : 0) + sid__log(1 + sid__exp(x > 0 ? -x : x));
}

/* ---- One row: scores become gradients, the loss is given ---------------------------------------------------------- */

static double softmax_loss(const sampled_job *job, sid__real *y)
{
    int count = job->negatives.count + 1;
    double right = (double)y[0], sum = 0;
    sid__real most = -(sid__real)INFINITY;
    (void)job->row->absorb(count, job->shift, y, &most, &sum);
    for (int j = 0; j < count; j++)
        y[j] = (sid__real)(job->scale * ((double)y[j] / sum - (j == 0)));
    return sid__log(sum) + (double)most - right;
}

static double binary_loss(const sampled_job *job, sid__real *y)
{
    double share = job->negatives.kind == SID__SAMPLED_GBCE ? 1.0 / (job->negatives.count + 1) : 1;
    double loss = job->weight * softplus(-(double)y[0]);
    y[0] = (sid__real)(job->scale * share * job->weight * (sigmoid((double)y[0]) - 1));
    for (int j = 1; j <= job->negatives.count; j++) {
        bool is_out = is_left_out(y[j]);
        loss += is_out ? 0 : softplus((double)y[j]);
        y[j] = is_out ? 0 : (sid__real)(job->scale * share * sigmoid((double)y[j]));
    }
    return share * loss;
}

/* With s_j = s(y+ - y_j), S = sum p_j s_j, R = sum p_j y_j^2: d/dy+ = -sum p_j s_j (1 - s_j) / S and
 * d/dy_j = -p_j ((s_j - S) - s_j (1 - s_j)) / S + penalty p_j (y_j^2 - R + 2 y_j). */
static double max_loss(const sampled_job *job, sid__real *y)
{
    const int count = job->negatives.count;
    double most = -(double)INFINITY, sum = 0, hits = 0, size = 0, right = (double)y[0], slope = 0;
    for (int j = 1; j <= count; j++)
        most = (double)y[j] > most ? (double)y[j] : most;
    for (int j = 1; j <= count; j++) {
        double share = is_left_out(y[j]) ? 0 : sid__exp((double)y[j] - most);
        sum += share;
        hits += share > 0 ? share * sigmoid(right - (double)y[j]) : 0;
        size += share > 0 ? share * (double)y[j] * (double)y[j] : 0;
    }
    hits /= sum;
    size /= sum;
    for (int j = 1; j <= count; j++) {
        if (is_left_out(y[j])) {
            y[j] = 0;
            continue;
        }
        double score = (double)y[j], share = sid__exp(score - most) / sum, hit = sigmoid(right - score);
        slope -= share * hit * (1 - hit) / hits;
        y[j] = (sid__real)(job->scale * share *
                           (job->negatives.penalty * (score * score - size + 2 * score) -
                            (hit - hits - hit * (1 - hit)) / hits));
    }
    y[0] = (sid__real)(job->scale * slope);
    return job->negatives.penalty * size - sid__log(hits);
}

static double row_loss(const sampled_job *job, sid__real *y)
{
    int left = 0;
    for (int j = 1; j <= job->negatives.count; j++)
        left += !is_left_out(y[j]);
    if (left == 0) {
        memset(y, 0, (size_t)job->step * sizeof *y);
        return 0;
    }
    if (job->negatives.kind == SID__SAMPLED_CE)
        return softmax_loss(job, y);
    return job->negatives.kind == SID__SAMPLED_BPR_MAX ? max_loss(job, y) : binary_loss(job, y);
}

/* ---- Forward ------------------------------------------------------------------------------------------------------ */

static const sid__real *item_row(const sampled_job *job, int64_t item)
{
    return job->table->data + item * job->table->columns;
}

static void score_row(const sampled_job *job, int64_t i)
{
    int dim = job->table->columns;
    const int32_t *use = job->use + i * job->step;
    sid__real *y = job->slope + i * job->step;
    for (int j = 0; j <= job->negatives.count; j++) {
        if (j > 0 && use[j] == use[0])
            y[j] = -(sid__real)INFINITY;
        else if (j == 0 || job->negatives.is_by_row)
            y[j] = (sid__real)job->kernels->dot(dim, job->rows + i * dim, item_row(job, use[j]));
    }
}

static void sampled_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const sampled_job *job = arg;
    int dim = job->table->columns;
    (void)worker;
    if (!job->negatives.is_by_row)
        sid__multiply_real(job->ctx, &(sid__real_product){.a = {job->rows + begin * dim, dim, false},
                                                          .b = {job->sampled, dim, false},
                                                          .packed = job->packed,
                                                          .c = job->slope + begin * job->step + 1,
                                                          .c_step = job->step,
                                                          .rows = end - begin,
                                                          .columns = job->negatives.count,
                                                          .depth = dim});
    for (int64_t i = begin; i < end; i++) {
        score_row(job, i);
        job->loss[i] = row_loss(job, job->slope + i * job->step);
    }
}

/* ---- Backward ----------------------------------------------------------------------------------------------------- */

static void h_grad_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const sampled_job *job = arg;
    int dim = job->table->columns, count = job->negatives.count;
    sid__real *back = job->back + begin * dim;
    (void)worker;
    if (!job->negatives.is_by_row)
        sid__multiply_real(job->ctx, &(sid__real_product){.a = {job->slope + begin * job->step + 1, job->step, false},
                                                          .b = {job->sampled, dim, true},
                                                          .packed = job->packed_back,
                                                          .c = back,
                                                          .rows = end - begin,
                                                          .columns = dim,
                                                          .depth = count});
    for (int64_t i = begin; i < end; i++, back += dim) {
        const int32_t *use = job->use + i * job->step;
        const sid__real *slope = job->slope + i * job->step;
        if (job->negatives.is_by_row)
            memset(back, 0, (size_t)dim * sizeof *back);
        for (int j = 0; j <= (job->negatives.is_by_row ? count : 0); j++)
            job->kernels->add_scaled(dim, slope[j], item_row(job, use[j]), back);
        job->kernels->add(dim, back, job->h->grad + job->counted[i] * dim);
    }
}

static void h_grad(sampled_job *job)
{
    sid__value *h = job->h;
    if (!h->has_grad)
        memset(h->grad, 0, (size_t)h->rows * (size_t)h->columns * sizeof *h->grad);
    h->has_grad = true;
    sid__ctx_for(job->ctx, job->count, SID__ROWS, h_grad_task, job);
}

/* The samples' rows first, or all uses of a row of h one after the other. */
static void table_grad(const sampled_job *job)
{
    int dim = job->table->columns, count = job->negatives.count;
    sid__scatter uses = {.row = job->use,
                         .count = job->count * job->step,
                         .g = job->rows,
                         .each = job->step,
                         .weight = job->slope,
                         .weight_step = 1};
    if (!job->negatives.is_by_row) {
        sid__multiply_real(job->ctx, &(sid__real_product){.a = {job->slope + 1, job->step, true},
                                                          .b = {job->rows, dim, true},
                                                          .c = job->sampled,
                                                          .rows = count,
                                                          .columns = dim,
                                                          .depth = (int)job->count});
        sid__scatter_rows(job->ctx, &(sid__scatter){.row = job->negatives.item, .count = count, .g = job->sampled},
                          job->table);
        for (int64_t i = 0; i < job->count; i++) /* of the uses the targets alone are left */
            memset(job->use + i * job->step + 1, -1, (size_t)count * sizeof *job->use);
    }
    sid__scatter_rows(job->ctx, &uses, job->table);
}

static void sampled_backward(const sid_ctx *ctx, const sid__node *node)
{
    sampled_job job = *(const sampled_job *)node->saved;
    sid__real factor = node->out->grad[0];
    job.ctx = ctx;
    if (factor != 1)
        job.kernels->scale(job.count * job.step, factor, job.slope, job.slope);
    if (sid__wants_grad(job.h))
        h_grad(&job);
    if (sid__wants_grad(job.table))
        table_grad(&job);
}

/* ---- The op ------------------------------------------------------------------------------------------------------- */

static void take_rows(sid__tape *tape, sampled_job *job, const int32_t *target)
{
    int dim = job->h->columns, count = job->negatives.count;
    job->counted = sid__tape_push(tape, (size_t)job->h->rows, sizeof *job->counted);
    for (int64_t i = 0; i < job->h->rows && job->counted; i++)
        if (target[i] >= 0)
            job->counted[job->count++] = i;
    job->use = sid__tape_push(tape, (size_t)(job->count * job->step), sizeof *job->use);
    job->rows = sid__tape_push(tape, (size_t)job->count * (size_t)dim, sizeof *job->rows);
    if (tape->status != SID_OK)
        return;
    for (int64_t i = 0; i < job->count; i++) {
        int64_t row = job->counted[i];
        int32_t *use = job->use + i * job->step;
        assert(target[row] < job->table->rows);
        use[0] = target[row];
        memcpy(use + 1, job->negatives.item + (job->negatives.is_by_row ? row * count : 0),
               (size_t)count * sizeof *use);
        for (int64_t j = count + 1; j < job->step; j++)
            use[j] = -1;
        memcpy(job->rows + i * dim, job->h->data + row * dim, (size_t)dim * sizeof *job->rows);
    }
}

static void place(sid__tape *tape, sampled_job *job)
{
    size_t count = (size_t)job->count, dim = (size_t)job->h->columns, samples = (size_t)job->negatives.count;
    job->slope = sid__tape_push(tape, count * (size_t)job->step, sizeof(sid__real));
    job->loss = sid__tape_push(tape, count, sizeof(double));
    job->back = sid__tape_push(tape, count * dim, sizeof(sid__real));
    if (job->negatives.log_expected && job->negatives.kind == SID__SAMPLED_CE)
        job->shift = sid__tape_push(tape, (size_t)job->step, sizeof(sid__real));
    if (job->negatives.is_by_row)
        return;
    job->sampled = sid__tape_push(tape, samples * dim, sizeof(sid__real));
    job->packed = sid__tape_push(tape, sid__packed_count((int)dim, (int64_t)samples), sizeof(sid__real));
    job->packed_back = sid__tape_push(tape, sid__packed_count((int)samples, (int64_t)dim), sizeof(sid__real));
}

static void prepare(sampled_job *job)
{
    int dim = job->h->columns, count = job->negatives.count;
    double a = count / (double)(job->table->rows - 1), t = job->negatives.calibration;
    job->weight = job->negatives.kind == SID__SAMPLED_GBCE ? a * (t * (1 - 1 / a) + 1 / a) : 1;
    for (int j = 0; j <= count && job->shift; j++) {
        assert(!job->negatives.is_by_row);
        job->shift[j] = j == 0 ? 0 : -(sid__real)job->negatives.log_expected[job->negatives.item[j - 1]];
    }
    if (job->negatives.is_by_row || !job->sampled)
        return;
    for (int j = 0; j < count; j++) {
        assert(job->negatives.item[j] >= 0 && job->negatives.item[j] < job->table->rows);
        memcpy(job->sampled + (int64_t)j * dim, item_row(job, job->negatives.item[j]), (size_t)dim * sizeof(sid__real));
    }
    sid__pack_real(job->ctx, (sid__real_factor){job->sampled, dim, false}, dim, count, job->packed);
    sid__pack_real(job->ctx, (sid__real_factor){job->sampled, dim, true}, count, dim, job->packed_back);
}

sid__value *sid__op_sampled_loss(sid__tape *tape, sid__value *h, sid__value *table, const int32_t *target,
                                 const sid__negatives *negatives, double scale)
{
    if (!h || !table)
        return NULL;
    assert(h->columns == table->columns && negatives->count > 0);
    sampled_job job = {.ctx = tape->ctx, .kernels = tape->kernels, .row = sid__sequence_for(tape->ctx->isa)};
    job.h = h;
    job.table = table;
    job.negatives = *negatives;
    job.step = sid__row_step(negatives->count + 1);
    job.scale = scale;
    sid__value *loss = sid__tape_value(tape, 1, 1, sid__wants_grad(h) || sid__wants_grad(table));
    take_rows(tape, &job, target);
    place(tape, &job);
    if (tape->status != SID_OK)
        return NULL;
    prepare(&job);
    sid__ctx_for(tape->ctx, job.count, SID__ROWS, sampled_task, &job);
    double sum = 0;
    for (int64_t i = 0; i < job.count; i++)
        sum += job.loss[i];
    loss->data[0] = (sid__real)(scale * sum);
    sid__tape_record(
        tape,
        &(sid__node){
            .backward = sampled_backward, .op = SID__OP_SAMPLED_LOSS, .out = loss, .in = {h, table}, .saved = &job},
        sizeof job);
    return loss;
}

sid__value *sid__op_info_nce(sid__tape *tape, sid__value *a, sid__value *b, double temperature, double scale)
{
    if (!a || !b)
        return NULL;
    assert(a->rows == b->rows && temperature > 0);
    int32_t *own = sid__tape_push(tape, (size_t)a->rows, sizeof *own);
    if (!own)
        return NULL;
    for (int64_t i = 0; i < a->rows; i++)
        own[i] = (int32_t)i;
    return sid__op_catalog_loss(tape, sid__op_scale(tape, a, 1 / temperature), b, NULL, own, scale);
}
