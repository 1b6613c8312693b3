/* kernels_avx512.c: 6 rows x 4 groups = 24 of 32 registers accumulate. */
#include <immintrin.h>

enum { LANES = 16, ROWS = 6, GROUPS = 4 };
#define MULTIPLY_ADD(a, b, c) ((vector)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define SIGN_BITS(m) ((unsigned)_mm512_movepi32_mask((__m512i)(m)))
#include "kernel/kernels_body.h"

const sid__kernels sid__kernels_avx512 = {.dots = dots,
                                          .project = multiply,
                                          .filter = filter,
                                          .intervals = intervals,
                                          .at_most = at_most,
                                          .square = square,
                                          .accumulate = accumulate};
