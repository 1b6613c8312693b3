/* step_memory.c: see step_memory.h. A chain of blocks of 4 MiB, or as large as what was asked for. */
#include "tensor/step_memory.h"

#include <string.h>

#include "base/checked.h"

enum { BLOCK_SIZE = 1 << 22, WASTE_LEAST = 1 << 26, ALIGNMENT = 64 };

struct sid__memory_block {
    sid__memory_block *next;
    size_t size;
    _Alignas(ALIGNMENT) char bytes[];
};

static bool fits(const sid__memory_block *block, size_t used_size, size_t wanted_size)
{
    return block && block->size - used_size >= wanted_size;
}

/* Puts a new block after the current one. */
static sid_status add_block(sid__memory *memory, size_t least_size, sid_error *err)
{
    size_t size = least_size > BLOCK_SIZE ? least_size : BLOCK_SIZE, total_size;
    size = memory->next_size > size ? memory->next_size : size;
    sid__memory_block *block = NULL;
    if (!sid__add_size(size, sizeof *block, &total_size))
        return sid__fail_memory(err, "memory of a step", size);
    SID_TRY(sid__alloc(&block, 1, total_size, "memory of a step", err));
    block->size = size;
    block->next = memory->current ? memory->current->next : NULL;
    if (memory->current)
        memory->current->next = block;
    else
        memory->first = block;
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
    if (!fits(memory->current, memory->used_size, wanted_size)) {
        if (memory->current && fits(memory->current->next, 0, wanted_size))
            memory->current = memory->current->next;
        else
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
