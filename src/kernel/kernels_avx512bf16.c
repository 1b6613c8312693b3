/* kernels_avx512bf16.c: the fp32 loops of AVX-512, but `dots` multiplies bf16 pairs (VDPBF16PS), at twice the rate.
 *
 * bf16 keeps 8 bits: the rounding of rows and codes is measured and added to the filter's bound, so that a few more codes
 * survive and float64 decides the same label. The instruction takes denormals as zero and flushes its results; data whose
 * magnitudes come near that are multiplied in fp32 instead.
 */
#include <immintrin.h>
#include <math.h>

enum { LANES = 16, ROWS = 6, GROUPS = 4 };
#define MULTIPLY_ADD(a, b, c) ((vector)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define SIGN_BITS(m) ((unsigned)_mm512_movepi32_mask((__m512i)(m)))
#include "kernel/kernels_body.h"

enum { DIM_MAX = 4096 }; /* a tile of converted rows lies on the stack: 48 KiB */

/* Rows to bf16, zeroes up to `wide`; *largest and *lost: the largest magnitude and |x - bf16(x)|^2. */
static void convert(const float *x, int dim, uint16_t *out, int wide, float *largest, float *lost)
{
    __m512 most = _mm512_setzero_ps(), error = _mm512_setzero_ps();
    for (int d = 0; d < wide; d += LANES) {
        int left = dim - d;
        uint32_t lanes = left >= LANES ? 0xFFFF : left > 0 ? (1u << left) - 1 : 0;
        __m512 value = _mm512_maskz_loadu_ps(_cvtu32_mask16(lanes), x + d);
        __m256i rounded = (__m256i)_mm512_cvtneps_pbh(value);
        __m512 back = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(rounded), 16));
        __m512 rest = _mm512_sub_ps(value, back);
        _mm256_storeu_si256((__m256i *)(void *)(out + d), rounded);
        most = _mm512_max_ps(most, _mm512_abs_ps(value));
        error = _mm512_fmadd_ps(rest, rest, error);
    }
    *largest = _mm512_reduce_max_ps(most);
    *lost = _mm512_reduce_add_ps(error);
}

static inline __m512bh pair_of(const uint16_t *row, int pair)
{
    int32_t bits;
    memcpy(&bits, row + 2 * pair, sizeof bits);
    return (__m512bh)_mm512_set1_epi32(bits);
}

__attribute__((always_inline)) static inline void tile_bf16(const uint16_t *x, int wide, int pairs,
                                                            const uint16_t *packed, float *out, int stride,
                                                            const int rows, const int groups)
{
    __m512 sum[ROWS][GROUPS];
    for (int i = 0; i < rows; i++)
        for (int g = 0; g < groups; g++)
            sum[i][g] = _mm512_setzero_ps();
    for (int p = 0; p < pairs; p++) {
        __m512bh code[GROUPS];
        for (int g = 0; g < groups; g++)
            code[g] = (__m512bh)_mm512_loadu_si512(packed + ((int64_t)g * pairs + p) * 2 * SID__GROUP);
        for (int i = 0; i < rows; i++) {
            __m512bh value = pair_of(x + (int64_t)i * wide, p);
            for (int g = 0; g < groups; g++)
                sum[i][g] = _mm512_dpbf16_ps(sum[i][g], value, code[g]);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int g = 0; g < groups; g++)
            _mm512_storeu_ps(out + (int64_t)i * stride + g * LANES, sum[i][g]);
}

/* ROWS converted rows (missing ones are zero) against all groups. */
static void row_tile_bf16(const sid__codebook *book, const uint16_t *x, int wide, int rows, float *out)
{
    int pairs = (book->dim + 1) / 2, stride = book->groups * SID__GROUP, g = 0;
    const int64_t group_size = (int64_t)pairs * 2 * SID__GROUP;
    for (; g + GROUPS <= book->groups && rows == ROWS; g += GROUPS)
        tile_bf16(x, wide, pairs, book->packed_bf16 + g * group_size, out + g * SID__GROUP, stride, ROWS, GROUPS);
    for (; g < book->groups; g++)
        for (int i = 0; i < rows; i++)
            tile_bf16(x + (int64_t)i * wide, wide, pairs, book->packed_bf16 + g * group_size,
                      out + (int64_t)i * stride + g * SID__GROUP, stride, 1, 1);
}

static bool is_safe(float largest)
{
    return !(largest > 0) || (largest >= 0x1p-40f && largest <= 0x1p40f);
}

static bool dots_bf16(const sid__codebook *book, const float *x, int rows, float *out, float *rounding)
{
    uint16_t converted[ROWS * DIM_MAX];
    int wide = (book->dim + LANES - 1) / LANES * LANES;
    if (!book->packed_bf16 || !book->bf16_is_safe || wide > DIM_MAX)
        return dots(book, x, rows, out, rounding);
    for (int begin = 0; begin < rows; begin += ROWS) {
        int tile_rows = rows - begin < ROWS ? rows - begin : ROWS;
        for (int i = 0; i < tile_rows; i++) {
            float largest, lost;
            convert(x + (int64_t)(begin + i) * book->dim, book->dim, converted + (int64_t)i * wide, wide, &largest,
                    &lost);
            if (!is_safe(largest))
                return dots(book, x, rows, out, rounding);
            rounding[begin + i] = sqrtf(lost) * (1 + 0x1p-10f);
        }
        row_tile_bf16(book, converted, wide, tile_rows, out + (int64_t)begin * book->groups * SID__GROUP);
    }
    return true;
}

const sid__kernels sid__kernels_avx512bf16 = {.dots = dots_bf16,
                                              .project = multiply,
                                              .filter = filter,
                                              .intervals = intervals,
                                              .at_most = at_most,
                                              .square = square,
                                              .accumulate = accumulate};
