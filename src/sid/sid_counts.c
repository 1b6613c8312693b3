/* sid_counts.c: see sid_counts.h. */
#include "sid/sid_counts.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

sid_status sid__sid_counts_init(int64_t sids, int levels, sid__sid_counts *out, sid_error *err)
{
    sid__sid_counts counts = {.size = 16, .levels = levels};
    while (counts.size / 2 < sids)
        counts.size *= 2;
    size_t row_size = (size_t)levels * sizeof *counts.codes;
    SID_TRY(sid__alloc(&counts.codes, (size_t)counts.size, row_size, "SIDs that are taken", err));
    sid_status status = sid__alloc(&counts.count, (size_t)counts.size, sizeof *counts.count, "counts of SIDs", err);
    if (status != SID_OK) {
        sid__sid_counts_drop(&counts);
        return status;
    }
    for (int64_t i = 0; i < counts.size; i++)
        counts.count[i] = -1;
    *out = counts;
    return SID_OK;
}

void sid__sid_counts_drop(sid__sid_counts *counts)
{
    sid__free(counts->codes);
    sid__free(counts->count);
    *counts = (sid__sid_counts){0};
}

int64_t *sid__sid_count(sid__sid_counts *counts, const uint16_t *codes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t row_size = (size_t)counts->levels * sizeof *codes;
    for (int l = 0; l < counts->levels; l++)
        hash = (hash ^ codes[l]) * UINT64_C(0x100000001b3);
    hash ^= hash >> 29;
    int64_t at = (int64_t)(hash & (uint64_t)(counts->size - 1));
    while (counts->count[at] >= 0 && memcmp(counts->codes + at * counts->levels, codes, row_size) != 0)
        at = (at + 1) & (counts->size - 1);
    if (counts->count[at] >= 0)
        return &counts->count[at];
    assert(counts->sids < counts->size / 2);
    counts->sids++;
    counts->count[at] = 0;
    memcpy(counts->codes + at * counts->levels, codes, row_size);
    return &counts->count[at];
}
