/* policy_move.h: collision policies that give items other codes at creation. Old SIDs do not exist yet, so all items are
 * looked at together; results do not depend on the order of rows nor on threads.
 */
#ifndef SEMID_SID_POLICY_MOVE_H
#define SEMID_SID_POLICY_MOVE_H

#include "quant/quantizer.h"
#include "sid/equal_vectors.h"
#include "sid/policy.h"

/* Zero-initialise, fill the first part. */
typedef struct sid__moving {
    sid_ctx *ctx;
    const sid__policy *policy;
    const sid_quantizer *quantizer;
    int64_t count;
    int levels;
    const char *const *id;  /* (count) */
    const double *distance; /* (count) to the reconstruction, for ranks */
    sid__read_row_fn *read; /* vectors as they were given */
    void *read_user;
    uint16_t *codes; /* (count, levels) changed in place, also when the call fails */

    /* What sid__policy_move found. */
    int64_t *first;     /* (count) rows of equal vectors (equal_vectors.h); NULL: nobody asked */
    uint8_t *is_moved;  /* (count) 1: the codes are not those that came in; NULL: none are */
    int64_t moved;      /* rows with is_moved */
    int64_t equal;      /* rows that are not their own first */
    int64_t left;       /* rows that still share a SID though the policy would have it otherwise */
    int64_t left_equal; /* of these, rows beyond the first of equal vectors */
    /* Scratch of the policies. */
    uint8_t *is_left; /* (count) no last code was free */
} sid__moving;

/* Looks for equal vectors where the policy asks, then lets it move items. SID_EDATA: equal vectors that are refused; a
 * prefix that is full, by name. Logs what was done. */
sid_status sid__policy_move(sid__moving *moving, sid_error *err);
void sid__moving_drop(sid__moving *moving);
/* A row that shares the SID of another, since their vectors are equal. */
static inline bool sid__is_merged(const sid__moving *moving, int64_t row)
{
    return moving->policy->options.duplicates == SID__DUPLICATES_MERGE && moving->first && moving->first[row] != row;
}

/* The policies' own parts: sid__policy_class.move. */
sid_status sid__move_reassign(sid__moving *moving, sid_error *err);
sid_status sid__move_sinkhorn(sid__moving *moving, sid_error *err);
sid_status sid__move_capacity(sid__moving *moving, sid_error *err);

#endif
