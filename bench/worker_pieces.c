/* worker_pieces.c: our half of bench_pieces.py: pieces of SIDs, learned and cut, on request.
 *
 *     worker_pieces CODES.u16 COUNT LEVELS K THREADS
 *     > train spm-unigram 8000     < seconds, pieces an item
 *     > encode                     < seconds for all items by the last training, pieces an item
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vfs.h"
#include "line.h"
#include "semid_rank.h"

typedef struct worker {
    sid_ctx *ctx;
    uint16_t *codes; /* (count, levels) */
    int64_t count;
    int levels, k[SID_LEVELS_MAX];
    sid_pieces *pieces;
    uint64_t *rows;
    int64_t *offsets;
} worker;

static sid_status encode(worker *w, double *seconds, sid_error *err)
{
    double start = bench_now();
    SID_TRY(sid_pieces_rows(w->pieces, w->codes, NULL, w->count, w->rows, w->offsets, err));
    *seconds = bench_now() - start;
    return SID_OK;
}

static sid_status train(worker *w, const char *scheme, const char *rows, double *seconds, sid_error *err)
{
    char options[64];
    double encode_s = 0, start = bench_now();
    (void)snprintf(options, sizeof options, "rows=%s", rows);
    sid_pieces_close(w->pieces);
    w->pieces = NULL;
    SID_TRY(sid_pieces_train(
        w->ctx, &(sid_pieces_options){.scheme = scheme, .options = options, .codes = w->k, .levels = w->levels},
        w->codes, NULL, NULL, w->count, &w->pieces, err));
    *seconds = bench_now() - start;
    return encode(w, &encode_s, err);
}

static sid_status run_case(worker *w, char *line, sid_error *err)
{
    char *rest = NULL, *what = strtok_r(line, " \n", &rest), *scheme = strtok_r(NULL, " \n", &rest),
         *rows = strtok_r(NULL, " \n", &rest);
    double seconds = 0;
    if (what && strcmp(what, "train") == 0 && rows)
        SID_TRY(train(w, scheme, rows, &seconds, err));
    else if (what && strcmp(what, "encode") == 0 && w->pieces)
        SID_TRY(encode(w, &seconds, err));
    else
        return sid__fail(err, SID_EUSAGE, "train SCHEME ROWS, then encode, are expected");
    printf("%.9g %.9g\n", seconds, (double)w->offsets[w->count] / (double)w->count);
    (void)fflush(stdout);
    return SID_OK;
}

static sid_status start(worker *w, char **argument, sid_error *err)
{
    char *bytes = NULL;
    int64_t size = 0;
    w->count = strtoll(argument[2], NULL, 10);
    w->levels = (int)strtol(argument[3], NULL, 10);
    for (int l = 0; l < w->levels && l < SID_LEVELS_MAX; l++)
        w->k[l] = (int)strtol(argument[4], NULL, 10);
    SID_TRY(sid_ctx_create(&w->ctx, err));
    SID_TRY(sid_ctx_set_threads(w->ctx, (int)strtol(argument[5], NULL, 10), err));
    SID_TRY(sid__read_whole(argument[1], INT32_MAX, &bytes, &size, err));
    w->codes = (uint16_t *)(void *)bytes;
    if (size != w->count * w->levels * (int64_t)sizeof *w->codes)
        return sid__fail(err, SID_EDATA, "%s holds %" PRId64 " bytes, not those of the rows", argument[1], size);
    SID_TRY(sid__alloc(&w->rows, (size_t)w->count * (size_t)w->levels, sizeof *w->rows, "rows", err));
    return sid__alloc(&w->offsets, (size_t)w->count + 1, sizeof *w->offsets, "offsets", err);
}

int main(int count, char **argument)
{
    worker w = {0};
    sid_error err = {0};
    char line[256];
    if (count != 6)
        bench_fail("worker_pieces", "CODES.u16 COUNT LEVELS K THREADS are expected");
    sid_status status = start(&w, argument, &err);
    if (status == SID_OK)
        printf("ready %s\n", sid_version());
    (void)fflush(stdout);
    while (status == SID_OK && fgets(line, sizeof line, stdin))
        status = run_case(&w, line, &err);
    if (status != SID_OK)
        (void)fprintf(stderr, "worker_pieces: %s\n", err.message);
    sid_pieces_close(w.pieces);
    sid__free(w.codes);
    sid__free(w.rows);
    sid__free(w.offsets);
    sid_ctx_free(w.ctx);
    return status == SID_OK ? 0 : 1;
}
