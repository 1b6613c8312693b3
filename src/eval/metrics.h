/* metrics.h: how good a ranking is for one case, exactly, under ties.
 *
 * A target stands behind `above` items of a better score and shares its score with `tied` items, itself among them. Where
 * items tie, any order of them is as good as another: a metric is its expected value over all orders. Nothing is drawn.
 */
#ifndef SEMID_EVAL_METRICS_H
#define SEMID_EVAL_METRICS_H

#include "base/mem.h"
#include "semid_model.h"

/* Where a target stands. Targets of one case with the same `above` are of one group, of the same `tied`. */
typedef struct sid__standing {
    int64_t above; /* -1: not in the list */
    int64_t tied;  /* >= 1 */
} sid__standing;

typedef struct sid__discounts {
    double sum[SID_K_MAX + 1]; /* sum[n]: of 1 / log2(j + 1), j = 1 .. n */
} sid__discounts;

void sid__discounts_init(sid__discounts *out);

/* standing (count): those of all targets, by rising `above`, those not in the list first. 1 <= k <= SID_K_MAX;
 * out[SID_METRIC_COUNT]. */
void sid__metrics_of(const sid__standing *standing, int64_t count, int k, const sid__discounts *discounts, double *out);

#endif
