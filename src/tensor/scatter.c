/* scatter.c: see scatter.h. A task has a part of the table and looks at all uses: comparing them is little beside adding. */
#include "tensor/scatter.h"

#include <string.h>

enum { PARTS = 16, LEAST_ROWS = 64 };

typedef struct scatter_job {
    const sid__scatter *scatter;
    const sid__neural *kernels;
    sid__value *table;
} scatter_job;

static void scatter_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const scatter_job *job = arg;
    const sid__scatter *s = job->scatter;
    int dim = job->table->columns;
    (void)worker;
    if (!job->table->has_grad)
        memset(job->table->grad + begin * dim, 0, (size_t)(end - begin) * (size_t)dim * sizeof(sid__real));
    for (int64_t i = 0; i < s->count; i++) {
        if (s->row[i] < begin || s->row[i] >= end)
            continue;
        const sid__real *g = s->g + (s->of ? s->of[i] : s->each ? i / s->each : i) * dim;
        sid__real *to = job->table->grad + (int64_t)s->row[i] * dim;
        if (s->weight)
            job->kernels->add_scaled(dim, s->weight[i * s->weight_step], g, to);
        else
            job->kernels->add(dim, g, to);
    }
}

void sid__scatter_rows(const sid_ctx *ctx, const sid__scatter *scatter, sid__value *table)
{
    scatter_job job = {.scatter = scatter, .kernels = sid__neural_for(ctx->isa), .table = table};
    int64_t grain = table->rows / PARTS + 1;
    sid__ctx_for(ctx, table->rows, grain > LEAST_ROWS ? grain : LEAST_ROWS, scatter_task, &job);
    table->has_grad = true;
}
