/* rqvae_fit.h: from prepared rows to a fitted codec: what the families that train an autoencoder with residual codes share. */
#ifndef SEMID_QUANT_RQVAE_FIT_H
#define SEMID_QUANT_RQVAE_FIT_H

#include "quant/rqvae_codec.h"
#include "quant/rqvae_train.h"

/* What a family makes of its options. Of `model` levels, codes, dim, latent and encoder are found from the rest. */
typedef struct sid__rqvae_recipe {
    sid__mlp_shape encoder;
    sid__scaling scaling;
    sid__rqvae_options model;
    sid__rqvae_plan plan;
    const char *codes_of; /* codes start as those of this family, fitted to the rows; NULL: as the plan says */
} sid__rqvae_recipe;

/* Options of every family that trains by steps until codes settle; a member `training` of theirs. */
typedef struct sid__rqvae_training {
    char hidden[SID__OPTION_TEXT_SIZE];
    int64_t steps, batch, warmup, revive_every, watch_every, patience, settle, tune_steps;
    double lr, wd, clip, beta;
    int estimator, codebook;
} sid__rqvae_training;

/* What they make of them: an encoder from `dim` to `latent` columns. init_sample: see sid__rqvae_plan_of. */
sid__rqvae_recipe sid__rqvae_recipe_of(const sid_quantizer *q, const sid__rqvae_training *o, int dim, int latent,
                                       int64_t init_sample);
/* A plan with what every family has: the sample that codes start from (0: max(8192, 32 x codes)), seed, checkpoint. */
sid__rqvae_plan sid__rqvae_plan_of(const sid_quantizer *q, int64_t init_sample);
/* A quantizer to start from must have the same networks: SID_EUSAGE says so. */
sid_status sid__rqvae_check_start(const sid_quantizer *q, const sid__mlp_shape *encoder, sid_error *err);
/* Sets q->state, a sid__rqvae_codec. With q->start its networks, scaler, codes and numbering are gone on from. */
sid_status sid__rqvae_fit(sid_ctx *ctx, sid_quantizer *q, const sid__rqvae_recipe *recipe, float *x, int64_t count,
                          sid_error *err);
/* Floating-point operations of the training. */
double sid__rqvae_flop(const sid__rqvae_recipe *recipe);
/* Bytes that fitting takes beside the sample: parameters with all that is kept of each, a step's values. */
double sid__rqvae_size(const sid__rqvae_recipe *recipe, const int *codes, int levels, int64_t count);

/* ---- Functions of a family whose state is a codec ------------------------------------------------------------------ */

sid_status sid__rqvae_encode_rows(sid_ctx *ctx, const sid_quantizer *q, const float *x, int64_t count, uint16_t *codes,
                                  double *margins, sid_error *err);
void sid__rqvae_decode_rows(const sid_quantizer *q, const uint16_t *codes, int64_t count, int depth, float *x);
/* The encoder's shape is that of the options. */
sid_status sid__rqvae_load(sid_quantizer *q, const sid__mlp_shape *encoder, const sid__tensor_set *set, sid_error *err);
sid_status sid__rqvae_save(const sid_quantizer *q, sid__tensor_set *set, sid_error *err);
void sid__rqvae_drop(sid_quantizer *q);

#endif
