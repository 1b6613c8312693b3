/* ranking.h: scores of all items to where a target stands. A score of -INFINITY says that an item is no candidate. */
#ifndef SEMID_EVAL_RANKING_H
#define SEMID_EVAL_RANKING_H

#include "eval/metrics.h"

/* score (count). */
sid__standing sid__standing_of(const float *score, int64_t count, int64_t target);
#endif
