/* ops_pool.c: sums and means of rows: an item's embedding as the sum of its codes' rows, a sequence as the mean of its own. */
#include <assert.h>
#include <string.h>

#include "tensor/ops_sequence.h"
#include "tensor/scatter.h"

typedef struct bag_job {
    const sid__neural *kernels;
    sid__bags bags;
    int64_t *of; /* (uses) the bag of each */
    sid__value *table, *y;
} bag_job;

static void bag_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const bag_job *job = arg;
    int dim = job->table->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        sid__real *y = job->y->data + i * dim;
        memset(y, 0, (size_t)dim * sizeof *y);
        for (int64_t j = job->bags.begin[i]; j < job->bags.begin[i + 1]; j++) {
            assert(job->bags.row[j] < job->table->rows);
            if (job->bags.row[j] >= 0)
                job->kernels->add(dim, job->table->data + (int64_t)job->bags.row[j] * dim, y);
            if (job->of)
                job->of[j] = i;
        }
    }
}

static void bag_backward(const sid_ctx *ctx, const sid__node *node)
{
    const bag_job *job = node->saved;
    sid__scatter_rows(
        ctx,
        &(sid__scatter){
            .row = job->bags.row, .of = job->of, .count = job->bags.begin[job->bags.count], .g = job->y->grad},
        job->table);
}

sid__value *sid__op_bag(sid__tape *tape, sid__value *table, const sid__bags *bags)
{
    bag_job job = {.kernels = tape->kernels, .bags = *bags, .table = table};
    job.y = table ? sid__tape_value(tape, bags->count, table->columns, sid__wants_grad(table)) : NULL;
    if (!job.y)
        return NULL;
    assert(bags->begin[0] == 0);
    if (sid__wants_grad(job.y) && !(job.of = sid__tape_push(tape, (size_t)bags->begin[bags->count], sizeof *job.of)))
        return NULL;
    sid__ctx_for(tape->ctx, bags->count, SID__ROWS, bag_task, &job);
    sid__tape_record(
        tape, &(sid__node){.backward = bag_backward, .op = SID__OP_BAG, .out = job.y, .in = {table}, .saved = &job},
        sizeof job);
    return job.y;
}

/* ---- Means -------------------------------------------------------------------------------------------------------- */

typedef struct mean_job {
    const sid__neural *kernels;
    sid__ragged sequences;
    sid__value *x, *y;
} mean_job;

static void mean_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const mean_job *job = arg;
    int dim = job->x->columns;
    (void)worker;
    for (int64_t s = begin; s < end; s++) {
        const int64_t *at = job->sequences.begin + s;
        sid__real *y = job->y->data + s * dim;
        memset(y, 0, (size_t)dim * sizeof *y);
        for (int64_t i = at[0]; i < at[1]; i++)
            job->kernels->add(dim, job->x->data + i * dim, y);
        if (at[1] > at[0])
            job->kernels->scale(dim, 1 / (sid__real)(at[1] - at[0]), y, y);
    }
}

static void mean_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const mean_job *job = arg;
    int dim = job->x->columns;
    (void)worker;
    for (int64_t s = begin; s < end; s++) {
        const int64_t *at = job->sequences.begin + s;
        for (int64_t i = at[0]; i < at[1]; i++) {
            sid__real share = 1 / (sid__real)(at[1] - at[0]), *to = job->x->grad + i * dim;
            if (job->x->has_grad)
                job->kernels->add_scaled(dim, share, job->y->grad + s * dim, to);
            else
                job->kernels->scale(dim, share, job->y->grad + s * dim, to);
        }
    }
}

static void mean_backward(const sid_ctx *ctx, const sid__node *node)
{
    mean_job job = *(const mean_job *)node->saved;
    sid__ctx_for(ctx, job.sequences.count, 8, mean_back_task, &job);
    job.x->has_grad = true;
}

sid__value *sid__op_mean_pool(sid__tape *tape, sid__value *x, const sid__ragged *sequences)
{
    mean_job job = {.kernels = tape->kernels, .sequences = *sequences, .x = x};
    job.y = x ? sid__tape_value(tape, sequences->count, x->columns, sid__wants_grad(x)) : NULL;
    if (!job.y)
        return NULL;
    assert(sequences->begin[sequences->count] == x->rows);
    sid__ctx_for(tape->ctx, sequences->count, 8, mean_task, &job);
    sid__tape_record(
        tape, &(sid__node){.backward = mean_backward, .op = SID__OP_MEAN_POOL, .out = job.y, .in = {x}, .saved = &job},
        sizeof job);
    return job.y;
}
