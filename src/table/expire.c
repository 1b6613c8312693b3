/* expire.c: rows that go, and the memory they were in. The last row takes each hole, so that whole blocks at the end are free.
 * Readers get a turn every STEP rows.
 */
#include <string.h>

#include "base/mem.h"
#include "table/table.h"

enum { STEP = 1 << 16 };

static sid__slot *slot_of_row(sid_table *t, int64_t row)
{
    uint64_t key = *(uint64_t *)sid__slab_row(&t->keys, (uint32_t)row), hash = sid__mix64(key);
    return sid__cuckoo_find(&t->shard[sid__shard_of(hash)], key, hash);
}

void sid__table_reorder(sid_table *t)
{
    t->capped.heap_count = 0;
    for (int64_t row = 0; t->capped.rows && row < t->rows; row++) {
        const sid__slot *slot = slot_of_row(t, row);
        sid__capped_push(&t->capped, sid__capped_score(&t->capped, t->capped.count[row], slot->last_use), slot->key,
                         (uint32_t)row);
    }
}

typedef struct sweep {
    sid_table *t;
    uint64_t *gone;        /* a bit a row */
    int64_t last_gone_use; /* rows used then or before go; -1: none */
} sweep;

/* One bit of a word that other shards set bits of too. */
static void mark(uint64_t *gone, uint32_t row)
{
    (void)__atomic_fetch_or(&gone[row / 64], UINT64_C(1) << row % 64, __ATOMIC_RELAXED);
}

static void mark_shards(void *arg, int64_t begin, int64_t end, int worker)
{
    const sweep *w = arg;
    (void)worker;
    for (int64_t shard = begin; shard < end; shard++) {
        const sid__cuckoo *map = &w->t->shard[shard];
        for (uint64_t i = 0; i < (map->mask + 1) * SID__BUCKET; i++)
            if (sid__slot_is_taken(map, i) && (int64_t)map->slot[i].last_use <= w->last_gone_use)
                mark(w->gone, map->slot[i].row);
    }
}

/* From the last row down, so that a hole is always filled by a row that stays. */
static int64_t remove_marked(sweep *w)
{
    sid_table *t = w->t;
    int64_t before = t->rows;
    for (int64_t end = before; end > 0; end -= STEP) {
        (void)pthread_rwlock_wrlock(&t->lock);
        for (int64_t row = end - 1; row >= 0 && row >= end - STEP; row--)
            if (w->gone[row / 64] >> row % 64 & 1)
                sid__table_remove(t, slot_of_row(t, row));
        (void)pthread_rwlock_unlock(&t->lock);
    }
    if (t->rows < before) {
        (void)pthread_rwlock_wrlock(&t->lock);
        sid__table_trim(t);
        sid__table_reorder(t);
        (void)pthread_rwlock_unlock(&t->lock);
    }
    return before - t->rows;
}

static sid_status begin_sweep(sid_table *t, const char *refused, sweep *out, sid_error *err)
{
    *out = (sweep){.t = t, .last_gone_use = -1};
    SID_TRY(sid__table_begin_change(t, err));
    sid_status status =
        refused ? sid__fail(err, SID_EUSAGE, "%s", refused)
                : sid__alloc(&out->gone, (size_t)(t->rows / 64 + 1), sizeof *out->gone, "rows that go", err);
    if (status != SID_OK)
        (void)pthread_mutex_unlock(&t->writer);
    return status;
}

static void end_sweep(sweep *w, int64_t *dropped)
{
    int64_t count = remove_marked(w);
    if (dropped)
        *dropped = count;
    sid__free(w->gone);
    (void)pthread_mutex_unlock(&w->t->writer);
}

sid_status sid_table_expire(sid_table *table, int64_t now_s, int64_t *dropped, sid_error *err)
{
    sweep w;
    SID_TRY(sid__table_check_time(now_s, err));
    SID_TRY(
        begin_sweep(table, table->setup.ttl_s > 0 ? NULL : "the table has no ttl_days: rows do not expire", &w, err));
    w.last_gone_use = now_s - table->setup.ttl_s;
    sid__ctx_for(table->ctx, SID__SHARDS, 1, mark_shards, &w);
    end_sweep(&w, dropped);
    return SID_OK;
}

sid_status sid_table_evict(sid_table *table, const uint64_t *keys, int64_t count, int64_t *dropped, sid_error *err)
{
    sweep w;
    SID_TRY(begin_sweep(table,
                        sid__table_is_addressed(table) ? "hashed and double tables keep their rows; restore a snapshot "
                                                         "of their start, or make a new one"
                                                       : NULL,
                        &w, err));
    for (int64_t i = 0; i < count; i++) {
        uint64_t hash = sid__mix64(keys[i]);
        const sid__slot *slot = sid__cuckoo_find(&table->shard[sid__shard_of(hash)], keys[i], hash);
        if (slot)
            mark(w.gone, slot->row);
    }
    end_sweep(&w, dropped);
    return SID_OK;
}
