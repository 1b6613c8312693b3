/* pair_table.c: see pair_table.h. */
#include "sid/pair_table.h"

enum { CAPACITY_MIN = 256 };

static sid__pair_count *find_slot(sid__pair_count *slot, int64_t capacity, uint64_t key)
{
    uint64_t mask = (uint64_t)capacity - 1, mixed = key * 0x9e3779b97f4a7c15u;
    for (uint64_t i = (mixed ^ mixed >> 32) & mask;; i = (i + 1) & mask)
        if (slot[i].key == 0 || slot[i].key == key)
            return &slot[i];
}

sid__pair_count *sid__pair_table_find(const sid__pair_table *table, uint64_t key)
{
    if (table->capacity == 0)
        return NULL;
    sid__pair_count *slot = find_slot(table->slot, table->capacity, key);
    return slot->key ? slot : NULL;
}

static sid_status widen(sid__pair_table *table, sid_error *err)
{
    int64_t capacity = table->capacity ? 2 * table->capacity : CAPACITY_MIN;
    sid__pair_count *wider = NULL;
    if (2 * (table->used_count + 1) <= table->capacity)
        return SID_OK;
    SID_TRY(sid__grow(&table->used, &table->used_capacity, capacity / 2, sizeof *table->used, "counts of pairs", err));
    SID_TRY(sid__alloc(&wider, (size_t)capacity, sizeof *wider, "counts of pairs", err));
    for (int64_t i = 0; i < table->used_count; i++) {
        const sid__pair_count *from = &table->slot[table->used[i]];
        sid__pair_count *to = find_slot(wider, capacity, from->key);
        *to = *from;
        table->used[i] = to - wider;
    }
    sid__free(table->slot);
    table->slot = wider;
    table->capacity = capacity;
    return SID_OK;
}

sid_status sid__pair_table_add(sid__pair_table *table, uint64_t key, sid__pair_count **out, sid_error *err)
{
    SID_TRY(widen(table, err));
    sid__pair_count *slot = find_slot(table->slot, table->capacity, key);
    if (slot->key == 0) {
        *slot = (sid__pair_count){.key = key, .last_item = -1};
        table->used[table->used_count++] = slot - table->slot;
    }
    *out = slot;
    return SID_OK;
}

void sid__pair_table_clear(sid__pair_table *table)
{
    for (int64_t i = 0; i < table->used_count; i++)
        table->slot[table->used[i]].key = 0;
    table->used_count = 0;
}

void sid__pair_table_drop(sid__pair_table *table)
{
    sid__free(table->slot);
    sid__free(table->used);
    *table = (sid__pair_table){0};
}
