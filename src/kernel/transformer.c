/* transformer.c: which path of transformer.h a context uses. */
#include "kernel/transformer.h"

const sid__transformer *sid__transformer_for(sid__isa isa)
{
#if defined(__x86_64__)
    if (isa >= SID__ISA_AVX512)
        return &sid__transformer_avx512;
    if (isa == SID__ISA_AVX2)
        return &sid__transformer_avx2;
#endif
    (void)isa;
    return &sid__transformer_portable;
}
