/* sorted.c: by radix, eight bits at a time from the lowest, passing over those that all keys share: linear in the rows, and the
 * time of a snapshot is then that of its bytes.
 */
#include "table/sorted.h"

#include <string.h>

#include "base/mem.h"

static void collect(const sid_table *t, sid__sorted_key *out)
{
    int64_t count = 0;
    if (sid__table_is_addressed(t)) {
        for (int64_t row = 0; row < t->rows; row++)
            out[row] = (sid__sorted_key){.key = (uint64_t)row, .row = (uint32_t)row};
        return;
    }
    for (int shard = 0; shard < SID__SHARDS; shard++) {
        const sid__cuckoo *map = &t->shard[shard];
        for (uint64_t i = 0; i < (map->mask + 1) * SID__BUCKET; i++)
            if (sid__slot_is_taken(map, i))
                out[count++] = (sid__sorted_key){map->slot[i].key, map->slot[i].row, map->slot[i].last_use};
    }
    assert(count == t->rows);
}

static bool pass(const sid__sorted_key *from, sid__sorted_key *to, int64_t count, int shift)
{
    int64_t at[257] = {0};
    for (int64_t i = 0; i < count; i++)
        at[(from[i].key >> shift & 255) + 1]++;
    for (int b = 0; b < 256; b++) {
        if (at[b + 1] == count)
            return false;
        at[b + 1] += at[b];
    }
    for (int64_t i = 0; i < count; i++)
        to[at[from[i].key >> shift & 255]++] = from[i];
    return true;
}

sid_status sid__table_sorted(const sid_table *t, sid__sorted_key **out, sid_error *err)
{
    static const char what[] = "the keys of a table";
    sid__sorted_key *list = NULL, *other = NULL;
    SID_TRY(sid__alloc(&list, (size_t)t->rows, sizeof *list, what, err));
    sid_status status = sid__alloc(&other, (size_t)t->rows, sizeof *other, what, err);
    if (status != SID_OK) {
        sid__free(list);
        return status;
    }
    collect(t, list);
    for (int shift = 0; shift < 64 && !sid__table_is_addressed(t); shift += 8)
        if (pass(list, other, t->rows, shift)) {
            sid__sorted_key *kept = list;
            list = other;
            other = kept;
        }
    sid__free(other);
    *out = list;
    return SID_OK;
}

sid_status sid_table_keys(const sid_table *table, uint64_t *keys, int64_t max, int64_t *count, sid_error *err)
{
    sid_table *t = (sid_table *)table; /* the lock changes */
    sid__sorted_key *list = NULL;
    (void)pthread_mutex_lock(&t->writer);
    sid_status status = sid__table_sorted(t, &list, err);
    for (int64_t i = 0; status == SID_OK && i < t->rows && i < max; i++)
        keys[i] = list[i].key;
    if (status == SID_OK)
        *count = t->rows;
    sid__free(list);
    (void)pthread_mutex_unlock(&t->writer);
    return status;
}
