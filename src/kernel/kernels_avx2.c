/* kernels_avx2.c: 6 rows x 1 group of two registers = 12 of 16 registers accumulate. */
#include <immintrin.h>

enum { LANES = 8, ROWS = 6, GROUPS = 1 };
#define MULTIPLY_ADD(a, b, c) ((vector)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define NOT_ABOVE_BITS(v, limit)                                                                                       \
    ((unsigned)_mm256_movemask_ps(_mm256_cmp_ps((__m256)(v), (__m256)(limit), _CMP_NGT_UQ)))
#define SMALLER(a, b) ((vector)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define LARGER(a, b) ((vector)_mm256_max_ps((__m256)(a), (__m256)(b)))
#include "kernel/kernels_body.h"

const sid__kernels sid__kernels_avx2 = {.scores = scores,
                                        .project = multiply,
                                        .intervals = intervals,
                                        .at_most = at_most,
                                        .measure = measure,
                                        .dot = dot,
                                        .two_least = two_least,
                                        .accumulate = accumulate};
