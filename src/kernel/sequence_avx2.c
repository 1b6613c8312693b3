/* sequence_avx2.c: compiled for AVX2. */
#if defined(__AVX2__)
#include <immintrin.h>

enum { LANES = 8 };
#define SEQUENCE_TABLE sid__sequence_avx2
#define wide_product(a, b) ((counters)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#include "kernel/sequence_body.h"
#else
typedef int sid__sequence_avx2_is_absent; /* another architecture */
#endif
