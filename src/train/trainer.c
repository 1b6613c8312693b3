/* trainer.c: see trainer.h. */
#include "train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TIMED_STEPS = 50, LOG_STEPS = 100 };

static const double checkpoint_interval_s = 60, valid_checkpoint_interval_s = 10, least_rate = 0.01;

double sid__train_now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- A step ------------------------------------------------------------------------------------------------------- */

static sid_status broke(const sid__trainer *t, sid_error *err)
{
    bool is_loss = !isfinite(t->loss);
    const char *kept = t->plan->checkpoint && t->checkpoint_step >= 0 ? t->plan->checkpoint : NULL;
    return sid__fail(err, SID_EINTERNAL,
                     "training broke at step %" PRId64 ", epoch %" PRId64 ", batch %" PRId64
                     ": the %s is %g; try a lower lr or clip%s%.300s%s",
                     t->step + 1, t->epoch + 1, t->index + 1, is_loss ? "loss" : "norm of the gradients",
                     is_loss ? t->loss : t->norm, kept ? "; the checkpoint " : "", kept ? kept : "",
                     kept ? " is of before" : "");
}

static void count_losses(sid__trainer *t, int64_t tokens)
{
    t->loss_sum += t->loss;
    t->loss_count++;
    t->token_count += tokens;
    t->levels_sum.levels = t->levels.levels;
    for (int l = 0; l < t->levels.levels; l++)
        t->levels_sum.loss[l] += t->levels.loss[l];
}

static sid_status make_step(sid__trainer *t, sid_error *err)
{
    sid__params *params = &t->m->params;
    sid__tape tape = sid__tape_begin(t->ctx, &t->memory, true);
    tape.precision = (sid__precision)t->settings.precision;
    sid__batch batch = sid__batcher_get(&t->batcher, t->index);
    batch.step = t->step;
    batch.levels = &t->levels;
    sid__params_clear(params);
    sid__value *loss = t->m->family->learner->loss(t->m, params, &tape, &batch);
    SID_TRY(sid__tape_backward(&tape, loss, err));
    t->loss = (double)loss->data[0];
    t->norm = 0;
    if (!isfinite(t->loss) || !isfinite(t->norm = sid__optim_step(t->ctx, &t->optim)))
        return broke(t, err);
    count_losses(t, batch.tokens);
    t->step++;
    t->index++;
    return SID_OK;
}

/* ---- Between steps ------------------------------------------------------------------------------------------------ */

static bool is_over(const sid__trainer *t)
{
    return t->epoch >= t->settings.epochs || (t->settings.patience > 0 && t->stale >= t->settings.patience);
}

static void keep_best(sid__trainer *t, double ndcg)
{
    const float *now = t->optim.average ? t->optim.average : t->m->params.data;
    t->stale++;
    if (t->has_best && !(ndcg > t->best_value))
        return;
    memcpy(t->best, now, (size_t)t->m->params.size * sizeof *now);
    t->best_value = ndcg;
    t->best_epoch = t->epoch + 1;
    t->has_best = true;
    t->stale = 0;
}

static sid_status validate(sid__trainer *t, sid_error *err)
{
    double ndcg = 0, start_s = sid__train_now_s();
    SID_TRY(sid__validate(t, &ndcg, err));
    keep_best(t, ndcg);
    SID_TRY(sid__train_log_valid(t, ndcg, sid__train_now_s() - start_s, err));
    char loss[32] = ""; /* what was resumed behind an epoch's last step has none to show */
    if (t->line_loss > 0)
        (void)snprintf(loss, sizeof loss, "loss %.4f, ", t->line_loss);
    sid__ctx_info(t->ctx, "epoch %" PRId64 " of %" PRId64 ": %sNDCG@10 of the validation %.5f%s", t->epoch + 1,
                  t->settings.epochs, loss, ndcg, t->stale == 0 ? ", the best" : "");
    return SID_OK;
}

/* After the last batch of an epoch. Where it fails, the state is that before it. */
static sid_status end_epoch(sid__trainer *t, sid_error *err)
{
    int64_t epoch = t->epoch + 1;
    SID_TRY(sid__train_log_steps(t, err));
    if (t->valid.count > 0 && (epoch % t->settings.valid_every == 0 || epoch == t->settings.epochs))
        SID_TRY(validate(t, err));
    t->epoch = epoch;
    t->index = 0;
    return SID_OK;
}

static bool is_checkpoint_due(const sid__trainer *t)
{
    double since_s = sid__train_now_s() - t->checkpoint_s;
    if (!t->plan->checkpoint || t->step == t->checkpoint_step)
        return false;
    if (t->plan->checkpoint_steps > 0)
        return t->step % t->plan->checkpoint_steps == 0;
    return since_s > checkpoint_interval_s || (t->index == 0 && since_s > valid_checkpoint_interval_s);
}

/* Interrupted: the state is kept, where there is a place for it. */
static sid_status stop(sid__trainer *t, sid_error *err)
{
    if (!t->plan->checkpoint)
        return sid__ctx_check(t->ctx, err);
    SID_TRY(sid__train_state_write(t, err));
    return sid__fail(err, SID_ECANCELED,
                     "interrupted at step %" PRId64 " of %" PRId64 "; the same command with --resume goes on", t->step,
                     t->steps);
}

static sid_status next(sid__trainer *t, sid_error *err)
{
    sid__batcher_begin(&t->batcher, t->epoch);
    if (t->index < t->batcher.batch_count)
        SID_TRY(make_step(t, err));
    if (t->loss_count == LOG_STEPS)
        SID_TRY(sid__train_log_steps(t, err));
    return t->index == t->batcher.batch_count ? end_epoch(t, err) : SID_OK;
}

static sid_status run(sid__trainer *t, sid_error *err)
{
    char note[64] = "";
    while (!is_over(t)) {
        sid_status status = sid__ctx_check(t->ctx, err);
        if (status == SID_OK)
            status = next(t, err);
        if (status == SID_ECANCELED)
            return stop(t, err);
        SID_TRY(status);
        if (t->has_best)
            (void)snprintf(note, sizeof note, "best NDCG@10 %.4f of epoch %" PRId64, t->best_value, t->best_epoch);
        sid__ctx_progress_note(t->ctx, "training", t->step, t->steps, "steps", t->loss, note);
        if (is_checkpoint_due(t))
            SID_TRY(sid__train_state_write(t, err));
    }
    return SID_OK;
}

/* ---- Epochs by minutes -------------------------------------------------------------------------------------------- */

sid_status sid__train_create_optim(sid__trainer *t, sid_error *err)
{
    const sid__training *s = &t->settings;
    sid__optim_options options = sid__optim_default();
    t->steps = sid__batcher_steps(&t->batcher, s->epochs);
    options.rate = s->lr;
    options.decay = s->wd;
    options.clip = s->clip;
    options.average = s->ema;
    if (t->m->family->learner->beta2)
        options.beta2 = t->m->family->learner->beta2(t->m);
    options.steps = t->steps;
    options.warmup = (int64_t)(s->warmup * (double)t->steps);
    options.rate_least = least_rate;
    return sid__optim_create(&options, &t->m->params, &t->optim, err);
}

/* Seconds of TIMED_STEPS steps, and of a validation. */
static sid_status time_steps(sid__trainer *t, double *steps_s, double *valid_s, sid_error *err)
{
    double start_s = sid__train_now_s(), ndcg;
    for (int64_t i = 0; i < TIMED_STEPS; i++) {
        SID_TRY(sid__ctx_check(t->ctx, err));
        sid__batcher_begin(&t->batcher, t->epoch);
        SID_TRY(make_step(t, err));
        if (t->index == t->batcher.batch_count) {
            t->epoch++;
            t->index = 0;
        }
        sid__ctx_progress(t->ctx, "timing steps", i + 1, TIMED_STEPS, "steps", t->loss);
    }
    *steps_s = sid__train_now_s() - start_s;
    start_s = sid__train_now_s();
    if (t->valid.count > 0)
        SID_TRY(sid__validate(t, &ndcg, err));
    *valid_s = sid__train_now_s() - start_s;
    return SID_OK;
}

/* Steps are timed and then undone: what follows is the training that --epochs N would have been, bit for bit. */
static sid_status set_epochs(sid__trainer *t, sid_error *err)
{
    double steps_s = 0, valid_s = 0;
    size_t size = (size_t)t->m->params.size * sizeof *t->best;
    memcpy(t->best, t->m->params.data, size);
    SID_TRY(sid__train_create_optim(t, err));
    sid_status status = time_steps(t, &steps_s, &valid_s, err);
    sid__optim_drop(&t->optim);
    memcpy(t->m->params.data, t->best, size);
    t->step = t->epoch = t->index = 0;
    t->loss_sum = 0;
    t->loss_count = t->token_count = 0;
    t->levels_sum = (sid__level_losses){0};
    SID_TRY(status);
    sid__batcher_begin(&t->batcher, 0);
    double epoch_s = steps_s / TIMED_STEPS * (double)t->batcher.batch_count + valid_s / (double)t->settings.valid_every;
    double epochs = floor(t->settings.minutes * 60 / epoch_s);
    t->settings.epochs = epochs < 1 ? 1 : epochs > 1e6 ? 1000000 : (int64_t)epochs;
    sid__ctx_info(t->ctx, "%g minutes are %" PRId64 " epochs of %" PRId64 " steps, %.3f s a step", t->settings.minutes,
                  t->settings.epochs, t->batcher.batch_count, steps_s / TIMED_STEPS);
    return SID_OK;
}

/* ---- Begin and end ------------------------------------------------------------------------------------------------ */

/* Bytes at the fullest moment of a step; tokens as many as a batch may have. */
static size_t size_of(const sid__trainer *t, int64_t tokens)
{
    const sid__learner *learner = t->m->family->learner;
    size_t numbers = (size_t)t->m->params.size * (t->settings.ema > 0 ? 6 : 5);
    size_t step = learner->step_floats ? (size_t)learner->step_floats(t->m, sid_ctx_threads(t->ctx), tokens) : 0;
    step += t->settings.precision == SID__PRECISION_BF16 ? step / 5 : 0; /* factors once more, rounded */
    return (numbers + step) * sizeof(float);
}

static sid_status reserve(sid__trainer *t, sid_error *err)
{
    int64_t tokens = t->batcher.tokens_max;
    size_t size = size_of(t, tokens);
    sid_error why;
    sid__ctx_info(t->ctx,
                  "%s: %" PRId64 " parameters; an epoch is %" PRId64 " steps over %" PRId64
                  " samples; training takes about %zu MiB",
                  t->m->family->info.name, t->m->params.size, sid__batcher_steps(&t->batcher, 1),
                  t->batcher.sample_count, (size >> 20) + 1);
    if (sid__ctx_reserve(t->ctx, size, "training", &why) == SID_OK) {
        t->reserved_size = size;
        return SID_OK;
    }
    for (; tokens > 1 && size_of(t, tokens) > t->ctx->limit_size - t->ctx->reserved_size;)
        tokens /= 2;
    if (size_of(t, tokens) > t->ctx->limit_size - t->ctx->reserved_size) {
        if (err)
            *err = why;
        return SID_ENOMEM;
    }
    return sid__fail(err, SID_ENOMEM,
                     "training takes about %zu MiB with batches of up to %" PRId64 " items, and %zu MiB are allowed; "
                     "--batch-tokens %" PRId64 " fits",
                     (size >> 20) + 1, t->batcher.tokens_max, t->ctx->limit_size >> 20, tokens);
}

static sid_status begin(sid__trainer *t, sid_error *err)
{
    const sid__training *s = &t->settings;
    const sid__batcher_options options = {.samples = t->m->family->learner->samples,
                                          .augment = (sid__augment)s->augment,
                                          .crop_rate = s->crop_rate,
                                          .ties_augment = s->ties_augment,
                                          .history_max = s->history_max,
                                          .batch_users = s->batch_users,
                                          .batch_tokens = s->batch_tokens,
                                          .seed = t->m->seed};
    SID_TRY(sid__batcher_create(t->split, &options, &t->batcher, err));
    SID_TRY(t->m->family->learner->build(t->m, t->split, &t->m->params, err));
    SID_TRY(reserve(t, err));
    sid__precision_warn(t->ctx, (sid__precision)s->precision);
    SID_TRY(sid__alloc(&t->best, (size_t)t->m->params.size, sizeof *t->best, "the best weights", err));
    SID_TRY(sid__validate_begin(t, err));
    t->start_s = t->line_s = t->checkpoint_s = sid__train_now_s();
    if (t->plan->dry_run)
        return SID_OK;
    if (t->plan->resume) {
        SID_TRY(sid__train_state_read(t, err)); /* the optimiser is made in there: epochs are known then */
        return sid__train_log_read(t, err);
    }
    if (s->minutes > 0)
        SID_TRY(set_epochs(t, err));
    return sid__train_create_optim(t, err);
}

/* The model says how it can be made again: minutes are of one machine. */
static sid_status write_epochs(const sid__trainer *t, sid_error *err)
{
    sid__training *settings = (sid__training *)((char *)t->m->family_options + t->m->family->learner->training_offset);
    settings->minutes = 0;
    settings->epochs = t->settings.epochs;
    return sid__model_write_options(t->m, err);
}

static sid_status finish(sid__trainer *t, sid_error *err)
{
    sid__params *params = &t->m->params;
    const float *kept = t->has_best ? t->best : t->optim.average;
    if (kept)
        memcpy(params->data, kept, (size_t)params->size * sizeof *kept);
    if (t->has_best)
        sid__ctx_info(t->ctx, "the weights of epoch %" PRId64 " are kept: NDCG@10 of the validation %.5f",
                      t->best_epoch, t->best_value);
    if (t->settings.minutes > 0)
        SID_TRY(write_epochs(t, err));
    SID_TRY(sid__train_log_write(t, err));
    return t->m->family->learner->ready ? t->m->family->learner->ready(t->m, err) : SID_OK;
}

static void drop(sid__trainer *t)
{
    sid__ctx_release(t->ctx, t->reserved_size);
    sid__validate_end(t);
    sid__batcher_drop(&t->batcher);
    sid__optim_drop(&t->optim);
    sid__memory_drop(&t->memory);
    sid__strbuf_drop(&t->log);
    sid__free(t->best);
}

sid_status sid__train(sid_ctx *ctx, sid_model *m, const sid__split *split, const sid__train_plan *plan, sid_error *err)
{
    sid__trainer t = {
        .ctx = ctx, .m = m, .split = split, .plan = plan, .settings = *sid__model_training(m), .checkpoint_step = -1};
    sid_status status = begin(&t, err);
    if (status == SID_OK && !plan->dry_run)
        status = run(&t, err);
    if (status == SID_OK && !plan->dry_run)
        status = finish(&t, err);
    drop(&t);
    return status;
}
