/* step_memory.h: memory of a step: pushed piece by piece while a tape records, taken back all at once. The blocks stay, so the
 * second step of a shape allocates nothing and finds its pages where the first one left them. Where steps differ in shape, pieces
 * of one do not fit into blocks of another: when more than a quarter of the blocks is what no step took, one block takes their
 * place.
 */
#ifndef SEMID_TENSOR_STEP_MEMORY_H
#define SEMID_TENSOR_STEP_MEMORY_H

#include "base/mem.h"

typedef struct sid__memory_block sid__memory_block;

/* Zero-initialised is empty. Invariant: blocks before `current` are full or were passed over, those after it are free. */
typedef struct sid__memory {
    sid__memory_block *first, *current;
    size_t used_size; /* of the current block */
    /* Of this step, of the largest yet, of all blocks; and what the next block is to hold at least. */
    size_t step_size, most_size, blocks_size, next_size;
} sid__memory;

/* count * size bytes, 64-byte aligned, not cleared; they live until the next reset. */
sid_status sid__memory_push(sid__memory *memory, size_t count, size_t size, void *out, sid_error *err);
void sid__memory_reset(sid__memory *memory);
void sid__memory_drop(sid__memory *memory);

#endif
