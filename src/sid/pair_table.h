/* pair_table.h: counts for pairs of numbers, such as two words that stand side by side, or an old and a new code. Open
 * addressing; made to be cleared and used again, at a cost of what was in it.
 */
#ifndef SEMID_SID_PAIR_TABLE_H
#define SEMID_SID_PAIR_TABLE_H

#include "base/mem.h"

typedef struct sid__pair_count {
    uint64_t key; /* of sid__pair_key; 0: a free slot */
    int64_t count, items, last_item;
} sid__pair_count;

/* Invariant: 2 * used_count <= capacity, a power of two or 0; `used` names the slots that are not free, in order of first
 * use. Zero-initialised is empty. */
typedef struct sid__pair_table {
    sid__pair_count *slot;
    int64_t capacity;
    int64_t *used, used_count, used_capacity;
} sid__pair_table;

/* first >= 0, second >= -1. */
static inline uint64_t sid__pair_key(int32_t first, int32_t second)
{
    return ((uint64_t)(uint32_t)first << 32 | (uint32_t)(second + 1)) + 1;
}

static inline int32_t sid__pair_first(uint64_t key)
{
    return (int32_t)((key - 1) >> 32);
}

static inline int32_t sid__pair_second(uint64_t key)
{
    return (int32_t)(uint32_t)(key - 1) - 1;
}

/* The pair's slot, or NULL; it stays until the next add. */
sid__pair_count *sid__pair_table_find(const sid__pair_table *table, uint64_t key);
/* The same; made when it is new, with counts 0 and last_item -1. */
sid_status sid__pair_table_add(sid__pair_table *table, uint64_t key, sid__pair_count **out, sid_error *err);
void sid__pair_table_clear(sid__pair_table *table);
void sid__pair_table_drop(sid__pair_table *table);

#endif
