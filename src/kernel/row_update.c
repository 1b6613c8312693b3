/* row_update.c: which of the loops of row_update.h this CPU runs. */
#include "kernel/row_update.h"

sid__row_update_fn *sid__row_update_for(sid__isa isa, sid__row_update update)
{
#if defined(__x86_64__)
    if (isa >= SID__ISA_AVX512)
        return sid__row_updates_avx512[update];
    if (isa == SID__ISA_AVX2)
        return sid__row_updates_avx2[update];
#endif
    (void)isa;
    return sid__row_updates_portable[update];
}
