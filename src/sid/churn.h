/* churn.h: what moved between two versions of the same items' SIDs (spec/quantizers.md §6).
 *
 *   raw      the share of items whose first d codes differ
 *   level    the same after the codes of each level were renamed as well as one renaming a level can: what permuting the
 *            rows of a model's embeddings follows
 *   prefix   the same after renaming the children of each matched pair of prefixes, from the root: what moved in the tree
 *   ami      how far the two groupings by the first d codes agree, whatever they are called
 */
#ifndef SEMID_SID_CHURN_H
#define SEMID_SID_CHURN_H

#include "base/error.h"

/* Row i of both is the same item. */
typedef struct sid__churn_input {
    const uint16_t *before, *after; /* (count, levels) base codes */
    int64_t count;
    int levels;           /* that both have, at most SID_LEVELS_MAX */
    const double *weight; /* (count) of items in the shares; NULL: all alike */
    bool is_ordered;      /* prefixes mean something on both sides; else `prefix` and `ami` are NaN */
} sid__churn_input;

typedef struct sid__churn_level {
    double raw, level, prefix, ami; /* NaN without items */
} sid__churn_level;

/* Where a code of one level went. */
typedef struct sid__code_move {
    int level;              /* from 1 */
    int32_t before, after;  /* codes; after -1: it goes with none */
    int64_t overlap, items; /* items in both; items of the old code */
} sid__code_move;

typedef struct sid__churn {
    sid__churn_level level[SID_LEVELS_MAX]; /* (levels) */
    sid__code_move *move;                   /* (move_count) old codes that have items, by level, then code */
    int64_t move_count, move_capacity;
} sid__churn;

sid_status sid__churn_find(const sid__churn_input *in, sid__churn *out, sid_error *err);
void sid__churn_drop(sid__churn *churn);

#endif
