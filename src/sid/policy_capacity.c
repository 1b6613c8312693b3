/* policy_capacity.c: a SID holds at most `cap` items. The farthest of a crowded one go to the nearest last code of their
 * prefix with room, those that are nearer to their reconstruction choosing first.
 */
#include "base/mem.h"
#include "sid/policy_groups.h"
#include "sid/sort_rows.h"

static int compare_rank(const void *context, int64_t a, int64_t b)
{
    const sid__group *group = context;
    return sid__rank_compare(group->moving, group->row[a], group->row[b]);
}

/* The nearest code that holds fewer than `cap`, ties to the lowest; -1: none. */
static int nearest_with_room(const sid__group *group, int64_t cap)
{
    int best = -1;
    for (int k = 0; k < group->last.codes; k++)
        if (group->holds[k] < cap && (best < 0 || group->distance[k] < group->distance[best]))
            best = k;
    return best;
}

/* Rows by rank: the first `cap` of each code stay, the others move. `stayed` (codes): zeroes. */
static sid_status move_all(sid__group *group, const int64_t *order, int64_t *stayed, sid_error *err)
{
    const sid__moving *m = group->moving;
    int64_t cap = m->policy->room;
    for (int k = 0; k < group->last.codes; k++)
        group->holds[k] = group->holds[k] < cap ? group->holds[k] : cap;
    for (int64_t i = 0; i < group->count; i++) {
        int64_t row = group->row[order[i]];
        if (stayed[*sid__last_code(m, row)]++ < cap)
            continue;
        SID_TRY(sid__group_distances(group, row, err));
        int code = nearest_with_room(group, cap);
        m->is_left[row] = code < 0;
        if (code < 0)
            continue;
        group->holds[code]++;
        *sid__last_code(m, row) = (uint16_t)code;
    }
    return SID_OK;
}

static sid_status settle(sid__group *group, sid_error *err)
{
    int64_t *order = NULL, *stayed = NULL;
    sid_status status = sid__alloc(&order, (size_t)group->count, sizeof *order, "the order of items", err);
    if (status == SID_OK)
        status = sid__alloc(&stayed, (size_t)group->last.codes, sizeof *stayed, "counts of codes", err);
    if (status == SID_OK)
        status = sid__sort_rows(order, group->count, compare_rank, group, err);
    if (status == SID_OK)
        status = move_all(group, order, stayed, err);
    sid__free(order);
    sid__free(stayed);
    return status;
}

sid_status sid__move_capacity(sid__moving *moving, sid_error *err)
{
    sid__groups groups = {0};
    int64_t cap = moving->policy->room;
    SID_TRY(sid__groups_find(moving, moving->levels - 1, cap, &groups, err));
    sid_status status = sid__groups_check_full(moving, &groups, cap, err);
    if (status == SID_OK)
        status = sid__groups_run(moving, &groups, settle, err);
    sid__groups_drop(&groups);
    return status == SID_OK ? sid__place_left(moving, err) : status;
}
