/* prefix_histogram.h: what a user looked at, as prefixes with weights: where to look for more. */
#ifndef SEMID_RETRIEVE_PREFIX_HISTOGRAM_H
#define SEMID_RETRIEVE_PREFIX_HISTOGRAM_H

#include "base/mem.h"
#include "semid.h"

enum { SID__HISTORY_MAX = 2500 /* events of a user that count: the last ones */ };

/* One prefix. Equal weights: the one seen later first. */
typedef struct sid__prefix_weight {
    uint16_t code[SID_LEVELS_MAX];
    double weight;
    int64_t last; /* event, of those that count */
} sid__prefix_weight;

typedef struct sid__histogram_options {
    int depth;             /* of the prefixes */
    double half_life_days; /* an event counts 2^(-age / half_life) */
    double gamma;  /* 0: the heaviest come first; else drawn without repetition, in proportion to weight^gamma */
    uint64_t seed; /* of the draws */
} sid__histogram_options;

/* code (count, levels): events, oldest first; age_days (count): NULL: all 0. out (SID__HISTORY_MAX at most `max`) gets the prefixes in
 * order, *found how many. `max` at most SID__HISTORY_MAX. SID_ENOMEM. */
sid_status sid__prefix_histogram(const uint16_t *code, int levels, const double *age_days, int64_t count,
                                 const sid__histogram_options *options, int64_t max, sid__prefix_weight *out,
                                 int64_t *found, sid_error *err);

#endif
