/* step_memory.c: see step_memory.h. A chain of blocks, the first of 4 MiB, each new one at least half of all before it: few
 * ends of blocks stay empty however pieces differ, and what of the last block was never written takes no memory. */
#include "tensor/step_memory.h"

#include <string.h>

#include "base/checked.h"

enum { BLOCK_SIZE = 1 << 22, WASTE_LEAST = 1 << 26, ALIGNMENT = 64 };

struct sid__memory_block {
    sid__memory_block *next;
    size_t size;
    _Alignas(ALIGNMENT) char bytes[];
};

/* Goes on to the next block with room; those between stay empty in this step. False: there is none. */
static bool skip_to_room(sid__memory *memory, size_t wanted_size)
{
    sid__memory_block *block = memory->current ? memory->current->next : NULL;
    while (block && block->size < wanted_size)
        block = block->next;
    if (!block)
        return false;
    memory->current = block;
    return true;
}

/* Puts a new block at the end. */
static sid_status add_block(sid__memory *memory, size_t least_size, sid_error *err)
{
    size_t size = memory->next_size > memory->blocks_size / 2 ? memory->next_size : memory->blocks_size / 2, total_size;
    size = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    size = size > least_size ? size : least_size;
    sid__memory_block *block = NULL;
    if (!sid__add_size(size, sizeof *block, &total_size))
        return sid__fail_memory(err, "memory of a step", size);
    SID_TRY(sid__alloc_unset(&block, 1, total_size, "memory of a step", err));
    block->size = size;
    block->next = NULL;
    sid__memory_block **end = memory->current ? &memory->current->next : &memory->first;
    while (*end)
        end = &(*end)->next;
    *end = block;
    memory->current = block;
    memory->blocks_size += size;
    memory->next_size = 0;
    return SID_OK;
}

sid_status sid__memory_push(sid__memory *memory, size_t count, size_t size, void *out, sid_error *err)
{
    size_t wanted_size;
    if (!sid__mul_size(count, size, &wanted_size) || !sid__add_size(wanted_size, ALIGNMENT - 1, &wanted_size))
        return sid__fail_memory(err, "memory of a step", SIZE_MAX);
    wanted_size = wanted_size / ALIGNMENT * ALIGNMENT;
    if (!memory->current || memory->current->size - memory->used_size < wanted_size) {
        if (!skip_to_room(memory, wanted_size))
            SID_TRY(add_block(memory, wanted_size, err));
        memory->used_size = 0;
    }
    char *bytes = memory->current->bytes + memory->used_size;
    memcpy(out, &bytes, sizeof bytes);
    memory->used_size += wanted_size;
    memory->step_size += wanted_size;
    return SID_OK;
}

static void free_blocks(sid__memory *memory)
{
    for (sid__memory_block *block = memory->first, *next; block; block = next) {
        next = block->next;
        sid__free(block);
    }
    memory->first = NULL;
    memory->blocks_size = 0;
}

void sid__memory_reset(sid__memory *memory)
{
    if (memory->step_size > memory->most_size)
        memory->most_size = memory->step_size;
    if (memory->blocks_size > WASTE_LEAST && memory->blocks_size - memory->blocks_size / 4 > memory->most_size) {
        free_blocks(memory);
        memory->next_size = memory->most_size + memory->most_size / 8;
    }
    memory->current = memory->first;
    memory->used_size = memory->step_size = 0;
}

void sid__memory_drop(sid__memory *memory)
{
    free_blocks(memory);
    *memory = (sid__memory){0};
}
