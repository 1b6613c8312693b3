/* residual.h: additive codebooks, level after level: what rkmeans, and later rvq and their kin, share.
 *
 * r_1 = x, c_l = argmin_k |r_l - e_{l,k}|^2, r_{l+1} = fl32(r_l - e_{l,c_l}), x^ = sum_l e_{l,c_l} (spec/quantizers.md).
 */
#ifndef SEMID_QUANT_RESIDUAL_H
#define SEMID_QUANT_RESIDUAL_H

#include "quant/codebook.h"
#include "quant/quantizer.h"

typedef struct sid__residual {
    int levels, dim;
    bool normalize;                     /* residuals to unit length before each level (GRID) */
    sid__codebook book[SID_LEVELS_MAX]; /* (levels), packed */
    int64_t *count[SID_LEVELS_MAX];     /* (K) fit rows of each code */
    float norm[SID_LEVELS_MAX];         /* mean residual norm before each level; used when `normalize` */
    double *price[SID_LEVELS_MAX];      /* (K) lambda >= 0, paid for each code: argmin |r - e|^2 + lambda; NULL: none */
} sid__residual;

/* Allocates books of q's level sizes. Free with sid__residual_free. */
sid_status sid__residual_create(const sid_quantizer *q, sid__residual **out, sid_error *err);
void sid__residual_free(sid__residual *r);

/* x (count, dim) -> codes (count, levels). beam 1: greedy; else residual_beam.c. margins: NULL, or (count, levels), then
 * the scalar reference decides (greedy only). */
sid_status sid__residual_encode(sid_ctx *ctx, const sid__residual *r, const float *x, int64_t count, int beam,
                                uint16_t *codes, double *margins, sid_error *err);
sid_status sid__residual_encode_beam(sid_ctx *ctx, const sid__residual *r, const float *x, int64_t count, int beam,
                                     uint16_t *codes, sid_error *err);
void sid__residual_decode(const sid__residual *r, const uint16_t *codes, int64_t count, int depth, float *x);
/* Scales one residual to unit length (zero stays zero) and gives the length it had. */
double sid__residual_normalize(float *row, int dim);

/* Renumbers the codes of every level by falling count over codes (count, levels), ties by centroid, and stores the counts;
 * codes without rows become copies of code 0 of their level. */
sid_status sid__residual_renumber(sid__residual *r, const uint16_t *codes, int64_t count, sid_error *err);

/* `rounds` of {least squares for all codebooks at once with the codes fixed, greedy re-encoding} on x (count, dim). */
sid_status sid__residual_refine(sid_ctx *ctx, sid__residual *r, const float *x, int64_t count, int rounds,
                                sid_error *err);

/* Copies lambda (K of the level) and makes every encoding pay it. The level has no prices yet. */
sid_status sid__residual_set_price(sid__residual *r, int level, const double *lambda, sid_error *err);

sid_status sid__residual_save(const sid__residual *r, sid__tensor_set *set, sid_error *err);
sid_status sid__residual_load(const sid_quantizer *q, const sid__tensor_set *set, sid__residual **out, sid_error *err);

#endif
