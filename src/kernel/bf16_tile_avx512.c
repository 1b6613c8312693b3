/* bf16_tile_avx512.c: for AVX-512 without bf16: 8 rows x 2 groups; products by FMA, denormals flushed by the control word,
 * which flushes by the same rule. */
#if defined(__AVX512F__)
#include <immintrin.h>
#include <stdint.h>

#define BF16_TABLE sid__bf16_tile_avx512
enum { LANES = 16, ROWS = 8, GROUPS = 2 };
#define EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)

typedef float vector __attribute__((vector_size(64)));
typedef int32_t lane_bits __attribute__((vector_size(64)));
typedef int16_t lane_halves __attribute__((vector_size(32)));
typedef struct pair {
    __m512 even, odd;
} pair;

static inline pair pair_of(__m512i words)
{
    return (pair){_mm512_castsi512_ps(_mm512_slli_epi32(words, 16)),
                  _mm512_castsi512_ps(_mm512_and_si512(words, _mm512_set1_epi32((int)0xFFFF0000)))};
}

static inline pair spread(uint32_t word)
{
    return pair_of(_mm512_set1_epi32((int)word));
}

static inline pair take(const uint16_t *words)
{
    return pair_of(_mm512_loadu_si512(words));
}

static inline vector dot(vector acc, pair a, pair b)
{
    return (vector)_mm512_fmadd_ps(a.even, b.even, _mm512_fmadd_ps(a.odd, b.odd, (__m512)acc));
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
typedef int sid__bf16_tile_avx512_is_absent; /* another architecture */
#endif
