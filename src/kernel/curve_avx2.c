/* curve_avx2.c: compiled for AVX2. */
#if defined(__AVX2__)
enum { LANES = 8 };
#define CURVE_TABLE sid__curve_avx2
#include "kernel/curve_body.h"
#else
typedef int sid__curve_avx2_is_absent; /* another architecture */
#endif
