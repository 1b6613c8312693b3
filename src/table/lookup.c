/* lookup.c: rows read in batches. Each row costs a miss in the map and one a cache line of the row; alone they would be waited for
 * one after the other. So keys run through four stages, BLOCK keys at a time: fetch the key's first bucket; find the row there
 * and fetch it, or fetch the second bucket; find the rest there; copy. A stage is a loop of its own over its block, which a CPU
 * runs many keys ahead of, and what it waits for was asked for a block before. Copies of large outputs go past the caches.
 */
#include "table/lookup.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "kernel/row_copy.h"

enum { BLOCK = 32, STAGES = 4, RING = STAGES * BLOCK, GRAIN_KEYS = 4096, STREAM_LEAST = 1 << 20 };

typedef struct reading {
    const sid_table *t;
    const uint64_t *key;  /* keys or addresses */
    const int64_t *begin; /* NULL: list i is one key of the caller */
    int per;              /* entries of `key` a key of the caller */
    sid_unseen unseen;
    bool streams;
    float *out, *scratch; /* scratch: (threads, dim) */
} reading;

/* ---- Where rows are ---- */

/* What is known of the keys under way: that of key k at k % RING. */
typedef struct window {
    uint64_t hash[RING];
    const void *row[RING]; /* NULL: not there, or not found yet */
    int64_t late[BLOCK];   /* keys whose first bucket does not have them */
    int lates;
} window;

/* always_inline, here and below: gcc takes a function that only prefetches for one without effect, and drops its calls. */
__attribute__((always_inline)) static inline void fetch_bucket(const sid__cuckoo *map, uint64_t bucket)
{
    __builtin_prefetch(&map->slot[bucket * SID__BUCKET], 0, 3);
}

__attribute__((always_inline)) static inline const void *fetch_row(const sid_table *t, uint32_t row)
{
    const void *at = sid__slab_row(&t->weights, row);
    sid__row_prefetch(at, t->weights.stride);
    return at;
}

static void fetch_buckets(const reading *r, window *w, int64_t begin, int64_t end)
{
    for (int64_t k = begin; k < end; k++) {
        uint64_t hash = sid__mix64(r->key[k]);
        const sid__cuckoo *map = &r->t->shard[sid__shard_of(hash)];
        w->hash[k % RING] = hash;
        fetch_bucket(map, hash & map->mask);
    }
}

static void find_rows(const reading *r, window *w, int64_t begin, int64_t end)
{
    const sid_table *t = r->t;
    w->lates = 0;
    for (int64_t k = begin; k < end; k++) {
        uint64_t hash = w->hash[k % RING];
        const sid__cuckoo *map = &t->shard[sid__shard_of(hash)];
        const sid__slot *slot = sid__find_in(map, hash & map->mask, r->key[k]);
        w->row[k % RING] = slot ? fetch_row(t, slot->row) : NULL;
        if (!slot) {
            fetch_bucket(map, sid__second_bucket(map, hash));
            w->late[w->lates++] = k;
        }
    }
}

static void find_late(const reading *r, window *w)
{
    for (int i = 0; i < w->lates; i++) {
        int64_t k = w->late[i];
        uint64_t hash = w->hash[k % RING];
        const sid__cuckoo *map = &r->t->shard[sid__shard_of(hash)];
        const sid__slot *slot = sid__find_in(map, sid__second_bucket(map, hash), r->key[k]);
        if (slot)
            w->row[k % RING] = fetch_row(r->t, slot->row);
    }
    w->lates = 0;
}

static void fetch_addressed(const reading *r, window *w, int64_t begin, int64_t end)
{
    for (int64_t k = begin; k < end; k++)
        w->row[k % RING] = fetch_row(r->t, (uint32_t)r->key[k]);
}

/* ---- One row ---- */

/* Floats of a row that is not there as floats: a served one, or one that would be made. */
static const float *make_row(const reading *r, uint64_t key, const void *row, float *out)
{
    if (row)
        sid__served_decode(&r->t->setup, row, out);
    else if (r->unseen == SID_UNSEEN_INIT)
        sid__table_initial(&r->t->setup, key, out);
    else
        memset(out, 0, (size_t)r->t->setup.dim * sizeof *out);
    return out;
}

static void put_row(const reading *r, uint64_t key, const void *row, float *out, bool is_first, float *scratch)
{
    int dim = r->t->setup.dim;
    bool is_plain = row && !r->t->is_serving;
    if (is_first && !is_plain)
        (void)make_row(r, key, row, out);
    else if (is_first && r->streams)
        sid__row_stream(out, row, dim);
    else if (is_first)
        memcpy(out, row, (size_t)dim * sizeof *out);
    else if (is_plain)
        sid__row_add(out, row, dim);
    else if (row || r->unseen == SID_UNSEEN_INIT)
        sid__row_add(out, make_row(r, key, row, scratch), dim);
}

/* ---- A run of lists ---- */

static int64_t begin_of(const reading *r, int64_t list)
{
    return (r->begin ? r->begin[list] : list) * r->per;
}

/* Where reading stands: the list that the next row belongs to. */
typedef struct cursor {
    int64_t list, list_end;
    bool is_first;
} cursor;

static void step_to(const reading *r, cursor *at, int64_t k)
{
    while (k >= at->list_end) {
        at->list++;
        at->list_end = begin_of(r, at->list + 1);
        at->is_first = true;
    }
}

static void put_rows(const reading *r, const window *w, int64_t begin, int64_t end, cursor *at, float *scratch)
{
    int dim = r->t->setup.dim;
    for (int64_t k = begin; k < end; k++) {
        step_to(r, at, k);
        put_row(r, r->key[k], w->row[k % RING], r->out + at->list * dim, at->is_first, scratch);
        at->is_first = false;
    }
}

static int64_t clip(int64_t k, int64_t from, int64_t to)
{
    return k < from ? from : k > to ? to : k;
}

static void read_lists(void *arg, int64_t first, int64_t end, int worker)
{
    const reading *r = arg;
    window w = {.lates = 0};
    int dim = r->t->setup.dim;
    float *scratch = r->scratch ? r->scratch + (int64_t)worker * dim : NULL;
    int64_t from = begin_of(r, first), to = begin_of(r, end);
    cursor at = {.list = first, .list_end = begin_of(r, first + 1), .is_first = true};
    for (int64_t i = first; r->begin && i < end; i++)
        if (r->begin[i] == r->begin[i + 1])
            memset(r->out + i * dim, 0, (size_t)dim * sizeof *r->out);
    for (int64_t k = from; k < to + (STAGES - 1) * BLOCK; k += BLOCK) {
        int64_t edge[STAGES + 1]; /* stage s has the keys edge[s + 1] .. edge[s] - 1 */
        for (int s = 0; s <= STAGES; s++)
            edge[s] = clip(k + (1 - s) * BLOCK, from, to);
        put_rows(r, &w, edge[4], edge[3], &at, scratch);
        if (sid__table_is_addressed(r->t)) {
            fetch_addressed(r, &w, edge[1], edge[0]);
            continue;
        }
        find_late(r, &w);
        find_rows(r, &w, edge[2], edge[1]);
        fetch_buckets(r, &w, edge[1], edge[0]);
    }
    if (r->streams)
        sid__row_stream_end();
}

sid_status sid__check_lists(const int64_t *begin, int64_t lists, int64_t *count, sid_error *err)
{
    if (lists < 0 || begin[0] < 0)
        return sid__fail(err, SID_EUSAGE, "%" PRId64 " lists that begin at %" PRId64 "; neither can be negative", lists,
                         lists < 0 ? 0 : begin[0]);
    for (int64_t i = 0; i < lists; i++)
        if (begin[i + 1] < begin[i])
            return sid__fail(err, SID_EUSAGE,
                             "list %" PRId64 " begins at key %" PRId64 " and ends before, at %" PRId64
                             "; `begin` never falls",
                             i, begin[i], begin[i + 1]);
    *count = begin[lists];
    return SID_OK;
}

static void run(reading *r, int64_t lists)
{
    int64_t grain = GRAIN_KEYS;
    if (r->begin && lists > 0) {
        int64_t mean = (r->begin[lists] - r->begin[0]) / lists + 1;
        grain = GRAIN_KEYS / (mean < GRAIN_KEYS ? mean : GRAIN_KEYS);
    }
    int dim = r->t->setup.dim;
    r->streams = !r->begin && r->per == 1 && lists * dim * (int64_t)sizeof(float) >= STREAM_LEAST &&
                 sid__row_can_stream(r->out, dim);
    sid__ctx_for(r->t->ctx, lists, grain, read_lists, r);
}

sid_status sid__table_read(const sid_table *t, const uint64_t *keys, const int64_t *begin, int64_t lists,
                           sid_unseen unseen, float *out, sid_error *err)
{
    reading r = {.t = t, .key = keys, .begin = begin, .per = sid__addresses_per_key(t), .unseen = unseen, .out = out};
    uint64_t *address = NULL;
    int64_t count = lists;
    sid_status status = SID_OK;
    if (begin)
        SID_TRY(sid__check_lists(begin, lists, &count, err));
    if (count < 0 || count > SID__BATCH_MAX)
        return sid__fail(err, SID_EUSAGE, "a call of %" PRId64 " keys; 0 to %d are possible", count, SID__BATCH_MAX);
    if (t->is_serving || unseen == SID_UNSEEN_INIT)
        SID_TRY(sid__alloc(&r.scratch, (size_t)sid_ctx_threads(t->ctx) * (size_t)t->setup.dim, sizeof *r.scratch,
                           "rows between", err));
    if (sid__table_is_addressed(t)) {
        status = sid__alloc(&address, (size_t)(count * r.per), sizeof *address, "row numbers of keys", err);
        if (status == SID_OK)
            status = sid__addresses(t, keys, count, address, err);
        r.key = address;
    }
    if (status == SID_OK)
        run(&r, lists);
    sid__free(address);
    sid__free(r.scratch);
    return status;
}

/* ---- Public ---- */

static sid_status read_locked(const sid_table *table, const uint64_t *keys, const int64_t *begin, int64_t lists,
                              sid_unseen unseen, float *out, sid_error *err)
{
    sid_table *t = (sid_table *)table; /* the lock changes */
    (void)pthread_rwlock_rdlock(&t->lock);
    sid_status status = sid__table_read(t, keys, begin, lists, unseen, out, err);
    (void)pthread_rwlock_unlock(&t->lock);
    return status;
}

sid_status sid_table_lookup(const sid_table *table, const uint64_t *keys, int64_t count, sid_unseen unseen, float *out,
                            sid_error *err)
{
    return read_locked(table, keys, NULL, count, unseen, out, err);
}

sid_status sid_table_gather_sum(const sid_table *table, const uint64_t *keys, const int64_t *begin, int64_t lists,
                                sid_unseen unseen, float *out, sid_error *err)
{
    return read_locked(table, keys, begin, lists, unseen, out, err);
}
