/* worker_beam.c: our half of bench_beam.py: beam search in a TIGER of the paper's size, on request.
 *
 *     worker_beam THREADS [ISA]   then a line "beam 1" or "beam 64" answers that many users some times over and prints seconds a
 *                                 batch and the certificate's share; "peak" prints the limit of the path in flop/s
 *
 * T5 of 4 + 4 layers, D 128, 6 heads of 64, FF 1024, random weights; histories of 20 items, 80 tokens; beam 20 over 4 levels of
 * 1,100 codes, as many as the peer's vocabulary has, of 12,101 items; from histories of rows to items with their scores.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "decode/decode.h"
#include "line.h"
#include "model/tiger.h"
#include "peak.h"

enum { ITEMS = 12101, LEVELS = 4, CODES = 1100, HISTORY = 20, USERS_MAX = 64, WIDTH = 20 };

typedef struct worker {
    sid_ctx *ctx;
    sid_model *m;
    int32_t history[USERS_MAX][HISTORY];
    sid__question question[USERS_MAX];
    sid_error *err;
} worker;

static sid_status make_items(sid_model *m, sid_error *err)
{
    sid__item_sids *sids = &m->sids;
    *sids = (sid__item_sids){.count = ITEMS, .levels = LEVELS, .width = LEVELS};
    SID_TRY(sid__alloc(&sids->code, (size_t)ITEMS * LEVELS, sizeof *sids->code, "codes", err));
    SID_TRY(sid__alloc(&sids->is_known, ITEMS, 1, "items", err));
    SID_TRY(sid__alloc(&sids->train_count, ITEMS, sizeof *sids->train_count, "counts", err));
    for (int l = 0; l < LEVELS; l++)
        sids->codes[l] = CODES;
    for (int64_t i = 0; i < ITEMS; i++) {
        sids->is_known[i] = 1;
        for (int64_t l = 0; l < LEVELS; l++)
            sids->code[i * LEVELS + l] =
                (uint16_t)sid__philox_below(1, SID__STREAM_TEST, (uint64_t)(i * LEVELS + l), CODES);
    }
    return SID_OK;
}

static sid_status start(worker *w)
{
    SID_TRY(sid__model_create(w->ctx, "tiger", "preset=paper", &w->m, w->err));
    SID_TRY(make_items(w->m, w->err));
    SID_TRY(w->m->family->learner->build(w->m, NULL, &w->m->params, w->err));
    sid__tiger_start(w->m->state, &w->m->params, 1);
    SID_TRY(sid__params_settle(w->ctx, &w->m->params, w->err)); /* as sid_model_open does */
    SID_TRY(sid__model_set_trie(w->m, w->err));
    for (int u = 0; u < USERS_MAX; u++) {
        for (int i = 0; i < HISTORY; i++)
            w->history[u][i] =
                (int32_t)sid__philox_below(2, SID__STREAM_TEST, (uint64_t)u * HISTORY + (uint64_t)i, ITEMS);
        w->question[u] = (sid__question){.history = {.item = w->history[u], .count = HISTORY},
                                         .filter = {.deny = w->history[u], .deny_count = HISTORY}};
    }
    return SID_OK;
}

static sid_status answer(worker *w, int64_t users, int64_t *exact)
{
    const sid__decode_options options = {.k = WIDTH, .width = WIDTH};
    sid__answer answer[USERS_MAX] = {0};
    sid_status status = sid__decode(w->ctx, w->m, &options, w->question, users, answer, w->err);
    for (int64_t u = 0; u < users; u++) {
        *exact += answer[u].is_exact;
        sid__answer_drop(&answer[u]);
    }
    return status;
}

static sid_status run_case(worker *w, const char *line)
{
    double seconds, share = 0;
    if (strncmp(line, "peak", 4) == 0) {
        seconds = bench_peak(w->ctx, sid_ctx_isa(w->ctx));
    } else {
        long users = strncmp(line, "beam ", 5) == 0 ? strtol(line + 5, NULL, 10) : 0;
        if (users < 1 || users > USERS_MAX)
            return sid__fail(w->err, SID_EUSAGE, "\"%s\": beam 1 to beam %d is expected", line, USERS_MAX);
        int64_t exact = 0, times = users == 1 ? 20 : 1;
        SID_TRY(answer(w, users, &exact)); /* pages, caches */
        double begin = bench_now();
        for (int64_t i = 0; i < times; i++)
            SID_TRY(answer(w, users, &exact));
        seconds = (bench_now() - begin) / (double)times;
        share = (double)exact / (double)(users * (times + 1));
    }
    printf("%.9g %.9g\n", seconds, share);
    (void)fflush(stdout);
    return SID_OK;
}

int main(int count, char **argument)
{
    static worker w;
    sid_error err = {0};
    char line[256];
    w.err = &err;
    sid_status status = sid_ctx_create(&w.ctx, &err);
    if (status == SID_OK)
        status = sid_ctx_set_threads(w.ctx, bench_threads(count, argument, 1), &err);
    if (status == SID_OK && count > 2)
        status = sid_ctx_set_isa(w.ctx, argument[2], &err);
    if (status == SID_OK)
        status = start(&w);
    if (status == SID_OK)
        printf("ready %s\n", sid_ctx_isa(w.ctx));
    (void)fflush(stdout);
    while (status == SID_OK && fgets(line, sizeof line, stdin))
        status = run_case(&w, line);
    if (status != SID_OK)
        (void)fprintf(stderr, "worker: %s\n", err.message);
    sid_model_close(w.m);
    sid_ctx_free(w.ctx);
    return status == SID_OK ? 0 : 1;
}
