/* diversity.h: how unlike each other the items of a list are: what a list of ten near-duplicates lacks. */
#ifndef SEMID_EVAL_DIVERSITY_H
#define SEMID_EVAL_DIVERSITY_H

#include "base/ctx.h"

/* Lists of items, best first. */
typedef struct sid__lists {
    const int32_t *item;  /* (count, most) */
    const int32_t *items; /* (count) how many of them there are */
    int64_t count;
    int most;
} sid__lists;

/* out[i]: 1 - the mean cosine of the pairs among the first k[i] of a list, averaged over the lists that have a pair; NaN where
 * none has. vectors (items, dim) of unit length, or zero: unlike everything. k (k_count) rises. */
sid_status sid__diversity_of(const sid_ctx *ctx, const sid__lists *lists, const float *vectors, int dim, const int *k,
                             int k_count, double *out, sid_error *err);

#endif
