/* softmin.c: see softmin.h: which path a context uses, and the gap between a row's best codes. */
#include "kernel/softmin.h"

#include <math.h>

sid__softmin_fn *sid__softmin_for(sid__isa isa)
{
#if defined(__x86_64__)
    if (isa >= SID__ISA_AVX512)
        return sid__softmin_avx512;
    if (isa == SID__ISA_AVX2)
        return sid__softmin_avx2;
#endif
    (void)isa;
    return sid__softmin_portable;
}

void sid__least_two(const float *dot, const double *base, int count, double *least, double *gap)
{
    double first = (double)INFINITY, second = (double)INFINITY;
    for (int k = 0; k < count; k++) {
        double z = base[k] - (double)dot[k];
        second = z < first ? first : z < second ? z : second;
        first = z < first ? z : first;
    }
    *least = first;
    *gap = second - first;
}
