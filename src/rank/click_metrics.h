/* click_metrics.h: how good predicted probabilities of clicks are.
 *
 *   auc      share of (positive, negative) pairs in the right order, equal scores counting half: by midranks
 *   gauc     the mean of users' AUCs weighted by their impressions, over users with both classes (1706.06978)
 *   log_loss mean -log p of what happened, p clipped to 1e-7
 *   ne       log loss by the entropy of the slice's own click rate (He et al., 2014): 1 says nothing was learned
 */
#ifndef SEMID_RANK_CLICK_METRICS_H
#define SEMID_RANK_CLICK_METRICS_H

#include "base/mem.h"

/* What is NaN does not apply: one class alone, or nobody with both. */
typedef struct sid__click_metrics {
    int64_t count, positives, users; /* users: with both classes */
    double auc, gauc, log_loss, ne;
} sid__click_metrics;

/* Of impressions, side by side. */
typedef struct sid__clicks {
    const double *p;      /* (count) */
    const uint8_t *label; /* (count) 0 or 1 */
    const int32_t *user;  /* (count), or NULL: gauc is NaN */
    const uint8_t *mask;  /* (count) what counts, or NULL: all */
    int64_t count;
} sid__clicks;

/* SID_ENOMEM. */
sid_status sid__click_metrics_of(const sid__clicks *clicks, sid__click_metrics *out, sid_error *err);

#endif
