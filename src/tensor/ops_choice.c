/* ops_choice.c: ops with whole numbers in them: rows of an embedding table, and the softmax cross-entropy of one right answer
 * among many.
 */
#include <assert.h>
#include <string.h>

#include "linalg/scalar.h"
#include "tensor/ops.h"
#include "tensor/scatter.h"

typedef struct gather_job {
    const int32_t *row;
    const sid__value *table;
    sid__value *y;
} gather_job;

static void gather_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gather_job *job = arg;
    int dim = job->table->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        assert(job->row[i] >= 0 && job->row[i] < job->table->rows);
        memcpy(job->y->data + i * dim, job->table->data + (int64_t)job->row[i] * dim, (size_t)dim * sizeof(sid__real));
    }
}

static void gather_backward(const sid_ctx *ctx, const sid__node *node)
{
    const gather_job *job = node->saved;
    sid__scatter_rows(ctx, &(sid__scatter){.row = job->row, .count = node->out->rows, .g = node->out->grad},
                      node->in[0]);
}

sid__value *sid__op_gather(sid__tape *tape, sid__value *table, const int32_t *row, int64_t count)
{
    sid__value *y = table ? sid__tape_value(tape, count, table->columns, sid__wants_grad(table)) : NULL;
    if (!y)
        return NULL;
    gather_job job = {.row = row, .table = table, .y = y};
    sid__ctx_for(tape->ctx, count, SID__ROWS, gather_task, &job);
    sid__tape_record(
        tape, &(sid__node){.backward = gather_backward, .op = SID__OP_GATHER, .out = y, .in = {table}, .saved = &job},
        sizeof job);
    return y;
}

/* ---- Cross-entropy ------------------------------------------------------------------------------------------------ */

typedef struct entropy_job {
    const int32_t *target;
    sid__value *logits;
    sid__real *share; /* (N, V) softmax */
    double *loss;     /* (N) */
    double scale;
} entropy_job;

static void entropy_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const entropy_job *job = arg;
    int count = job->logits->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const sid__real *z = job->logits->data + i * count;
        sid__real *share = job->share + i * count;
        double most = (double)z[0], sum = 0;
        assert(job->target[i] < count);
        for (int v = 1; v < count; v++)
            most = (double)z[v] > most ? (double)z[v] : most;
        for (int v = 0; v < count; v++)
            sum += sid__exp((double)z[v] - most);
        for (int v = 0; v < count; v++)
            share[v] = (sid__real)(sid__exp((double)z[v] - most) / sum);
        job->loss[i] = job->target[i] < 0 ? 0 : sid__log(sum) + most - (double)z[job->target[i]];
    }
}

static void entropy_back_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const entropy_job *job = arg;
    int count = job->logits->columns;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        double scale = job->target[i] < 0 ? 0 : job->scale;
        for (int v = 0; v < count; v++) {
            double grad = scale * ((double)job->share[i * count + v] - (v == job->target[i]));
            sid__real *to = &job->logits->grad[i * count + v];
            *to = (sid__real)(job->logits->has_grad ? (double)*to + grad : grad);
        }
    }
}

static void entropy_backward(const sid_ctx *ctx, const sid__node *node)
{
    entropy_job job = *(const entropy_job *)node->saved;
    job.scale *= (double)node->out->grad[0];
    sid__ctx_for(ctx, job.logits->rows, SID__ROWS, entropy_back_task, &job);
    job.logits->has_grad = true;
}

sid__value *sid__op_cross_entropy(sid__tape *tape, sid__value *logits, const int32_t *target, double scale)
{
    if (!logits)
        return NULL;
    size_t rows = (size_t)logits->rows;
    entropy_job job = {.target = target, .logits = logits, .scale = scale};
    sid__value *loss = sid__tape_value(tape, 1, 1, sid__wants_grad(logits));
    job.share = sid__tape_push(tape, rows * (size_t)logits->columns, sizeof *job.share);
    job.loss = sid__tape_push(tape, rows, sizeof *job.loss);
    if (tape->status != SID_OK)
        return NULL;
    sid__ctx_for(tape->ctx, logits->rows, SID__ROWS, entropy_task, &job);
    double sum = 0;
    for (size_t i = 0; i < rows; i++)
        sum += job.loss[i];
    loss->data[0] = (sid__real)(scale * sum);
    sid__tape_record(
        tape,
        &(sid__node){
            .backward = entropy_backward, .op = SID__OP_CROSS_ENTROPY, .out = loss, .in = {logits}, .saved = &job},
        sizeof job);
    return loss;
}
