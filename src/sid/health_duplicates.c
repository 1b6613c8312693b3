/* health_duplicates.c: equal vectors, which no quantizer can tell apart, and collisions once they are counted out. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/sha256.h"
#include "sid/code_order.h"
#include "sid/health_parts.h"
#include "sid/sort_rows.h"

enum { HASH_ROWS = 64 };

/* FNV-1a on 4-byte words with a final mix. It only groups rows that are then compared. */
static uint64_t hash_row(const float *x, int dim)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int d = 0; d < dim; d++) {
        uint32_t word;
        memcpy(&word, &x[d], sizeof word);
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
    }
    return hash ^ hash >> 29;
}

typedef struct hashing {
    const sid__rows *x;
    uint64_t *hash;       /* (count) */
    float *buffer;        /* (workers, HASH_ROWS, dim); NULL: the rows lie in memory */
    int64_t *order;       /* (count) rows by hash, then row */
    bool *is_duplicate;   /* (count) */
    float *first, *other; /* (dim) rows that are compared; NULL as buffer */
} hashing;

static sid_status hash_chunk(void *arg, int64_t begin, int64_t end, int worker, sid_error *err)
{
    const hashing *job = arg;
    int dim = job->x->dim;
    const float *x;
    float *buffer = job->buffer ? job->buffer + (int64_t)worker * HASH_ROWS * dim : NULL;
    SID_TRY(sid__rows_get(job->x, begin, end - begin, buffer, &x, err));
    for (int64_t i = begin; i < end; i++)
        job->hash[i] = hash_row(x + (i - begin) * dim, dim);
    return SID_OK;
}

static int compare(const void *context, int64_t a, int64_t b)
{
    const uint64_t *hash = context;
    return hash[a] < hash[b] ? -1 : hash[a] > hash[b];
}

/* A row by the hash of its bytes, of which no two are known that agree. */
typedef struct signed_row {
    unsigned char digest[SID__SHA256_SIZE];
    int64_t row;
} signed_row;

static int by_digest(const void *a, const void *b)
{
    const signed_row *x = a, *y = b;
    int by_bytes = memcmp(x->digest, y->digest, sizeof x->digest);
    return by_bytes ? by_bytes : (x->row > y->row) - (x->row < y->row);
}

static void digest_of(const float *x, int dim, unsigned char digest[SID__SHA256_SIZE])
{
    sid__sha256 hash;
    sid__sha256_init(&hash);
    sid__sha256_update(&hash, x, (size_t)dim * sizeof *x);
    sid__sha256_final(&hash, digest);
}

/* The run holds rows that differ: data made so that hash_row fails. */
static sid_status mark_made_run(const hashing *job, const int64_t *row, int64_t count, sid_error *err)
{
    signed_row *all = NULL;
    const float *x;
    SID_TRY(sid__alloc(&all, (size_t)count, sizeof *all, "hashes of vectors", err));
    sid_status status = SID_OK;
    for (int64_t i = 0; i < count && status == SID_OK; i++) {
        all[i].row = row[i];
        status = sid__rows_get(job->x, row[i], 1, job->other, &x, err);
        if (status == SID_OK)
            digest_of(x, job->x->dim, all[i].digest);
    }
    if (status == SID_OK)
        qsort(all, (size_t)count, sizeof *all, by_digest);
    for (int64_t i = 1; i < count && status == SID_OK; i++)
        job->is_duplicate[all[i].row] = memcmp(all[i - 1].digest, all[i].digest, sizeof all->digest) == 0;
    sid__free(all);
    return status;
}

/* Marks the rows of one run of equal hashes that equal an earlier one of it: nearly always all but the first. */
static sid_status mark_run(const hashing *job, const int64_t *row, int64_t count, sid_error *err)
{
    const float *first, *other;
    SID_TRY(sid__rows_get(job->x, row[0], 1, job->first, &first, err));
    for (int64_t i = 1; i < count; i++) {
        SID_TRY(sid__rows_get(job->x, row[i], 1, job->other, &other, err));
        if (memcmp(first, other, (size_t)job->x->dim * sizeof *first) != 0)
            return mark_made_run(job, row, count, err);
        job->is_duplicate[row[i]] = true;
    }
    return SID_OK;
}

static sid_status mark_runs(const sid_ctx *ctx, const hashing *job, sid_error *err)
{
    for (int64_t begin = 0, end; begin < job->x->count; begin = end) {
        for (end = begin + 1; end < job->x->count && job->hash[job->order[end]] == job->hash[job->order[begin]];)
            end++;
        if (end - begin == 1)
            continue;
        SID_TRY(sid__ctx_check(ctx, err));
        SID_TRY(mark_run(job, job->order + begin, end - begin, err));
    }
    return SID_OK;
}

static sid_status allocate(const sid_ctx *ctx, hashing *job, sid_error *err)
{
    size_t count = (size_t)job->x->count;
    SID_TRY(sid__alloc(&job->hash, count, sizeof *job->hash, "hashes of vectors", err));
    SID_TRY(sid__alloc(&job->order, count, sizeof *job->order, "the order of vectors", err));
    SID_TRY(sid__rows_buffer(job->x, (int64_t)sid_ctx_threads(ctx) * HASH_ROWS, &job->buffer, err));
    SID_TRY(sid__rows_buffer(job->x, 1, &job->first, err));
    return sid__rows_buffer(job->x, 1, &job->other, err);
}

static sid_status find_duplicates(const sid_ctx *ctx, const sid__rows *x, bool *is_duplicate, sid_error *err)
{
    hashing job = {.x = x, .is_duplicate = is_duplicate};
    sid_status status = allocate(ctx, &job, err);
    if (status == SID_OK)
        status = sid__ctx_try_for(ctx, x->count, HASH_ROWS, hash_chunk, &job, err);
    if (status == SID_OK)
        status = sid__sort_rows(job.order, x->count, compare, job.hash, err); /* stable: of equal hashes by row */
    if (status == SID_OK)
        status = mark_runs(ctx, &job, err);
    sid__free(job.hash);
    sid__free(job.order);
    sid__free(job.buffer);
    sid__free(job.first);
    sid__free(job.other);
    return status;
}

/* Distinct vectors in buckets that hold two of them. */
static int64_t count_colliding(const sid__code_order *by, const bool *is_duplicate)
{
    int64_t colliding = 0;
    for (int64_t begin = 0, end; begin < by->count; begin = end) {
        int64_t distinct = 0;
        end = sid__code_order_run(by, begin, by->levels);
        for (int64_t i = begin; i < end; i++)
            distinct += !is_duplicate[by->order[i]];
        colliding += distinct > 1 ? distinct : 0;
    }
    return colliding;
}

sid_status sid__health_duplicates(sid_ctx *ctx, const sid__health_input *in, sid_report *report, sid_error *err)
{
    sid__code_order by = {0};
    bool *is_duplicate = NULL;
    int64_t duplicates = 0;
    sid__ctx_progress(ctx, "health: equal vectors", 0, in->count, "rows", SID__NAN);
    SID_TRY(sid__alloc(&is_duplicate, (size_t)in->count, sizeof *is_duplicate, "marks of equal vectors", err));
    sid_status status = find_duplicates(ctx, in->x, is_duplicate, err);
    if (status == SID_OK)
        status = sid__code_order_create(in->codes, in->count, in->levels, &by, err);
    if (status == SID_OK) {
        for (int64_t i = 0; i < in->count; i++)
            duplicates += is_duplicate[i];
        report->duplicate_vectors = duplicates;
        report->colliding_distinct_rate = (double)count_colliding(&by, is_duplicate) / (double)(in->count - duplicates);
    }
    sid__code_order_free(&by);
    sid__free(is_duplicate);
    return status;
}
