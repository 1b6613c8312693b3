/* rqvae_case.h: a small training, for the tests of its parts. */
#ifndef SEMID_RQVAE_CASE_H
#define SEMID_RQVAE_CASE_H

#include "quant/rqvae_train.h"
#include "tensor_case.h"

enum { RQ_ROWS = 400, RQ_DIM = 12, RQ_LEVELS = 2, RQ_CODES = 16 };

/* Rows around 40 centres. */
static inline float *rq_rows(void)
{
    float *x = new_floats(RQ_ROWS * RQ_DIM), center[40 * RQ_DIM];
    fill_uniform(center, 40 * RQ_DIM, 77);
    fill_uniform(x, RQ_ROWS * RQ_DIM, 78);
    for (int i = 0; i < RQ_ROWS * RQ_DIM; i++)
        x[i] = 2 * center[i / RQ_DIM % 40 * RQ_DIM + i % RQ_DIM] + 0.3f * x[i];
    return x;
}

static inline sid__rqvae_plan rq_plan(void)
{
    sid__rqvae_plan plan = {.steps = 120,
                            .warm_steps = 20,
                            .batch = 64,
                            .init_sample = 200,
                            .revive_every = 20,
                            .watch_every = 20,
                            .settle = 5,
                            .tune_steps = 20,
                            .optim = sid__optim_default(),
                            .seed = 3};
    plan.optim.steps = plan.steps;
    plan.optim.warmup = 10;
    plan.optim.rate = 3e-3;
    return plan;
}

static inline void rq_create(const sid_ctx *ctx, sid__code_update update, sid__rqvae_model *model)
{
    const sid__rqvae_options options = {.levels = RQ_LEVELS,
                                        .dim = RQ_DIM,
                                        .latent = 6,
                                        .codes = {RQ_CODES, RQ_CODES},
                                        .encoder = {.layers = 2, .width = {RQ_DIM, 20, 6}},
                                        .update = update,
                                        .beta = 0.25,
                                        .decay = 0.9};
    TEST_OK(sid__rqvae_model_create(ctx, &options, model, err));
}

/* Log lines, one after the other. */
typedef struct rq_log {
    char text[16384];
    size_t used;
    int warnings;
} rq_log;

static inline void rq_on_log(void *user, sid_log_level level, const char *message)
{
    rq_log *log = user;
    int n = snprintf(log->text + log->used, sizeof log->text - log->used, "%s\n", message);
    log->used += n > 0 && log->used + (size_t)n < sizeof log->text ? (size_t)n : 0;
    log->warnings += level == SID_LOG_WARNING;
}

#endif
