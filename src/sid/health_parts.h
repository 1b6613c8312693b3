/* health_parts.h: the pieces of sid__health_vectors, a file each, and how they read vectors. */
#ifndef SEMID_SID_HEALTH_PARTS_H
#define SEMID_SID_HEALTH_PARTS_H

#include "sid/health.h"

/* Vectors as the quantizer meets them before centring (unit length under normalize l2). The origin is near the mean,
 * rounded so that data on a grid stays on one: distances from products of rows less the origin are then exact, ties
 * included, and a common offset costs no digits. */
typedef struct sid__health_rows {
    const sid__rows *x; /* (count, dim) raw */
    int64_t count;
    int dim;
    bool is_unit;
    double *mean;   /* (dim) of all rows; exact when all are equal */
    double *origin; /* (dim) */
} sid__health_rows;

sid_status sid__health_rows_create(sid_ctx *ctx, const sid__health_input *in, sid__health_rows *out, sid_error *err);
void sid__health_rows_free(sid__health_rows *rows);
/* The raw row x (dim) as the quantizer meets it, less `origin` (dim; NULL: nothing), into out (dim). */
void sid__health_row(const sid__health_rows *rows, const float *x, const double *origin, double *out);

/* mse, relative_mse; by level relative_mse, cosine, residual_ratio. */
sid_status sid__health_errors(sid_ctx *ctx, const sid__health_input *in, const sid__health_rows *rows,
                              sid_report *report, sid_error *err);
/* duplicate_vectors, colliding_distinct_rate. */
sid_status sid__health_duplicates(sid_ctx *ctx, const sid__health_input *in, sid_report *report, sid_error *err);
/* lcp_ratio; by level knn_recall, knn_lift. */
sid_status sid__health_neighbors(sid_ctx *ctx, const sid__health_input *in, const sid__health_rows *rows,
                                 sid_report *report, sid_error *err);

#endif
