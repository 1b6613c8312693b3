/* measure.h: one model asked all cases of a split's test or validation. */
#ifndef SEMID_EVAL_MEASURE_H
#define SEMID_EVAL_MEASURE_H

#include "decode/cold.h"
#include "eval/metrics.h"

/* What all models of one evaluation share. */
typedef struct sid__exam {
    const sid__split *split;
    const sid__cases *cases; /* of the split: its test, or its validation */
    bool is_silent;          /* no progress is shown */
    const int *k;            /* (k_count) rising */
    int k_count;
    bool keep_history;
    const uint8_t *is_head; /* (items) */
    const sid__discounts *discounts;
    const float *vectors; /* (items, dim) unit or zero; NULL: none */
    int dim;
    sid_search_options search; /* of models that generate */
} sid__exam;

/* Fills out->value[..].mean and what stands behind it, up to sid_value, and eval_s. value (cases, SID_METRIC_COUNT, k_count): of each
 * case. */
sid_status sid__measure(sid_ctx *ctx, const sid_model *m, const sid__exam *exam, double *value, sid_eval_row *out,
                        sid_error *err);
/* is_head (items): the fifth with most train events, ties to the lower row. */
sid_status sid__mark_head(const sid__split *split, uint8_t *is_head, sid_error *err);

#endif
