/* rotation.h: the directions that opq starts from, and rows turned by a rotation. */
#ifndef SEMID_QUANT_ROTATION_H
#define SEMID_QUANT_ROTATION_H

#include "quant/slices.h"

/* Principal directions of rows: value (dim) falling, v (dim, dim) in columns. */
typedef struct sid__directions {
    int dim;
    double *value, *v;
} sid__directions;

sid_status sid__directions_create(sid_ctx *ctx, const float *x, int64_t count, int dim, uint64_t seed,
                                  sid__directions *out, sid_error *err);
void sid__directions_drop(sid__directions *directions);

/* place[i]: the column of the rotation that direction i becomes, so that the products of the slices' eigenvalues balance:
 * by falling eigenvalue each goes to the slice of least product that has room (Ge et al., TPAMI 36, 2014). */
void sid__deal_directions(const sid__slices *s, const double *value, int *place);

/* gain[i]: what direction i is multiplied by so that all directions have the variance of the weakest one; at most 1, at
 * least 2^-10, which directions of nothing but noise would fall below. */
void sid__whitening_gain(const double *value, int dim, double *gain);

/* y = x rotation, each element one fused chain in fp32, rotation (dim, dim). Slice after slice: slice l of all rows, rows
 * of its dim, starts at y + count * begin[l]. */
sid_status sid__rotate_slices(sid_ctx *ctx, const sid__slices *s, const float *rotation, const float *x, int64_t count,
                              float *y, sid_error *err);

#endif
