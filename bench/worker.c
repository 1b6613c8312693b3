/* worker.c: semid's half of bench/bench_quantize.py. Reads raw fp32 rows once, then runs one case a line of standard input
 * and answers with one line: seconds, and a figure of quality.
 *
 *     worker x.f32 ROWS DIM THREADS [ISA]
 *     > sweep 256        10 k-means sweeps over all rows          < seconds a sweep, mean squared error
 *     > assign 256       the nearest of that many rows, every row < seconds, mean squared error
 *     > fit 3 256        the whole fit, all rows                  < seconds, 0
 *     > opq 32           the whole fit of that family and levels, 256 codes each, all rows; the same for pq
 *     > encode 1         encode with that beam by the last fit    < seconds, relative MSE
 *     > peak             the machine's limit on this path         < flop/s, 0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vfs.h"
#include "line.h"
#include "peak.h"
#include "quant/kmeans.h"
#include "quant/quantizer.h"

enum { SWEEPS = 10 };

typedef struct worker {
    sid_ctx *ctx;
    float *x; /* (rows, dim) */
    int64_t rows;
    int dim;
    sid_quantizer *quantizer;
    uint16_t *codes;
} worker;

static sid_status sweep(worker *w, int codes, double *seconds, double *quality, sid_error *err)
{
    sid__kmeans_options options = {.init = SID__INIT_RANDOM, .seed = 1, .stage = "bench"};
    sid__lloyd lloyd;
    SID_TRY(sid__lloyd_create(w->ctx, w->x, w->rows, w->dim, codes, &lloyd, err));
    sid_status status = sid__kmeans_start(w->ctx, &options, 0, &lloyd, err);
    double start = bench_now();
    if (status == SID_OK)
        status = sid__lloyd_run(w->ctx, &lloyd, SWEEPS, 0, "bench", err);
    *seconds = (bench_now() - start) / SWEEPS;
    *quality = lloyd.error / (double)w->rows;
    sid__lloyd_drop(&lloyd);
    return status;
}

/* One pass of the assignment kernels: no bounds, no sums. */
static sid_status assign(worker *w, int codes, double *seconds, double *quality, sid_error *err)
{
    sid__codebook book;
    sid__assign_scratch scratch = {0};
    SID_TRY(sid__codebook_create(&book, codes, w->dim, err));
    sid_status status = sid__assign_scratch_create(w->ctx, codes, &scratch, err);
    if (status == SID_OK) {
        memcpy(sid__codebook_code(&book), w->x, (size_t)codes * (size_t)w->dim * sizeof(float));
        sid__codebook_pack(&book);
        double start = bench_now();
        (void)sid__assign_all(w->ctx, &book, w->x, w->rows, &scratch, w->codes);
        *seconds = bench_now() - start;
        for (int64_t i = 0; i < w->rows; i++) {
            const float *row = w->x + i * w->dim;
            *quality +=
                (sid__dot_exact(row, row, w->dim) + 2 * sid__score_exact(&book, row, w->codes[i])) / (double)w->rows;
        }
    }
    sid__assign_scratch_drop(&scratch);
    sid__codebook_drop(&book);
    return status;
}

static sid_status fit(worker *w, const char *quantizer, int levels, int codes, double *seconds, sid_error *err)
{
    char text[16], options[64];
    (void)snprintf(text, sizeof text, "%d", codes);
    (void)snprintf(options, sizeof options, "sample=%" PRId64, w->rows);
    sid_quantizer_free(w->quantizer);
    w->quantizer = NULL;
    double start = bench_now();
    SID_TRY(sid_quantizer_fit(
        w->ctx, &(sid_quantizer_options){.quantizer = quantizer, .levels = levels, .codes = text, .options = options},
        w->x, w->rows, w->dim, &w->quantizer, err));
    *seconds = bench_now() - start;
    return SID_OK;
}

static double relative_mse(const worker *w, sid_error *err)
{
    double error = 0, total = 0, *mean = calloc((size_t)w->dim, sizeof *mean);
    float *row = calloc((size_t)w->dim, sizeof *row);
    for (int64_t i = 0; mean && i < w->rows * w->dim; i++)
        mean[i % w->dim] += (double)w->x[i] / (double)w->rows;
    for (int64_t i = 0; mean && row && i < w->rows; i++) {
        if (sid_quantizer_decode(w->quantizer, w->codes + i * sid_quantizer_levels(w->quantizer), 1, 0, row, err))
            break;
        for (int d = 0; d < w->dim; d++) {
            double lost = (double)w->x[i * w->dim + d] - (double)row[d], about = (double)w->x[i * w->dim + d] - mean[d];
            error += lost * lost;
            total += about * about;
        }
    }
    free(mean);
    free(row);
    return error / total;
}

static sid_status encode(worker *w, int beam, double *seconds, double *quality, sid_error *err)
{
    if (!w->quantizer)
        return sid__fail(err, SID_EUSAGE, "encode before fit");
    w->quantizer->options.beam = beam;
    double start = bench_now();
    SID_TRY(sid_quantizer_encode(w->ctx, w->quantizer, w->x, w->rows, w->codes, NULL, err));
    *seconds = bench_now() - start;
    *quality = relative_mse(w, err);
    return SID_OK;
}

static sid_status run_case(worker *w, const char *line, sid_error *err)
{
    char name[32] = "";
    int a = 0, b = 0;
    double seconds = 0, quality = 0;
    sid_status status = SID_OK;
    (void)sscanf(line, "%31s %d %d", name, &a, &b);
    if (strcmp(name, "sweep") == 0)
        status = sweep(w, a, &seconds, &quality, err);
    else if (strcmp(name, "assign") == 0)
        status = assign(w, a, &seconds, &quality, err);
    else if (strcmp(name, "fit") == 0)
        status = fit(w, "rkmeans", a, b, &seconds, err);
    else if (strcmp(name, "pq") == 0 || strcmp(name, "opq") == 0)
        status = fit(w, name, a, 256, &seconds, err);
    else if (strcmp(name, "encode") == 0)
        status = encode(w, a, &seconds, &quality, err);
    else if (strcmp(name, "peak") == 0)
        seconds = bench_peak(w->ctx, sid_ctx_isa(w->ctx));
    else
        status = sid__fail(err, SID_EUSAGE, "no case \"%s\"", name);
    if (status == SID_OK)
        printf("%.9g %.9g\n", seconds, quality);
    (void)fflush(stdout);
    return status;
}

static sid_status start(worker *w, int count, char **argument, sid_error *err)
{
    sid__file file;
    int64_t size = 0;
    if (count < 5)
        return sid__fail(err, SID_EUSAGE, "usage: worker x.f32 ROWS DIM THREADS [ISA]");
    w->rows = strtoll(argument[2], NULL, 10);
    w->dim = (int)strtol(argument[3], NULL, 10);
    SID_TRY(sid_ctx_create(&w->ctx, err));
    SID_TRY(sid_ctx_set_threads(w->ctx, (int)strtol(argument[4], NULL, 10), err));
    if (count > 5)
        SID_TRY(sid_ctx_set_isa(w->ctx, argument[5], err));
    SID_TRY(sid__alloc(&w->x, (size_t)w->rows, (size_t)w->dim * sizeof(float), "rows", err));
    SID_TRY(sid__alloc(&w->codes, (size_t)w->rows, SID_LEVELS_MAX * sizeof(uint16_t), "codes", err));
    SID_TRY(sid__file_open(argument[1], &file, &size, err));
    sid_status status = sid__file_read(&file, w->x, (size_t)w->rows * (size_t)w->dim * sizeof(float), 0, err);
    sid__file_close(&file);
    return status;
}

int main(int count, char **argument)
{
    worker w = {0};
    sid_error err = {0};
    char line[256];
    sid_status status = start(&w, count, argument, &err);
    if (status == SID_OK)
        printf("ready %s\n", sid_ctx_isa(w.ctx));
    (void)fflush(stdout);
    while (status == SID_OK && fgets(line, sizeof line, stdin))
        status = run_case(&w, line, &err);
    if (status != SID_OK)
        (void)fprintf(stderr, "worker: %s\n", err.message);
    sid_quantizer_free(w.quantizer);
    sid__free(w.x);
    sid__free(w.codes);
    sid_ctx_free(w.ctx);
    return status == SID_OK ? 0 : 1;
}
