/* gemm_tile_avx512.c: 12 rows x 2 groups = 24 of 32 registers accumulate. */
#if defined(__AVX512F__)
#include <immintrin.h>

#define GEMM_TABLE sid__gemm_tile_avx512
enum { LANES = 16, ROWS = 12, GROUPS = 2, WIDE_ROWS = 5 };
#define EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#define LANE_LIST LIST16
#define TRANSPOSE_STEPS STEP(8) STEP(4) STEP(2) STEP(1)
#define FUSED(a, b, c) ((vector)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define LOAD_PART(at, count) ((vector)_mm512_maskz_loadu_ps((__mmask16)((1U << (count)) - 1), at))
#define STORE_PART(at, v, count) _mm512_mask_storeu_ps(at, (__mmask16)((1U << (count)) - 1), (__m512)(v))
#include "kernel/gemm_tile_body.h"
#else
typedef int sid__gemm_tile_avx512_is_absent; /* another architecture */
#endif
