/* bf16_tile_avx512bf16.c: VDPBF16PS, twice the rate of fp32: 8 rows x 3 groups = 24 of 32 registers accumulate. */
#if defined(__AVX512BF16__)
#include <immintrin.h>
#include <stdint.h>

#define BF16_TABLE sid__bf16_tile_avx512bf16
enum { LANES = 16, ROWS = 8, GROUPS = 3 };
#define EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)

typedef float vector __attribute__((vector_size(64)));
typedef int32_t lane_bits __attribute__((vector_size(64)));
typedef int16_t lane_halves __attribute__((vector_size(32)));
typedef __m512i pair;

static inline pair spread(uint32_t word)
{
    return _mm512_set1_epi32((int)word);
}

static inline pair take(const uint16_t *words)
{
    return _mm512_loadu_si512(words);
}

static inline vector dot(vector acc, pair a, pair b)
{
    return (vector)_mm512_dpbf16_ps((__m512)acc, (__m512bh)a, (__m512bh)b);
}

/* The instruction gives 16 numbers of `low`, then 16 of `high`; the permutation takes them in turns. */
#define HAS_PUT_ROUNDED
__attribute__((always_inline)) static inline void put_rounded(const vector *low, const vector *high, uint16_t *to_low,
                                                              uint16_t *to_high, uint16_t *panel)
{
    static const uint16_t turn[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    __m512i both = (__m512i)_mm512_cvtne2ps_pbh((__m512)*high, (__m512)*low);
    if (to_low)
        _mm256_storeu_si256((__m256i *)(void *)to_low, _mm512_castsi512_si256(both));
    if (to_high)
        _mm256_storeu_si256((__m256i *)(void *)to_high, _mm512_extracti64x4_epi64(both, 1));
    if (panel)
        _mm512_storeu_si512(panel, _mm512_permutexvar_epi16(_mm512_loadu_si512(turn), both));
}

#include "kernel/bf16_tile_body.h"
#else
typedef int sid__bf16_tile_avx512bf16_is_absent; /* another architecture */
#endif
