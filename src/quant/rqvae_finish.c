/* rqvae_finish.c: the end of a training: from the best parameters seen, codes are settled by sweeps of k-means on the latent
 * vectors of all training rows, level by level (which also finds a place for every code that still had none), and the decoder
 * alone learns what they now stand for. Ours; no paper does so. The encoder does not move any more.
 */
#include <math.h>
#include <string.h>

#include "quant/kmeans_follow.h"
#include "quant/rqvae_train.h"

/* z (count, latent) of all rows. */
static sid_status encode_all(sid__rqvae_trainer *t, float *z, int64_t *row, sid_error *err)
{
    int64_t dim = t->model->options.latent;
    for (int64_t begin = 0; begin < t->count; begin += t->batch) {
        int64_t count = t->count - begin < t->batch ? t->count - begin : t->batch;
        sid__tape tape = sid__tape_begin(t->ctx, &t->memory, false);
        for (int64_t i = 0; i < count; i++)
            row[i] = begin + i;
        sid__value x = sid__rqvae_gather(t, row, count);
        const sid__value *part = sid__rqvae_encode(&tape, t->model, &x);
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
        status = encode_all(t, z, row, err);
    if (status == SID_OK)
        status = settle(t, z, err);
    sid__free(row);
    sid__free(z);
    return status;
}

/* ---- The decoder alone -------------------------------------------------------------------------------------------- */

static sid_status tune_step(sid__rqvae_trainer *t, sid__optim *optim, const int64_t *row, sid_error *err)
{
    sid__rqvae_step step;
    sid__params_clear(&t->model->params);
    sid__tape tape = sid__tape_begin(t->ctx, &t->memory, true);
    sid__value x = sid__rqvae_gather(t, row, t->batch);
    tape.precision = t->plan->precision;
    sid__rqvae_forward_decoder(&tape, t->model, &x, &step);
    SID_TRY(sid__tape_backward(&tape, step.loss, err));
    (void)sid__optim_step(t->ctx, optim);
    return SID_OK;
}

static sid_status tune_steps(sid__rqvae_trainer *t, sid__optim *optim, int64_t *row, sid_error *err)
{
    for (int64_t step = 0; step < t->plan->tune_steps; step++) {
        SID_TRY(sid__ctx_check(t->ctx, err));
        for (int64_t i = 0; i < t->batch; i++)
            row[i] = t->row[(step * t->batch + i) * 7919 % t->train_count]; /* a prime: far apart, every row in turn */
        SID_TRY(tune_step(t, optim, row, err));
        sid__ctx_progress(t->ctx, "fitting the decoder", step + 1, t->plan->tune_steps, "steps", (double)NAN);
    }
    return SID_OK;
}

static sid_status tune_decoder(sid__rqvae_trainer *t, sid_error *err)
{
    sid__params *params = &t->model->params;
    sid__optim_options options = t->plan->optim;
    sid__optim optim;
    int64_t *row = NULL;
    options.steps = t->plan->tune_steps;
    options.warmup = t->plan->tune_steps / 20;
    options.rate *= 0.5;
    SID_TRY(sid__optim_create(&options, params, &optim, err));
    int last = t->model->decoder + 2 * t->model->decoder_shape.layers;
    for (int i = 0; i < params->count; i++)
        params->param[i].is_fixed = i < t->model->decoder || i >= last;
    sid_status status = sid__alloc(&row, (size_t)t->batch, sizeof *row, "rows of a batch", err);
    if (status == SID_OK)
        status = tune_steps(t, &optim, row, err);
    sid__free(row);
    sid__optim_drop(&optim);
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
