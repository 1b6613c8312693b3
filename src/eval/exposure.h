/* exposure.h: which items were shown, and how often: what accuracy does not tell. */
#ifndef SEMID_EVAL_EXPOSURE_H
#define SEMID_EVAL_EXPOSURE_H

#include "base/error.h"

typedef struct sid__exposure {
    double coverage, gini, novelty;
} sid__exposure;

/* shown (items): how often each was; train_count (items). All NaN when nothing was shown. */
sid_status sid__exposure_of(const int64_t *shown, const int64_t *train_count, int64_t items, sid__exposure *out,
                            sid_error *err);

#endif
