/* arena.h: memory of one lifetime. Push many small things, drop them all at once.
 *
 * Used for ids, titles and anything counted in millions whose parts are never freed alone. Not for threads to share.
 */
#ifndef SEMID_BASE_ARENA_H
#define SEMID_BASE_ARENA_H

#include "base/mem.h"

typedef struct sid__arena_block sid__arena_block;

/* Invariant: block is NULL or used_size <= the size of its newest block. Zero-initialised is empty. */
typedef struct sid__arena {
    sid__arena_block *block; /* newest; each knows the one before it */
    size_t used_size;        /* of the newest */
} sid__arena;

/* `size` zeroed bytes, 16-byte aligned; they live until sid__arena_drop. */
sid_status sid__arena_push(sid__arena *arena, size_t size, void *out, sid_error *err);
/* A copy of `size` bytes with a zero after them. */
sid_status sid__arena_text(sid__arena *arena, const char *text, size_t size, char **out, sid_error *err);
void sid__arena_drop(sid__arena *arena);

#endif
