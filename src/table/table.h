/* table.h: the inside of sid_table.
 *
 * Keys are spread over 256 shards by their hash. A shard's keys are one thread's during a call, whichever thread that is, and
 * nothing that a shard does depends on another: so results do not depend on threads. What needs memory comes first and can
 * be taken back; what changes rows then cannot fail.
 *
 * Locks: `writer` is held by each call that changes the table, from start to end. `rows` is held shared by readers for a call, and
 * exclusively by the writer where keys, rows or blocks change; a writer waits for readers no longer than a call of theirs.
 */
#ifndef SEMID_TABLE_TABLE_H
#define SEMID_TABLE_TABLE_H

#include <pthread.h>

#include "table/admission.h"
#include "table/capped.h"
#include "table/cuckoo.h"
#include "table/optimizer.h"
#include "table/slab.h"

enum { SID__SHARDS = 256 };

typedef enum sid__table_kind { SID__GROWING, SID__CAPPED, SID__HASHED, SID__DOUBLE } sid__table_kind;
extern const char *const sid__table_kind_name[4];

typedef enum sid__serving { SID__SERVING_FP32, SID__SERVING_FP16, SID__SERVING_INT8 } sid__serving;
extern const char *const sid__serving_name[3];

typedef struct sid__slice {
    int dim;
    float range; /* 0: rows begin as zeroes */
    sid__rule rule;
    sid__serving serving;
    int weight_at, state_at; /* floats before it in a row of weights, of state */
    size_t served_at;        /* bytes before it in a served row */
} sid__slice;

/* What the caller chose, checked; texts are replaced by what they mean. */
typedef struct sid__table_setup {
    sid__table_kind kind;
    int64_t rows;
    uint64_t seed, hash_seed;
    bool by_row;
    int admit_count, admit_prob;
    int64_t admit_cells;
    int64_t ttl_s; /* 0: never */
    double half_life_s;
    int slice_count;
    sid__slice slice[SID_SLICES_MAX];
    int dim, state_floats;
    size_t served_size; /* bytes of a served row */
} sid__table_setup;

/* A key's row in `weights`, `state` and `keys`: the same number in each, dense, 0 .. rows - 1. Invariant of growing and capped:
 * rows == sum of shard[i].count, and keys[row] is the key whose slot says `row`. Hashed, double: row = address, no shards. */
struct sid_table {
    sid_ctx *ctx;
    sid__table_setup setup;
    bool is_serving; /* rows of `weights` hold serving types; no state */
    int64_t rows;
    sid__cuckoo shard[SID__SHARDS];
    sid__slab weights, state, keys; /* keys: uint64_t; none where rows are addressed */
    sid__filter filter;
    sid__capped capped;
    int64_t sights, steps;
    pthread_mutex_t writer;
    pthread_rwlock_t lock;
};

static inline bool sid__table_is_addressed(const sid_table *t)
{
    return t->setup.kind >= SID__HASHED;
}

static inline int sid__shard_of(uint64_t hash)
{
    return (int)(hash >> 48 & 255);
}

/* Fills `out` from the caller's words. */
sid_status sid__table_setup_init(const sid_ctx *ctx, const sid_table_options *options, sid__table_setup *out,
                                 sid_error *err);
/* An empty table of that setup. */
sid_status sid__table_make(sid_ctx *ctx, const sid__table_setup *setup, bool is_serving, sid_table **out,
                           sid_error *err);
/* What a snapshot must agree with, as text. */
sid_status sid__table_setup_text(const sid__table_setup *setup, sid__strbuf *out, sid_error *err);
/* Weights as a new row of that key has them: (setup.dim). */
void sid__table_initial(const sid__table_setup *setup, uint64_t key, float *out);
/* Makes row `row` a new one of that key. */
void sid__table_start_row(sid_table *t, uint32_t row, uint64_t key);
/* Room for that many rows in all slabs. A failure leaves all as it was. */
sid_status sid__table_reserve_rows(sid_table *t, int64_t rows, sid_error *err);
/* SID_EREADONLY for a serving table, else takes the writer's lock. */
sid_status sid__table_begin_change(sid_table *t, sid_error *err);
/* Adds what helps to a failure for want of memory; gives the status back. */
sid_status sid__table_advise(sid_status status, sid_error *err);
sid_status sid__table_check_time(int64_t time_s, sid_error *err);
/* Takes a key's row out: the last row takes its place. Under both locks. */
void sid__table_remove(sid_table *t, sid__slot *slot);
/* Gives memory back after removals. */
void sid__table_trim(sid_table *t);
/* The order in which rows of a capped table go, anew. */
void sid__table_reorder(sid_table *t);
/* A served row as floats (setup.dim). */
void sid__served_decode(const sid__table_setup *setup, const void *served, float *out);

#endif
