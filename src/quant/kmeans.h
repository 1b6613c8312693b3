/* kmeans.h: k-means on the rows of one level, the same bits for any thread count, instruction set and compiler. */
#ifndef SEMID_QUANT_KMEANS_H
#define SEMID_QUANT_KMEANS_H

#include "quant/codebook.h"

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
 * centroid; packed. Fewer distinct rows than codes leaves copies of code 0 at the end, which no row is nearest to. */
sid_status sid__kmeans_fit(sid_ctx *ctx, const sid__kmeans_options *options, const float *x, int64_t count, int dim,
                           sid__codebook *book, sid_error *err);

/* What one Lloyd run needs; kmeans_init.c runs it on narrower copies of the data. */
typedef struct sid__lloyd {
    const float *x; /* (count, dim) */
    int64_t count;
    int dim, codes;
    sid__codebook book;
    sid__assign_scratch scratch;
    uint16_t *label;        /* (count) */
    int64_t *begin, *order; /* rows by code */
    int64_t *sum;           /* (codes, dim) fixed point */
    double *square;         /* (count) |x_i|^2 */
    double *code_error;     /* (codes) squared error */
    double scale, error;    /* error: total, of the labels against the centroids they were assigned to */
} sid__lloyd;

sid_status sid__lloyd_create(sid_ctx *ctx, const float *x, int64_t count, int dim, int codes, sid__lloyd *out,
                             sid_error *err);
void sid__lloyd_drop(sid__lloyd *lloyd);
/* Sweeps from the centroids in book until no label changes, the gain is below tol, or `iters`. On return the centroids
 * are means of the labels; empty codes have been given rows where any row is not its centroid. */
sid_status sid__lloyd_run(sid_ctx *ctx, sid__lloyd *lloyd, int iters, double tol, const char *stage, sid_error *err);

/* Writes start centroids into lloyd->book. */
sid_status sid__kmeans_start(sid_ctx *ctx, const sid__kmeans_options *options, uint64_t attempt, sid__lloyd *lloyd,
                             sid_error *err);

#endif
