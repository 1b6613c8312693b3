/* worker_train.c: our half of bench_rqvae.py: training steps of an RQ-VAE on request.
 *
 *     worker_train THREADS [ISA [bf16]]     then a line "step LATENT" runs some steps and prints seconds a step and the
 *                                           loss; "peak" prints the limit of the path in flop/s
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "linalg/scalar.h"
#include "line.h"
#include "peak.h"
#include "quant/rqvae_model.h"

enum { ROWS = 1024, DIM = 768, STEPS = 8, LATENT_MAX = 512 };

typedef struct worker {
    sid_ctx *ctx;
    int latent; /* 0: no model yet */
    sid__precision precision;
    float *x;
    sid__rqvae_model model;
    sid__optim optim;
    sid__memory memory;
} worker;

static float uniform(uint64_t index)
{
    return (float)(2 * sid__philox_uniform(5, SID__STREAM_TEST, index) - 1);
}

static void model_drop(worker *w)
{
    if (!w->latent)
        return;
    sid__optim_drop(&w->optim);
    sid__rqvae_model_drop(&w->model);
    w->latent = 0;
}

static sid_status model_start(worker *w, int latent, sid_error *err)
{
    const sid__rqvae_options options = {.levels = 3,
                                        .dim = DIM,
                                        .latent = latent,
                                        .codes = {256, 256, 256},
                                        .encoder = {.layers = 4, .width = {DIM, 512, 256, 128, latent}},
                                        .beta = 0.25};
    const sid__optim_options adamw = sid__optim_default();
    SID_TRY(sid__rqvae_model_create(w->ctx, &options, &w->model, err));
    sid_status status = sid__optim_create(&adamw, &w->model.params, &w->optim, err);
    if (status != SID_OK) {
        sid__rqvae_model_drop(&w->model);
        return status;
    }
    w->latent = latent;
    sid__rqvae_model_start(&w->model, 1);
    for (int l = 0; l < 3; l++) {
        sid__value *codes = &w->model.params.param[w->model.book[l]].value;
        for (int64_t i = 0; i < codes->rows * codes->columns; i++)
            codes->data[i] = 0.1F * uniform((uint64_t)i + (uint64_t)l * 1000000);
    }
    return SID_OK;
}

static sid_status run_steps(worker *w, double *loss, sid_error *err)
{
    sid__value x = sid__value_of(w->x, ROWS, DIM);
    for (int i = 0; i < STEPS; i++) {
        sid__rqvae_step step;
        sid__tape tape = sid__tape_begin(w->ctx, &w->memory, true);
        tape.precision = w->precision;
        sid__params_clear(&w->model.params);
        sid__rqvae_forward(&tape, &w->model, &x, NULL, &step);
        SID_TRY(sid__tape_backward(&tape, step.loss, err));
        (void)sid__optim_step(w->ctx, &w->optim);
        *loss = (double)step.loss->data[0];
    }
    return SID_OK;
}

static sid_status run_case(worker *w, const char *line, sid_error *err)
{
    double loss = 0, seconds = 0;
    if (strncmp(line, "peak", 4) == 0) {
        seconds = bench_peak(w->ctx, sid_ctx_isa(w->ctx));
    } else {
        int latent = (int)strtol(line + 5, NULL, 10);
        if (latent < 1 || latent > LATENT_MAX)
            return sid__fail(err, SID_EUSAGE, "\"%s\": step LATENT is expected", line);
        if (latent != w->latent) {
            model_drop(w);
            SID_TRY(model_start(w, latent, err));
            SID_TRY(run_steps(w, &loss, err)); /* pages, caches */
        }
        double begin = bench_now();
        SID_TRY(run_steps(w, &loss, err));
        seconds = (bench_now() - begin) / STEPS;
    }
    printf("%.9g %.9g\n", seconds, loss);
    (void)fflush(stdout);
    return SID_OK;
}

static sid_status start(worker *w, int count, char **argument, sid_error *err)
{
    SID_TRY(sid_ctx_create(&w->ctx, err));
    SID_TRY(sid_ctx_set_threads(w->ctx, bench_threads(count, argument, 1), err));
    if (count > 2)
        SID_TRY(sid_ctx_set_isa(w->ctx, argument[2], err));
    if (count > 3 && strcmp(argument[3], "bf16") == 0)
        w->precision = SID__PRECISION_BF16;
    SID_TRY(sid__alloc(&w->x, ROWS, DIM * sizeof *w->x, "rows", err));
    for (int64_t i = 0; i < (int64_t)ROWS * DIM; i++)
        w->x[i] = uniform((uint64_t)i + 10000000);
    return SID_OK;
}

int main(int count, char **argument)
{
    worker w = {0};
    sid_error err = {0};
    char line[256];
    sid_status status = start(&w, count, argument, &err);
    if (status == SID_OK)
        printf("ready %s%s\n", sid_ctx_isa(w.ctx), w.precision == SID__PRECISION_BF16 ? ",bf16" : "");
    (void)fflush(stdout);
    while (status == SID_OK && fgets(line, sizeof line, stdin))
        status = run_case(&w, line, &err);
    if (status != SID_OK)
        (void)fprintf(stderr, "worker: %s\n", err.message);
    model_drop(&w);
    sid__memory_drop(&w.memory);
    sid__free(w.x);
    sid_ctx_free(w.ctx);
    return status == SID_OK ? 0 : 1;
}
