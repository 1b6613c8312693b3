/* optim.h: gradients to steps: SGD with momentum, Adagrad, AdamW (1711.05101), after clipping by the global norm; warm-up
 * and cosine; an average of the weights (EMA). State is as large as the parameters and saved with them (checkpoint.h).
 */
#ifndef SEMID_TENSOR_OPTIM_H
#define SEMID_TENSOR_OPTIM_H

#include "tensor/params.h"

typedef enum sid__optim_kind { SID__ADAMW, SID__ADAGRAD, SID__SGD } sid__optim_kind;

typedef struct sid__optim_options {
    sid__optim_kind kind;
    double rate;                  /* at its highest */
    double decay;                 /* of parameters with is_decayed, as AdamW does it: w -= rate * decay * w */
    double beta1, beta2, epsilon; /* AdamW; beta1: momentum of SGD; epsilon: of Adagrad too */
    double clip;                  /* most that the norm of all gradients may be; 0: any */
    double average;               /* of the weights: a = average a + (1 - average) w; 0: none is kept */
    int64_t warmup, steps;        /* rate rises linearly over the first `warmup` steps, then falls along a cosine to
                                  * `rate_least` of it at `steps`; steps 0: stays */
    double rate_least;
} sid__optim_options;

/* AdamW as PyTorch has it by default: rate 1e-3, betas .9 and .999, epsilon 1e-8, no decay, no clip, constant rate. */
sid__optim_options sid__optim_default(void);

/* Invariant: first and second have params->size elements, second is NULL but for AdamW, average but where it is kept. */
typedef struct sid__optim {
    sid__optim_options options;
    sid__params *params;
    sid__real *first, *second, *average;
    double *partial;                 /* sums of squares, one a chunk */
    double beta1_power, beta2_power; /* beta^step */
    int64_t step;                    /* steps made */
} sid__optim;

sid_status sid__optim_create(const sid__optim_options *options, sid__params *params, sid__optim *out, sid_error *err);
void sid__optim_drop(sid__optim *optim);
/* The rate of a step, counted from 1. */
double sid__optim_rate(const sid__optim_options *options, int64_t step);
/* One step with the gradients there are; a parameter without one has the gradient 0. Gives the norm of all gradients before
 * clipping: not finite means that nothing was changed. */
double sid__optim_step(const sid_ctx *ctx, sid__optim *optim);
/* Forgets the moments of one row of a parameter, which got a new value; its average starts from that. */
void sid__optim_forget(sid__optim *optim, int param, int64_t row);

#endif
