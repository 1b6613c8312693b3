/* dense.c: which path of dense.h a context uses. */
#include "kernel/dense.h"

const sid__dense *sid__dense_for(sid__isa isa)
{
#if defined(__x86_64__)
    if (isa >= SID__ISA_AVX512)
        return &sid__dense_avx512;
    if (isa == SID__ISA_AVX2)
        return &sid__dense_avx2;
#endif
    (void)isa;
    return &sid__dense_portable;
}
