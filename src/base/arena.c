/* arena.c: a chain of blocks that grow from 1 to 64 KiB: an arena for the texts of one item is cleared in no time, and a
 * million ids cost a hundred allocations.
 */
#include "base/arena.h"

#include <string.h>

#include "base/checked.h"

enum { FIRST_SIZE = 1 << 10, BLOCK_SIZE = 1 << 16, GROWTH = 4, ALIGNMENT = 16 };

struct sid__arena_block {
    sid__arena_block *before;
    size_t size;
    _Alignas(ALIGNMENT) char bytes[];
};

static sid_status add_block(sid__arena *arena, size_t least_size, sid_error *err)
{
    size_t usual = arena->block ? arena->block->size * GROWTH : FIRST_SIZE, total;
    usual = usual < BLOCK_SIZE ? usual : BLOCK_SIZE;
    size_t size = least_size > usual ? least_size : usual;
    if (!sid__add_size(size, sizeof(sid__arena_block), &total))
        return sid__fail_memory(err, "an arena block", size);
    sid__arena_block *block = NULL;
    SID_TRY(sid__alloc(&block, 1, total, "an arena block", err));
    block->before = arena->block;
    block->size = size;
    arena->block = block;
    arena->used_size = 0;
    return SID_OK;
}

sid_status sid__arena_push(sid__arena *arena, size_t size, void *out, sid_error *err)
{
    size_t wanted;
    if (!sid__add_size(size, ALIGNMENT - 1, &wanted))
        return sid__fail_memory(err, "an arena entry", size);
    wanted = wanted / ALIGNMENT * ALIGNMENT;
    if (!arena->block || arena->block->size - arena->used_size < wanted)
        SID_TRY(add_block(arena, wanted, err));
    char *entry = arena->block->bytes + arena->used_size;
    memcpy(out, &entry, sizeof entry);
    arena->used_size += wanted;
    return SID_OK;
}

sid_status sid__arena_text(sid__arena *arena, const char *text, size_t size, char **out, sid_error *err)
{
    size_t with_end;
    char *copy = NULL;
    if (!sid__add_size(size, 1, &with_end))
        return sid__fail_memory(err, "a text", size);
    SID_TRY(sid__arena_push(arena, with_end, &copy, err));
    if (size > 0) /* text may be NULL then, which memcpy may not take */
        memcpy(copy, text, size);
    *out = copy;
    return SID_OK;
}

void sid__arena_drop(sid__arena *arena)
{
    while (arena->block) {
        sid__arena_block *before = arena->block->before;
        sid__free(arena->block);
        arena->block = before;
    }
    arena->used_size = 0;
}
