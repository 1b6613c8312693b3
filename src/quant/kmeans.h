/* kmeans.h: k-means on the rows of one level, the same bits for any thread count, instruction set and compiler. */
#ifndef SEMID_QUANT_KMEANS_H
#define SEMID_QUANT_KMEANS_H

#include "quant/lloyd.h"

typedef enum sid__kmeans_init {
    SID__INIT_PROGRESSIVE, /* Lloyd in 8, 16, 32, 64, 128 leading principal directions, then in full (kmeans_init.c) */
    SID__INIT_GREEDY,      /* k-means++ with several trials a step */
    SID__INIT_RANDOM       /* distinct seeded rows */
} sid__kmeans_init;

typedef struct sid__kmeans_options {
    sid__kmeans_init init;
    int iters;       /* Lloyd sweeps at most */
    int stage_iters; /* in each narrower stage of the progressive start */
    double tol;      /* stop when the relative gain in squared error is below */
    int n_init;      /* starts; the least squared error wins, ties to the first */
    uint64_t seed;
    uint64_t index;    /* which k-means of the fit this is, so that levels draw different numbers */
    const char *stage; /* for progress, "level 2" */
} sid__kmeans_options;

/* Fits `codes` centroids to x (count, dim) into book (created, not packed): renumbered by falling count, ties by
 * centroid; packed. Fewer distinct rows than codes leaves copies of code 0 at the end, which no row is nearest to.
 * label (count): the code of each row. */
sid_status sid__kmeans_fit(sid_ctx *ctx, const sid__kmeans_options *options, const float *x, int64_t count, int dim,
                           sid__codebook *book, uint16_t *label, sid_error *err);

/* Writes start centroids into lloyd->book. */
sid_status sid__kmeans_start(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt, sid__lloyd *lloyd,
                             sid_error *err);

#endif
