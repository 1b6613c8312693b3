/* kernels_avx2.c: 6 rows x 1 group of two registers = 12 of 16 registers accumulate. */
#include <immintrin.h>

enum { LANES = 8, ROWS = 6, GROUPS = 1 };
#define MULTIPLY_ADD(a, b, c) ((vector)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define SIGN_BITS(m) ((unsigned)_mm256_movemask_ps((__m256)(m)))
#include "kernel/kernels_body.h"

const sid__kernels sid__kernels_avx2 = {.dots = dots,
                                        .project = multiply,
                                        .filter = filter,
                                        .intervals = intervals,
                                        .at_most = at_most,
                                        .square = square,
                                        .accumulate = accumulate};
