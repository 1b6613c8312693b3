/* rqvae_train.h: the training of an RQ-VAE, in parts:
 *
 *   rqvae_train     the loop: batches, warm-up, the start of the codes, revival, early stopping
 *   rqvae_watch     how it goes: held-out error, use of the codes; what is told and what is kept
 *   rqvae_finish    when it is over: codes settled on all rows, the decoder fitted to them
 *   rqvae_state     checkpoints
 *
 * The outcome is a function of data, options and seed: threads, interruptions and the clock do not reach it.
 */
#ifndef SEMID_QUANT_RQVAE_TRAIN_H
#define SEMID_QUANT_RQVAE_TRAIN_H

#include "quant/quantizer.h"
#include "quant/rqvae_model.h"

typedef struct sid__rqvae_plan {
    int64_t steps;      /* of which the first warm_steps leave the codes out */
    int64_t warm_steps; /* an autoencoder first, so that codes start in a space that means something */
    int64_t batch;
    int64_t init_sample;  /* rows that codes start from */
    int64_t revive_every; /* steps; 0: dead codes stay dead */
    int64_t watch_every;  /* steps from one look at the held-out rows to the next */
    int64_t patience;     /* looks without gain that end the training; 0: none do */
    int64_t settle;       /* k-means sweeps over all rows at the end; 0: codes stay as trained */
    int64_t tune_steps;   /* of the decoder alone at the end */
    int levels_before;    /* levels that come before the model's, for messages */
    bool no_init;         /* codes start all alike in place of k-means: for drills */
    bool has_networks;    /* the model's networks are those of an older fit: the encoder stays, so that codes keep their
                           * meaning; they settle on the rows, and the decoder follows */
    bool has_codes;       /* so are its codes */
    sid__precision precision; /* of the products of steps; looks and codes are fp32, as encoding is */
    sid__optim_options optim;
    uint64_t seed;
    const char *checkpoint; /* a file to write and to go on from; NULL: none */
    const char *options;    /* as text, which a checkpoint must have been made with */
    bool resume;            /* go on from the checkpoint, which must be there */
} sid__rqvae_plan;

/* Trains `model` (created, not started) on x (count, model dim). On return its parameters are the best ones seen.
 * SID_ECANCELED: a checkpoint was written. SID_EINTERNAL: the loss stopped being finite; the message names step and level. */
sid_status sid__rqvae_train(sid_ctx *ctx, const sid__rqvae_plan *plan, sid__rqvae_model *model, const float *x,
                            int64_t count, sid_error *err);

/* All options of a quantizer as text, for plan.options: what a checkpoint depends on beside the rows. */
sid_status sid__rqvae_describe(const sid_quantizer *q, sid__strbuf *text, sid_error *err);

/* ---- Inside ------------------------------------------------------------------------------------------------------- */

/* What a look at the training saw. */
typedef struct sid__rqvae_look {
    double error;  /* held-out |x - x^|^2 by |x - mean|^2 */
    double spread; /* of latent vectors: |z - mean|^2 by |z|^2 */
    int used[SID_LEVELS_MAX];
    double perplexity[SID_LEVELS_MAX], rest[SID_LEVELS_MAX]; /* rest: |r_{l+1}| by |r_1|, root mean squares */
    bool is_collapsed;                                       /* a level's perplexity is under 15 % of its codes */
} sid__rqvae_look;

typedef struct sid__rqvae_trainer {
    sid_ctx *ctx;
    const sid__rqvae_plan *plan;
    sid__rqvae_model *model;
    const float *x;
    int64_t count, batch;
    int64_t *row;                    /* (count): train_count rows to train on, then those held out, each ascending */
    int64_t train_count, held_count; /* held_count 0: too few rows; the training rows are looked at */
    int64_t *order, epoch;           /* (train_count) rows in the order of `epoch`; epoch -1: none yet */
    float *input;                    /* (batch, dim) */
    sid__memory memory;
    sid__optim optim;
    int64_t *usage[SID_LEVELS_MAX]; /* (K) hits since the last revival */
    float *best;                    /* parameters of the best look */
    double best_error;
    bool has_best, is_best_collapsed;
    int64_t step, best_step, stale;       /* stale: looks since the best one */
    double loss;                          /* of the last step, for progress */
    int64_t collapsed_at[SID_LEVELS_MAX]; /* step of the last look at which the level had collapsed; 0: never */
} sid__rqvae_trainer;

/* Copies rows to t->input and gives a value around it. */
sid__value sid__rqvae_gather(sid__rqvae_trainer *t, const int64_t *row, int64_t count);
/* Looks, tells, keeps the parameters where they are the best so far. */
sid_status sid__rqvae_watch(sid__rqvae_trainer *t, sid_error *err);
/* The last look, when all is done: how it ended, level by level where one had collapsed. */
sid_status sid__rqvae_watch_end(sid__rqvae_trainer *t, sid_error *err);
sid_status sid__rqvae_finish(sid__rqvae_trainer *t, sid_error *err);
sid_status sid__rqvae_state_write(sid__rqvae_trainer *t, sid_error *err);
sid_status sid__rqvae_state_read(sid__rqvae_trainer *t, sid_error *err);
/* k-means level by level on z (count, latent), which becomes what is left; codes of `level` get the centroids. */
sid_status sid__rqvae_start_codes(sid__rqvae_trainer *t, float *z, int64_t count, sid_error *err);

#endif
