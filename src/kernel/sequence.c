/* sequence.c: which path of sequence.h a context uses. */
#include "kernel/sequence.h"

const sid__sequence_kernels *sid__sequence_for(sid__isa isa)
{
#if defined(__x86_64__) && !defined(SEMID_REAL_IS_DOUBLE)
    if (isa >= SID__ISA_AVX512)
        return &sid__sequence_avx512;
    if (isa == SID__ISA_AVX2)
        return &sid__sequence_avx2;
#endif
    (void)isa;
    return &sid__sequence_portable;
}
