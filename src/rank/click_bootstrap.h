/* click_bootstrap.h: AUC and NE of resampled users: how far they would move with other users. Resamples depend on seed and number
 * of users alone, so that two arms are resampled alike: paired.
 */
#ifndef SEMID_RANK_CLICK_BOOTSTRAP_H
#define SEMID_RANK_CLICK_BOOTSTRAP_H

#include "base/ctx.h"
#include "rank/click_metrics.h"

/* auc, ne (resamples): of the impressions of users drawn with replacement, NaN where a resample has one class. clicks->user is
 * needed, each below `users`. */
sid_status sid__click_bootstrap(const sid_ctx *ctx, const sid__clicks *clicks, int64_t users, int resamples,
                                uint64_t seed, double *auc, double *ne, sid_error *err);

#endif
