/* rqvae_model.h: the residual-quantized autoencoder as a forward pass: losses and gradients of one batch (2305.05065,
 * 2203.01941). rqvae_train.c runs it, rqvae.c is the family.
 *
 *     z = E(x); r_1 = z, c_l = argmin_k |r_l - e_{l,k}|^2, r_{l+1} = r_l - e; q = sum e; x^ = D(z + sg(q - z))
 *     loss = |x - x^|^2 + (1/L) sum_l (|sg r_l - e_l|^2 + beta |z - sg sum_{j<=l} e_j|^2)
 *
 * summed over dimensions, mean over rows. Codes are chosen by the exact assignment kernel, also while training. Without networks
 * the rows themselves are quantised (rvq.c).
 */
#ifndef SEMID_QUANT_RQVAE_MODEL_H
#define SEMID_QUANT_RQVAE_MODEL_H

#include "quant/codebook.h"
#include "quant/mlp.h"
#include "tensor/ops_codes.h"
#include "tensor/optim.h"

/* How gradients pass the codes: straight; turned (2410.06424); the decoder gets soft codes, while the residuals are those of
 * hard ones (Gumbel-softmax); straight, and to every code by its cosine (2604.03949). */
typedef enum sid__estimator { SID__STE, SID__ROTATION, SID__GUMBEL, SID__DENSE } sid__estimator;

/* How codes are learned: by the codebook loss, as running means of what chose them (EMA), as a learned map of fixed points,
 * e = C W^T (SimVQ, 2411.02038), or not at all: they are steps that z is rounded to (FSQ, 2309.15505), x^ = D(rounded z). */
typedef enum sid__code_update { SID__CODES_GRAD, SID__CODES_EMA, SID__CODES_SIMVQ, SID__CODES_STEPS } sid__code_update;

typedef struct sid__rqvae_options {
    int levels, dim, latent;
    int codes[SID_LEVELS_MAX];
    sid__mlp_shape encoder; /* no layers: there are no networks, z = x and x^ = q, which is rvq */
    sid__estimator estimator;
    sid__code_update update;
    bool is_mean; /* reconstruction is averaged over dimensions, not summed */
    double beta;
    double
        sinkhorn_epsilon; /* the last level's codes of a training step by transport of this entropy; 0: the nearest */
    double decay;         /* of EMA: n = decay n + (1 - decay) hits */
    const sid__steps *channel; /* steps: (latent), group after group, kept by the caller */
    const int *begin;          /* steps: (levels + 1) first channel of each level's code */
} sid__rqvae_options;

typedef struct sid__rqvae_model {
    sid__rqvae_options options;
    sid__mlp_shape decoder_shape;
    sid__params params;
    int encoder, decoder;                 /* index of the first parameter */
    int book[SID_LEVELS_MAX];             /* codes (K, latent); fixed by ema and simvq */
    int turn[SID_LEVELS_MAX];             /* simvq: W (latent, latent); -1: none */
    double *hits[SID_LEVELS_MAX];         /* ema: n (K) */
    double *sums[SID_LEVELS_MAX];         /* ema: m (K, latent) */
    sid__codebook packed[SID_LEVELS_MAX]; /* what the assignment kernel reads */
    sid__assign_scratch scratch;
    double *transport;  /* of the step that runs: (rows, K) distances of the last level; NULL: none */
    int64_t *weight;    /* (rows) ones, for the transport */
    double temperature; /* of soft codes */
    uint64_t seed;      /* of their noise, with the step */
    int64_t step;
    const sid_ctx *ctx;               /* of the step that runs */
    sid__value *live[SID_LEVELS_MAX]; /* books of the step that runs */
} sid__rqvae_model;

/* What a step gives; values live as long as the tape's memory. */
typedef struct sid__rqvae_step {
    sid__value *z, *decoded, *loss;
    double reconstruction; /* sum |x - x^|^2 over the rows */
    sid__quantized *quantized;
} sid__rqvae_step;

sid_status sid__rqvae_model_create(const sid_ctx *ctx, const sid__rqvae_options *options, sid__rqvae_model *out,
                                   sid_error *err);
void sid__rqvae_model_drop(sid__rqvae_model *model);
/* Networks as PyTorch starts them; codes 0 but for simvq, whose C is N(0, 1/latent) and W the identity. */
void sid__rqvae_model_start(sid__rqvae_model *model, uint64_t seed);

/* x (rows, dim). Fills `out`; on failure the tape knows. choose NULL: the nearest codes. */
void sid__rqvae_forward(sid__tape *tape, sid__rqvae_model *model, sid__value *x, sid__choose_fn *choose,
                        sid__rqvae_step *out);
/* The autoencoder without codes: x^ = D(E(x)), loss |x - x^|^2. */
void sid__rqvae_forward_plain(sid__tape *tape, sid__rqvae_model *model, sid__value *x, sid__rqvae_step *out);
/* What stands for x once it is quantized: sum_l e_l, (rows, latent). For tapes that do not record. */
sid__value *sid__rqvae_stand_in(sid__tape *tape, sid__rqvae_model *model, sid__value *x);
/* The same loss with what stands for x given: it reaches the decoder alone. */
void sid__rqvae_forward_decoder(sid__tape *tape, sid__rqvae_model *model, sid__value *stand_in, sid__value *x,
                                sid__rqvae_step *out);
/* E(x). */
sid__value *sid__rqvae_encode(sid__tape *tape, sid__rqvae_model *model, sid__value *x);

/* The codes of a level as they stand: (K, latent), computed into `out`. */
void sid__rqvae_codes(const sid_ctx *ctx, const sid__rqvae_model *model, int level, float *out);
/* EMA: every code becomes the mean it starts from, with the weight of `hits` rows. */
void sid__rqvae_ema_start(sid__rqvae_model *model, double hits);
/* EMA: after the optimiser's step; a no-op otherwise. */
void sid__rqvae_ema_step(sid__rqvae_model *model, const sid__quantized *quantized);
/* Sets a code to a vector, and forgets what was known of it; not for simvq. optim NULL: none yet. */
void sid__rqvae_set_code(sid__rqvae_model *model, sid__optim *optim, int level, int code, const float *vector);

#endif
