/* bf16_tile_avx2.c: 4 rows x 1 group of two registers; products by FMA, denormals flushed by the control word, which flushes
 * by the same rule. */
#if defined(__AVX2__)
#include <immintrin.h>
#include <stdint.h>

#define BF16_TABLE sid__bf16_tile_avx2
enum { LANES = 8, ROWS = 4, GROUPS = 1 };
#define EACH_ROWS(X) X(1) X(2) X(3) X(4)

typedef float vector __attribute__((vector_size(32)));
typedef int32_t lane_bits __attribute__((vector_size(32)));
typedef int16_t lane_halves __attribute__((vector_size(16)));
typedef struct pair {
    __m256 even, odd;
} pair;

static inline pair pair_of(__m256i words)
{
    return (pair){_mm256_castsi256_ps(_mm256_slli_epi32(words, 16)),
                  _mm256_castsi256_ps(_mm256_and_si256(words, _mm256_set1_epi32((int)0xFFFF0000)))};
}

static inline pair spread(uint32_t word)
{
    return pair_of(_mm256_set1_epi32((int)word));
}

static inline pair take(const uint16_t *words)
{
    return pair_of(_mm256_loadu_si256((const __m256i *)(const void *)words));
}

static inline vector dot(vector acc, pair a, pair b)
{
    return (vector)_mm256_fmadd_ps(a.even, b.even, _mm256_fmadd_ps(a.odd, b.odd, (__m256)acc));
}

/* Nearest, nothing trapped, flush to zero, denormals are zero. */
static inline unsigned enter(void)
{
    unsigned saved = _mm_getcsr();
    _mm_setcsr(0x9FC0);
    return saved;
}
#define ENTER() enter()
#define LEAVE(saved) _mm_setcsr(saved)

#include "kernel/bf16_tile_body.h"
#else
typedef int sid__bf16_tile_avx2_is_absent; /* another architecture */
#endif
