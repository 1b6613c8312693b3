/* narrow_avx2.c: 32 rows by 2 codes: 8 of 16 registers hold scores. */
#include <immintrin.h>

enum { LANES = 8, VECTORS = 4, CODES = 2 };
#define NARROW sid__narrow_avx2
#define SUBTRACT_PRODUCT(a, b, c) ((vector)_mm256_fnmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define LESS(a, b) ((vector)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define MORE(a, b) ((vector)_mm256_max_ps((__m256)(a), (__m256)(b)))
#define SELECT(m, a, b) ((lanes)_mm256_blendv_ps((__m256)(b), (__m256)(a), (__m256)(m)))
#include "kernel/narrow_body.h"
