/* gemm_tile.c: which path of gemm_tile.h a context uses. */
#include "kernel/gemm_tile.h"

const sid__gemm_tile *sid__gemm_tile_for(sid__isa isa)
{
#if defined(__x86_64__)
    if (isa >= SID__ISA_AVX512)
        return &sid__gemm_tile_avx512;
    if (isa == SID__ISA_AVX2)
        return &sid__gemm_tile_avx2;
#endif
    (void)isa;
    return &sid__gemm_tile_portable;
}
