/* kmeans_slice.h: k-means in some of the dimensions: codes that are zero in all others. Levels that take turns over slices
 * make SIDs with a group of codes for each, and are a residual quantizer like any other. */
#ifndef SEMID_QUANT_KMEANS_SLICE_H
#define SEMID_QUANT_KMEANS_SLICE_H

#include "quant/kmeans.h"

/* Which dimensions a level has; zero-initialised: all levels have all. */
typedef struct sid__groups {
    int count;
    int begin[SID_LEVELS_MAX + 1]; /* group g has dimensions begin[g] .. begin[g + 1] - 1 */
} sid__groups;

/* "128:64:32", widths that must add up to `dim`; "": no groups. `levels` are shared out evenly. SID_EUSAGE; SID_EDATA
 * when the widths are those of other vectors, which a check on a stand-in of another `dim` passes over. */
sid_status sid__groups_parse(const char *text, int dim, int levels, sid__groups *out, sid_error *err);

/* As sid__kmeans_fit (`from` NULL) or sid__kmeans_follow on dimensions begin .. end-1 of x (count, dim). */
sid_status sid__kmeans_fit_slice(sid_ctx *ctx, const sid__kmeans_options *options, const sid__codebook *from,
                                 const float *x, int64_t count, int begin, int end, sid__codebook *book,
                                 uint16_t *label, sid_error *err);

#endif
