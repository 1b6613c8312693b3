/* table.c: a table from nothing to nothing, and what its calls share: locks, new rows, rows taken out. */
#define _GNU_SOURCE /* writers first at a lock */
#include "table/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"

/* ---- Made and freed ---- */

/* A writer that waits goes before readers that come later, or a stream of readers would keep it waiting. */
static void init_locks(sid_table *t)
{
    pthread_rwlockattr_t attribute;
    (void)pthread_rwlockattr_init(&attribute);
#ifdef __GLIBC__
    (void)pthread_rwlockattr_setkind_np(&attribute, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
    (void)pthread_rwlock_init(&t->lock, &attribute);
    (void)pthread_rwlockattr_destroy(&attribute);
    (void)pthread_mutex_init(&t->writer, NULL);
}

static sid_status init_shards(sid_table *t, sid_error *err)
{
    for (int s = 0; s < SID__SHARDS; s++)
        SID_TRY(sid__cuckoo_init(t->ctx, &t->shard[s], err));
    SID_TRY(sid__filter_init(t->ctx, SID__SHARDS, t->setup.admit_cells, &t->filter, err));
    if (t->setup.kind == SID__CAPPED && !t->is_serving)
        SID_TRY(sid__capped_init(t->ctx, t->setup.rows, t->setup.half_life_s, &t->capped, err));
    return SID_OK;
}

static void start_rows(void *arg, int64_t begin, int64_t end, int worker)
{
    sid_table *t = arg;
    (void)worker;
    for (int64_t row = begin; row < end; row++)
        sid__table_start_row(t, (uint32_t)row, (uint64_t)row);
}

/* Addressed rows are all there from the start. */
static sid_status init_rows(sid_table *t, sid_error *err)
{
    SID_TRY(sid__table_reserve_rows(t, t->setup.rows, err));
    t->rows = t->setup.rows;
    sid__ctx_for(t->ctx, t->rows, 4096, start_rows, t);
    return SID_OK;
}

sid_status sid__table_make(sid_ctx *ctx, const sid__table_setup *setup, bool is_serving, sid_table **out,
                           sid_error *err)
{
    sid_table *t = NULL;
    sid_status status = SID_OK;
    SID_TRY(sid__alloc(&t, 1, sizeof *t, "a table", err));
    *t = (sid_table){.ctx = ctx, .setup = *setup, .is_serving = is_serving};
    init_locks(t);
    bool is_addressed = sid__table_is_addressed(t);
    sid__slab_init(ctx, is_serving ? setup->served_size : (size_t)setup->dim * sizeof(float), &t->weights);
    sid__slab_init(ctx, is_serving ? 0 : (size_t)setup->state_floats * sizeof(float), &t->state);
    sid__slab_init(ctx, is_addressed ? 0 : sizeof(uint64_t), &t->keys);
    if (!is_addressed)
        status = init_shards(t, err);
    else if (!is_serving)
        status = init_rows(t, err);
    if (status != SID_OK) {
        sid_table_free(t);
        return sid__table_advise(status, err);
    }
    *out = t;
    return SID_OK;
}

sid_status sid_table_create(sid_ctx *ctx, const sid_table_options *options, sid_table **out, sid_error *err)
{
    sid__table_setup setup;
    SID_TRY(sid__table_setup_init(ctx, options, &setup, err));
    return sid__table_make(ctx, &setup, false, out, err);
}

void sid_table_free(sid_table *t)
{
    if (!t)
        return;
    for (int s = 0; s < SID__SHARDS; s++)
        sid__cuckoo_drop(&t->shard[s]);
    sid__slab_drop(&t->weights);
    sid__slab_drop(&t->state);
    sid__slab_drop(&t->keys);
    sid__filter_drop(&t->filter);
    sid__capped_drop(&t->capped);
    (void)pthread_rwlock_destroy(&t->lock);
    (void)pthread_mutex_destroy(&t->writer);
    sid__free(t);
}

void sid_table_get_info(const sid_table *table, sid_table_info *out)
{
    sid_table *t = (sid_table *)table; /* the lock changes */
    (void)pthread_rwlock_rdlock(&t->lock);
    size_t held = sid__slab_size(&t->weights) + sid__slab_size(&t->state) + sid__slab_size(&t->keys) +
                  sid__filter_size(&t->filter) + sid__capped_size(&t->capped);
    for (int s = 0; s < SID__SHARDS; s++)
        held += sid__cuckoo_size(&t->shard[s]);
    *out = (sid_table_info){.kind = sid__table_kind_name[t->setup.kind],
                            .dim = t->setup.dim,
                            .rows = t->rows,
                            .row_size = (int64_t)(t->weights.stride + t->state.stride),
                            .memory_size = (int64_t)held,
                            .sights = t->sights,
                            .steps = t->steps,
                            .is_serving = t->is_serving};
    (void)pthread_rwlock_unlock(&t->lock);
}

int64_t sid_table_hash_row(uint64_t key, uint64_t seed, int64_t rows)
{
    return rows < 1 ? 0 : (int64_t)sid__scale64(sid__mix64(key + SID__MIX_GAMMA * (seed + 1)), (uint64_t)rows);
}

uint64_t sid_table_slot_key(int field, uint64_t id)
{
    return (uint64_t)(field & 255) << 56 | (id & (UINT64_MAX >> 8));
}

/* ---- Rows ---- */

/* Four elements a draw, numbered over the whole row, so that a row's values depend on nothing but seed and key. */
void sid__table_initial(const sid__table_setup *setup, uint64_t key, float *out)
{
    for (int i = 0; i < setup->slice_count; i++) {
        const sid__slice *slice = &setup->slice[i];
        uint32_t word[4] = {0};
        for (int d = 0; d < slice->dim; d++) {
            uint32_t element = (uint32_t)(slice->weight_at + d);
            if (slice->range > 0 && (d == 0 || element % 4 == 0))
                sid__philox(setup->seed, SID__STREAM_TABLE + (element / 4 << 8), key, word);
            float unit = (float)(word[element % 4] >> 8) * 0x1p-23F - 1.0F; /* [-1, 1), exact */
            out[element] = slice->range > 0 ? slice->range * unit : 0.0F;
        }
    }
}

void sid__table_start_row(sid_table *t, uint32_t row, uint64_t key)
{
    float *weights = sid__slab_row(&t->weights, row);
    sid__table_initial(&t->setup, key, weights);
    if (t->setup.state_floats == 0)
        return;
    float *state = sid__slab_row(&t->state, row);
    for (int i = 0; i < t->setup.slice_count; i++) {
        const sid__slice *slice = &t->setup.slice[i];
        sid__rule_start(&slice->rule, slice->dim, weights + slice->weight_at, state + slice->state_at);
    }
}

sid_status sid__table_reserve_rows(sid_table *t, int64_t rows, sid_error *err)
{
    sid_status status = SID_OK;
    if (rows > SID_TABLE_ROWS_MAX)
        return sid__fail(err, SID_ENOMEM, "%" PRId64 " rows of a table; %lld are possible", rows,
                         (long long)SID_TABLE_ROWS_MAX);
    status = sid__slab_reserve(&t->weights, rows, err);
    if (status == SID_OK)
        status = sid__slab_reserve(&t->state, rows, err);
    if (status == SID_OK)
        status = sid__slab_reserve(&t->keys, rows, err);
    if (status != SID_OK) {
        sid__slab_trim(&t->weights, t->rows);
        sid__slab_trim(&t->state, t->rows);
        sid__slab_trim(&t->keys, t->rows);
    }
    return status;
}

static void move_row(const sid__slab *slab, uint32_t from, uint32_t to)
{
    if (slab->stride)
        memcpy(sid__slab_row(slab, to), sid__slab_row(slab, from), slab->stride);
}

void sid__table_remove(sid_table *t, sid__slot *slot)
{
    uint32_t hole = slot->row, last = (uint32_t)(t->rows - 1);
    uint64_t hash = sid__mix64(slot->key);
    sid__cuckoo_remove(&t->shard[sid__shard_of(hash)], slot);
    if (hole != last) {
        uint64_t key = *(uint64_t *)sid__slab_row(&t->keys, last);
        uint64_t moved = sid__mix64(key);
        sid__cuckoo_find(&t->shard[sid__shard_of(moved)], key, moved)->row = hole;
        move_row(&t->weights, last, hole);
        move_row(&t->state, last, hole);
        move_row(&t->keys, last, hole);
        if (t->capped.rows)
            t->capped.count[hole] = t->capped.count[last];
    }
    t->rows--;
}

void sid__table_trim(sid_table *t)
{
    sid__slab_trim(&t->weights, t->rows);
    sid__slab_trim(&t->state, t->rows);
    sid__slab_trim(&t->keys, t->rows);
    for (int s = 0; s < SID__SHARDS; s++)
        sid__cuckoo_shrink(&t->shard[s]);
}

/* ---- What calls begin with ---- */

sid_status sid__table_begin_change(sid_table *t, sid_error *err)
{
    if (t->is_serving)
        return sid__fail(err, SID_EREADONLY,
                         "the table was opened for serving: it holds weights alone, in their serving "
                         "types; change the one it was saved from");
    (void)pthread_mutex_lock(&t->writer);
    return SID_OK;
}

sid_status sid__table_advise(sid_status status, sid_error *err)
{
    if (status != SID_ENOMEM || !err)
        return status;
    char why[sizeof err->message];
    (void)snprintf(why, sizeof why, "%s", err->message);
    return sid__fail(
        err, SID_ENOMEM,
        "%.700s; nothing was changed. A table stays smaller with admission (a count or a chance), with ttl_days and "
        "expiry, or of kind \"capped\"",
        why);
}

sid_status sid__table_check_time(int64_t time_s, sid_error *err)
{
    if (time_s >= 0 && time_s <= UINT32_MAX)
        return SID_OK;
    return sid__fail(err, SID_EUSAGE, "the time is %" PRId64 "; seconds since 1970, 0 to 4294967295, are expected",
                     time_s);
}
