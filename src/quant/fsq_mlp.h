/* fsq_mlp.h: fsq's learned projection: a network makes the numbers that are rounded, another the row of them again. */
#ifndef SEMID_QUANT_FSQ_MLP_H
#define SEMID_QUANT_FSQ_MLP_H

#include "quant/fsq_channel.h"
#include "quant/fsq_shape.h"
#include "quant/rqvae_codec.h"

typedef struct sid__fsq_mlp_options {
    char hidden[SID__OPTION_TEXT_SIZE];
    int64_t steps, batch, warmup, watch_every, patience, tune_steps;
    double lr;
} sid__fsq_mlp_options;

/* What is trained, and where it starts. */
typedef struct sid__fsq_mlp_task {
    const sid__fsq_mlp_options *options;
    const sid__fsq_shape *shape;
    const sid__fsq_channel *channel; /* (channels) */
    int channels, levels_before;     /* levels_before: those of k-means, for messages */
    const float *direction;          /* (dim, channels) principal directions, where the encoder starts, */
    const double *spread;            /* (channels) and deviations along them */
    const sid__rqvae_codec *start;   /* whose networks are gone on from: the encoder stays; NULL: none */
} sid__fsq_mlp_task;

/* The encoder's shape: a matrix, which starts as the principal directions, plus an mlp. SID_EUSAGE names `hidden`. */
sid_status sid__fsq_mlp_shape(const sid__fsq_mlp_options *options, int dim, int channels, sid__mlp_shape *out,
                              sid_error *err);
/* Trains on x (count, dim), which it standardises. center (channels): the mean of what rows are rounded to. */
sid_status sid__fsq_mlp_fit(sid_ctx *ctx, const sid_quantizer *q, const sid__fsq_mlp_task *task, float *x,
                            int64_t count, double *center, sid__rqvae_codec **out, sid_error *err);
double sid__fsq_mlp_flop(const sid__fsq_mlp_options *options, int dim, int channels);
double sid__fsq_mlp_size(const sid__fsq_mlp_options *options, int dim, int channels, int64_t count);
/* What the decoder gets for a digit. */
double sid__fsq_mlp_value(const sid__fsq_channel *channel, int digit);

#endif
