/* sorted.h: the keys of a table in order, with their rows: what snapshots and lists of keys are written by. */
#ifndef SEMID_TABLE_SORTED_H
#define SEMID_TABLE_SORTED_H

#include "table/table.h"

typedef struct sid__sorted_key {
    uint64_t key;
    uint32_t row, last_use;
} sid__sorted_key;

/* out (t->rows) ascending by key, to be freed with sid__free; addressed tables have key == row. No locks. */
sid_status sid__table_sorted(const sid_table *t, sid__sorted_key **out, sid_error *err);

#endif
