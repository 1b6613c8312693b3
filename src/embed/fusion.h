/* fusion.h: several vectors of an item (image, audio, text) into one (spec/quantizers.md §1, Fusion).
 *
 *     y = [(x_1 - mean_1) f_1, (x_2 - mean_2) f_2, ...] V
 *
 * concat: f_m = sqrt(w_m) / rms_m, V the leading principal directions of all parts together (none when all are kept).
 * separate: the same with all kept, for codes of each modality alone.
 * sum: f_m = w_m / rms_m, V the principal directions of each part, one below the other, and y to unit length. rms_m is the
 * root mean square of the centred rows' norms. An item without a modality has zeroes there, and the rest times
 * sqrt(sum of w / sum of present w).
 */
#ifndef SEMID_EMBED_FUSION_H
#define SEMID_EMBED_FUSION_H

#include "base/strbuf.h"
#include "io/tensor_set.h"
#include "io/vectors.h"

enum { SID__MODALITY_NAME_SIZE = 64, SID__FUSION_TEXT_SIZE = 2048 };

/* One modality, as fitted. */
typedef struct sid__fused_part {
    char name[SID__MODALITY_NAME_SIZE];
    int dim, begin; /* in the parts together */
    double weight;
    float factor;
    float *mean; /* (dim) */
} sid__fused_part;

/* Fitted and immutable. */
struct sid_fusion {
    bool is_sum, is_separate;
    int count, width, dim; /* width: of the parts together */
    sid__fused_part part[SID_MODALITIES_MAX];
    float *v;                         /* (width, dim); NULL: the parts as they are, dim = width */
    char text[SID__FUSION_TEXT_SIZE]; /* "concat of image:1, audio:0.5" */
};

/* Fills begin, width and text from what the parts say. */
void sid__fusion_finish(sid_fusion *fusion);
/* "concat", "sum" or "separate". */
const char *sid__fusion_method(const sid_fusion *fusion);
/* The widths of the parts, "128:64". */
sid_status sid__fusion_widths(const sid_fusion *fusion, sid__strbuf *out, sid_error *err);
sid_status sid__fusion_save(const sid_fusion *fusion, sid__tensor_set *set, sid_error *err);
sid_status sid__fusion_load(const sid__tensor_set *set, sid_fusion **out, sid_error *err);

#endif
