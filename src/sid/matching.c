/* matching.c: the Hungarian method as successive shortest paths (Jonker and Volgenant, "A shortest augmenting path
 * algorithm for dense and sparse linear assignment problems", Computing 38, 1987), without their start heuristics: the
 * graphs of a prefix are small. Rows enter in their order; of columns equally near the lowest number goes first.
 *
 * Duals u, v keep: cost >= u[row] + v[column] on every edge, with equality on matched ones; v <= 0, and 0 where free.
 */
#include "sid/matching.h"

#include <string.h>

#include "base/mem.h"

enum { NONE = -1 };
typedef enum column_state { UNSEEN, SEEN, DONE } column_state;

typedef struct solver {
    const sid__graph *graph;
    int *column;          /* (rows) */
    sid__cost *u;         /* (rows) */
    sid__cost *v, *least; /* (columns) least: cost of the shortest path that is known */
    int *row_of, *from;   /* (columns) matched row; the row before it on that path */
    int *seen;            /* (columns) those not UNSEEN, in the order met */
    unsigned char *state; /* (columns) column_state */
    int seen_count;
} solver;

static sid__cost plus(sid__cost a, sid__cost b)
{
    return (sid__cost){a.moves + b.moves, a.distance + b.distance};
}

static sid__cost minus(sid__cost a, sid__cost b)
{
    return (sid__cost){a.moves - b.moves, a.distance - b.distance};
}

static bool is_less(sid__cost a, sid__cost b)
{
    return a.moves != b.moves ? a.moves < b.moves : a.distance < b.distance;
}

/* Paths that go on from `row`, which is `reached` away from the start. */
static void relax(solver *s, int row, sid__cost reached)
{
    for (int64_t e = s->graph->begin[row]; e < s->graph->begin[row + 1]; e++) {
        int j = s->graph->edge[e].column;
        if (s->state[j] == DONE)
            continue;
        sid__cost cost = plus(reached, minus(minus(s->graph->edge[e].cost, s->u[row]), s->v[j]));
        if (s->state[j] == UNSEEN)
            s->seen[s->seen_count++] = j;
        else if (!is_less(cost, s->least[j]))
            continue;
        s->state[j] = SEEN;
        s->least[j] = cost;
        s->from[j] = row;
    }
}

static int nearest(const solver *s)
{
    int best = NONE;
    for (int i = 0; i < s->seen_count; i++) {
        int j = s->seen[i];
        if (s->state[j] == DONE)
            continue;
        if (best == NONE || is_less(s->least[j], s->least[best]) || (j < best && !is_less(s->least[best], s->least[j])))
            best = j;
    }
    return best;
}

/* The free column at the end of the shortest path from `start`; NONE: there is no path. */
static int find_path(solver *s, int start)
{
    int row = start;
    sid__cost reached = {0};
    for (;;) {
        relax(s, row, reached);
        int j = nearest(s);
        if (j == NONE)
            return NONE;
        s->state[j] = DONE;
        if (s->row_of[j] == NONE)
            return j;
        row = s->row_of[j];
        reached = s->least[j];
    }
}

static void update_duals(solver *s, int start, int end)
{
    sid__cost length = s->least[end];
    s->u[start] = plus(s->u[start], length);
    for (int i = 0; i < s->seen_count; i++) {
        int j = s->seen[i];
        if (s->state[j] != DONE || j == end)
            continue;
        sid__cost slack = minus(length, s->least[j]);
        s->v[j] = minus(s->v[j], slack);
        s->u[s->row_of[j]] = plus(s->u[s->row_of[j]], slack);
    }
}

/* Matches one more row. */
static bool augment(solver *s, int start)
{
    int end = find_path(s, start);
    if (end != NONE)
        update_duals(s, start, end);
    for (int j = end, row = NONE; j != NONE && row != start;) {
        row = s->from[j];
        int next = s->column[row];
        s->column[row] = j;
        s->row_of[j] = row;
        j = next;
    }
    for (int i = 0; i < s->seen_count; i++)
        s->state[s->seen[i]] = UNSEEN;
    s->seen_count = 0;
    return end != NONE;
}

static sid_status acquire(solver *s, sid_error *err)
{
    size_t columns = (size_t)s->graph->columns;
    SID_TRY(sid__alloc(&s->v, columns, sizeof *s->v, "a matching", err));
    SID_TRY(sid__alloc(&s->least, columns, sizeof *s->least, "a matching", err));
    SID_TRY(sid__alloc(&s->row_of, columns, sizeof *s->row_of, "a matching", err));
    SID_TRY(sid__alloc(&s->from, columns, sizeof *s->from, "a matching", err));
    SID_TRY(sid__alloc(&s->seen, columns, sizeof *s->seen, "a matching", err));
    return sid__alloc(&s->state, columns, sizeof *s->state, "a matching", err);
}

sid_status sid__match(const sid__graph *graph, int *column, sid__cost *dual, bool *is_complete, sid_error *err)
{
    solver s = {.graph = graph, .column = column, .u = dual};
    sid_status status = acquire(&s, err);
    for (int j = 0; status == SID_OK && j < graph->columns; j++)
        s.row_of[j] = NONE;
    for (int i = 0; i < graph->rows; i++) {
        column[i] = NONE;
        dual[i] = (sid__cost){0};
    }
    *is_complete = true;
    for (int i = 0; status == SID_OK && *is_complete && i < graph->rows; i++)
        *is_complete = augment(&s, i);
    sid__free(s.v);
    sid__free(s.least);
    sid__free(s.row_of);
    sid__free(s.from);
    sid__free(s.seen);
    sid__free(s.state);
    return status;
}
