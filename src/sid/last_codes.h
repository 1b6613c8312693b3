/* last_codes.h: how far a vector is from each SID below a prefix of all codes but the last. Defined through what codes
 * decode to, among prepared rows, so that it means the same for every family: for residual ones the distance of the last
 * residual to each code, for product ones that of the last part (and a constant).
 */
#ifndef SEMID_SID_LAST_CODES_H
#define SEMID_SID_LAST_CODES_H

#include "quant/quantizer.h"

/* Scratch of one thread. */
typedef struct sid__last_codes {
    const sid_quantizer *quantizer;
    int levels, codes, dim; /* codes: K of the last level; dim: of prepared rows */
    float *decoded;         /* (dim, codes) of the current prefix, a column a code */
    float *row, *scratch;   /* (dim of prepared rows); (dim of vectors) */
} sid__last_codes;

sid_status sid__last_codes_init(const sid_quantizer *quantizer, sid__last_codes *out, sid_error *err);
void sid__last_codes_drop(sid__last_codes *last);
/* prefix: the first levels - 1 codes of it are read. */
void sid__last_codes_set(sid__last_codes *last, const uint16_t *prefix);
/* x (dim of vectors) -> distance (codes): squared, in double, in the order of the dimensions. */
void sid__last_codes_distances(sid__last_codes *last, const float *x, double *distance);

/* The `wanted` SIDs nearest to x, nearest first, ties by codes: a beam of that width through the levels. codes (wanted,
 * levels); *count may be less when there are fewer SIDs. */
enum { SID__NEAREST_SIDS = 32 };
sid_status sid__nearest_sids(const sid_quantizer *quantizer, const float *x, int wanted, uint16_t *codes, int *count,
                             sid_error *err);

#endif
