/* cuckoo.c: see cuckoo.h. A key whose two buckets are full makes room by moving others to their other bucket: the shortest
 * way to a free slot is searched breadth first, at most MOVES_MAX steps, and walked from its end, so that no key is ever
 * without a slot.
 */
#include "table/cuckoo.h"

#include <string.h>

#include "base/mem.h"

enum {
    BUCKETS_LEAST = 4,
    MOVES_MAX = 5,
    NODES_MAX = 2 * (1 + 4 + 16 + 64 + 256), /* to the last step but one; its 1,024 ends are looked at, not kept */
    LOAD_NUMERATOR = 4,                      /* .8 */
    LOAD_DENOMINATOR = 5,
    EMPTY_MOST = 64 /* slots a key: at more, keys were made to collide, and doubling would not end */
};

/* One allocation: slots, then partial keys. */
static size_t plain_size(uint64_t buckets)
{
    return (size_t)buckets * (sizeof(uint32_t) + SID__BUCKET * sizeof(sid__slot));
}

/* Large shards lie on large pages: a look-up goes to a random slot, and finding its page must not cost more than the slot. From
 * here at most three eighths of the pages are left over. */
static bool is_on_pages(uint64_t buckets)
{
    return buckets * SID__BUCKET * sizeof(sid__slot) >= SID__PAGE_SIZE / 2;
}

static size_t size_of(uint64_t buckets)
{
    size_t size = plain_size(buckets);
    return is_on_pages(buckets) ? (size + SID__PAGE_SIZE - 1) / SID__PAGE_SIZE * SID__PAGE_SIZE : size;
}

size_t sid__cuckoo_size(const sid__cuckoo *map)
{
    return map->slot ? size_of(map->mask + 1) : 0;
}

static sid_status make(sid_ctx *ctx, uint64_t buckets, sid__cuckoo *out, sid_error *err)
{
    static const char what[] = "a shard of a table's keys";
    sid__cuckoo made = {.ctx = ctx, .mask = buckets - 1};
    SID_TRY(sid__ctx_reserve(ctx, size_of(buckets), what, err));
    sid_status status = is_on_pages(buckets) ? sid__pages_alloc(&made.slot, size_of(buckets), what, err)
                                             : sid__alloc(&made.slot, 1, size_of(buckets), what, err);
    if (status != SID_OK) {
        sid__ctx_release(ctx, size_of(buckets));
        return status;
    }
    made.partial = (uint32_t *)(void *)(made.slot + buckets * SID__BUCKET);
    *out = made;
    return SID_OK;
}

sid_status sid__cuckoo_init(sid_ctx *ctx, sid__cuckoo *map, sid_error *err)
{
    return make(ctx, BUCKETS_LEAST, map, err);
}

void sid__cuckoo_drop(sid__cuckoo *map)
{
    if (map->slot)
        sid__ctx_release(map->ctx, size_of(map->mask + 1));
    if (map->slot && is_on_pages(map->mask + 1))
        sid__pages_free(map->slot, size_of(map->mask + 1));
    else
        sid__free(map->slot);
    *map = (sid__cuckoo){0};
}

/* ---- A free slot ---- */

typedef struct node {
    uint64_t bucket;
    int16_t parent; /* -1: one of the key's own buckets */
    uint8_t from;   /* the parent's slot whose key may move here */
    uint8_t depth;
} node;

static int free_slot(const sid__cuckoo *map, uint64_t bucket)
{
    uint32_t free_bytes = sid__zero_bytes(map->partial[bucket]);
    return free_bytes ? __builtin_ctz(free_bytes) >> 3 : -1;
}

static void set_partial(sid__cuckoo *map, uint64_t bucket, int slot, uint32_t partial)
{
    map->partial[bucket] = (map->partial[bucket] & ~(255U << 8 * slot)) | partial << 8 * slot;
}

/* A way that comes back to a bucket would move a key that has moved already. */
static bool is_on_way(const node *list, int at, uint64_t bucket)
{
    for (; at >= 0; at = list[at].parent)
        if (list[at].bucket == bucket)
            return true;
    return false;
}

/* Walks from the free slot back to the key's own bucket; gives the slot that is then free there. */
static sid__slot *move_along(sid__cuckoo *map, const node *list, const node *end, int empty)
{
    const node *at = end;
    for (; at->parent >= 0; at = &list[at->parent]) {
        uint64_t from = list[at->parent].bucket;
        map->slot[at->bucket * SID__BUCKET + (uint64_t)empty] = map->slot[from * SID__BUCKET + at->from];
        set_partial(map, at->bucket, empty, map->partial[from] >> 8 * at->from & 255);
        empty = at->from;
    }
    return &map->slot[at->bucket * SID__BUCKET + (uint64_t)empty];
}

static sid__slot *make_room(sid__cuckoo *map, uint64_t hash)
{
    node list[NODES_MAX];
    uint32_t partial = sid__partial(hash);
    int count = 2;
    list[0] = (node){.bucket = hash & map->mask, .parent = -1};
    list[1] = (node){.bucket = sid__other_bucket(map, hash & map->mask, partial), .parent = -1};
    for (int i = 0; i < 2; i++) {
        int empty = free_slot(map, list[i].bucket);
        if (empty >= 0)
            return &map->slot[list[i].bucket * SID__BUCKET + (uint64_t)empty];
    }
    for (int i = 0; i < count; i++)
        for (int s = 0; s < SID__BUCKET; s++) {
            uint64_t bucket = sid__other_bucket(map, list[i].bucket, map->partial[list[i].bucket] >> 8 * s & 255);
            node next = {bucket, (int16_t)i, (uint8_t)s, (uint8_t)(list[i].depth + 1)};
            if (is_on_way(list, i, bucket))
                continue;
            int empty = free_slot(map, bucket);
            if (empty >= 0)
                return move_along(map, list, &next, empty);
            if (next.depth < MOVES_MAX && count < NODES_MAX)
                list[count++] = next;
        }
    return NULL;
}

static sid__slot *take_slot(sid__cuckoo *map, uint64_t key)
{
    uint64_t hash = sid__mix64(key);
    sid__slot *slot = make_room(map, hash);
    if (!slot)
        return NULL;
    uint64_t index = (uint64_t)(slot - map->slot);
    set_partial(map, index / SID__BUCKET, (int)(index % SID__BUCKET), sid__partial(hash));
    *slot = (sid__slot){.key = key};
    map->count++;
    return slot;
}

/* ---- Size ---- */

static bool copy_all(const sid__cuckoo *from, sid__cuckoo *to)
{
    for (uint64_t i = 0; i < (from->mask + 1) * SID__BUCKET; i++) {
        if (!sid__slot_is_taken(from, i))
            continue;
        sid__slot *slot = take_slot(to, from->slot[i].key);
        if (!slot)
            return false;
        *slot = from->slot[i];
    }
    return true;
}

/* For `wanted` keys; doubles on where they do not fit. */
static sid_status resize(sid__cuckoo *map, uint64_t buckets, int64_t wanted, sid_error *err)
{
    for (;; buckets *= 2) {
        sid__cuckoo made;
        if (buckets > BUCKETS_LEAST && buckets * SID__BUCKET / EMPTY_MOST > (uint64_t)wanted)
            return sid__fail(err, SID_ENOMEM,
                             "out of memory: %lld keys of a table collide beyond what chance gives; hash them before",
                             (long long)wanted);
        SID_TRY(make(map->ctx, buckets, &made, err));
        if (copy_all(map, &made)) {
            sid__cuckoo_drop(map);
            *map = made;
            return SID_OK;
        }
        sid__cuckoo_drop(&made);
    }
}

static bool is_room(uint64_t buckets, int64_t count)
{
    return (uint64_t)count * LOAD_DENOMINATOR <= buckets * SID__BUCKET * LOAD_NUMERATOR;
}

sid_status sid__cuckoo_reserve(sid__cuckoo *map, int64_t wanted, sid_error *err)
{
    uint64_t buckets = map->mask + 1;
    while (!is_room(buckets, wanted))
        buckets *= 2;
    return buckets == map->mask + 1 ? SID_OK : resize(map, buckets, wanted, err);
}

sid_status sid__cuckoo_add(sid__cuckoo *map, uint64_t key, sid__slot **out, sid_error *err)
{
    SID_TRY(sid__cuckoo_reserve(map, map->count + 1, err));
    while (!(*out = take_slot(map, key)))
        SID_TRY(resize(map, (map->mask + 1) * 2, map->count + 1, err));
    return SID_OK;
}

void sid__cuckoo_remove(sid__cuckoo *map, sid__slot *slot)
{
    uint64_t index = (uint64_t)(slot - map->slot);
    assert(sid__slot_is_taken(map, index));
    set_partial(map, index / SID__BUCKET, (int)(index % SID__BUCKET), 0);
    *slot = (sid__slot){0};
    map->count--;
}

/* At a fourth of the load that doubles, so that a key that comes and goes does not double and halve. */
void sid__cuckoo_shrink(sid__cuckoo *map)
{
    uint64_t buckets = map->mask + 1;
    while (buckets > BUCKETS_LEAST && is_room(buckets / 4, map->count))
        buckets /= 2;
    if (buckets < map->mask + 1)
        (void)resize(map, buckets, map->count, NULL);
}
