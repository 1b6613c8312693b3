/* capped.c: see capped.h. */
#include "table/capped.h"

#include <assert.h>

#include "base/mem.h"
#include "linalg/scalar.h"

size_t sid__capped_size(const sid__capped *capped)
{
    return (size_t)capped->rows * (2 * sizeof(uint32_t) + sizeof(sid__capped_entry));
}

sid_status sid__capped_init(sid_ctx *ctx, int64_t rows, double half_life_s, sid__capped *capped, sid_error *err)
{
    static const char what[] = "the order in which rows go";
    sid__capped made = {.ctx = ctx, .rows = rows, .half_life_s = half_life_s};
    SID_TRY(sid__ctx_reserve(ctx, sid__capped_size(&made), what, err));
    sid_status status = sid__alloc(&made.count, (size_t)rows, sizeof *made.count, what, err);
    if (status == SID_OK)
        status = sid__alloc(&made.batch, (size_t)rows, sizeof *made.batch, what, err);
    if (status == SID_OK)
        status = sid__alloc(&made.heap, (size_t)rows, sizeof *made.heap, what, err);
    if (status != SID_OK) {
        sid__capped_drop(&made);
        return status;
    }
    *capped = made;
    return SID_OK;
}

void sid__capped_drop(sid__capped *capped)
{
    if (capped->ctx)
        sid__ctx_release(capped->ctx, sid__capped_size(capped));
    sid__free(capped->count);
    sid__free(capped->batch);
    sid__free(capped->heap);
    *capped = (sid__capped){0};
}

double sid__capped_score(const sid__capped *capped, uint32_t count, uint32_t last_use)
{
    static const double log_of_2 = 0.693147180559945309417;
    return sid__log((double)count) / log_of_2 + (double)last_use / capped->half_life_s;
}

static bool is_before(const sid__capped_entry *a, const sid__capped_entry *b)
{
    return a->score < b->score || (a->score <= b->score && a->key < b->key);
}

static void swap(sid__capped_entry *a, sid__capped_entry *b)
{
    sid__capped_entry kept = *a;
    *a = *b;
    *b = kept;
}

static void sink(sid__capped *capped, int64_t at)
{
    sid__capped_entry *heap = capped->heap;
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child + 1 < capped->heap_count && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (child >= capped->heap_count || !is_before(&heap[child], &heap[at]))
            return;
        swap(&heap[child], &heap[at]);
        at = child;
    }
}

void sid__capped_push(sid__capped *capped, double score, uint64_t key, uint32_t row)
{
    assert(capped->heap_count < capped->rows);
    int64_t at = capped->heap_count++;
    capped->heap[at] = (sid__capped_entry){score, key, row};
    for (; at > 0 && is_before(&capped->heap[at], &capped->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&capped->heap[at], &capped->heap[(at - 1) / 2]);
}

const sid__capped_entry *sid__capped_least(const sid__capped *capped)
{
    return capped->heap_count ? &capped->heap[0] : NULL;
}

void sid__capped_raise(sid__capped *capped, double score)
{
    capped->heap[0].score = score;
    sink(capped, 0);
}

void sid__capped_pop(sid__capped *capped)
{
    assert(capped->heap_count > 0);
    capped->heap[0] = capped->heap[--capped->heap_count];
    sink(capped, 0);
}
