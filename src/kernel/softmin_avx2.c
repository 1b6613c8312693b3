/* softmin_avx2.c: the loop of softmin.h on AVX2. */
#include <immintrin.h>

enum { LANES = 4 };
#define NAME sid__softmin_avx2
#define WIDEN(at) ((vector)_mm256_cvtps_pd(_mm_loadu_ps(at)))
#define ANY(m) (_mm256_movemask_pd((__m256d)(m)) != 0)
#include "kernel/softmin_body.h"
