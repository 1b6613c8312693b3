/* policy_sinkhorn.c: the items of a SID are spread over the last codes of their prefix by optimal transport (LC-Rec,
 * 2311.09049), in up to 20 rounds over SIDs that are still shared; what is left goes to `then`.
 *
 * What the method cannot do: rows of equal vectors have equal plans and move together, so a SID whose items are all equal
 * is left alone; and since a group does not see who else is there, an item may land on another item's SID, which the next
 * round takes up. Groups go by SID and rows by id: the result does not depend on the order of rows.
 */
#include "base/mem.h"
#include "linalg/sinkhorn.h"
#include "sid/policy_groups.h"

enum { ROUNDS = 20 };

/* Rows of one vector stand together in a group: where the vector of row[begin] ends. */
static int64_t class_end(const sid__group *group, int64_t begin)
{
    const int64_t *first = group->moving->first;
    int64_t end = begin + 1;
    while (end < group->count && first[group->row[end]] == first[group->row[begin]])
        end++;
    return end;
}

static sid_status fill(sid__group *group, double *plan, int64_t *weight, sid_error *err)
{
    int64_t classes = 0;
    for (int64_t begin = 0, end; begin < group->count; begin = end, classes++) {
        end = class_end(group, begin);
        weight[classes] = end - begin;
        SID_TRY(sid__group_distances(group, group->row[begin], err));
        for (int k = 0; k < group->last.codes; k++)
            plan[classes * group->last.codes + k] = group->distance[k];
    }
    return SID_OK;
}

static sid_status spread(sid__group *group, sid_error *err)
{
    double *plan = NULL;
    int64_t *weight = NULL, classes = 0;
    int codes = group->last.codes;
    for (int64_t begin = 0; begin < group->count; begin = class_end(group, begin))
        classes++;
    if (classes == 1)
        return SID_OK;
    sid_status status = sid__alloc(&plan, (size_t)classes, (size_t)codes * sizeof *plan, "a transport plan", err);
    if (status == SID_OK)
        status = sid__alloc(&weight, (size_t)classes, sizeof *weight, "counts of equal vectors", err);
    if (status == SID_OK)
        status = fill(group, plan, weight, err);
    if (status == SID_OK)
        sid__sinkhorn(plan, weight, classes, codes, group->moving->policy->options.epsilon);
    for (int64_t begin = 0, end, i = 0; status == SID_OK && begin < group->count; begin = end, i++) {
        end = class_end(group, begin);
        for (int64_t j = begin; j < end; j++)
            *sid__last_code(group->moving, group->row[j]) = (uint16_t)sid__sinkhorn_code(plan + i * codes, codes);
    }
    sid__free(plan);
    sid__free(weight);
    return status;
}

static void count_left(sid__moving *moving, const sid__groups *groups)
{
    moving->left = moving->left_equal = 0;
    for (int64_t i = 0; i < groups->count; i++) {
        sid__group group = {
            .moving = moving, .row = groups->order + groups->begin[i], .count = groups->end[i] - groups->begin[i]};
        moving->left += group.count;
        for (int64_t begin = 0, end; begin < group.count; begin = end) {
            end = class_end(&group, begin);
            moving->left_equal += end - begin - 1;
        }
    }
}

sid_status sid__move_sinkhorn(sid__moving *moving, sid_error *err)
{
    for (int round = 0; round <= ROUNDS; round++) {
        sid__groups groups = {0};
        SID_TRY(sid__groups_find(moving, moving->levels, 1, &groups, err));
        sid_status status = round < ROUNDS ? sid__groups_run(moving, &groups, spread, err) : SID_OK;
        count_left(moving, &groups);
        bool is_done = groups.count == 0;
        sid__groups_drop(&groups);
        SID_TRY(status);
        if (is_done)
            break;
    }
    if (moving->left > 0 && moving->policy->options.then == SID__THEN_REASSIGN) {
        moving->left = moving->left_equal = 0;
        return sid__move_reassign(moving, err);
    }
    return SID_OK;
}
