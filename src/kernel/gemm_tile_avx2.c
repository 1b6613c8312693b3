/* gemm_tile_avx2.c: 6 rows x 1 group of two registers = 12 of 16 registers accumulate. */
#if defined(__AVX2__)
#include <immintrin.h>

#define GEMM_TABLE sid__gemm_tile_avx2
enum { LANES = 8, ROWS = 6, GROUPS = 1, WIDE_ROWS = 2 };
#define EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define LANE_LIST LIST8
#define TRANSPOSE_STEPS STEP(4) STEP(2) STEP(1)
#define FUSED(a, b, c) ((vector)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#include "kernel/gemm_tile_body.h"
#else
typedef int sid__gemm_tile_avx2_is_absent; /* another architecture */
#endif
