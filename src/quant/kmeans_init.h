/* kmeans_init.h: the starts behind sid__kmeans_start, one file each. All write lloyd->book's centroids. */
#ifndef SEMID_QUANT_KMEANS_INIT_H
#define SEMID_QUANT_KMEANS_INIT_H

#include "quant/kmeans.h"

/* Counter of draw `draw` of start `attempt` of k-means `options->index`: no two uses meet. */
uint64_t sid__kmeans_draw(const sid__kmeans_options *options, uint64_t attempt, uint64_t draw);
sid_status sid__kmeans_start_random(const sid__kmeans_options *options, uint64_t attempt, sid__lloyd *lloyd,
                                    sid_error *err);
sid_status sid__kmeans_start_greedy(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt,
                                    sid__lloyd *lloyd, sid_error *err);
sid_status sid__kmeans_start_progressive(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt,
                                         sid__lloyd *lloyd, sid_error *err);

#endif
