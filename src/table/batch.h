/* batch.h: a call's keys by shard, and equal ones together, in the order in which they came. What a visit and a step begin with.
 */
#ifndef SEMID_TABLE_BATCH_H
#define SEMID_TABLE_BATCH_H

#include "table/table.h"

/* Examples are places in the caller's list. A group is the examples of one key: first[g], next[first[g]], ... -1, ascending.
 * Groups of shard s are begin[s] .. begin[s] + groups[s] - 1, in the order of their first examples. */
typedef struct sid__batch {
    const uint64_t *key; /* (count) the caller's, or addresses */
    uint64_t *address;   /* (count) NULL where keys are used as they are */
    int64_t count;
    int per_example; /* addresses of each of the caller's keys: 2 in double tables */
    int32_t *order;  /* (count) examples by shard, ascending */
    int32_t *first, *last, *next, *probe;
    int64_t begin[SID__SHARDS + 1];
    int32_t groups[SID__SHARDS];
} sid__batch;

enum { SID__BATCH_MAX = 1 << 29 };

/* Keys by shard. SID_EUSAGE: a count that is negative or over SID__BATCH_MAX, a row number that is out of range. */
sid_status sid__batch_init(const sid_table *t, const uint64_t *keys, int64_t count, sid__batch *out, sid_error *err);
void sid__batch_drop(sid__batch *batch);
/* Finds the groups of a shard; any shards at a time. */
void sid__batch_group(sid__batch *batch, int shard);

/* Shards at a time: a small batch is not worth waking threads for. */
static inline int64_t sid__batch_grain(const sid__batch *batch)
{
    return batch->count < 2048 ? SID__SHARDS : 1;
}

/* Row numbers of addressed tables: address (count, 1 or 2). */
sid_status sid__addresses(const sid_table *t, const uint64_t *keys, int64_t count, uint64_t *address, sid_error *err);
static inline int sid__addresses_per_key(const sid_table *t)
{
    return t->setup.kind == SID__DOUBLE ? 2 : 1;
}

#endif
