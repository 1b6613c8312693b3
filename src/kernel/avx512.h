/* avx512.h: what kernels_body.h asks of an instruction set, for AVX-512: 6 rows x 4 groups = 24 of 32 registers
 * accumulate. */
#ifndef SEMID_KERNEL_AVX512_H
#define SEMID_KERNEL_AVX512_H

#include <immintrin.h>

#include "kernel/kernels.h"

enum { LANES = 16, ROWS = 6, GROUPS = 4 };
#define MULTIPLY_ADD(a, b, c) ((vector)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define SMALLER(a, b) ((vector)_mm512_min_ps((__m512)(a), (__m512)(b)))
#define LARGER(a, b) ((vector)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define NOT_ABOVE_BITS(v, limit) (_cvtmask16_u32(_mm512_cmp_ps_mask((__m512)(v), (__m512)(limit), _CMP_NGT_UQ)))
#define HAS_TWO_LEAST

static sid__two_least two_least(const float *value, int count)
{
    __m512 least = _mm512_set1_ps(3.0e38f), second = least;
    __m512i index = _mm512_setzero_si512();
    for (int k = 0; k < count; k += LANES) {
        __m512 v = _mm512_loadu_ps(value + k);
        __mmask16 is_less = _mm512_cmp_ps_mask(v, least, _CMP_LT_OQ);
        second = _mm512_min_ps(second, _mm512_max_ps(least, v));
        least = _mm512_min_ps(least, v);
        index = _mm512_mask_mov_epi32(index, is_less, _mm512_set1_epi32(k));
    }
    float first = _mm512_reduce_min_ps(least);
    unsigned lanes = _cvtmask16_u32(_mm512_cmp_ps_mask(least, _mm512_set1_ps(first), _CMP_EQ_OQ));
    unsigned lane = lanes ? (unsigned)__builtin_ctz(lanes) : 0;
    /* the lane's own second, the others' least */
    __m512 rest = _mm512_mask_mov_ps(least, _cvtu32_mask16(1u << lane), second);
    index = _mm512_maskz_compress_epi32(_cvtu32_mask16(1u << lane), index);
    return (sid__two_least){
        .index = _mm512_cvtsi512_si32(index) + (int)lane, .least = first, .second = _mm512_reduce_min_ps(rest)};
}

#endif
