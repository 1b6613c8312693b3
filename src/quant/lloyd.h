/* lloyd.h: Lloyd's sweeps from given centroids, the same bits for any thread count, instruction set and compiler. */
#ifndef SEMID_QUANT_LLOYD_H
#define SEMID_QUANT_LLOYD_H

#include "quant/codebook.h"

/* What one run needs; kmeans_progressive.c runs it on narrower copies of the data. */
typedef struct sid__lloyd {
    const float *x; /* (count, dim) */
    int64_t count;
    int dim, codes;
    sid__codebook book; /* the caller writes start centroids here */
    sid__assign_scratch scratch;
    uint16_t *label, *before; /* (count) now, and before the sweep */
    int64_t *begin, *order;   /* rows by code */
    int64_t *sum;             /* (codes, dim) fixed point */
    double *square;           /* (count) |x_i|^2 */
    double *code_error;       /* (codes) squared error */
    double scale, error;      /* error: total, of the labels against the centroids they were assigned to */
    /* Bounds that spare most of a late sweep, see lloyd.c. */
    sid__row_norm *norm;               /* (count) */
    float *upper, *lower;              /* (count) distance to the own code, at most; to every other code, at least */
    float *last_code;                  /* (codes, dim) the centroids of the last assignment */
    float *moved;                      /* (codes) how far they have moved since, at most */
    bool is_bounded;                   /* the bounds hold: every row was assigned to last_code */
    _Atomic int64_t compared, changed; /* rows of the last assignment that were compared; whose label changed */
} sid__lloyd;

sid_status sid__lloyd_create(sid_ctx *ctx, const float *x, int64_t count, int dim, int codes, sid__lloyd *out,
                             sid_error *err);
void sid__lloyd_drop(sid__lloyd *lloyd);
/* Sweeps from the centroids in book until no label changes, the gain is below tol, or `iters`. On return the centroids
 * are means of the labels; empty codes have been given rows where any row is not its centroid. */
sid_status sid__lloyd_run(sid_ctx *ctx, sid__lloyd *lloyd, int iters, double tol, const char *stage, sid_error *err);
/* Labels by the centroids as they stand. */
void sid__lloyd_assign(sid_ctx *ctx, sid__lloyd *lloyd);

#endif
