/* rank_probe.h: what is asked of a trained ranker beside the last day: does it treat equal items alike, how fast does it age, and how
 * did it learn.
 */
#ifndef SEMID_RANK_RANK_PROBE_H
#define SEMID_RANK_RANK_PROBE_H

#include "rank/rank_model.h"

/* Difference of equals (A/A): the mean of 2 |p1 - p2| / (p1 + p2) over pairs (count, 2) of items that are the same but for their
 * ids, each asked of ten users drawn by the seed. NaN without pairs. */
sid_status sid__probe_twins(sid__rank_model *model, const sid_impressions *impressions, const int32_t *pair,
                            int64_t count, uint64_t seed, double *out, sid_error *err);
/* NE of the impressions 42 to 48 hours before the end of begin .. end - 1 less that of their last 6 hours, each user as far as he had
 * clicked then. It leaves the model with a history of another time. NaN where times do not tell, or a window has one class. */
sid_status sid__probe_drift(sid__rank_model *model, const sid_impressions *impressions, int64_t end, double *out,
                            sid_error *err);
/* NE of the impressions begin .. end - 1, of probabilities p (end - begin); NaN: one class. */
double sid__click_ne(const sid_impressions *impressions, int64_t begin, int64_t end, const double *p);

#endif
