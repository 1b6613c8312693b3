/* kernels_avx512bf16.c: the fp32 loops of AVX-512, and `scores_bf16`, which multiplies bf16 pairs (VDPBF16PS) at twice the
 * rate.
 *
 * bf16 keeps 8 bits: the rounding of rows and codes is measured and added to the bound, so that a few more codes survive
 * and are decided exactly. The instruction takes denormals as zero and flushes its results; data whose magnitudes come
 * near that are multiplied in fp32 instead (assign.c).
 */
#include "kernel/avx512.h"

#include "kernel/kernels_body.h"

static inline __m512 load_part(const float *x, int left)
{
    uint32_t lanes = left >= LANES ? 0xFFFF : (1u << left) - 1;
    return _mm512_maskz_loadu_ps(_cvtu32_mask16(lanes), x);
}

/* Row to bf16, zeroes up to `wide`, a multiple of LANES. */
static inline void convert(const float *x, int dim, uint16_t *out)
{
    int d = 0;
    for (; d + 2 * LANES <= dim; d += 2 * LANES) {
        __m512bh pair = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + d + LANES), _mm512_loadu_ps(x + d));
        _mm512_storeu_si512(out + d, (__m512i)pair);
    }
    for (; d < dim; d += LANES)
        _mm256_storeu_si256((__m256i *)(void *)(out + d), (__m256i)_mm512_cvtneps_pbh(load_part(x + d, dim - d)));
}

/* What sid__row_size holds, a lane each. */
typedef struct sizes {
    __m512 square, lost, most;
} sizes;

static inline void take_sizes(sizes *s, __m512 value, __m256i rounded)
{
    __m512 back = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(rounded), 16));
    __m512 rest = _mm512_sub_ps(value, back);
    s->square = _mm512_fmadd_ps(value, value, s->square);
    s->most = _mm512_max_ps(s->most, _mm512_abs_ps(value));
    s->lost = _mm512_fmadd_ps(rest, rest, s->lost);
}

static inline sid__row_size size_of(const sizes *s)
{
    return (sid__row_size){.square = _mm512_reduce_add_ps(s->square),
                           .lost = _mm512_reduce_add_ps(s->lost),
                           .largest = _mm512_reduce_max_ps(s->most)};
}

static sid__row_size measure_bf16(const float *x, int dim)
{
    sizes s = {0};
    for (int d = 0; d < dim; d += LANES) {
        __m512 value = load_part(x + d, dim - d);
        take_sizes(&s, value, (__m256i)_mm512_cvtneps_pbh(value));
    }
    return size_of(&s);
}

/* convert and measure_bf16 in one: the row is read once. */
static sid__row_size convert_measured(const float *x, int dim, uint16_t *out)
{
    sizes s = {0};
    for (int d = 0; d < dim; d += LANES) {
        __m512 value = load_part(x + d, dim - d);
        __m256i rounded = (__m256i)_mm512_cvtneps_pbh(value);
        _mm256_storeu_si256((__m256i *)(void *)(out + d), rounded);
        take_sizes(&s, value, rounded);
    }
    return size_of(&s);
}

static inline __m512bh pair_of(const uint16_t *row, int pair)
{
    int32_t bits;
    memcpy(&bits, row + 2 * pair, sizeof bits);
    return (__m512bh)_mm512_set1_epi32(bits);
}

/* ROWS converted rows by `groups` groups. While it multiplies, the two rows `ahead` are fetched for the tile after. */
__attribute__((always_inline)) static inline void tile_bf16(const uint16_t *x, int wide, int pairs,
                                                            const uint16_t *packed, const float *half, float *out,
                                                            int stride, const float *const ahead[2], const int groups)
{
    __m512 sum[ROWS][GROUPS];
    for (int i = 0; i < ROWS; i++)
        for (int g = 0; g < groups; g++)
            sum[i][g] = _mm512_setzero_ps();
    for (int p = 0; p < pairs; p++) {
        __m512bh code[GROUPS];
        if (p % 8 == 0) {
            _mm_prefetch((const char *)ahead[0] + (int64_t)p * 8, _MM_HINT_T0);
            _mm_prefetch((const char *)ahead[1] + (int64_t)p * 8, _MM_HINT_T0);
        }
        for (int g = 0; g < groups; g++)
            code[g] = (__m512bh)_mm512_loadu_si512(packed + ((int64_t)g * pairs + p) * 2 * SID__GROUP);
        for (int i = 0; i < ROWS; i++) {
            __m512bh value = pair_of(x + (int64_t)i * wide, p);
            for (int g = 0; g < groups; g++)
                sum[i][g] = _mm512_dpbf16_ps(sum[i][g], value, code[g]);
        }
    }
    for (int i = 0; i < ROWS; i++)
        for (int g = 0; g < groups; g++)
            _mm512_storeu_ps(out + (int64_t)i * stride + g * LANES,
                             _mm512_sub_ps(_mm512_loadu_ps(half + g * LANES), sum[i][g]));
}

/* A tile of rows to bf16; size: of the first `rows` of them, NULL: not wanted. */
static void convert_tile(const float *const *row, int rows, int dim, uint16_t *out, int wide, sid__row_size *size)
{
    for (int i = 0; i < ROWS; i++) {
        if (size && i < rows)
            size[i] = convert_measured(row[i], dim, out + (int64_t)i * wide);
        else
            convert(row[i], dim, out + (int64_t)i * wide);
    }
}

static void scores_bf16(const sid__codebook *book, const float *const *row, int rows, const float *const *next,
                        sid__row_size *size, float *out)
{
    uint16_t converted[ROWS * SID__BF16_DIM_MAX];
    const float *padded[SID__BLOCK_ROWS + ROWS];
    int full = pad_rows(row, rows, padded), wide = (book->dim + LANES - 1) / LANES * LANES;
    int pairs = (book->dim + 1) / 2, stride = book->groups * SID__GROUP;
    const int64_t group_size = (int64_t)pairs * 2 * SID__GROUP;
    for (int i = 0; i < ROWS; i++)
        padded[full + i] = next ? next[i] : padded[full - 1];
    for (int begin = 0; begin < full; begin += ROWS, out += ROWS * stride) {
        int g = 0;
        convert_tile(padded + begin, rows - begin, book->dim, converted, wide, size ? size + begin : NULL);
        for (; g + GROUPS <= book->groups; g += GROUPS)
            tile_bf16(converted, wide, pairs, book->packed_bf16 + g * group_size, book->half + g * SID__GROUP,
                      out + g * SID__GROUP, stride, padded + begin + ROWS + g / GROUPS % 3 * 2, GROUPS);
        for (; g < book->groups; g++)
            tile_bf16(converted, wide, pairs, book->packed_bf16 + g * group_size, book->half + g * SID__GROUP,
                      out + g * SID__GROUP, stride, padded + begin + ROWS, 1);
    }
}

const sid__kernels sid__kernels_avx512bf16 = {.scores = scores,
                                              .scores_bf16 = scores_bf16,
                                              .project = multiply,
                                              .measure = measure_bf16,
                                              .dot = dot,
                                              .two_least = two_least,
                                              .intervals = intervals,
                                              .at_most = at_most,
                                              .accumulate = accumulate};
