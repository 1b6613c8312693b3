/* health_neighbors.c: do near vectors share codes? 2,000 seeded queries against all rows, exactly.
 *
 * Scores are 1/2 |c|^2 - q.c of vectors less a common origin, in double: they order as the true distances do. Each is
 * one chain in d order and ties go by row, so that no thread count or instruction set changes a neighbour. Rows are read
 * and packed a block at a time, which then meets all queries, 64 a task, in tiles of 16 by 16: the rows may lie in a file,
 * which is read once.
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

enum {
    QUERIES = 2000,
    NEAREST = SID__HEALTH_NEAREST,
    TILE = SID__DENSE_TILE,
    CHUNK_QUERIES = 4 * TILE, /* a task */
    PACK_ROWS = 4 * TILE,     /* a task */
    BLOCK_VALUES = 1 << 17,   /* 1 MiB of packed candidates */
    PART_VALUES = 1 << 22     /* 32 MiB of packed queries; beyond, the rows are read once more */
};

typedef struct neighbor {
    double score;
    int64_t row;
} neighbor;

/* The nearest so far, near to far. */
typedef struct nearest {
    neighbor row[NEAREST];
    int count;
} nearest;

typedef struct search {
    const sid_ctx *ctx;
    const sid__health_input *in;
    const sid__health_rows *rows;
    const sid__dense *dense;
    int64_t *query; /* (query_count) rows, ascending */
    int64_t query_count;
    int32_t *shared;                  /* (query_count, levels) neighbours that share the first level + 1 codes */
    nearest *found;                   /* (query_count) */
    int64_t part_begin, part_queries; /* queries that are packed now; part_queries: a multiple of CHUNK_QUERIES */
    double *packed_query;             /* (part_queries / TILE, dim, TILE) */
    int64_t begin, block_rows;        /* candidates that are packed now; block_rows: a multiple of PACK_ROWS */
    double *packed;                   /* (block_rows / TILE, dim, TILE) */
    double *half;                     /* (block_rows) 1/2 |row|^2 */
    float *raw;                       /* (workers, PACK_ROWS, dim); NULL: the rows lie in memory */
    double *row;                      /* (workers, dim) */
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

/* Packs the centred row x as column `lane` of packed (dim, TILE); gives 1/2 |row|^2. */
static double pack(const search *job, const float *x, int lane, double *row, double *packed)
{
    double square = 0;
    sid__health_row(job->rows, x, job->rows->origin, row);
    for (int d = 0; d < job->rows->dim; d++) {
        packed[(int64_t)d * TILE + lane] = row[d];
        square += row[d] * row[d];
    }
    return square * 0.5;
}

static int least(int64_t a, int b)
{
    return a < b ? (int)a : b;
}

/* Candidates begin .. end of the block. */
static sid_status pack_rows(void *arg, int64_t begin, int64_t end, int worker, sid_error *err)
{
    const search *job = arg;
    int64_t dim = job->rows->dim;
    float *raw = job->raw ? job->raw + worker * PACK_ROWS * dim : NULL;
    const float *x;
    SID_TRY(sid__rows_get(job->in->x, job->begin + begin, end - begin, raw, &x, err));
    for (int64_t i = begin; i < end; i++)
        job->half[i] = pack(job, x + (i - begin) * dim, (int)(i % TILE), job->row + worker * dim,
                            job->packed + i / TILE * TILE * dim);
    return SID_OK;
}

/* Offers `candidates` packed rows from place `at` of the block on to the queries of one group, whose first is `first`. */
static void meet(const search *job, int64_t first, int queries, int64_t at, int candidates, const double *group)
{
    double dot[TILE * TILE] = {0};
    int64_t begin = job->begin + at;
    job->dense->tile(job->rows->dim, group, job->packed + at * job->rows->dim, dot, TILE);
    for (int q = 0; q < queries; q++)
        for (int j = 0; j < candidates; j++)
            if (begin + j != job->query[first + q])
                offer(&job->found[first + q], job->half[at + j] - dot[q * TILE + j], begin + j);
}

/* Queries begin .. end of the part meet the block. */
static void scan(void *arg, int64_t begin, int64_t end, int worker)
{
    const search *job = arg;
    (void)worker;
    int64_t count = job->in->count - job->begin;
    count = count < job->block_rows ? count : job->block_rows;
    for (int64_t at = 0; at < count; at += TILE)
        for (int64_t q = begin; q < end; q += TILE)
            meet(job, job->part_begin + q, least(end - q, TILE), at, least(count - at, TILE),
                 job->packed_query + q * job->rows->dim);
}

static sid_status pack_queries(search *job, int64_t count, sid_error *err)
{
    for (int64_t q = 0; q < count; q++) {
        const float *x;
        SID_TRY(sid__rows_get(job->in->x, job->query[job->part_begin + q], 1, job->raw, &x, err));
        (void)pack(job, x, (int)(q % TILE), job->row, job->packed_query + q / TILE * TILE * job->rows->dim);
    }
    return SID_OK;
}

/* The neighbours of the queries of one part, through all rows. */
static sid_status search_part(search *job, sid_error *err)
{
    int64_t count = job->in->count, queries = least(job->query_count - job->part_begin, (int)job->part_queries);
    SID_TRY(pack_queries(job, queries, err));
    for (job->begin = 0; job->begin < count; job->begin += job->block_rows) {
        int64_t rows = count - job->begin < job->block_rows ? count - job->begin : job->block_rows;
        sid__ctx_progress(job->ctx, "health: nearest neighbours", job->begin, count, "rows", SID__NAN);
        SID_TRY(sid__ctx_check(job->ctx, err));
        SID_TRY(sid__ctx_try_for(job->ctx, rows, PACK_ROWS, pack_rows, job, err));
        sid__ctx_for(job->ctx, queries, CHUNK_QUERIES, scan, job);
    }
    return SID_OK;
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

static sid_status allocate(search *job, sid_error *err)
{
    size_t dim = (size_t)job->rows->dim, queries = (size_t)job->query_count;
    int threads = sid_ctx_threads(job->ctx);
    SID_TRY(sid__alloc(&job->query, queries, sizeof *job->query, "queries", err));
    SID_TRY(sid__alloc(&job->shared, queries, (size_t)job->in->levels * sizeof *job->shared, "shared levels", err));
    SID_TRY(sid__alloc(&job->found, queries, sizeof *job->found, "nearest rows", err));
    SID_TRY(sid__alloc(&job->packed_query, (size_t)job->part_queries, dim * sizeof(double), "query vectors", err));
    SID_TRY(sid__alloc(&job->packed, (size_t)job->block_rows, dim * sizeof(double), "candidate vectors", err));
    SID_TRY(sid__alloc(&job->half, (size_t)job->block_rows, sizeof(double), "candidate vectors", err));
    SID_TRY(sid__alloc(&job->row, (size_t)threads, dim * sizeof(double), "rows", err));
    return sid__rows_buffer(job->in->x, (int64_t)threads * PACK_ROWS, &job->raw, err);
}

static void drop(search *job)
{
    sid__free(job->query);
    sid__free(job->shared);
    sid__free(job->found);
    sid__free(job->packed_query);
    sid__free(job->packed);
    sid__free(job->half);
    sid__free(job->row);
    sid__free(job->raw);
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

static sid_status run(search *job, sid_error *err)
{
    for (job->part_begin = 0; job->part_begin < job->query_count; job->part_begin += job->part_queries)
        SID_TRY(search_part(job, err));
    for (int64_t q = 0; q < job->query_count; q++)
        count_shared(job, q, &job->found[q]);
    return SID_OK;
}

/* `values` / dim rows, as a multiple of `unit`, at least one, but no more than hold `count`. */
static int64_t rows_of(int64_t values, int dim, int unit, int64_t count)
{
    int64_t rows = values / dim / unit * unit, all = (count + unit - 1) / unit * unit;
    rows = rows < unit ? unit : rows;
    return rows < all ? rows : all;
}

sid_status sid__health_neighbors(sid_ctx *ctx, const sid__health_input *in, const sid__health_rows *rows,
                                 sid_report *report, sid_error *err)
{
    if (in->count < 2)
        return SID_OK;
    search job = {.ctx = ctx, .in = in, .rows = rows, .dense = sid__dense_for(ctx->isa)};
    sid__code_order by = {0};
    job.query_count = in->count < QUERIES ? in->count : QUERIES;
    job.part_queries = rows_of(PART_VALUES, rows->dim, CHUNK_QUERIES, job.query_count);
    job.block_rows = rows_of(BLOCK_VALUES, rows->dim, PACK_ROWS, in->count);
    sid_status status = allocate(&job, err);
    if (status == SID_OK)
        status = sid__code_order_create(in->codes, in->count, in->levels, &by, err);
    if (status == SID_OK) {
        choose_queries(&job);
        status = run(&job, err);
    }
    if (status == SID_OK)
        fill(&job, &by, report);
    sid__code_order_free(&by);
    drop(&job);
    return status;
}
