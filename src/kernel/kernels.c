/* kernels.c: the one place where an instruction set is chosen. */
#include "kernel/kernels.h"

static const sid__kernels *const table[SID__ISA_COUNT] = {
    [SID__ISA_PORTABLE] = &sid__kernels_portable,
#if defined(__x86_64__)
    [SID__ISA_AVX2] = &sid__kernels_avx2,
    [SID__ISA_AVX512] = &sid__kernels_avx512,
    [SID__ISA_AVX512BF16] = &sid__kernels_avx512bf16,
#endif
};

const sid__kernels *sid__kernels_for(sid__isa isa)
{
    return table[isa] ? table[isa] : &sid__kernels_portable;
}

const sid__kernels *sid__kernels_of(const sid_ctx *ctx)
{
    return sid__kernels_for(ctx->isa);
}
