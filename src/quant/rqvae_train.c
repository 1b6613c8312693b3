/* rqvae_train.c: the loop of rqvae_train.h (2305.05065).
 *
 * Departures: (1) the autoencoder trains without codes for warm_steps, and codes start by k-means on a sample of its latent
 * vectors, level by level: from the first batch, a third of level 1 starts dead; (2) a code that no row of the last
 * revive_every steps chose becomes the residual, of its level, of a row that is badly served; until nine tenths of the
 * steps.
 */
#include "quant/rqvae_train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/philox.h"
#include "linalg/scalar.h"
#include "quant/kmeans.h"

enum { HELD_EACH = 20, HELD_LEAST_ROWS = 200, COPY_ROWS = 64, CHECK_STEPS = 1 };

#define REVIVE_UNTIL 0.9
#define TEMPERATURE_FIRST 0.7
#define TEMPERATURE_LAST 0.1

/* ---- Rows --------------------------------------------------------------------------------------------------------- */

/* A twentieth is held out, by a hash of the row's number. */
static void split_rows(sid__rqvae_trainer *t)
{
    int64_t train = 0, held = 0;
    for (int64_t pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < t->count; i++) {
            bool is_held = t->count >= HELD_LEAST_ROWS &&
                           sid__philox_below(t->plan->seed, SID__STREAM_HELD, (uint64_t)i, HELD_EACH) == 0;
            if (is_held == (pass == 1))
                t->row[is_held ? train + held++ : train++] = i;
        }
    t->train_count = train;
    t->held_count = held;
}

/* The order of an epoch (Fisher and Yates). */
static void shuffle(sid__rqvae_trainer *t, int64_t epoch)
{
    if (epoch == t->epoch)
        return;
    memcpy(t->order, t->row, (size_t)t->train_count * sizeof *t->order);
    for (int64_t i = 0; i + 1 < t->train_count; i++) {
        uint64_t draw = sid__philox_below(t->plan->seed, SID__STREAM_EPOCH, (uint64_t)epoch << 40 | (uint64_t)i,
                                          (uint64_t)(t->train_count - i));
        int64_t other = i + (int64_t)draw, kept = t->order[i];
        t->order[i] = t->order[other];
        t->order[other] = kept;
    }
    t->epoch = epoch;
}

typedef struct gather_job {
    const sid__rqvae_trainer *t;
    const int64_t *row;
} gather_job;

static void gather_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const gather_job *job = arg;
    int64_t dim = job->t->model->options.dim;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        memcpy(job->t->input + i * dim, job->t->x + job->row[i] * dim, (size_t)dim * sizeof(float));
}

sid__value sid__rqvae_gather(sid__rqvae_trainer *t, const int64_t *row, int64_t count)
{
    gather_job job = {.t = t, .row = row};
    sid__ctx_for(t->ctx, count, COPY_ROWS, gather_task, &job);
    return sid__value_of(t->input, count, t->model->options.dim);
}

/* Rows step * batch .. of the epochs one after the other; a batch may end one and begin the next. */
static sid__value next_batch(sid__rqvae_trainer *t, int64_t *row)
{
    int64_t first = t->step * t->batch;
    for (int64_t i = 0; i < t->batch; i++) {
        shuffle(t, (first + i) / t->train_count);
        row[i] = t->order[(first + i) % t->train_count];
    }
    return sid__rqvae_gather(t, row, t->batch);
}

/* ---- Codes: start and revival ------------------------------------------------------------------------------------- */

static sid_status start_level(sid__rqvae_trainer *t, int level, float *rest, int64_t count, uint16_t *label,
                              sid_error *err)
{
    sid__codebook *book = &t->model->packed[level];
    const sid__kmeans_options options = {.init = SID__INIT_PROGRESSIVE,
                                         .iters = 50,
                                         .stage_iters = 20,
                                         .tol = 1e-4,
                                         .n_init = 1,
                                         .seed = t->plan->seed,
                                         .index = (uint64_t)level,
                                         .stage = "codes start"};
    SID_TRY(sid__kmeans_fit(t->ctx, &options, rest, count, book->dim, book, label, err));
    for (int k = 0; k < book->codes; k++)
        sid__rqvae_set_code(t->model, &t->optim, level, k, book->code + (int64_t)k * book->dim);
    sid__subtract_codes(t->ctx, book, label, count, rest);
    return SID_OK;
}

sid_status sid__rqvae_start_codes(sid__rqvae_trainer *t, float *z, int64_t count, sid_error *err)
{
    uint16_t *label = NULL;
    sid_status status = sid__alloc(&label, (size_t)count, sizeof *label, "labels", err);
    for (int l = 0; l < t->model->options.levels && status == SID_OK; l++)
        status = start_level(t, l, z, count, label, err);
    sid__free(label);
    if (status == SID_OK)
        sid__rqvae_ema_start(t->model, (double)t->batch / t->model->options.codes[0]);
    return status;
}

/* z (wanted, latent) of the first rows of the order that is trained on next. */
static sid_status encode_sample(sid__rqvae_trainer *t, int64_t wanted, float *z, sid_error *err)
{
    int64_t dim = t->model->options.latent;
    for (int64_t begin = 0; begin < wanted; begin += t->batch) {
        int64_t count = wanted - begin < t->batch ? wanted - begin : t->batch;
        sid__tape tape = sid__tape_begin(t->ctx, &t->memory, false);
        sid__value x = sid__rqvae_gather(t, t->order + begin, count);
        const sid__value *part = sid__rqvae_encode(&tape, t->model, &x);
        SID_TRY(sid__tape_status(&tape, err));
        memcpy(z + begin * dim, part->data, (size_t)(count * dim) * sizeof *z);
    }
    return SID_OK;
}

/* simvq: the fixed points stay, their map is scaled so that codes are as long as what they stand for; later levels are
 * taken to be half as long. */
static void scale_turns(sid__rqvae_trainer *t, const float *z, int64_t count)
{
    int dim = t->model->options.latent;
    double square = sid__neural_for(t->ctx->isa)->dot(count * dim, z, z) / (double)(count > 0 ? count : 1);
    for (int l = 0; l < t->model->options.levels; l++) {
        const sid__value *turn = &t->model->params.param[t->model->turn[l]].value;
        for (int d = 0; d < dim; d++)
            turn->data[(int64_t)d * dim + d] = (float)sqrt(square);
        square /= 4;
    }
}

/* All codes random, as ports of it start: what revival and the report are tried on. */
static void start_poorly(sid__rqvae_trainer *t)
{
    for (int l = 0; l < t->model->options.levels; l++) {
        const sid__value *codes = &t->model->params.param[t->model->book[l]].value;
        for (int64_t i = 0; i < codes->rows * codes->columns; i++)
            codes->data[i] = 0.5F;
    }
    sid__rqvae_ema_start(t->model, 1);
}

static sid_status start_codes(sid__rqvae_trainer *t, sid_error *err)
{
    const sid__rqvae_options *o = &t->model->options;
    int64_t wanted = t->plan->init_sample < t->train_count ? t->plan->init_sample : t->train_count;
    float *z = NULL;
    if (t->plan->has_codes) {
        sid__rqvae_ema_start(t->model, (double)t->batch / o->codes[0]);
        return SID_OK;
    }
    if (t->plan->no_init && o->update != SID__CODES_SIMVQ) {
        start_poorly(t);
        return SID_OK;
    }
    shuffle(t, t->step * t->batch / t->train_count);
    SID_TRY(sid__alloc(&z, (size_t)wanted, (size_t)o->latent * sizeof *z, "latent vectors", err));
    sid_status status = encode_sample(t, wanted, z, err);
    if (status == SID_OK && o->update == SID__CODES_SIMVQ)
        scale_turns(t, z, wanted);
    else if (status == SID_OK)
        status = sid__rqvae_start_codes(t, z, wanted, err);
    sid__free(z);
    return status;
}

/* A row of the batch with probability by its squared residual of the level. */
static int64_t draw_row(const sid__rqvae_trainer *t, const sid__quantized *q, int level, const double *sum,
                        uint64_t draw)
{
    double wanted = sid__philox_uniform(t->plan->seed, SID__STREAM_REVIVAL,
                                        (uint64_t)t->step << 24 | (uint64_t)level << 17 | draw) *
                    sum[q->z->rows];
    int64_t low = 0, high = q->z->rows - 1;
    while (low < high) { /* the first row whose sum, itself included, is above */
        int64_t middle = (low + high) / 2;
        if (sum[middle + 1] > wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void revive_level(sid__rqvae_trainer *t, const sid__quantized *q, int level, double *sum)
{
    int dim = q->z->columns, codes = t->model->options.codes[level];
    const float *rest = level ? q->rest[level - 1] : q->z->data;
    const sid__neural *kernels = sid__neural_for(t->ctx->isa);
    sum[0] = 0;
    for (int64_t i = 0; i < q->z->rows; i++)
        sum[i + 1] = sum[i] + kernels->dot(dim, rest + i * dim, rest + i * dim);
    for (int k = 0; k < codes && sum[q->z->rows] > 0; k++)
        if (t->usage[level][k] == 0) {
            int64_t row = draw_row(t, q, level, sum, (uint64_t)k);
            sid__rqvae_set_code(t->model, &t->optim, level, k, rest + row * dim);
        }
    memset(t->usage[level], 0, (size_t)codes * sizeof *t->usage[level]);
}

/* The residuals are those that the codes were chosen for, before the optimiser moved them. */
static void count_and_revive(sid__rqvae_trainer *t, const sid__quantized *q, double *sum)
{
    const sid__rqvae_plan *plan = t->plan;
    int64_t since = t->step - plan->warm_steps;
    bool is_time = plan->revive_every > 0 && since > 0 && since % plan->revive_every == 0 &&
                   (double)t->step < REVIVE_UNTIL * (double)plan->steps && t->model->options.update != SID__CODES_SIMVQ;
    for (int l = 0; l < q->levels; l++) {
        for (int64_t i = 0; i < q->z->rows; i++)
            t->usage[l][q->code[l][i]]++;
        if (is_time)
            revive_level(t, q, l, sum);
    }
}

/* ---- Steps -------------------------------------------------------------------------------------------------------- */

/* The part nearest to the loss whose gradient is not finite; NULL: none. */
static const char *broken_part(const sid__rqvae_trainer *t)
{
    const sid__params *params = &t->model->params;
    for (int i = params->count - 1; i >= 0; i--) {
        const sid__value *value = &params->param[i].value;
        for (int64_t j = 0; value->has_grad && j < value->rows * value->columns; j++)
            if (!isfinite(value->grad[j]))
                return params->param[i].name;
    }
    return NULL;
}

static sid_status broke(const sid__rqvae_trainer *t, const sid__rqvae_step *step, sid_error *err)
{
    const char *part = broken_part(t);
    char where[96], kept[320] = "";
    (void)snprintf(where, sizeof where, "in the gradient%s%s", part ? " of " : "", part ? part : "");
    if (!isfinite(step->reconstruction))
        (void)snprintf(where, sizeof where, "in the reconstruction");
    for (int l = step->quantized ? step->quantized->levels - 1 : -1; l >= 0; l--)
        if (!isfinite(step->quantized->square[l]))
            (void)snprintf(where, sizeof where, "at level %d", t->plan->levels_before + l + 1);
    if (t->plan->checkpoint && t->has_best)
        (void)snprintf(kept, sizeof kept, "; the checkpoint %.200s is kept", t->plan->checkpoint);
    return sid__fail(err, SID_EINTERNAL,
                     "training broke at step %lld: the loss is not finite, first %s; try a lower lr or clip%s",
                     (long long)t->step + 1, where, kept);
}

/* Soft codes harden along a line. */
static void set_temperature(sid__rqvae_trainer *t)
{
    double done = (double)t->step / (double)t->plan->steps;
    t->model->temperature = TEMPERATURE_FIRST + (TEMPERATURE_LAST - TEMPERATURE_FIRST) * done;
    t->model->seed = t->plan->seed;
    t->model->step = t->step;
}

/* One step of gradients; `sum` is scratch of batch + 1 numbers. */
static sid_status train_step(sid__rqvae_trainer *t, int64_t *row, double *sum, sid_error *err)
{
    sid__rqvae_step step = {0};
    sid__tape tape = sid__tape_begin(t->ctx, &t->memory, true);
    sid__value x = next_batch(t, row);
    tape.precision = t->plan->precision;
    sid__params_clear(&t->model->params);
    set_temperature(t);
    if (t->step < t->plan->warm_steps)
        sid__rqvae_forward_plain(&tape, t->model, &x, &step);
    else
        sid__rqvae_forward(&tape, t->model, &x, NULL, &step);
    SID_TRY(sid__tape_backward(&tape, step.loss, err));
    t->loss = (double)step.loss->data[0];
    if (!isfinite(t->loss) || !isfinite(sid__optim_step(t->ctx, &t->optim)))
        return broke(t, &step, err);
    if (step.quantized)
        sid__rqvae_ema_step(t->model, step.quantized);
    t->step++;
    if (step.quantized)
        count_and_revive(t, step.quantized, sum);
    return SID_OK;
}

static bool is_over(const sid__rqvae_trainer *t)
{
    return t->step >= t->plan->steps || (t->plan->patience > 0 && t->stale >= t->plan->patience);
}

/* Interrupted: the state is kept, where there is a place for it. */
static sid_status stop(sid__rqvae_trainer *t, sid_error *err)
{
    if (!t->plan->checkpoint)
        return sid__ctx_check(t->ctx, err);
    SID_TRY(sid__rqvae_state_write(t, err));
    return sid__fail(err, SID_ECANCELED, "interrupted at step %lld of %lld; the same command with --resume goes on",
                     (long long)t->step, (long long)t->plan->steps);
}

static sid_status run_steps(sid__rqvae_trainer *t, int64_t *row, double *sum, sid_error *err)
{
    while (!is_over(t)) {
        if (sid__ctx_check(t->ctx, NULL) != SID_OK)
            return stop(t, err);
        if (t->step == t->plan->warm_steps)
            SID_TRY(start_codes(t, err));
        SID_TRY(train_step(t, row, sum, err));
        sid__ctx_progress(t->ctx, "training", t->step, t->plan->steps, "steps", t->loss);
        if (t->step > t->plan->warm_steps && (t->step % t->plan->watch_every == 0 || t->step == t->plan->steps)) {
            SID_TRY(sid__rqvae_watch(t, err));
            if (t->plan->checkpoint)
                SID_TRY(sid__rqvae_state_write(t, err));
        }
    }
    return SID_OK;
}

static sid_status loop(sid__rqvae_trainer *t, sid_error *err)
{
    int64_t *row = NULL;
    double *sum = NULL;
    sid_status status = sid__alloc(&row, (size_t)t->batch, sizeof *row, "rows of a batch", err);
    if (status == SID_OK)
        status = sid__alloc(&sum, (size_t)t->batch + 1, sizeof *sum, "sums of a batch", err);
    if (status == SID_OK)
        status = run_steps(t, row, sum, err);
    sid__free(row);
    sid__free(sum);
    return status;
}

sid_status sid__rqvae_describe(const sid_quantizer *q, sid__strbuf *text, sid_error *err)
{
    sid__strbuf rest = {0};
    sid_status status = sid__quantizer_options_text(q, &rest, err);
    if (status == SID_OK)
        status = sid__strbuf_printf(text, err, "%s,levels=%lld,codes=%s,seed=%lld,%s", q->family->info.name,
                                    (long long)q->options.levels, q->options.codes_text, (long long)q->options.seed,
                                    rest.text);
    sid__strbuf_drop(&rest);
    return status;
}

/* ---- All of it ---------------------------------------------------------------------------------------------------- */

static sid_status prepare(sid__rqvae_trainer *t, sid_error *err)
{
    const sid__rqvae_options *o = &t->model->options;
    sid__precision_warn(t->ctx, t->plan->precision);
    SID_TRY(sid__alloc(&t->row, (size_t)t->count, sizeof *t->row, "rows", err));
    SID_TRY(sid__alloc(&t->order, (size_t)t->count, sizeof *t->order, "rows", err));
    split_rows(t);
    t->batch = t->plan->batch < t->train_count ? t->plan->batch : t->train_count;
    SID_TRY(sid__alloc(&t->input, (size_t)t->batch, (size_t)o->dim * sizeof *t->input, "a batch", err));
    SID_TRY(sid__alloc(&t->best, (size_t)t->model->params.size, sizeof *t->best, "the best parameters", err));
    for (int l = 0; l < o->levels; l++)
        SID_TRY(sid__alloc(&t->usage[l], (size_t)o->codes[l], sizeof *t->usage[l], "hits of codes", err));
    if (!t->plan->has_networks)
        sid__rqvae_model_start(t->model, t->plan->seed);
    SID_TRY(sid__optim_create(&t->plan->optim, &t->model->params, &t->optim, err));
    return t->plan->resume ? sid__rqvae_state_read(t, err) : SID_OK;
}

static void drop(sid__rqvae_trainer *t)
{
    for (int l = 0; l < t->model->options.levels; l++)
        sid__free(t->usage[l]);
    sid__free(t->row);
    sid__free(t->order);
    sid__free(t->input);
    sid__free(t->best);
    sid__memory_drop(&t->memory);
    sid__optim_drop(&t->optim);
}

sid_status sid__rqvae_train(sid_ctx *ctx, const sid__rqvae_plan *plan, sid__rqvae_model *model, const float *x,
                            int64_t count, sid_error *err)
{
    sid__rqvae_trainer t = {.ctx = ctx, .plan = plan, .model = model, .x = x, .count = count, .epoch = -1};
    sid_status status = prepare(&t, err);
    if (status == SID_OK && !plan->has_networks)
        status = loop(&t, err);
    if (status == SID_OK)
        status = sid__rqvae_finish(&t, err);
    if (status == SID_OK)
        status = sid__rqvae_watch_end(&t, err);
    drop(&t);
    return status;
}
