/* narrow_avx512.c: 64 rows by 4 codes: 16 of 32 registers hold scores, 12 what the rows know. */
#include <immintrin.h>

enum { LANES = 16, VECTORS = 4, CODES = 4 };
#define NARROW sid__narrow_avx512
#define SUBTRACT_PRODUCT(a, b, c) ((vector)_mm512_fnmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define LESS(a, b) ((vector)_mm512_min_ps((__m512)(a), (__m512)(b)))
#define MORE(a, b) ((vector)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define SELECT(m, a, b) ((lanes)_mm512_mask_mov_epi32((__m512i)(b), _mm512_movepi32_mask((__m512i)(m)), (__m512i)(a)))
#include "kernel/narrow_body.h"
