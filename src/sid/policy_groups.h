/* policy_groups.h: the rows below one prefix as a group, and a loop over all groups that need work, on all threads. */
#ifndef SEMID_SID_POLICY_GROUPS_H
#define SEMID_SID_POLICY_GROUPS_H

#include "sid/last_codes.h"
#include "sid/policy_move.h"

/* Group i is order[begin[i]] .. order[end[i] - 1]; groups by codes, rows of a group by the id of their first, then id.
 * Merged rows are in none. */
typedef struct sid__groups {
    int64_t *order, rows; /* (rows) */
    int64_t *begin, *end; /* (count) */
    int64_t count;
} sid__groups;

/* Groups of rows that share `depth` codes, of which one SID at least holds more than `room`. */
sid_status sid__groups_find(const sid__moving *moving, int depth, int64_t room, sid__groups *out, sid_error *err);
void sid__groups_drop(sid__groups *groups);

/* One group and a thread's scratch. */
typedef struct sid__group {
    sid__moving *moving;
    const int64_t *row; /* (count) */
    int64_t count;
    sid__last_codes last; /* set to the group's prefix */
    float *x;             /* (dim) */
    double *distance;     /* (codes) */
    int64_t *holds;       /* (codes) rows of the group on each last code */
} sid__group;

/* A row's last code. */
static inline uint16_t *sid__last_code(const sid__moving *moving, int64_t row)
{
    return &moving->codes[row * moving->levels + moving->levels - 1];
}

/* Fills group->distance with the squared distances of a row to the last codes. */
sid_status sid__group_distances(sid__group *group, int64_t row, sid_error *err);

/* Runs `fn` on every group; it may write to the rows of its group alone. */
typedef sid_status sid__group_fn(sid__group *group, sid_error *err);
sid_status sid__groups_run(sid__moving *moving, const sid__groups *groups, sid__group_fn *fn, sid_error *err);

/* By distance to the reconstruction, then id. */
int sid__rank_compare(const sid__moving *moving, int64_t a, int64_t b);
/* SID_EDATA when a group of one prefix holds more than `room` a last code and the policy has no way out. */
sid_status sid__groups_check_full(const sid__moving *moving, const sid__groups *groups, int64_t room, sid_error *err);
/* Rows marked is_left get the best SID of 32 with room, or stay, to be told apart by digits, as the policy says. */
sid_status sid__place_left(sid__moving *moving, sid_error *err);

#endif
