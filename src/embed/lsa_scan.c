/* lsa_scan.c: see lsa_scan.h. Which worker sees a row must not matter to what fn does. */
#include "embed/lsa_scan.h"

#include <math.h>

enum { ROWS_A_REPORT = 64 * SID__SCAN_CHUNK };

sid_status sid__scan_init(sid__scan *scan, sid_ctx *ctx, const sid_items *items, const sid__fields *fields, int dim,
                          sid_error *err)
{
    *scan = (sid__scan){.ctx = ctx, .items = items, .fields = fields};
    SID_TRY(sid__fields_columns(fields, items, scan->column, err));
    SID_TRY(sid__alloc(&scan->worker, (size_t)sid_ctx_threads(ctx), sizeof *scan->worker, "threads' buffers", err));
    scan->threads = sid_ctx_threads(ctx);
    for (int i = 0; i < scan->threads; i++)
        SID_TRY(sid__alloc(&scan->worker[i].sum, (size_t)dim, sizeof(double), "threads' buffers", err));
    return SID_OK;
}

typedef struct scan_job {
    sid__scan *scan;
    sid__scan_fn *fn;
    void *user;
    int64_t first; /* row of the loop's 0 */
} scan_job;

static void scan_rows(void *arg, int64_t begin, int64_t end, int worker_index)
{
    const scan_job *job = arg;
    const sid__scan *scan = job->scan;
    sid__scan_worker *worker = &scan->worker[worker_index];
    for (int64_t row = job->first + begin; row < job->first + end && worker->status == SID_OK; row++) {
        for (int i = 0; i < scan->fields->count; i++)
            worker->text[i] = scan->column[i] < 0 ? "" : sid_items_value(scan->items, row, scan->column[i]);
        worker->status = job->fn(job->user, worker, row, &worker->error);
    }
}

sid_status sid__scan_run(sid__scan *scan, const char *stage, sid__scan_fn *fn, void *user, sid_error *err)
{
    int64_t count = sid_items_count(scan->items);
    for (int64_t first = 0; first < count; first += ROWS_A_REPORT) {
        int64_t rows = count - first < ROWS_A_REPORT ? count - first : ROWS_A_REPORT;
        scan_job job = {scan, fn, user, first};
        SID_TRY(sid__ctx_check(scan->ctx, err));
        sid__ctx_progress(scan->ctx, stage, first, count, "items", (double)NAN);
        sid__ctx_for(scan->ctx, rows, SID__SCAN_CHUNK, scan_rows, &job);
        for (int i = 0; i < scan->threads; i++)
            if (scan->worker[i].status != SID_OK)
                return sid__fail(err, scan->worker[i].status, "%s", scan->worker[i].error.message);
    }
    sid__ctx_progress(scan->ctx, stage, count, count, "items", (double)NAN);
    return SID_OK;
}

int64_t sid__scan_bad_count(const sid__scan *scan)
{
    int64_t count = 0;
    for (int i = 0; i < scan->threads; i++)
        count += scan->worker[i].row.tokenizer.bad_count;
    return count;
}

int64_t sid__scan_zero_count(const sid__scan *scan)
{
    int64_t count = 0;
    for (int i = 0; i < scan->threads; i++)
        count += scan->worker[i].zero_count;
    return count;
}

void sid__scan_drop(sid__scan *scan)
{
    for (int i = 0; i < scan->threads; i++) {
        sid__lsa_row_drop(&scan->worker[i].row);
        sid__word_count_drop(&scan->worker[i].words);
        sid__free(scan->worker[i].sum);
    }
    sid__free(scan->worker);
    *scan = (sid__scan){0};
}
