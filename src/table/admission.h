/* admission.h: how often keys without a row were seen: a counting filter in generations (Monolith, 2209.07663, section 2.3), so
 * that memory is bounded and what was not seen for long is forgotten.
 *
 * A cell is 24 bits of signature and 8 of count; 0 is free. A key may lie in any of PROBES cells from its place, in any of
 * seven generations. What is seen moves to the newest; when that is half full, the oldest is cleared and becomes the newest.
 * Two keys count as one where place and signature agree: some 16 / 2^24 of pairs in a full filter.
 */
#ifndef SEMID_TABLE_ADMISSION_H
#define SEMID_TABLE_ADMISSION_H

#include "base/ctx.h"

enum { SID__GENERATIONS = 7, SID__FILTER_CELLS_LEAST = 16, SID__FILTER_PROBES = 16 };

/* Each shard has its own generations, so that shards do not depend on each other. */
typedef struct sid__filter {
    sid_ctx *ctx;
    int shards;
    int64_t cells;   /* of a generation of a shard, a power of two; 0: there is no filter */
    uint32_t *cell;  /* (shards, SID__GENERATIONS, cells) */
    uint32_t *used;  /* (shards, SID__GENERATIONS) cells that are not free */
    uint8_t *newest; /* (shards) */
} sid__filter;

/* cells: of a generation of all shards together, at least; 0: none. */
sid_status sid__filter_init(sid_ctx *ctx, int shards, int64_t cells, sid__filter *filter, sid_error *err);
void sid__filter_drop(sid__filter *filter);
size_t sid__filter_size(const sid__filter *filter);
/* Counts `used` from the cells, after these were read. */
void sid__filter_recount(sid__filter *filter);
/* Sights of a key that are known. */
int sid__filter_count(const sid__filter *filter, int shard, uint64_t hash);
void sid__filter_add(sid__filter *filter, int shard, uint64_t hash, int64_t sights);
/* A key that got its row: should it lose it, counting starts anew. */
void sid__filter_forget(sid__filter *filter, int shard, uint64_t hash);

#endif
