/* bootstrap.h: how far a mean over users would move with other users: a percentile interval of seeded resamples. Resamples
 * depend on seed and number of users alone, so that the values of two models are resampled alike: paired. */
#ifndef SEMID_EVAL_BOOTSTRAP_H
#define SEMID_EVAL_BOOTSTRAP_H

#include "base/ctx.h"
#include "semid_model.h"

/* count (users): how often each user is in that resample. */
void sid__bootstrap_draw(uint64_t seed, int64_t users, int64_t resample, uint16_t *count);
/* value (users, columns) -> means (resamples, columns) of users drawn with replacement. */
sid_status sid__bootstrap_means(const sid_ctx *ctx, const double *value, int64_t users, int columns, int resamples,
                                uint64_t seed, double *means, sid_error *err);
/* The 2.5 and 97.5 % points of one column less another (-1: nothing) of means (resamples, columns). */
sid_status sid__bootstrap_interval(const double *means, int resamples, int columns, int column, int less, double *low,
                                   double *high, sid_error *err);

#endif
