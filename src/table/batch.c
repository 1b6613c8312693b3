/* batch.c: see batch.h. */
#include "table/batch.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

sid_status sid__addresses(const sid_table *t, const uint64_t *keys, int64_t count, uint64_t *address, sid_error *err)
{
    int64_t rows = t->setup.rows;
    for (int64_t i = 0; i < count; i++) {
        if (t->setup.kind == SID__DOUBLE) {
            address[2 * i] = (uint64_t)sid_table_hash_row(keys[i], 0, rows / 2);
            address[2 * i + 1] = (uint64_t)(rows / 2 + sid_table_hash_row(keys[i], 1, rows / 2));
        } else if (!t->setup.by_row) {
            address[i] = (uint64_t)sid_table_hash_row(keys[i], t->setup.hash_seed, rows);
        } else if (keys[i] >= (uint64_t)rows) {
            return sid__fail(err, SID_EUSAGE, "key %" PRId64 " is row %" PRIu64 "; the table has rows 0 to %" PRId64, i,
                             keys[i], rows - 1);
        } else {
            address[i] = keys[i];
        }
    }
    return SID_OK;
}

/* Counting sort: stable, so a shard's examples keep their order. */
static void sort_by_shard(sid__batch *b)
{
    int64_t at[SID__SHARDS];
    for (int64_t i = 0; i < b->count; i++)
        b->begin[sid__shard_of(sid__mix64(b->key[i])) + 1]++;
    for (int s = 0; s < SID__SHARDS; s++) {
        b->begin[s + 1] += b->begin[s];
        at[s] = b->begin[s];
    }
    for (int64_t i = 0; i < b->count; i++)
        b->order[at[sid__shard_of(sid__mix64(b->key[i]))]++] = (int32_t)i;
}

static sid_status acquire(const sid_table *t, sid__batch *b, sid_error *err)
{
    static const char what[] = "keys of a call by shard";
    size_t count = (size_t)b->count;
    if (sid__table_is_addressed(t))
        SID_TRY(sid__alloc(&b->address, count, sizeof *b->address, what, err));
    SID_TRY(sid__alloc(&b->order, count, sizeof *b->order, what, err));
    SID_TRY(sid__alloc(&b->first, count, sizeof *b->first, what, err));
    SID_TRY(sid__alloc(&b->last, count, sizeof *b->last, what, err));
    SID_TRY(sid__alloc(&b->next, count, sizeof *b->next, what, err));
    return sid__alloc(&b->probe, 4 * count, sizeof *b->probe, what, err);
}

sid_status sid__batch_init(const sid_table *t, const uint64_t *keys, int64_t count, sid__batch *out, sid_error *err)
{
    sid__batch batch = {.key = keys, .per_example = sid__addresses_per_key(t)};
    if (count < 0 || count > SID__BATCH_MAX)
        return sid__fail(err, SID_EUSAGE, "a call of %" PRId64 " keys; 0 to %d are possible", count, SID__BATCH_MAX);
    batch.count = count * batch.per_example;
    sid_status status = acquire(t, &batch, err);
    if (status == SID_OK && batch.address)
        status = sid__addresses(t, keys, count, batch.address, err);
    if (status != SID_OK) {
        sid__batch_drop(&batch);
        return status;
    }
    if (batch.address)
        batch.key = batch.address;
    sort_by_shard(&batch);
    *out = batch;
    return SID_OK;
}

void sid__batch_drop(sid__batch *b)
{
    sid__free(b->address);
    sid__free(b->order);
    sid__free(b->first);
    sid__free(b->last);
    sid__free(b->next);
    sid__free(b->probe);
    *b = (sid__batch){0};
}

/* Open addressing in the shard's own part of `probe`, which holds 1 + a group: between half and a fourth full. */
void sid__batch_group(sid__batch *b, int shard)
{
    int64_t begin = b->begin[shard], count = b->begin[shard + 1] - begin;
    int32_t *probe = b->probe + 4 * begin, groups = 0;
    uint64_t slots = 2;
    while (slots < 2 * (uint64_t)count)
        slots *= 2;
    memset(probe, 0, count ? slots * sizeof *probe : 0);
    for (int64_t i = begin; i < begin + count; i++) {
        int32_t example = b->order[i];
        uint64_t at = sid__mix64(b->key[example]) & (slots - 1);
        while (probe[at] && b->key[b->first[begin + probe[at] - 1]] != b->key[example])
            at = (at + 1) & (slots - 1);
        b->next[example] = -1;
        if (probe[at]) {
            b->next[b->last[begin + probe[at] - 1]] = example;
        } else {
            probe[at] = ++groups;
            b->first[begin + groups - 1] = example;
        }
        b->last[begin + probe[at] - 1] = example;
    }
    b->groups[shard] = groups;
}
