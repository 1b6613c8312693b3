/* probe_test.c: sid_probe_test: how many of the best items by vectors lie in the partitions that are probed first, and what that
 * costs, for 1, 2, 4, .. of them. All of them is the exact search, which the others are held against.
 */
#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "retrieve/retriever.h"

enum { USUAL_K = 100, ROWS_MAX = 64 };
static const char what[] = "a test of probing";

typedef struct testing {
    sid_ctx *ctx;
    const sid__assortment *stock;
    const float *query; /* (requests, dim) */
    int64_t requests, k;
    sid__leader *row;    /* (k) */
    sid__probed *chosen; /* (partitions) */
    int64_t *best;       /* (requests, k) items of the exact search */
    int64_t *best_count; /* (requests) */
    sid_probe_report *out;
} testing;

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static sid_status search(testing *t, int64_t request, int64_t probe, sid__leaders *best, int64_t *scored,
                         sid_error *err)
{
    const sid__lists *lists = &t->stock->lists;
    const sid__probe with = {.query = t->query + request * lists->tower[0]->shape.dim, .most = probe};
    int64_t found = 0;
    *best = (sid__leaders){.row = t->row, .most = t->k};
    SID_TRY(sid__partitions_choose(lists, &t->stock->partitions, &with, t->chosen, &found, err));
    SID_TRY(sid__partitions_search(lists, &with, t->chosen, found, best, scored, err));
    sid__leaders_sort(best);
    return SID_OK;
}

static sid_status search_all(testing *t, sid_error *err)
{
    for (int64_t r = 0; r < t->requests; r++) {
        sid__leaders best;
        SID_TRY(sid__ctx_check(t->ctx, err));
        SID_TRY(search(t, r, INT64_MAX, &best, NULL, err));
        t->best_count[r] = best.count;
        for (int64_t i = 0; i < best.count; i++)
            t->best[r * t->k + i] = best.row[i].of;
    }
    return SID_OK;
}

/* Both hold different items; k is small. */
static int64_t common(const testing *t, int64_t request, const sid__leaders *found)
{
    int64_t count = 0;
    for (int64_t i = 0; i < found->count; i++)
        for (int64_t j = 0; j < t->best_count[request]; j++)
            count += found->row[i].of == t->best[request * t->k + j];
    return count;
}

static sid_status test_probe(testing *t, sid_probe_score *out, sid_error *err)
{
    double searched_s = 0;
    for (int64_t r = 0; r < t->requests; r++) {
        sid__leaders found;
        int64_t scored = 0;
        SID_TRY(sid__ctx_check(t->ctx, err));
        double start_s = now_s();
        SID_TRY(search(t, r, out->probe, &found, &scored, err));
        searched_s += now_s() - start_s;
        out->recall += (double)common(t, r, &found) / (double)t->best_count[r];
        out->scored += (double)scored / (double)t->out->items;
    }
    out->recall /= (double)t->requests;
    out->scored /= (double)t->requests;
    out->request_s = searched_s / (double)t->requests;
    return SID_OK;
}

static sid_status test_all(testing *t, sid_error *err)
{
    sid_probe_report *out = t->out;
    size_t k = (size_t)t->k,
           partitions = (size_t)sid__partitions_room(&t->stock->lists, &t->stock->partitions, INT64_MAX);
    SID_TRY(sid__alloc(&t->row, k, sizeof *t->row, what, err));
    SID_TRY(sid__alloc(&t->chosen, partitions, sizeof *t->chosen, what, err));
    SID_TRY(sid__alloc(&t->best, (size_t)t->requests, k * sizeof *t->best, what, err));
    SID_TRY(sid__alloc(&t->best_count, (size_t)t->requests, sizeof *t->best_count, what, err));
    SID_TRY(sid__alloc(&out->row, ROWS_MAX, sizeof *out->row, what, err));
    out->memory = out->row;
    SID_TRY(search_all(t, err));
    for (int64_t probe = 1;; probe = 2 * probe < out->partitions ? 2 * probe : out->partitions) {
        sid_probe_score *row = &out->row[out->count++];
        row->probe = probe;
        sid__ctx_progress(t->ctx, "probing", probe, out->partitions, "partitions", (double)NAN);
        SID_TRY(test_probe(t, row, err));
        if (probe >= out->partitions)
            return SID_OK;
    }
}

sid_status sid_probe_test(sid_ctx *ctx, const sid_retriever *retriever, int64_t k, const float *query, int64_t count,
                          sid_probe_report *out, sid_error *err)
{
    sid_retriever_info info;
    *out = (sid_probe_report){0};
    sid_retriever_get_info(retriever, &info);
    if (info.vectors == 0 || count < 1 || k < 0)
        return sid__fail(err, SID_EUSAGE,
                         "%" PRId64 " vectors of items, %" PRId64 " requests, k %" PRId64
                         "; some of each, and k from 1, are expected",
                         info.vectors, count, k);
    k = k ? k : USUAL_K;
    *out = (sid_probe_report){.requests = count,
                              .partitions = info.partitions,
                              .items = info.vectors,
                              .k = k < info.vectors ? k : info.vectors};
    sid__assortment *now = sid__retriever_enter(retriever);
    testing t = {.ctx = ctx, .stock = now, .query = query, .requests = count, .k = out->k, .out = out};
    sid_status status = test_all(&t, err);
    sid__free(t.row);
    sid__free(t.chosen);
    sid__free(t.best);
    sid__free(t.best_count);
    sid__assortment_leave(now);
    if (status != SID_OK)
        sid_probe_report_drop(out);
    return status;
}

void sid_probe_report_drop(sid_probe_report *report)
{
    sid__free(report->memory);
    *report = (sid_probe_report){0};
}
