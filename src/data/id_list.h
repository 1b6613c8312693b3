/* id_list.h: ids of users or items, numbered in order of first appearance. */
#ifndef SEMID_DATA_ID_LIST_H
#define SEMID_DATA_ID_LIST_H

#include "base/arena.h"
#include "io/id_index.h"

/* Zero-initialised is empty. Row i is id[i]; ids differ. */
typedef struct sid__id_list {
    const char **id;
    int64_t count, capacity;
    sid__id_index index;
    sid__arena arena;
} sid__id_list;

/* The row of an id of at most SID_ITEM_ID_MAX bytes, new or not. SID_EDATA: more than INT32_MAX ids. */
sid_status sid__id_list_add(sid__id_list *list, const char *text, size_t size, int64_t *row, sid_error *err);
/* The row, or -1. */
int64_t sid__id_list_find(const sid__id_list *list, const char *id);
/* The same for `size` bytes without a zero behind them, at most SID_ITEM_ID_MAX. */
int64_t sid__id_list_find_text(const sid__id_list *list, const char *text, size_t size);
/* Keeps the ids with keep[row] >= 0, in their order. */
sid_status sid__id_list_compact(sid__id_list *list, const int32_t *keep, sid_error *err);
void sid__id_list_drop(sid__id_list *list);

#endif
