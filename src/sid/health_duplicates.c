/* health_duplicates.c: equal vectors, which no quantizer can tell apart, and collisions once they are counted out. */
#include <string.h>

#include "base/mem.h"
#include "sid/code_order.h"
#include "sid/health_parts.h"
#include "sid/sort_rows.h"

typedef struct hashed_rows {
    const float *x; /* (count, dim) */
    int dim;
    uint64_t *hash; /* (count) */
} hashed_rows;

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

static const float *row_of(const hashed_rows *rows, int64_t row)
{
    return rows->x + row * rows->dim;
}

static int compare(const void *context, int64_t a, int64_t b)
{
    const hashed_rows *rows = context;
    if (rows->hash[a] != rows->hash[b])
        return rows->hash[a] < rows->hash[b] ? -1 : 1;
    return memcmp(row_of(rows, a), row_of(rows, b), (size_t)rows->dim * sizeof *rows->x);
}

/* order (count): scratch. The sort is stable: of equal rows the first comes first. */
static sid_status mark(const hashed_rows *rows, int64_t count, int64_t *order, bool *is_duplicate, int64_t *duplicates,
                       sid_error *err)
{
    SID_TRY(sid__sort_rows(order, count, compare, rows, err));
    for (int64_t i = 1; i < count; i++) {
        is_duplicate[order[i]] = compare(rows, order[i - 1], order[i]) == 0;
        *duplicates += is_duplicate[order[i]];
    }
    return SID_OK;
}

static sid_status find_duplicates(const sid__health_input *in, int dim, bool *is_duplicate, int64_t *duplicates,
                                  sid_error *err)
{
    hashed_rows rows = {.x = in->x, .dim = dim};
    int64_t *order = NULL;
    SID_TRY(sid__alloc(&rows.hash, (size_t)in->count, sizeof *rows.hash, "hashes of vectors", err));
    sid_status status = sid__alloc(&order, (size_t)in->count, sizeof *order, "the order of vectors", err);
    for (int64_t i = 0; status == SID_OK && i < in->count; i++)
        rows.hash[i] = hash_row(row_of(&rows, i), dim);
    if (status == SID_OK)
        status = mark(&rows, in->count, order, is_duplicate, duplicates, err);
    sid__free(order);
    sid__free(rows.hash);
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

sid_status sid__health_duplicates(const sid__health_input *in, int dim, sid_report *report, sid_error *err)
{
    sid__code_order by = {0};
    bool *is_duplicate = NULL;
    int64_t duplicates = 0;
    SID_TRY(sid__alloc(&is_duplicate, (size_t)in->count, sizeof *is_duplicate, "marks of equal vectors", err));
    sid_status status = find_duplicates(in, dim, is_duplicate, &duplicates, err);
    if (status == SID_OK)
        status = sid__code_order_create(in->codes, in->count, in->levels, &by, err);
    if (status == SID_OK) {
        report->duplicate_vectors = duplicates;
        report->colliding_distinct_rate = (double)count_colliding(&by, is_duplicate) / (double)(in->count - duplicates);
    }
    sid__code_order_free(&by);
    sid__free(is_duplicate);
    return status;
}
