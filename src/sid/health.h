/* health.h: the figures, checks and verdict of the health report (spec/quantizers.md §5).
 *
 *     sid_report report = {0};
 *     sid__report_init(&report, levels, err);
 *     sid__health_counts(&in, &report, err);            // cheap, live
 *     sid__health_vectors(ctx, &in, &report, err);      // minutes for millions of items; at creation
 *     sid__health_judge(&report, err);                  // after the last figure; again after any change
 *     sid_report_json(..), sid_report_drop(&report)
 *
 * A report read back by sid__report_parse can be updated by sid__health_counts and judged again.
 */
#ifndef SEMID_SID_HEALTH_H
#define SEMID_SID_HEALTH_H

#include <math.h>

#include "quant/quantizer.h"
#include "sid/categories.h"

enum { SID__HEALTH_NEAREST = 10 }; /* true neighbours asked for of an item: the 10 of 10-NN */

#define SID__NAN ((double)NAN) /* a figure that was not computed; the macro of math.h is a float */

typedef struct sid__health_input {
    const uint16_t *codes; /* (count, levels) base codes of the live items, by row */
    int64_t count;
    int levels;
    const int *level_codes;         /* (levels) K */
    const sid__rows *x;             /* raw vectors; NULL: figures that need them are NaN */
    const sid_quantizer *quantizer; /* NULL: the same */
    int64_t items_without_text;
    uint64_t seed; /* of the queries */
} sid__health_input;

/* A zeroed report becomes one whose figures are all NaN, counts 0 (duplicate_vectors -1: not computed), and whose
 * `level` array exists. report->memory is a sid__arena; what the report points to lives there or is static. */
sid_status sid__report_init(sid_report *report, int levels, sid_error *err);
/* A copy of `text` (NULL: NULL) that lives as long as the report, for id, quantizer and the like. */
sid_status sid__report_text(sid_report *report, const char *text, const char **out, sid_error *err);
/* Figures from counts alone: unique, colliding, buckets, per level use, perplexity, entropies, Gini, top, prefixes.
 * SID_EDATA when a code is not below its level's K. */
sid_status sid__health_counts(const sid__health_input *in, sid_report *report, sid_error *err);
/* Figures that need vectors: mse, relative_mse, by level relative_mse, cosine, residual_ratio; duplicates and
 * colliding_distinct_rate; lcp_ratio, knn_recall and knn_lift by 2,000 seeded queries with exact 10-NN. Names them in
 * at_creation. */
sid_status sid__health_vectors(sid_ctx *ctx, const sid__health_input *in, sid_report *report, sid_error *err);
/* purity, purity_shuffled, nmi, ami by level; categories->item (count) by row. Nothing where levels have no order. */
sid_status sid__health_categories(const sid__health_input *in, const sid__categories *categories, sid_report *report,
                                  sid_error *err);
/* Fills checks, verdict and warnings from the figures present. */
sid_status sid__health_judge(sid_report *report, sid_error *err);

/* Reads what sid_report_json wrote (metrics.json) into a zeroed report. Unknown members are passed over, so that older
 * readers take newer minor versions. SID_EDATA names the member, the value seen and the one expected. */
sid_status sid__report_parse(const char *bytes, size_t size, const char *path, sid_report *out, sid_error *err);

#endif
