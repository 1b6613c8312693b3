/* peak.c: see peak.h. 12 accumulators hide the latency of two units; each is a variable of its own, for an array of them
 * spills and halves the rate; the empty asm keeps the compiler from folding the loop away. Functions carry their
 * instruction set, so that one file serves all.
 */
#include "peak.h"

#include <string.h>

#include "base/ctx.h"
#include "line.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { SUMS = 12, STEPS = 4000000, REPEATS = 5 };

#if defined(__x86_64__)
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#define PEAK_LOOP(name, target_text, operand_type, operand)                                                            \
    __attribute__((target(target_text))) static void name(void *arg, int64_t begin, int64_t end, int worker)           \
    {                                                                                                                  \
        operand_type x = operand;                                                                                      \
        (void)arg;                                                                                                     \
        (void)worker;                                                                                                  \
        EACH(START_##name)                                                                                             \
        for (int64_t n = begin; n < end; n++) {                                                                        \
            EACH(STEP_##name)                                                                                          \
        }                                                                                                              \
    }

#define START_fma_avx2(i) __m256 sum##i = _mm256_setzero_ps();
#define START_fma_avx512(i) __m512 sum##i = _mm512_setzero_ps();
#define START_dot_bf16(i) __m512 sum##i = _mm512_setzero_ps();
#define STEP_fma_avx2(i)                                                                                               \
    sum##i = _mm256_fmadd_ps(x, x, sum##i);                                                                            \
    __asm__ volatile("" : "+v"(sum##i));
#define STEP_fma_avx512(i)                                                                                             \
    sum##i = _mm512_fmadd_ps(x, x, sum##i);                                                                            \
    __asm__ volatile("" : "+v"(sum##i));
#define STEP_dot_bf16(i)                                                                                               \
    sum##i = _mm512_dpbf16_ps(sum##i, (__m512bh)x, (__m512bh)x);                                                       \
    __asm__ volatile("" : "+v"(sum##i));

PEAK_LOOP(fma_avx2, "avx2,fma", __m256, _mm256_set1_ps(0.5f))
PEAK_LOOP(fma_avx512, "avx512f", __m512, _mm512_set1_ps(0.5f))
PEAK_LOOP(dot_bf16, "avx512f,avx512bf16", __m512i, _mm512_set1_epi16(0x3F00))
enum { fma_avx2_flop = 16, fma_avx512_flop = 32, dot_bf16_flop = 64 };
#endif

static double measure(sid_ctx *ctx, sid__pool_fn *loop, int flop)
{
    int threads = sid_ctx_threads(ctx);
    double best = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double start = bench_now();
        sid__ctx_for(ctx, (int64_t)threads * STEPS, STEPS, loop, NULL);
        double rate = (double)flop * SUMS * STEPS * threads / (bench_now() - start);
        best = rate > best ? rate : best;
    }
    return best;
}

double bench_peak(sid_ctx *ctx, const char *isa)
{
#if defined(__x86_64__)
    if (strcmp(isa, "avx512bf16") == 0)
        return measure(ctx, dot_bf16, dot_bf16_flop);
    if (strcmp(isa, "avx512") == 0)
        return measure(ctx, fma_avx512, fma_avx512_flop);
    if (strcmp(isa, "avx2") == 0)
        return measure(ctx, fma_avx2, fma_avx2_flop);
#endif
    (void)ctx;
    (void)isa;
    return 0;
}
