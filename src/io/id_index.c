/* id_index.c: linear probing at a load of at most one half. The hash is fixed, so that runs are alike; a set of ids made
 * to collide makes a load slow, not wrong. */
#include "io/id_index.h"

#include <inttypes.h>
#include <string.h>

enum { SLOTS_MIN = 64 };

/* FNV-1a, then a mix, since the low bits choose the slot. */
static uint32_t hash_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    return (uint32_t)(hash >> 32);
}

static const char *name_at(sid__names names, int64_t row)
{
    return *(const char *const *)((const char *)names.first + (size_t)row * names.stride);
}

/* The slot that holds `name`, or the free one where it belongs. */
static sid__id_slot *probe(const sid__id_index *index, sid__names names, const char *name, uint32_t hash)
{
    uint64_t mask = (uint64_t)index->slot_count - 1;
    for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
        sid__id_slot *slot = &index->slot[i];
        if (slot->row_plus_1 == 0)
            return slot;
        if (slot->hash == hash && strcmp(name_at(names, (int64_t)slot->row_plus_1 - 1), name) == 0)
            return slot;
    }
}

int64_t sid__id_index_find(const sid__id_index *index, sid__names names, const char *name)
{
    if (index->slot_count == 0)
        return -1;
    return (int64_t)probe(index, names, name, hash_of(name))->row_plus_1 - 1;
}

static sid_status enlarge(sid__id_index *index, sid_error *err)
{
    int64_t slot_count = index->slot_count ? index->slot_count * 2 : SLOTS_MIN;
    sid__id_slot *slot = NULL;
    SID_TRY(sid__alloc(&slot, (size_t)slot_count, sizeof *slot, "the index of ids", err));
    uint64_t mask = (uint64_t)slot_count - 1;
    for (int64_t old = 0; old < index->slot_count; old++) {
        if (index->slot[old].row_plus_1 == 0)
            continue;
        uint64_t i = index->slot[old].hash & mask;
        while (slot[i].row_plus_1)
            i = (i + 1) & mask;
        slot[i] = index->slot[old];
    }
    sid__free(index->slot);
    index->slot = slot;
    index->slot_count = slot_count;
    return SID_OK;
}

sid_status sid__id_index_add(sid__id_index *index, sid__names names, int64_t row, int64_t *seen, sid_error *err)
{
    if (row >= (int64_t)UINT32_MAX - 1)
        return sid__fail(err, SID_EDATA, "row %" PRId64 " is too many; %" PRIu32 " ids are possible", row,
                         UINT32_MAX - 1);
    if (2 * (index->count + 1) > index->slot_count)
        SID_TRY(enlarge(index, err));
    const char *name = name_at(names, row);
    uint32_t hash = hash_of(name);
    sid__id_slot *slot = probe(index, names, name, hash);
    *seen = (int64_t)slot->row_plus_1 - 1;
    if (*seen >= 0)
        return SID_OK;
    *slot = (sid__id_slot){.hash = hash, .row_plus_1 = (uint32_t)row + 1};
    index->count++;
    return SID_OK;
}

void sid__id_index_drop(sid__id_index *index)
{
    sid__free(index->slot);
    *index = (sid__id_index){0};
}
