/* softmin_avx512.c: the loop of softmin.h on AVX-512. */
#include <immintrin.h>

enum { LANES = 8 };
#define NAME sid__softmin_avx512
#define WIDEN(at) ((vector)_mm512_cvtps_pd(_mm256_loadu_ps(at)))
#define ANY(m) (_mm512_movepi64_mask((__m512i)(m)) != 0)
#include "kernel/softmin_body.h"
