/* curve_avx512.c: compiled for AVX-512. */
#if defined(__AVX512F__)
enum { LANES = 16 };
#define CURVE_TABLE sid__curve_avx512
#include "kernel/curve_body.h"
#else
typedef int sid__curve_avx512_is_absent; /* another architecture */
#endif
