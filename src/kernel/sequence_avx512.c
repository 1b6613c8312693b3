/* sequence_avx512.c: compiled for AVX-512. */
#if defined(__AVX512F__)
#include <immintrin.h>

enum { LANES = 16 };
#define SEQUENCE_TABLE sid__sequence_avx512
#define wide_product(a, b) ((counters)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#include "kernel/sequence_body.h"
#else
typedef int sid__sequence_avx512_is_absent; /* another architecture */
#endif
