/* admission.c: see admission.h. */
#include "table/admission.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

enum { COUNT_MAX = 255 };

static size_t cells_in_all(const sid__filter *filter)
{
    return (size_t)filter->shards * SID__GENERATIONS * (size_t)filter->cells;
}

size_t sid__filter_size(const sid__filter *filter)
{
    return filter->cells ? cells_in_all(filter) * sizeof(uint32_t) : 0;
}

sid_status sid__filter_init(sid_ctx *ctx, int shards, int64_t cells, sid__filter *filter, sid_error *err)
{
    static const char what[] = "the filter that counts sights of keys";
    sid__filter made = {.ctx = ctx, .shards = shards, .cells = cells > 0 ? SID__FILTER_CELLS_LEAST : 0};
    while (made.cells * shards < cells)
        made.cells *= 2;
    SID_TRY(sid__ctx_reserve(ctx, sid__filter_size(&made), what, err));
    sid_status status = sid__alloc(&made.cell, cells_in_all(&made), sizeof *made.cell, what, err);
    if (status == SID_OK)
        status = sid__alloc(&made.used, (size_t)shards * SID__GENERATIONS, sizeof *made.used, what, err);
    if (status == SID_OK)
        status = sid__alloc(&made.newest, (size_t)shards, 1, what, err);
    if (status != SID_OK) {
        sid__filter_drop(&made);
        return status;
    }
    *filter = made;
    return SID_OK;
}

void sid__filter_drop(sid__filter *filter)
{
    if (filter->ctx)
        sid__ctx_release(filter->ctx, sid__filter_size(filter));
    sid__free(filter->cell);
    sid__free(filter->used);
    sid__free(filter->newest);
    *filter = (sid__filter){0};
}

static uint32_t *generation(const sid__filter *filter, int shard, int index)
{
    return filter->cell + ((int64_t)shard * SID__GENERATIONS + index) * filter->cells;
}

void sid__filter_recount(sid__filter *filter)
{
    for (int g = 0; g < filter->shards * SID__GENERATIONS && filter->cells; g++) {
        const uint32_t *cell = generation(filter, 0, g);
        filter->used[g] = 0;
        for (int64_t i = 0; i < filter->cells; i++)
            filter->used[g] += cell[i] != 0;
    }
}

static uint32_t signature_of(uint64_t hash)
{
    return (uint32_t)(hash >> 24) << 8; /* places are of the lowest bits, shards and partial keys of the highest */
}

/* The key's cell in a generation, or NULL; *free_cell (NULL allowed) gets the first free one that it could have. */
static uint32_t *find_in(const sid__filter *filter, int shard, int index, uint64_t hash, uint32_t **free_cell)
{
    uint32_t *cell = generation(filter, shard, index), signature = signature_of(hash);
    uint64_t mask = (uint64_t)filter->cells - 1;
    for (uint64_t i = 0; i < SID__FILTER_PROBES; i++) {
        uint32_t *at = &cell[(hash + i) & mask];
        if (*at && (*at & ~255U) == signature)
            return at;
        if (!*at && free_cell && !*free_cell)
            *free_cell = at;
    }
    return NULL;
}

static uint32_t *find(const sid__filter *filter, int shard, uint64_t hash, int *index)
{
    for (int age = 0; age < SID__GENERATIONS; age++) {
        *index = (filter->newest[shard] + SID__GENERATIONS - age) % SID__GENERATIONS;
        uint32_t *at = find_in(filter, shard, *index, hash, NULL);
        if (at)
            return at;
    }
    return NULL;
}

int sid__filter_count(const sid__filter *filter, int shard, uint64_t hash)
{
    int index;
    const uint32_t *at = filter->cells ? find(filter, shard, hash, &index) : NULL;
    return at ? (int)(*at & 255) : 0;
}

void sid__filter_forget(sid__filter *filter, int shard, uint64_t hash)
{
    int index;
    uint32_t *at = filter->cells ? find(filter, shard, hash, &index) : NULL;
    if (at) {
        *at = 0;
        filter->used[shard * SID__GENERATIONS + index]--;
    }
}

static void roll(sid__filter *filter, int shard)
{
    int oldest = (filter->newest[shard] + 1) % SID__GENERATIONS;
    memset(generation(filter, shard, oldest), 0, (size_t)filter->cells * sizeof(uint32_t));
    filter->used[shard * SID__GENERATIONS + oldest] = 0;
    filter->newest[shard] = (uint8_t)oldest;
}

void sid__filter_add(sid__filter *filter, int shard, uint64_t hash, int64_t sights)
{
    uint32_t *free_cell = NULL;
    if (!filter->cells)
        return;
    int64_t count = sid__filter_count(filter, shard, hash) + sights;
    sid__filter_forget(filter, shard, hash);
    if (2 * (int64_t)filter->used[shard * SID__GENERATIONS + filter->newest[shard]] >= filter->cells)
        roll(filter, shard);
    (void)find_in(filter, shard, filter->newest[shard], hash, &free_cell);
    if (!free_cell) { /* none of its places: as good as full */
        roll(filter, shard);
        (void)find_in(filter, shard, filter->newest[shard], hash, &free_cell);
    }
    assert(free_cell);
    *free_cell = signature_of(hash) | (uint32_t)(count < COUNT_MAX ? count : COUNT_MAX);
    filter->used[shard * SID__GENERATIONS + filter->newest[shard]]++;
}
