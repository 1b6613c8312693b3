/* balanced_flow.c: the cheapest labels of exactly even sizes, floor(N/K) or ceil(N/K) rows a code.
 *
 * Labels by argmin d + lambda are the cheapest of their sizes. Moving one row along a path of codes a -> .. -> b, where an
 * edge costs w(a, b) = min over rows i of a of d_ib - d_ia, changes the sizes of a and b only, and along a shortest path
 * the labels stay the cheapest of their sizes (successive shortest paths; Ahuja, Magnanti, Orlin, Network Flows, 1993,
 * section 9.7). So: from codes above ceil to codes below it, then to codes below floor, then, while that gains, from codes
 * at ceil to codes at floor. lambda are the potentials that keep reduced costs w(a, b) + lambda_b - lambda_a at 0 or above
 * (Dijkstra's condition).
 *
 * Any potentials reproduce the labels up to ties. The ones given back lie in the middle: with P the shortest paths of all
 * pairs, lambda_k = mean over j of (P_kj - P_jk) / 2, where a row is tied only if a cycle of moves costs nothing: equal
 * rows that capacity parts, and coincidences of lattices.
 *
 * Costs are int64 (scores, times a power of two): sums of paths are exact, so the result is optimal, not nearly so, and the
 * same everywhere. Memory is the table of N x K scores.
 */
#include <math.h>
#include <string.h>

#include "quant/balanced.h"

enum { SCORE_BITS = 46, ROWS_A_CHUNK = SID__BLOCK_ROWS, SETTLE_GRAIN = 16, FOUR = 4 };

#define NO_EDGE (INT64_MAX / 4) /* from a code without rows */

typedef struct flow {
    sid_ctx *ctx;
    sid__lloyd *lloyd;
    double scale;      /* score to integer */
    int64_t *score;    /* (count, codes) */
    int64_t *lambda;   /* (codes) */
    int64_t *size;     /* (codes) */
    int64_t *head;     /* (codes) first row of each code; -1: none */
    int64_t *next;     /* (count) the next row of the same code */
    int64_t *previous; /* (count); of a first row: -1 */
    int64_t *cost;     /* (codes, codes) w */
    int64_t *witness;  /* (codes, codes) the row that w(a, b) would move */
    int64_t *distance; /* (codes) reduced, from the sources */
    int *parent;       /* (codes) on the shortest path; -1: a source */
    bool *is_done;     /* (codes) */
    int64_t pivot;     /* of the all-pairs step */
} flow;

/* ---- Scores */

/* The deciding scores (assign.h) of FOUR codes from `code` on, those past the last as the last: the same chain each, but
 * four additions are under way together. */
static void score_four(const sid__codebook *book, const float *x, int code, double score[FOUR])
{
    const float *at[FOUR];
    int index[FOUR];
    double sum[FOUR] = {0};
    for (int i = 0; i < FOUR; i++) {
        index[i] = code + i < book->codes ? code + i : book->codes - 1;
        at[i] = book->code + (int64_t)index[i] * book->dim;
    }
    for (int d = 0; d < book->dim; d++)
        for (int i = 0; i < FOUR; i++)
            sum[i] += (double)x[d] * (double)at[i][d];
    for (int i = 0; i < FOUR; i++)
        score[i] = book->half_exact[index[i]] - sum[i];
}

static void score_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const flow *f = arg;
    const sid__lloyd *lloyd = f->lloyd;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        int64_t *row = f->score + i * lloyd->codes, best = INT64_MAX;
        double score[FOUR] = {0};
        for (int k = 0; k < lloyd->codes; k++) {
            if (k % FOUR == 0)
                score_four(&lloyd->book, lloyd->x + i * lloyd->dim, k, score);
            row[k] = (int64_t)rint(score[k % FOUR] * f->scale);
            if (row[k] + f->lambda[k] < best) {
                best = row[k] + f->lambda[k];
                lloyd->label[i] = (uint16_t)k;
            }
        }
    }
}

/* The power of two that brings every score and price below 2^SCORE_BITS. */
static double score_scale(const sid__lloyd *lloyd, const double *price)
{
    double code = 0, row = 0, dearest = 0;
    int exponent = 0;
    for (int k = 0; k < lloyd->codes; k++) {
        code = lloyd->book.half_exact[k] > code ? lloyd->book.half_exact[k] : code;
        dearest = price[k] > dearest ? price[k] : dearest;
    }
    for (int64_t i = 0; i < lloyd->count; i++)
        row = lloyd->square[i] > row ? lloyd->square[i] : row;
    (void)frexp(code + sqrt(row) * sqrt(2 * code) + dearest, &exponent);
    return ldexp(1, SCORE_BITS - exponent);
}

/* ---- Members and edges */

static void put_row(flow *f, int64_t row, int code)
{
    int64_t first = f->head[code];
    f->previous[row] = -1;
    f->next[row] = first;
    if (first >= 0)
        f->previous[first] = row;
    f->head[code] = row;
    f->size[code]++;
    f->lloyd->label[row] = (uint16_t)code;
}

static void take_row(flow *f, int64_t row)
{
    int code = f->lloyd->label[row];
    int64_t before = f->previous[row], after = f->next[row];
    if (before >= 0)
        f->next[before] = after;
    else
        f->head[code] = after;
    if (after >= 0)
        f->previous[after] = before;
    f->size[code]--;
}

/* w(from, b) of every b, and the lowest row that has it. */
static void find_edges(const flow *f, int64_t from)
{
    int codes = f->lloyd->codes;
    int64_t *cost = f->cost + from * codes, *witness = f->witness + from * codes;
    for (int k = 0; k < codes; k++) {
        cost[k] = NO_EDGE;
        witness[k] = -1;
    }
    for (int64_t row = f->head[from]; row >= 0; row = f->next[row]) {
        const int64_t *score = f->score + row * codes;
        for (int k = 0; k < codes; k++) {
            int64_t move = score[k] - score[from];
            if (move < cost[k] || (move == cost[k] && row < witness[k])) {
                cost[k] = move;
                witness[k] = row;
            }
        }
    }
}

static void edge_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    for (int64_t code = begin; code < end; code++)
        find_edges(arg, code);
}

/* ---- Shortest paths */

/* Sizes: sources have at least `from_least`, sinks at most `to_most`. */
typedef struct move {
    int64_t from_least, to_most;
} move;

/* Starts at every source as if it were reached at no cost. false: there is none. */
static bool start_at_sources(flow *f, int64_t from_least)
{
    int64_t least = INT64_MAX;
    for (int k = 0; k < f->lloyd->codes; k++)
        if (f->size[k] >= from_least && f->lambda[k] < least)
            least = f->lambda[k];
    for (int k = 0; k < f->lloyd->codes; k++) {
        f->distance[k] = f->size[k] >= from_least ? f->lambda[k] - least : INT64_MAX;
        f->parent[k] = -1;
        f->is_done[k] = false;
    }
    return least < INT64_MAX;
}

static int nearest_open(const flow *f)
{
    int nearest = -1;
    for (int k = 0; k < f->lloyd->codes; k++)
        if (!f->is_done[k] && f->distance[k] < INT64_MAX && (nearest < 0 || f->distance[k] < f->distance[nearest]))
            nearest = k;
    return nearest;
}

/* Dijkstra's algorithm on the dense graph. Every code is reached: a code that has rows has an edge to each. */
static void find_paths(flow *f)
{
    int codes = f->lloyd->codes;
    for (int a = nearest_open(f); a >= 0; a = nearest_open(f)) {
        const int64_t *cost = f->cost + (int64_t)a * codes;
        f->is_done[a] = true;
        for (int b = 0; b < codes && f->size[a] > 0; b++) {
            int64_t reach = f->distance[a] + cost[b] + f->lambda[b] - f->lambda[a];
            if (!f->is_done[b] && reach < f->distance[b]) {
                f->distance[b] = reach;
                f->parent[b] = a;
            }
        }
    }
}

/* The sink that is cheapest to reach; -1: none. *cost: of the path to it. */
static int cheapest_sink(const flow *f, move m, int64_t *cost)
{
    int sink = -1;
    int64_t source_least = INT64_MAX;
    for (int k = 0; k < f->lloyd->codes; k++) {
        if (f->size[k] >= m.from_least && f->lambda[k] < source_least)
            source_least = f->lambda[k];
        if (f->size[k] <= m.to_most &&
            (sink < 0 || f->distance[k] - f->lambda[k] < f->distance[sink] - f->lambda[sink]))
            sink = k;
    }
    *cost = sink < 0 ? 0 : f->distance[sink] - f->lambda[sink] + source_least;
    return sink;
}

/* One row a step along the path to `sink`, new potentials, new edges. */
static void move_rows(flow *f, int sink)
{
    int codes = f->lloyd->codes;
    for (int k = 0; k < codes; k++)
        f->lambda[k] -= f->distance[k];
    for (int b = sink; f->parent[b] >= 0; b = f->parent[b]) {
        int64_t row = f->witness[(int64_t)f->parent[b] * codes + b];
        take_row(f, row);
        put_row(f, row, b);
    }
    for (int b = sink; b >= 0; b = f->parent[b])
        find_edges(f, b);
}

/* Moves rows from sources to sinks, one at a time, until there is no source or no sink, or, with only_gains, until the
 * cheapest path gains nothing. */
static sid_status settle(flow *f, move m, bool only_gains, sid_error *err)
{
    while (start_at_sources(f, m.from_least)) {
        int64_t cost;
        SID_TRY(sid__ctx_check(f->ctx, err));
        find_paths(f);
        int sink = cheapest_sink(f, m, &cost);
        if (sink < 0 || (only_gains && cost >= 0))
            break;
        move_rows(f, sink);
    }
    return SID_OK;
}

/* ---- Prices */

static void all_pairs_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const flow *f = arg;
    int codes = f->lloyd->codes;
    const int64_t *through = f->cost + f->pivot * codes;
    (void)worker;
    for (int64_t a = begin; a < end; a++) {
        int64_t *path = f->cost + a * codes, first = path[f->pivot];
        for (int b = 0; b < codes && a != f->pivot; b++)
            path[b] = first + through[b] < path[b] ? first + through[b] : path[b];
    }
}

/* cost becomes P, the shortest paths of all pairs (Floyd and Warshall); price the middle of what reproduces the labels. */
static void middle_prices(flow *f, double *price)
{
    int codes = f->lloyd->codes;
    double least = (double)INFINITY;
    for (f->pivot = 0; f->pivot < codes; f->pivot++)
        sid__ctx_for(f->ctx, codes, SETTLE_GRAIN, all_pairs_chunk, f);
    for (int k = 0; k < codes; k++) {
        double sum = 0;
        for (int j = 0; j < codes; j++)
            sum += (double)(f->cost[(int64_t)k * codes + j] - f->cost[(int64_t)j * codes + k]);
        price[k] = sum / (2.0 * codes);
        least = price[k] < least ? price[k] : least;
    }
    for (int k = 0; k < codes; k++)
        price[k] = (price[k] - least) / f->scale;
}

/* ---- All */

bool sid__flow_size(int64_t count, int codes, size_t *out)
{
    size_t table, pairs;
    return sid__mul_size((size_t)count, (size_t)codes * sizeof(int64_t), &table) &&
           sid__mul_size((size_t)codes, (size_t)codes * 2 * sizeof(int64_t), &pairs) &&
           sid__add_size(table, pairs, out);
}

static sid_status create(sid_ctx *ctx, sid__lloyd *lloyd, flow *out, sid_error *err)
{
    size_t rows = (size_t)lloyd->count, codes = (size_t)lloyd->codes;
    *out = (flow){.ctx = ctx, .lloyd = lloyd};
    SID_TRY(sid__alloc(&out->score, rows, codes * sizeof(int64_t), "the table of scores", err));
    SID_TRY(sid__alloc(&out->lambda, codes, sizeof(int64_t), "prices", err));
    SID_TRY(sid__alloc(&out->size, codes, sizeof(int64_t), "sizes", err));
    SID_TRY(sid__alloc(&out->head, codes, sizeof(int64_t), "rows by code", err));
    SID_TRY(sid__alloc(&out->next, rows, sizeof(int64_t), "rows by code", err));
    SID_TRY(sid__alloc(&out->previous, rows, sizeof(int64_t), "rows by code", err));
    SID_TRY(sid__alloc(&out->cost, codes, codes * sizeof(int64_t), "costs of moves", err));
    SID_TRY(sid__alloc(&out->witness, codes, codes * sizeof(int64_t), "rows to move", err));
    SID_TRY(sid__alloc(&out->distance, codes, sizeof(int64_t), "paths", err));
    SID_TRY(sid__alloc(&out->parent, codes, sizeof(int), "paths", err));
    return sid__alloc(&out->is_done, codes, sizeof(bool), "paths", err);
}

static void drop(flow *f)
{
    sid__free(f->score);
    sid__free(f->lambda);
    sid__free(f->size);
    sid__free(f->head);
    sid__free(f->next);
    sid__free(f->previous);
    sid__free(f->cost);
    sid__free(f->witness);
    sid__free(f->distance);
    sid__free(f->parent);
    sid__free(f->is_done);
}

static sid_status run(flow *f, double *price, sid_error *err)
{
    sid__lloyd *lloyd = f->lloyd;
    int64_t floor_size = lloyd->count / lloyd->codes, ceil_size = floor_size + (lloyd->count % lloyd->codes > 0);
    sid__codebook_pack(&lloyd->book);
    f->scale = score_scale(lloyd, price);
    for (int k = 0; k < lloyd->codes; k++) {
        f->lambda[k] = (int64_t)rint(price[k] * f->scale);
        f->head[k] = -1;
    }
    sid__ctx_for(f->ctx, lloyd->count, ROWS_A_CHUNK, score_chunk, f);
    for (int64_t row = lloyd->count - 1; row >= 0; row--)
        put_row(f, row, lloyd->label[row]);
    sid__ctx_for(f->ctx, lloyd->codes, 1, edge_chunk, f);
    SID_TRY(settle(f, (move){ceil_size + 1, ceil_size - 1}, false, err));
    SID_TRY(settle(f, (move){floor_size + 1, floor_size - 1}, false, err));
    if (ceil_size > floor_size)
        SID_TRY(settle(f, (move){ceil_size, floor_size}, true, err));
    middle_prices(f, price);
    return SID_OK;
}

sid_status sid__flow_fit(sid_ctx *ctx, sid__lloyd *lloyd, double *price, sid_error *err)
{
    flow f;
    sid_status status = create(ctx, lloyd, &f, err);
    if (status == SID_OK)
        status = run(&f, price, err);
    drop(&f);
    return status;
}
