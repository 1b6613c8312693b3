/* reply_cache.h: bodies of GETs for the next who asks the same, until anything changes: then all go. The loop's alone, so it
 * needs no lock; bounded by entries and bytes, and the oldest make room.
 */
#ifndef SEMID_SERVE_REPLY_CACHE_H
#define SEMID_SERVE_REPLY_CACHE_H

#include "answer.h"

typedef struct srv_cached srv_cached;

/* Invariant: size is the sum of the entries' keys and bodies; first is the oldest. */
typedef struct srv_cache {
    srv_cached **slot; /* (SRV_CACHE_ENTRIES_MAX) chains by hash */
    srv_cached *first, *last;
    int64_t size, count;
    uint64_t generation;
} srv_cache;

void srv_cache_drop(srv_cache *cache);
/* The body kept for `key` as of `generation`, one use more of it; NULL: none. What is of another generation is dropped. */
srv_body *srv_cache_find(srv_cache *cache, const char *key, uint64_t generation);
/* Keeps `text`, which is taken, and gives it back as a body with one use more; NULL: out of memory, `text` is as it was. */
srv_body *srv_cache_keep(srv_cache *cache, const char *key, srv_text *text);
void srv_body_release(void *body);

#endif
