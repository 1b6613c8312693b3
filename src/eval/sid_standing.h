/* sid_standing.h: where a target stands by its codes: the looser figures that some papers report as if items were found. */
#ifndef SEMID_EVAL_SID_STANDING_H
#define SEMID_EVAL_SID_STANDING_H

#include "eval/metrics.h"
#include "model/item_sids.h"

/* Whether two items have the same codes, a digit that a policy added left out. Both are known. */
bool sid__same_codes(const sid__item_sids *sids, int64_t a, int64_t b);
/* The place of the target's codes among the distinct codes of a list, best first: item (count). What stands behind the first
 * `most` distinct ones is not looked at. */
sid__standing sid__standing_by_sid(const sid__item_sids *sids, const int32_t *item, int64_t count, int most,
                                   int32_t target);

#endif
