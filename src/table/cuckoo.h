/* cuckoo.h: one shard of a table's map from keys to rows: 2 buckets x 4 slots (Pagh, Rodler, "Cuckoo hashing", J. Algorithms 51,
 * 2004; partial keys: Fan, Andersen, Kaminsky, MemC3, NSDI 2013).
 *
 * Looked up some 10^7 times a second, mostly for keys that are there, at random: so a look-up touches one cache line of the map,
 * nearly always the first bucket's, which is known from the key, so that it can be fetched ahead. Its four slots are compared at
 * once, without a jump that a CPU could guess wrong. Partial keys, an array of their own, serve those who move keys: they tell a
 * key's other bucket without the key.
 *
 *     h = mix64(key): bucket h & mask, partial key t = h >> 56 (0 becomes 1), other bucket (b ^ t * C) & mask; shard: bits 48-55
 *
 * The full key decides. Nothing here is thread-safe.
 */
#ifndef SEMID_TABLE_CUCKOO_H
#define SEMID_TABLE_CUCKOO_H

#include <assert.h>

#include "base/ctx.h"
#include "base/mix.h"

enum { SID__BUCKET = 4 };

typedef struct sid__slot {
    uint64_t key;
    uint32_t row, last_use;
} sid__slot;

/* Invariant: slot i is taken iff byte i of `partial` is not 0; the key of one that is not is 0; count is the number of taken slots.
 * `slot` lies on cache lines. */
typedef struct sid__cuckoo {
    sid_ctx *ctx;      /* counts the memory */
    uint32_t *partial; /* (mask + 1) four partial keys each */
    sid__slot *slot;   /* (mask + 1, SID__BUCKET) */
    uint64_t mask;     /* buckets - 1, of a power of two */
    int64_t count;
} sid__cuckoo;

sid_status sid__cuckoo_init(sid_ctx *ctx, sid__cuckoo *map, sid_error *err);
void sid__cuckoo_drop(sid__cuckoo *map);
/* Bytes held. */
size_t sid__cuckoo_size(const sid__cuckoo *map);
/* Room for `wanted` keys in all at load .8: doubles until it is there. A failure leaves the map as it was. */
sid_status sid__cuckoo_reserve(sid__cuckoo *map, int64_t wanted, sid_error *err);
/* A slot for a key that is not there, with key set; doubles when there is none near. SID_ENOMEM leaves the map as it was. */
sid_status sid__cuckoo_add(sid__cuckoo *map, uint64_t key, sid__slot **out, sid_error *err);
void sid__cuckoo_remove(sid__cuckoo *map, sid__slot *slot);
/* Halves while the keys fit well; without memory for that it stays. */
void sid__cuckoo_shrink(sid__cuckoo *map);

static inline uint32_t sid__partial(uint64_t hash)
{
    uint32_t partial = (uint32_t)(hash >> 56);
    return partial ? partial : 1;
}

static inline uint64_t sid__other_bucket(const sid__cuckoo *map, uint64_t bucket, uint32_t partial)
{
    return (bucket ^ partial * UINT64_C(0xc6a4a7935bd1e995)) & map->mask;
}

/* Bit 7 of each byte that is 0, exactly: no borrow runs from byte to byte. */
static inline uint32_t sid__zero_bytes(uint32_t x)
{
    return ~(((x & 0x7f7f7f7fU) + 0x7f7f7f7fU) | x | 0x7f7f7f7fU);
}

static inline bool sid__slot_is_taken(const sid__cuckoo *map, uint64_t index)
{
    return (map->partial[index / SID__BUCKET] >> 8 * (index % SID__BUCKET) & 255) != 0;
}

static inline sid__slot *sid__find_in(const sid__cuckoo *map, uint64_t bucket, uint64_t key)
{
    sid__slot *slot = &map->slot[bucket * SID__BUCKET];
    unsigned match = (unsigned)(slot[0].key == key) | (unsigned)(slot[1].key == key) << 1 |
                     (unsigned)(slot[2].key == key) << 2 | (unsigned)(slot[3].key == key) << 3;
    if (key == 0) /* the key of empty slots too */
        for (unsigned i = 0; i < SID__BUCKET; i++)
            match &= ~((unsigned)!sid__slot_is_taken(map, bucket * SID__BUCKET + i) << i);
    return match ? slot + __builtin_ctz(match) : NULL;
}

/* The first one is hash & mask. */
static inline uint64_t sid__second_bucket(const sid__cuckoo *map, uint64_t hash)
{
    return sid__other_bucket(map, hash & map->mask, sid__partial(hash));
}

/* hash = mix64(key); NULL when absent. */
static inline sid__slot *sid__cuckoo_find(const sid__cuckoo *map, uint64_t key, uint64_t hash)
{
    sid__slot *slot = sid__find_in(map, hash & map->mask, key);
    return slot ? slot : sid__find_in(map, sid__second_bucket(map, hash), key);
}

#endif
