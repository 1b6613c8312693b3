/* neural.c: which path of neural.h a context uses. */
#include "kernel/neural.h"

const sid__neural *sid__neural_for(sid__isa isa)
{
#if defined(__x86_64__) && !defined(SEMID_REAL_IS_DOUBLE)
    if (isa >= SID__ISA_AVX512)
        return &sid__neural_avx512;
    if (isa == SID__ISA_AVX2)
        return &sid__neural_avx2;
#endif
    (void)isa;
    return &sid__neural_portable;
}
