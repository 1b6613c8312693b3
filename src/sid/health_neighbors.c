/* health_neighbors.c: do near vectors share codes? 2,000 seeded queries against all rows, exactly.
 *
 * Scores are 1/2 |c|^2 - q.c of vectors less a common origin, in double: they order as the true distances do. Each is
 * one chain in d order and ties go by row, so that no thread count or instruction set changes a neighbour. Tiles of 16
 * queries by 16 candidates; a packed block of candidates meets 64 queries: 12,000 x 384 take under a second on two
 * cores.
 *
 * The chance of a random pair to share a prefix is not sampled: it is sum of b (b - 1) / (N (N - 1)) over the prefixes,
 * and their mean common prefix the sum of it over the levels.
 */
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "kernel/dense.h"
#include "sid/code_order.h"
#include "sid/health_parts.h"

enum { QUERIES = 2000, NEAREST = 10, TILE = SID__DENSE_TILE, CHUNK_QUERIES = 4 * TILE };

typedef struct neighbor {
    double score;
    int64_t row;
} neighbor;

/* The nearest so far, near to far. */
typedef struct nearest {
    neighbor row[NEAREST];
    int count;
} nearest;

typedef struct scratch {
    double *query;  /* (CHUNK_QUERIES / TILE, dim, TILE) */
    double *packed; /* (dim, TILE) candidates */
    double *row;    /* (dim) */
    nearest *found; /* (CHUNK_QUERIES) */
} scratch;

typedef struct search {
    const sid_ctx *ctx;
    const sid__health_input *in;
    const sid__health_rows *rows;
    const sid__dense *dense;
    int64_t *query; /* (query_count) rows, ascending */
    int64_t query_count;
    int32_t *shared; /* (query_count, levels) neighbours that share the first level + 1 codes */
    scratch *worker;
    int threads;
} search;

/* Selection sampling (Knuth, TAOCP 2, algorithm S): each row with probability still wanted / still left. */
static void choose_queries(search *job)
{
    int64_t count = job->in->count, taken = 0;
    for (int64_t i = 0; i < count && taken < job->query_count; i++) {
        uint64_t draw = sid__philox_below(job->in->seed, SID__STREAM_QUERY, (uint64_t)i, (uint64_t)(count - i));
        if ((int64_t)draw < job->query_count - taken)
            job->query[taken++] = i;
    }
}

/* Rows come in rising order, so that an equal score never goes before. */
static inline void offer(nearest *best, double score, int64_t row)
{
    if (best->count == NEAREST && score >= best->row[NEAREST - 1].score)
        return;
    int at = best->count < NEAREST ? best->count++ : NEAREST - 1;
    for (; at > 0 && best->row[at - 1].score > score; at--)
        best->row[at] = best->row[at - 1];
    best->row[at] = (neighbor){.score = score, .row = row};
}

/* Packs the centred row as column `lane` of packed (dim, TILE); gives 1/2 |row|^2. */
static double pack(const search *job, int64_t row, int lane, double *scratch_row, double *packed)
{
    double square = 0;
    sid__health_row(job->rows, row, job->rows->origin, scratch_row);
    for (int d = 0; d < job->rows->dim; d++) {
        packed[(int64_t)d * TILE + lane] = scratch_row[d];
        square += scratch_row[d] * scratch_row[d];
    }
    return square * 0.5;
}

static int least(int64_t a, int b)
{
    return a < b ? (int)a : b;
}

/* Offers `candidates` packed rows from `begin` on to the queries of one group, whose first is query `first`. */
static void meet(const search *job, int64_t first, int queries, int64_t begin, int candidates, const double *half,
                 const double *group, scratch *own, nearest *found)
{
    double dot[TILE * TILE] = {0};
    job->dense->tile(job->rows->dim, group, own->packed, dot, TILE);
    for (int q = 0; q < queries; q++)
        for (int j = 0; j < candidates; j++)
            if (begin + j != job->query[first + q])
                offer(&found[q], half[j] - dot[q * TILE + j], begin + j);
}

static void scan(const search *job, int64_t first_query, int queries, scratch *own)
{
    int64_t count = job->in->count, dim = job->rows->dim;
    double half[TILE] = {0};
    for (int64_t begin = 0; begin < count; begin += TILE) {
        int candidates = least(count - begin, TILE);
        for (int j = 0; j < candidates; j++)
            half[j] = pack(job, begin + j, j, own->row, own->packed);
        for (int q = 0; q < queries; q += TILE)
            meet(job, first_query + q, least(queries - q, TILE), begin, candidates, half, own->query + q * dim, own,
                 own->found + q);
    }
}

static void count_shared(const search *job, int64_t query, const nearest *found)
{
    int levels = job->in->levels;
    const uint16_t *codes = job->in->codes + job->query[query] * levels;
    for (int i = 0; i < found->count; i++) {
        int shared = sid__codes_shared(codes, job->in->codes + found->row[i].row * levels, levels);
        for (int l = 0; l < shared; l++)
            job->shared[query * levels + l]++;
    }
}

static void run_chunk(void *arg, int64_t begin, int64_t end, int worker)
{
    const search *job = arg;
    scratch *own = &job->worker[worker];
    if (sid__ctx_check(job->ctx, NULL) != SID_OK)
        return;
    memset(own->found, 0, CHUNK_QUERIES * sizeof *own->found);
    for (int64_t q = begin; q < end; q++) {
        int64_t place = q - begin, group = place / TILE * TILE * job->rows->dim;
        (void)pack(job, job->query[q], (int)(place % TILE), own->row, own->query + group);
    }
    scan(job, begin, (int)(end - begin), own);
    for (int64_t q = begin; q < end; q++)
        count_shared(job, q, &own->found[q - begin]);
}

static sid_status allocate(search *job, sid_error *err)
{
    size_t dim = (size_t)job->rows->dim, queries = (size_t)job->query_count;
    SID_TRY(sid__alloc(&job->query, queries, sizeof *job->query, "queries", err));
    SID_TRY(sid__alloc(&job->shared, queries, (size_t)job->in->levels * sizeof *job->shared, "shared levels", err));
    SID_TRY(sid__alloc(&job->worker, (size_t)job->threads, sizeof *job->worker, "workers' scratch", err));
    for (int w = 0; w < job->threads; w++) {
        scratch *own = &job->worker[w];
        SID_TRY(sid__alloc(&own->query, CHUNK_QUERIES, dim * sizeof(double), "query vectors", err));
        SID_TRY(sid__alloc(&own->packed, TILE, dim * sizeof(double), "candidate vectors", err));
        SID_TRY(sid__alloc(&own->row, 1, dim * sizeof(double), "a row", err));
        SID_TRY(sid__alloc(&own->found, CHUNK_QUERIES, sizeof(nearest), "nearest rows", err));
    }
    return SID_OK;
}

static void drop(search *job)
{
    for (int w = 0; job->worker && w < job->threads; w++) {
        scratch *own = &job->worker[w];
        sid__free(own->query);
        sid__free(own->packed);
        sid__free(own->row);
        sid__free(own->found);
    }
    sid__free(job->worker);
    sid__free(job->shared);
    sid__free(job->query);
}

static double quotient(double above, double below)
{
    return below > 0 ? above / below : SID__NAN;
}

static void fill(const search *job, const sid__code_order *by, sid_report *report)
{
    int levels = job->in->levels;
    int64_t count = job->in->count, nearest_count = count - 1 < NEAREST ? count - 1 : NEAREST;
    double near_prefix = 0, random_prefix = 0;
    for (int l = 0; l < levels; l++) {
        int64_t shared = 0;
        for (int64_t q = 0; q < job->query_count; q++)
            shared += job->shared[q * levels + l];
        double recall = (double)shared / ((double)job->query_count * (double)nearest_count);
        double chance = sid__code_order_pairs(by, l + 1) / ((double)count * (double)(count - 1));
        report->level[l].knn_recall = recall;
        report->level[l].knn_lift = quotient(recall, chance);
        near_prefix += recall;
        random_prefix += chance;
    }
    report->lcp_ratio = quotient(near_prefix, random_prefix);
}

static sid_status run(sid_ctx *ctx, search *job, sid_error *err)
{
    sid__ctx_for(ctx, job->query_count, CHUNK_QUERIES, run_chunk, job);
    return sid__ctx_check(ctx, err);
}

sid_status sid__health_neighbors(sid_ctx *ctx, const sid__health_input *in, const sid__health_rows *rows,
                                 sid_report *report, sid_error *err)
{
    if (in->count < 2)
        return SID_OK;
    search job = {
        .ctx = ctx, .in = in, .rows = rows, .dense = sid__dense_for(ctx->isa), .threads = sid_ctx_threads(ctx)};
    sid__code_order by = {0};
    job.query_count = in->count < QUERIES ? in->count : QUERIES;
    sid__ctx_progress(ctx, "health: nearest neighbours", 0, job.query_count, "queries", SID__NAN);
    sid_status status = allocate(&job, err);
    if (status == SID_OK)
        status = sid__code_order_create(in->codes, in->count, in->levels, &by, err);
    if (status == SID_OK) {
        choose_queries(&job);
        status = run(ctx, &job, err);
    }
    if (status == SID_OK)
        fill(&job, &by, report);
    sid__code_order_free(&by);
    drop(&job);
    return status;
}
