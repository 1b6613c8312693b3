/* health.h: the figures, checks and verdict of the health report (spec/quantizers.md §5). */
#ifndef SEMID_SID_HEALTH_H
#define SEMID_SID_HEALTH_H

#include "quant/quantizer.h"

typedef struct sid__health_input {
    const uint16_t *codes; /* (count, levels) base codes of the live items, by row */
    int64_t count;
    int levels;
    const int *level_codes;         /* (levels) K */
    const float *x;                 /* (count, dim) raw vectors; NULL: figures that need them are NaN */
    const sid_quantizer *quantizer; /* NULL: the same */
    int64_t items_without_text;
    uint64_t seed; /* of the queries */
} sid__health_input;

/* A zeroed report becomes one whose numbers are all NaN / 0 and whose `level` array exists (owned by report->memory). */
sid_status sid__report_init(sid_report *report, int levels, sid_error *err);
/* Figures from counts alone: unique, colliding, buckets, per level use, perplexity, entropies, Gini, top, prefixes. */
sid_status sid__health_counts(const sid__health_input *in, sid_report *report, sid_error *err);
/* Figures that need vectors: mse, relative_mse, by level relative_mse, cosine, residual_ratio; duplicates and
 * colliding_distinct_rate; lcp_ratio, knn_recall and knn_lift by 2,000 seeded queries with exact 10-NN. */
sid_status sid__health_vectors(sid_ctx *ctx, const sid__health_input *in, sid_report *report, sid_error *err);
/* Fills checks, verdict and warnings from the figures present. */
sid_status sid__health_judge(sid_report *report, sid_error *err);

#endif
