/* arm_join.c: see arm_join.h. Items in histories are items of their own, numbered behind the others (sid__item_source, past_from), so
 * that a ranker needs to know nothing of it.
 */
#include "rank/arm_join.h"

#include <string.h>

enum { OWN, ID, PAST, SECOND_HALF }; /* fields of keys: what they stand for */

typedef struct joining {
    const sid__arm *arm;
    const sid__arm_data *data;
    sid__arm_joins joins;
    uint64_t seed;
    uint64_t *key;
    int64_t *begin;
    int64_t count;
} joining;

/* What the arm's own table would make of a key: shared rows stay shared. */
static void put_own(joining *j, uint64_t key)
{
    const sid_table_options *table = &j->arm->source.table;
    bool is_hashed = strcmp(table->kind, "hashed") == 0 && !table->by_row;
    if (strcmp(table->kind, "double") == 0) {
        j->key[j->count++] = sid_table_slot_key(OWN, (uint64_t)sid_table_hash_row(key, 0, table->rows / 2));
        j->key[j->count++] = sid_table_slot_key(SECOND_HALF, (uint64_t)sid_table_hash_row(key, 1, table->rows / 2));
        return;
    }
    if (is_hashed)
        key = (uint64_t)sid_table_hash_row(key, table->hash_seed, table->rows);
    j->key[j->count++] = sid_table_slot_key(OWN, key);
}

static void put_all(joining *j)
{
    const int64_t *begin = j->arm->source.begin;
    int64_t items = j->data->items;
    for (int64_t i = 0; i < items; i++) {
        for (int64_t k = begin ? begin[i] : 0; begin && k < begin[i + 1]; k++)
            put_own(j, j->arm->source.key[k]);
        if (j->joins.with_id)
            j->key[j->count++] = sid_table_slot_key(ID, (uint64_t)i);
        j->begin[i + 1] = j->count;
    }
    for (int64_t i = 0; j->joins.history_by_id && i < items; i++) {
        j->key[j->count++] =
            sid_table_slot_key(PAST, (uint64_t)sid_table_hash_row((uint64_t)i, j->seed, j->data->rows));
        j->begin[items + i + 1] = j->count;
    }
}

static sid_status check(const sid__arm *arm, sid__arm_joins joins, sid_error *err)
{
    const char *kind = arm->source.begin ? arm->source.table.kind : "";
    if (joins.with_id && strcmp(kind, "growing") == 0)
        return sid__fail(err, SID_EUSAGE, "arm \"%s\" has ids already", arm->name);
    if (strcmp(kind, "capped") == 0)
        return sid__fail(err, SID_EUSAGE, "arm \"%s\" drops rows; nothing can be joined to it", arm->name);
    return SID_OK;
}

sid_status sid__arm_join(sid__arm *arm, const sid__arm_data *data, sid__arm_joins joins, uint64_t seed, sid_error *err)
{
    joining j = {.arm = arm, .data = data, .joins = joins, .seed = seed};
    int64_t items = data->items, own = arm->source.begin ? arm->source.begin[items] : 0;
    if (!joins.with_id && !joins.history_by_id)
        return SID_OK;
    SID_TRY(check(arm, joins, err));
    sid_status status = sid__alloc(&j.key, (size_t)(2 * own + 2 * items), sizeof *j.key, "keys of joined arms", err);
    if (status == SID_OK)
        status = sid__alloc(&j.begin, 2 * (size_t)items + 1, sizeof *j.begin, "keys of joined arms", err);
    if (status != SID_OK) {
        sid__free(j.key);
        return status;
    }
    put_all(&j);
    sid__free(arm->key);
    sid__free(arm->begin);
    arm->source.key = arm->key = j.key;
    arm->source.begin = arm->begin = j.begin;
    arm->source.table = (sid_table_options){.kind = "growing"};
    arm->source.past_from = joins.history_by_id ? items : 0;
    arm->item_rows = (double)j.begin[items] / (double)items;
    return SID_OK;
}
