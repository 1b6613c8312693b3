/* curve.c: which path of curve.h a context uses. */
#include "kernel/curve.h"

const sid__curve *sid__curve_for(sid__isa isa)
{
#if defined(__x86_64__) && !defined(SEMID_REAL_IS_DOUBLE)
    if (isa >= SID__ISA_AVX512)
        return &sid__curve_avx512;
    if (isa == SID__ISA_AVX2)
        return &sid__curve_avx2;
#endif
    (void)isa;
    return &sid__curve_portable;
}
