/* arm_join.h: arms of two descriptions at once: rows of SIDs beside rows of ids, or SIDs of what is shown and ids of what was
 * clicked before.
 */
#ifndef SEMID_RANK_ARM_JOIN_H
#define SEMID_RANK_ARM_JOIN_H

#include "rank/arms.h"

typedef struct sid__arm_joins {
    bool with_id; /* +id: each item has a row of its own too, beyond what other arms get */
    bool
        history_by_id; /* --sid-in target: an item clicked before is a row by hash, whatever describes it when it is shown */
} sid__arm_joins;

/* Makes one growing table of what `arm` has and of what is joined, each under keys of its own. SID_EUSAGE: an arm that ids cannot
 * join. */
sid_status sid__arm_join(sid__arm *arm, const sid__arm_data *data, sid__arm_joins joins, uint64_t seed, sid_error *err);

#endif
