/* ranking.h: scores of all items to where a target stands. A score of -INFINITY says that an item is no candidate. */
#ifndef SEMID_EVAL_RANKING_H
#define SEMID_EVAL_RANKING_H

#include "eval/metrics.h"

/* score (count). */
sid__standing sid__standing_of(const float *score, int64_t count, int64_t target);
/* Where a target stands in a list that is sorted, best first: item (count), score (count). What ties with its last item is in
 * it. */
sid__standing sid__standing_in(const int32_t *item, const double *score, int64_t count, int32_t target);
#endif
