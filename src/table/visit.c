/* visit.c: training reads. Keys are counted, those that are admitted get rows, and all rows are read.
 *
 * In four steps, so that a failure for want of memory leaves the table as it was: (1) each shard looks which keys it has and
 * which others are admitted, changing nothing; (2) memory for their rows; (3) their keys go into the maps, and out again
 * should a map find no memory; (4) rows begin, sights are counted: nothing here can fail. Without new keys, readers are
 * never kept waiting.
 */
#include "base/mem.h"
#include "base/philox.h"
#include "linalg/scalar.h"
#include "table/lookup.h"

/* What becomes of a group; stands at its first example. */
enum { PRESENT = 1, ADMITTED, WAITING };

typedef struct visit {
    sid_table *t;
    sid__batch batch;
    uint8_t *fate; /* (batch.count) */
    uint32_t time;
    double chance;                  /* of a sight, with admit_prob */
    int64_t fresh[SID__SHARDS + 1]; /* admitted keys by shard; then rows before those of the shard */
    int32_t added[SID__SHARDS];     /* of these that are in the map */
} visit;

static int64_t sights_of(const sid__batch *b, int32_t example)
{
    int64_t count = 0;
    for (; example >= 0; example = b->next[example])
        count++;
    return count;
}

/* ---- 1: who is admitted ---- */

static bool is_lucky(const visit *v, uint64_t hash, int32_t example)
{
    for (; example >= 0; example = v->batch.next[example]) {
        uint64_t event = (uint64_t)(v->t->sights + example);
        uint64_t index = sid__mix64(hash + event * SID__MIX_GAMMA);
        if (sid__philox_uniform(v->t->setup.seed, SID__STREAM_ADMIT, index) < v->chance)
            return true;
    }
    return false;
}

static bool is_admitted(const visit *v, int shard, uint64_t hash, int32_t first)
{
    const sid__table_setup *setup = &v->t->setup;
    if (setup->admit_prob > 0)
        return is_lucky(v, hash, first);
    return setup->admit_count == 0 ||
           sid__filter_count(&v->t->filter, shard, hash) + sights_of(&v->batch, first) >= setup->admit_count;
}

static void decide(void *arg, int64_t begin, int64_t end, int worker)
{
    visit *v = arg;
    (void)worker;
    for (int shard = (int)begin; shard < end; shard++) {
        sid__batch_group(&v->batch, shard);
        v->fresh[shard] = 0;
        for (int32_t g = 0; g < v->batch.groups[shard]; g++) {
            int32_t first = v->batch.first[v->batch.begin[shard] + g];
            uint64_t key = v->batch.key[first], hash = sid__mix64(key);
            if (sid__cuckoo_find(&v->t->shard[shard], key, hash))
                v->fate[first] = PRESENT;
            else
                v->fate[first] = is_admitted(v, shard, hash, first) ? ADMITTED : WAITING;
            v->fresh[shard] += v->fate[first] == ADMITTED;
        }
    }
}

/* ---- 2, 3: memory, and keys in the maps ---- */

static sid_status add_keys(void *arg, int64_t begin, int64_t end, int worker, sid_error *err)
{
    visit *v = arg;
    (void)worker;
    for (int shard = (int)begin; shard < end; shard++)
        for (int32_t g = 0; g < v->batch.groups[shard]; g++) {
            int32_t first = v->batch.first[v->batch.begin[shard] + g];
            sid__slot *slot = NULL;
            if (v->fate[first] != ADMITTED)
                continue;
            SID_TRY(sid__cuckoo_add(&v->t->shard[shard], v->batch.key[first], &slot, err));
            slot->row = (uint32_t)(v->fresh[shard] + v->added[shard]++);
            slot->last_use = v->time;
        }
    return SID_OK;
}

static void take_keys_back(visit *v)
{
    for (int shard = 0; shard < SID__SHARDS; shard++)
        for (int32_t g = 0; g < v->batch.groups[shard] && v->added[shard] > 0; g++) {
            int32_t first = v->batch.first[v->batch.begin[shard] + g];
            uint64_t key = v->batch.key[first];
            if (v->fate[first] != ADMITTED)
                continue;
            sid__cuckoo_remove(&v->t->shard[shard], sid__cuckoo_find(&v->t->shard[shard], key, sid__mix64(key)));
            v->added[shard]--;
        }
}

/* Turns counts into rows before; gives their sum. */
static int64_t number_rows(visit *v)
{
    int64_t rows = v->t->rows;
    for (int shard = 0; shard < SID__SHARDS; shard++) {
        int64_t fresh = v->fresh[shard];
        v->fresh[shard] = rows;
        rows += fresh;
    }
    return rows - v->t->rows;
}

static sid_status acquire_rows(visit *v, int64_t fresh, sid_error *err)
{
    sid_table *t = v->t;
    int64_t wanted = t->rows + fresh;
    if (t->capped.rows && wanted > t->capped.rows)
        wanted = t->capped.rows;
    SID_TRY(sid__table_reserve_rows(t, wanted, err));
    sid_status status = sid__ctx_try_for(t->ctx, SID__SHARDS, sid__batch_grain(&v->batch), add_keys, v, err);
    if (status != SID_OK) {
        take_keys_back(v);
        sid__table_trim(t);
    }
    return status;
}

/* ---- 4: rows begin ---- */

static void start_rows(void *arg, int64_t begin, int64_t end, int worker)
{
    visit *v = arg;
    (void)worker;
    for (int shard = (int)begin; shard < end; shard++)
        for (int32_t g = 0, n = 0; g < v->batch.groups[shard] && n < v->added[shard]; g++) {
            int32_t first = v->batch.first[v->batch.begin[shard] + g];
            if (v->fate[first] != ADMITTED)
                continue;
            uint32_t row = (uint32_t)(v->fresh[shard] + n++);
            sid__table_start_row(v->t, row, v->batch.key[first]);
            *(uint64_t *)sid__slab_row(&v->t->keys, row) = v->batch.key[first];
        }
}

static sid__slot *slot_of(sid_table *t, uint64_t key)
{
    uint64_t hash = sid__mix64(key);
    return sid__cuckoo_find(&t->shard[sid__shard_of(hash)], key, hash);
}

/* The row that goes, or -1: the least was seen by this very visit, so the new key would be the least itself. */
static int64_t free_row(sid_table *t)
{
    sid__capped *capped = &t->capped;
    for (;;) {
        const sid__capped_entry *least = sid__capped_least(capped);
        sid__slot *slot = slot_of(t, least->key);
        double score = sid__capped_score(capped, capped->count[least->row], slot->last_use);
        if (score > least->score) {
            sid__capped_raise(capped, score);
            continue;
        }
        uint32_t row = least->row;
        if (capped->batch[row] == capped->batch_now)
            return -1;
        sid__cuckoo_remove(&t->shard[sid__shard_of(sid__mix64(least->key))], slot);
        sid__capped_pop(capped);
        return row;
    }
}

/* One key after the other, in the order of the examples: whose row goes depends on who came before. */
static void start_capped_rows(visit *v)
{
    sid_table *t = v->t;
    for (int64_t i = 0; i < v->batch.count; i++) {
        uint64_t key = v->batch.key[i];
        if (v->fate[i] != ADMITTED)
            continue;
        int64_t row = t->rows < t->capped.rows ? t->rows++ : free_row(t);
        sid__slot *slot = slot_of(t, key);
        if (row < 0) {
            sid__cuckoo_remove(&t->shard[sid__shard_of(sid__mix64(key))], slot);
            continue;
        }
        slot->row = (uint32_t)row;
        sid__table_start_row(t, slot->row, key);
        *(uint64_t *)sid__slab_row(&t->keys, slot->row) = key;
        t->capped.count[row] = (uint32_t)sights_of(&v->batch, (int32_t)i);
        t->capped.batch[row] = t->capped.batch_now;
        sid__capped_push(&t->capped, sid__capped_score(&t->capped, t->capped.count[row], v->time), key, slot->row);
    }
}

static void count_present(visit *v, sid__slot *slot, int32_t first)
{
    sid__capped *capped = &v->t->capped;
    slot->last_use = slot->last_use < v->time ? v->time : slot->last_use;
    if (capped->rows) {
        int64_t count = capped->count[slot->row] + sights_of(&v->batch, first);
        capped->count[slot->row] = (uint32_t)(count < UINT32_MAX ? count : UINT32_MAX);
        capped->batch[slot->row] = capped->batch_now;
    }
}

static void count_sights(void *arg, int64_t begin, int64_t end, int worker)
{
    visit *v = arg;
    sid_table *t = v->t;
    (void)worker;
    for (int shard = (int)begin; shard < end; shard++)
        for (int32_t g = 0; g < v->batch.groups[shard]; g++) {
            int32_t first = v->batch.first[v->batch.begin[shard] + g];
            uint64_t key = v->batch.key[first], hash = sid__mix64(key);
            if (v->fate[first] == PRESENT)
                count_present(v, sid__cuckoo_find(&t->shard[shard], key, hash), first);
            else if (v->fate[first] == ADMITTED)
                sid__filter_forget(&t->filter, shard, hash);
            else
                sid__filter_add(&t->filter, shard, hash, sights_of(&v->batch, first));
        }
}

/* Readers are kept out while keys stand in the maps whose rows have not begun. */
static sid_status make_rows(visit *v, sid_error *err)
{
    sid_table *t = v->t;
    int64_t fresh = number_rows(v);
    sid_status status = SID_OK;
    if (fresh > 0) {
        (void)pthread_rwlock_wrlock(&t->lock);
        status = acquire_rows(v, fresh, err);
    }
    if (status == SID_OK && fresh > 0 && !t->capped.rows) {
        sid__ctx_for(t->ctx, SID__SHARDS, sid__batch_grain(&v->batch), start_rows, v);
        t->rows += fresh;
    }
    if (status == SID_OK) {
        t->capped.batch_now++;
        sid__ctx_for(t->ctx, SID__SHARDS, sid__batch_grain(&v->batch), count_sights, v);
    }
    if (status == SID_OK && fresh > 0 && t->capped.rows)
        start_capped_rows(v);
    if (fresh > 0)
        (void)pthread_rwlock_unlock(&t->lock);
    return status;
}

static sid_status visit_keys(visit *v, const uint64_t *keys, int64_t count, sid_error *err)
{
    sid_table *t = v->t;
    if (sid__table_is_addressed(t))
        return SID_OK;
    SID_TRY(sid__batch_init(t, keys, count, &v->batch, err));
    SID_TRY(sid__alloc(&v->fate, (size_t)v->batch.count, 1, "what becomes of keys", err));
    if (t->setup.admit_prob > 0)
        v->chance = 1 - sid__exp(sid__log(0.05) / t->setup.admit_prob);
    sid__ctx_for(t->ctx, SID__SHARDS, sid__batch_grain(&v->batch), decide, v);
    return make_rows(v, err);
}

/* Reading allocates nothing where rows were made, so it cannot fail after them. */
sid_status sid_table_visit(sid_table *table, const uint64_t *keys, int64_t count, int64_t time_s, float *out,
                           sid_error *err)
{
    visit v = {.t = table, .time = (uint32_t)time_s};
    SID_TRY(sid__table_check_time(time_s, err));
    SID_TRY(sid__table_begin_change(table, err));
    sid_status status = visit_keys(&v, keys, count, err);
    sid__batch_drop(&v.batch);
    sid__free(v.fate);
    if (status == SID_OK && out)
        status = sid__table_read(table, keys, NULL, count, SID_UNSEEN_ZERO, out, err);
    if (status == SID_OK)
        table->sights += count;
    (void)pthread_mutex_unlock(&table->writer);
    return sid__table_advise(status, err);
}

sid_status sid_table_touch(sid_table *table, const uint64_t *keys, int64_t count, int64_t time_s, sid_error *err)
{
    SID_TRY(sid__table_check_time(time_s, err));
    SID_TRY(sid__table_begin_change(table, err));
    for (int64_t i = 0; i < count && !sid__table_is_addressed(table); i++) {
        sid__slot *slot = slot_of(table, keys[i]);
        if (slot && slot->last_use < (uint32_t)time_s)
            slot->last_use = (uint32_t)time_s;
    }
    (void)pthread_mutex_unlock(&table->writer);
    return SID_OK;
}
