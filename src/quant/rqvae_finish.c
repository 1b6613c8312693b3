/* rqvae_finish.c: the end of a training: from the best parameters seen, codes are settled by sweeps of k-means on the latent
 * vectors of all training rows, level by level (which also finds a place for every code that still had none), and the decoder
 * alone learns what they now stand for. Ours; no paper does so. The encoder does not move any more.
 */
#include <math.h>
#include <string.h>

#include "quant/kmeans_follow.h"
#include "quant/rqvae_train.h"

typedef sid__value *rows_fn(sid__tape *tape, sid__rqvae_model *model, sid__value *x);

/* z (count, latent): what `fn` makes of all rows. `row` is scratch of a batch. */
static sid_status make_all(sid__rqvae_trainer *t, rows_fn *fn, float *z, int64_t *row, sid_error *err)
{
    int64_t dim = t->model->options.latent;
    for (int64_t begin = 0; begin < t->count; begin += t->batch) {
        int64_t count = t->count - begin < t->batch ? t->count - begin : t->batch;
        sid__tape tape = sid__tape_begin(t->ctx, &t->memory, false);
        for (int64_t i = 0; i < count; i++)
            row[i] = begin + i;
        sid__value x = sid__rqvae_gather(t, row, count);
        const sid__value *part = fn(&tape, t->model, &x);
        SID_TRY(sid__tape_status(&tape, err));
        memcpy(z + begin * dim, part->data, (size_t)(count * dim) * sizeof *z);
    }
    return SID_OK;
}

/* rest (count, latent) becomes what the level leaves; sum gets its codes. */
static sid_status settle_level(sid__rqvae_trainer *t, int level, float *rest, uint16_t *label, sid_error *err)
{
    const sid__rqvae_options *o = &t->model->options;
    const sid__kmeans_options options = {
        .iters = (int)t->plan->settle, .tol = 1e-4, .seed = t->plan->seed, .stage = "settling codes"};
    sid__codebook *from = &t->model->packed[level], settled;
    sid__rqvae_codes(t->ctx, t->model, level, sid__codebook_code(from));
    sid__codebook_pack(from);
    SID_TRY(sid__codebook_create(&settled, o->codes[level], o->latent, err));
    sid_status status = sid__kmeans_follow(t->ctx, &options, from, rest, t->count, &settled, label, err);
    if (status == SID_OK) {
        for (int k = 0; k < settled.codes; k++)
            sid__rqvae_set_code(t->model, NULL, level, k, settled.code + (int64_t)k * settled.dim);
        sid__subtract_codes(t->ctx, &settled, label, t->count, rest);
    }
    sid__codebook_drop(&settled);
    return status;
}

static sid_status settle(sid__rqvae_trainer *t, float *z, sid_error *err)
{
    uint16_t *label = NULL;
    SID_TRY(sid__alloc(&label, (size_t)t->count, sizeof *label, "labels", err));
    sid_status status = SID_OK;
    for (int l = 0; l < t->model->options.levels && status == SID_OK; l++)
        status = settle_level(t, l, z, label, err);
    sid__free(label);
    return status;
}

static sid_status settle_codes(sid__rqvae_trainer *t, sid_error *err)
{
    int64_t *row = NULL;
    float *z = NULL;
    sid_status status = sid__alloc(&row, (size_t)t->batch, sizeof *row, "rows of a batch", err);
    if (status == SID_OK)
        status = sid__alloc(&z, (size_t)t->count, (size_t)t->model->options.latent * sizeof *z, "latent vectors", err);
    if (status == SID_OK)
        status = make_all(t, sid__rqvae_encode, z, row, err);
    if (status == SID_OK)
        status = settle(t, z, err);
    sid__free(row);
    sid__free(z);
    return status;
}

/* ---- The decoder alone -------------------------------------------------------------------------------------------- */

/* Encoder and codes do not move: what stands for a row is made once. */
typedef struct tuning {
    sid__rqvae_trainer *t;
    sid__optim optim;
    int64_t *row;     /* (batch) of a step */
    float *all, *now; /* what stands for all rows, and for those of a step: (count, latent), (batch, latent) */
} tuning;

static void gather_task(void *arg, int64_t begin, int64_t end, int worker)
{
    const tuning *u = arg;
    int64_t dim = u->t->model->options.latent;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        memcpy(u->now + i * dim, u->all + u->row[i] * dim, (size_t)dim * sizeof *u->now);
}

static sid_status tune_step(tuning *u, sid_error *err)
{
    sid__rqvae_trainer *t = u->t;
    sid__rqvae_step step;
    sid__params_clear(&t->model->params);
    sid__tape tape = sid__tape_begin(t->ctx, &t->memory, true);
    sid__value x = sid__rqvae_gather(t, u->row, t->batch),
               now = sid__value_of(u->now, t->batch, t->model->options.latent);
    sid__ctx_for(t->ctx, t->batch, SID__ROWS, gather_task, u);
    tape.precision = t->plan->precision;
    sid__rqvae_forward_decoder(&tape, t->model, &now, &x, &step);
    SID_TRY(sid__tape_backward(&tape, step.loss, err));
    (void)sid__optim_step(t->ctx, &u->optim);
    return SID_OK;
}

static sid_status tune_steps(tuning *u, sid_error *err)
{
    sid__rqvae_trainer *t = u->t;
    for (int64_t step = 0; step < t->plan->tune_steps; step++) {
        SID_TRY(sid__ctx_check(t->ctx, err));
        for (int64_t i = 0; i < t->batch; i++)
            u->row[i] =
                t->row[(step * t->batch + i) * 7919 % t->train_count]; /* a prime: far apart, every row in turn */
        SID_TRY(tune_step(u, err));
        sid__ctx_progress(t->ctx, "fitting the decoder", step + 1, t->plan->tune_steps, "steps", (double)NAN);
    }
    return SID_OK;
}

static sid_status tune_with(tuning *u, sid_error *err)
{
    sid__rqvae_trainer *t = u->t;
    size_t row_size = (size_t)t->model->options.latent * sizeof *u->all;
    SID_TRY(sid__alloc(&u->row, (size_t)t->batch, sizeof *u->row, "rows of a batch", err));
    SID_TRY(sid__alloc(&u->all, (size_t)t->count, row_size, "quantized latent vectors", err));
    SID_TRY(sid__alloc(&u->now, (size_t)t->batch, row_size, "quantized latent vectors", err));
    SID_TRY(make_all(t, sid__rqvae_stand_in, u->all, u->row, err));
    return tune_steps(u, err);
}

static sid_status tune_decoder(sid__rqvae_trainer *t, sid_error *err)
{
    sid__params *params = &t->model->params;
    sid__optim_options options = t->plan->optim;
    tuning u = {.t = t};
    options.steps = t->plan->tune_steps;
    options.warmup = t->plan->tune_steps / 20;
    options.rate *= 0.5;
    SID_TRY(sid__optim_create(&options, params, &u.optim, err));
    int last = t->model->decoder + 2 * t->model->decoder_shape.layers;
    for (int i = 0; i < params->count; i++)
        params->param[i].is_fixed = i < t->model->decoder || i >= last;
    sid_status status = tune_with(&u, err);
    sid__free(u.row);
    sid__free(u.all);
    sid__free(u.now);
    sid__optim_drop(&u.optim);
    return status;
}

sid_status sid__rqvae_finish(sid__rqvae_trainer *t, sid_error *err)
{
    if (t->has_best)
        memcpy(t->model->params.data, t->best, (size_t)t->model->params.size * sizeof *t->best);
    if (t->plan->settle > 0 && t->model->options.update != SID__CODES_SIMVQ)
        SID_TRY(settle_codes(t, err));
    return t->plan->tune_steps > 0 ? tune_decoder(t, err) : SID_OK;
}
