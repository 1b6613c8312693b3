/* policy_reassign.c: per prefix a matching of items to last codes (2605.25330): cost M[k != c_i] + d_ik with M above all
 * sums of d, so that the fewest items move, and among those choices the distances are least.
 *
 * What follows from "fewest moves": each code that has items keeps one of them, so items alone on their code stay, and
 * movers go to codes that nobody has. So only crowded codes and free ones take part. Departures: (1) costs are pairs, not
 * sums with a large M; (2) a row brings its nearest free codes only; the duals prove that no other would be cheaper, else
 * more are brought; (3) a prefix of more items than last codes (with `overflow`): those leave that are farthest from their
 * reconstruction, the nearest of each code never.
 */
#include <string.h>

#include "base/mem.h"
#include "sid/matching.h"
#include "sid/policy_groups.h"
#include "sid/sort_rows.h"

enum { NEAREST_FIRST = 32, NEAREST_MORE = 4 }; /* free codes that a row brings at first; times more, when unproven */

/* The matching of one group. */
typedef struct assignment {
    sid__group *group;
    int64_t *row; /* (rows) those on crowded codes, in the group's order, without those that leave */
    int rows, free_codes;
    int nearest; /* free codes that each row brings */
    int64_t *begin;
    sid__edge *edge; /* (rows, nearest + 1) the free ones by distance, then the row's own code */
    int *column;
    sid__cost *dual;
} assignment;

/* ---- Who leaves a prefix that is too full ------------------------------------------------------------------------- */

typedef struct leaving {
    const sid__group *group;
    const int64_t *nearest; /* (codes) the row of each code that may not leave */
} leaving;

static int compare_leaving(const void *context, int64_t a, int64_t b)
{
    const leaving *of = context;
    int64_t row_a = of->group->row[a], row_b = of->group->row[b];
    bool stays_a = of->nearest[*sid__last_code(of->group->moving, row_a)] == row_a;
    bool stays_b = of->nearest[*sid__last_code(of->group->moving, row_b)] == row_b;
    if (stays_a != stays_b)
        return stays_a ? -1 : 1;
    return sid__rank_compare(of->group->moving, row_a, row_b);
}

static sid_status mark_left(const sid__group *group, sid_error *err)
{
    int64_t *nearest = NULL, *order = NULL, codes = group->last.codes;
    const sid__moving *m = group->moving;
    if (group->count <= codes)
        return SID_OK;
    sid_status status = sid__alloc(&nearest, (size_t)codes, sizeof *nearest, "the nearest items of codes", err);
    if (status == SID_OK)
        status = sid__alloc(&order, (size_t)group->count, sizeof *order, "the order of items", err);
    if (status == SID_OK) {
        for (int64_t k = 0; k < codes; k++)
            nearest[k] = -1;
        for (int64_t i = 0; i < group->count; i++) {
            int64_t *best = &nearest[*sid__last_code(m, group->row[i])];
            *best = *best < 0 || sid__rank_compare(m, group->row[i], *best) < 0 ? group->row[i] : *best;
        }
        status = sid__sort_rows(order, group->count, compare_leaving, &(leaving){group, nearest}, err);
    }
    for (int64_t i = codes; status == SID_OK && i < group->count; i++) {
        m->is_left[group->row[order[i]]] = 1;
        group->holds[*sid__last_code(m, group->row[order[i]])]--;
    }
    sid__free(nearest);
    sid__free(order);
    return status;
}

/* ---- Edges -------------------------------------------------------------------------------------------------------- */

static void set_edges(const assignment *a, int64_t i)
{
    const sid__group *group = a->group;
    sid__edge *edge = a->edge + i * (a->nearest + 1);
    int count = 0, own = *sid__last_code(group->moving, a->row[i]);
    for (int k = 0; k < group->last.codes; k++) {
        if (group->holds[k] > 0 || (count == a->nearest && !(group->distance[k] < edge[count - 1].cost.distance)))
            continue;
        int at = count < a->nearest ? count++ : count - 1;
        for (; at > 0 && group->distance[k] < edge[at - 1].cost.distance; at--)
            edge[at] = edge[at - 1];
        edge[at] = (sid__edge){k, {.moves = 1, .distance = group->distance[k]}};
    }
    edge[count] = (sid__edge){own, {.distance = group->distance[own]}};
}

/* Whether no free code that a row did not bring could make the matching cheaper. */
static bool is_proven(const assignment *a)
{
    if (a->nearest == a->free_codes)
        return true;
    for (int i = 0; i < a->rows; i++) {
        sid__cost farthest = a->edge[(int64_t)i * (a->nearest + 1) + a->nearest - 1].cost, dual = a->dual[i];
        if (farthest.moves < dual.moves || (farthest.moves == dual.moves && farthest.distance < dual.distance))
            return false;
    }
    return true;
}

static sid_status try_match(assignment *a, bool *is_done, sid_error *err)
{
    size_t edges = (size_t)a->nearest + 1;
    bool is_complete = false;
    sid_status status = sid__alloc(&a->edge, (size_t)a->rows, edges * sizeof *a->edge, "choices of codes", err);
    for (int i = 0; i < a->rows && status == SID_OK; i++) {
        status = sid__group_distances(a->group, a->row[i], err);
        if (status == SID_OK)
            set_edges(a, i);
        a->begin[i + 1] = (int64_t)(i + 1) * (int64_t)edges;
    }
    const sid__graph graph = {.rows = a->rows, .columns = a->group->last.codes, .begin = a->begin, .edge = a->edge};
    if (status == SID_OK)
        status = sid__match(&graph, a->column, a->dual, &is_complete, err);
    *is_done = is_complete && status == SID_OK && is_proven(a);
    sid__free(a->edge);
    a->edge = NULL;
    return status;
}

/* ---- One group ---------------------------------------------------------------------------------------------------- */

static sid_status acquire(assignment *a, sid_error *err)
{
    size_t count = (size_t)a->group->count;
    SID_TRY(sid__alloc(&a->row, count, sizeof *a->row, "rows", err));
    SID_TRY(sid__alloc(&a->begin, count + 1, sizeof *a->begin, "choices of codes", err));
    SID_TRY(sid__alloc(&a->column, count, sizeof *a->column, "codes", err));
    return sid__alloc(&a->dual, count, sizeof *a->dual, "costs", err);
}

static sid_status match(assignment *a, sid_error *err)
{
    const sid__group *group = a->group;
    int movers = 0;
    SID_TRY(acquire(a, err));
    for (int64_t i = 0; i < group->count; i++) {
        int64_t row = group->row[i];
        if (!group->moving->is_left[row] && group->holds[*sid__last_code(group->moving, row)] > 1)
            a->row[a->rows++] = row;
    }
    for (int k = 0; k < group->last.codes; k++) {
        a->free_codes += group->holds[k] == 0;
        movers += group->holds[k] > 1 ? (int)group->holds[k] - 1 : 0;
    }
    /* Were one of a row's `movers` nearest free codes not enough, all of them would be taken by others. */
    int enough = movers < a->free_codes ? movers : a->free_codes;
    a->nearest = enough < NEAREST_FIRST ? enough : NEAREST_FIRST;
    for (bool is_done = a->rows == 0; !is_done;) {
        SID_TRY(try_match(a, &is_done, err));
        if (!is_done && a->nearest == enough)
            break;
        a->nearest = a->nearest < enough / NEAREST_MORE ? a->nearest * NEAREST_MORE : enough;
    }
    for (int i = 0; i < a->rows; i++)
        *sid__last_code(group->moving, a->row[i]) = (uint16_t)a->column[i];
    return SID_OK;
}

static sid_status settle(sid__group *group, sid_error *err)
{
    assignment a = {.group = group};
    sid_status status = mark_left(group, err);
    if (status == SID_OK)
        status = match(&a, err);
    sid__free(a.row);
    sid__free(a.begin);
    sid__free(a.column);
    sid__free(a.dual);
    return status;
}

sid_status sid__move_reassign(sid__moving *moving, sid_error *err)
{
    sid__groups groups = {0};
    SID_TRY(sid__groups_find(moving, moving->levels - 1, 1, &groups, err));
    sid_status status = sid__groups_check_full(moving, &groups, 1, err);
    if (status == SID_OK)
        status = sid__groups_run(moving, &groups, settle, err);
    sid__groups_drop(&groups);
    return status == SID_OK ? sid__place_left(moving, err) : status;
}
