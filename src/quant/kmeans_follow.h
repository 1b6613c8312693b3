/* kmeans_follow.h: k-means that goes on from codebooks there are, so that a new version keeps the numbering of the old. */
#ifndef SEMID_QUANT_KMEANS_FOLLOW_H
#define SEMID_QUANT_KMEANS_FOLLOW_H

#include "quant/kmeans.h"

/* As sid__kmeans_fit, but starts from the centroids of `from`, of the same shape as `book`, and leaves each code where it
 * is: code k of the result is where code k of `from` has moved. Of the options iters, tol and stage count. label (count): the
 * code of each row. */
sid_status sid__kmeans_follow(sid_ctx *ctx, const sid__kmeans_options *options, const sid__codebook *from,
                              const float *x, int64_t count, sid__codebook *book, uint16_t *label, sid_error *err);

#endif
