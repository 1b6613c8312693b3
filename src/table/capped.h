/* capped.h: which row goes when a table of kind `capped` is full: the least count * 2^(-age / half-life), the lower key of
 * equals. That order does not depend on when it is asked: log2(count) + last use / half-life. It only rises while a row lives,
 * so a heap of scores as they were is put right where it is looked at.
 */
#ifndef SEMID_TABLE_CAPPED_H
#define SEMID_TABLE_CAPPED_H

#include "base/ctx.h"

typedef struct sid__capped_entry {
    double score; /* at most what it is now */
    uint64_t key;
    uint32_t row;
} sid__capped_entry;

/* Invariant: heap[i] is not before heap[(i - 1) / 2], by (score, key); each row of the table has one entry. */
typedef struct sid__capped {
    sid_ctx *ctx;
    int64_t rows; /* at most; 0: the table is of another kind */
    double half_life_s;
    uint32_t *count;         /* (rows) sights since the row is there */
    uint32_t *batch;         /* (rows) number of the last visit that saw it */
    sid__capped_entry *heap; /* (rows) */
    int64_t heap_count;
    uint32_t batch_now;
} sid__capped;

sid_status sid__capped_init(sid_ctx *ctx, int64_t rows, double half_life_s, sid__capped *capped, sid_error *err);
void sid__capped_drop(sid__capped *capped);
size_t sid__capped_size(const sid__capped *capped);
double sid__capped_score(const sid__capped *capped, uint32_t count, uint32_t last_use);
/* A row more, or anew after sid__capped_take. */
void sid__capped_push(sid__capped *capped, double score, uint64_t key, uint32_t row);
/* The entry that looks least; NULL when there is none. */
const sid__capped_entry *sid__capped_least(const sid__capped *capped);
/* The least entry has this score by now. */
void sid__capped_raise(sid__capped *capped, double score);
void sid__capped_pop(sid__capped *capped);

#endif
