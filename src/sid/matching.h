/* matching.h: rows to columns, each row one column of its own, the sum of costs least: the assignment problem on a sparse
 * bipartite graph. Costs are pairs, compared first by moves, then by distance: "fewest moves first" without a large
 * constant that would eat the digits of the distances.
 */
#ifndef SEMID_SID_MATCHING_H
#define SEMID_SID_MATCHING_H

#include "base/error.h"

typedef struct sid__cost {
    int64_t moves;
    double distance;
} sid__cost;

typedef struct sid__edge {
    int column;
    sid__cost cost; /* >= 0 in both */
} sid__edge;

typedef struct sid__graph {
    int rows, columns;
    const int64_t *begin;  /* (rows + 1) */
    const sid__edge *edge; /* (begin[rows]) those of row i are begin[i] .. begin[i + 1] - 1 */
} sid__graph;

/* column (rows): the matching of least cost; among equal ones, what rows taken in order and columns by number find first.
 * `dual` (rows): u with cost >= u[row] for every edge that could be added to a row without changing the optimum, where
 * edges to columns that are free cost u or more. *is_complete false (and SID_OK): some row has no column. */
sid_status sid__match(const sid__graph *graph, int *column, sid__cost *dual, bool *is_complete, sid_error *err);

#endif
