/* bf16_tile.c: which path of bf16_tile.h a context uses. */
#include "kernel/bf16_tile.h"

const sid__bf16_tile *sid__bf16_tile_for(sid__isa isa)
{
#if defined(__x86_64__)
    if (isa == SID__ISA_AVX512BF16)
        return &sid__bf16_tile_avx512bf16;
    if (isa == SID__ISA_AVX512)
        return &sid__bf16_tile_avx512;
    if (isa == SID__ISA_AVX2)
        return &sid__bf16_tile_avx2;
#endif
    (void)isa;
    return &sid__bf16_tile_portable;
}
