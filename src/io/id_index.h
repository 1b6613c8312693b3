/* id_index.h: from a name to its row: items, vectors, tensors. Open addressing over 8-byte slots; the names themselves
 * stay with their owner, who tells where they are at each call, so that its array may move.
 */
#ifndef SEMID_IO_ID_INDEX_H
#define SEMID_IO_ID_INDEX_H

#include "base/mem.h"

/* The name of row r is the `const char *` at `first` + r * `stride` bytes. */
typedef struct sid__names {
    const void *first;
    size_t stride;
} sid__names;

typedef struct sid__id_slot {
    uint32_t hash;
    uint32_t row_plus_1; /* 0: free */
} sid__id_slot;

/* Invariant: slot_count is 0 or a power of two, and 2 * count <= slot_count. Zero-initialised is empty. */
typedef struct sid__id_index {
    sid__id_slot *slot;
    int64_t slot_count, count;
} sid__id_index;

/* The row of `name`, or -1. */
int64_t sid__id_index_find(const sid__id_index *index, sid__names names, const char *name);
/* Adds row `row` by its name. When an earlier row has the same name, *seen gets that row and nothing is added; else -1. */
sid_status sid__id_index_add(sid__id_index *index, sid__names names, int64_t row, int64_t *seen, sid_error *err);
void sid__id_index_drop(sid__id_index *index);

#endif
