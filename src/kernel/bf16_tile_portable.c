/* bf16_tile_portable.c: the reference path, in plain C. */
#include <math.h>
#include <string.h>

#define BF16_TABLE sid__bf16_tile_portable
enum { LANES = 4, ROWS = 2, GROUPS = 1 };
#define EACH_ROWS(X) X(1) X(2)

#include <stdbool.h>
#include <stdint.h>

typedef float vector __attribute__((vector_size(16)));
typedef int32_t lane_bits __attribute__((vector_size(16)));
typedef int16_t lane_halves __attribute__((vector_size(8)));
typedef struct pair {
    vector even, odd;
} pair;

static inline float wide(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline pair spread(uint32_t word)
{
    return (pair){wide(word << 16) - (vector){0}, wide(word & 0xFFFF0000) - (vector){0}};
}

static inline pair take(const uint16_t *words)
{
    pair taken;
    for (int lane = 0; lane < LANES; lane++) {
        taken.even[lane] = wide((uint32_t)words[2 * lane] << 16);
        taken.odd[lane] = wide((uint32_t)words[2 * lane + 1] << 16);
    }
    return taken;
}

/* a b + acc for an outcome of exactly 2^-126 in size: was it below, before denormal numbers' fewer bits rounded it up? The
 * product of bf16 numbers is exact in double; the error of its sum with acc, too (Knuth's two-sum). Below the middle of
 * 2^-126 and the number before it, which has 2^-150 less, it would have been rounded to that number. */
static bool is_tiny(float a, float b, float acc)
{
    double product = (double)a * (double)b, sum = product + (double)acc, back = sum - product;
    double lost = (product - (sum - back)) + ((double)acc - back), size = fabs(sum), middle = 0x1p-126 - 0x1p-151;
    return size < middle || (size == middle && (sum > 0 ? lost < 0 : lost > 0));
}

static inline float step(float a, float b, float acc)
{
    acc = fabsf(acc) < 0x1p-126F ? copysignf(0, acc) : acc; /* what c held may be so small */
    float sum = fmaf(a, b, acc), size = fabsf(sum);
    if (size > 0x1p-126F || sum != sum)
        return sum;
    return size < 0x1p-126F || is_tiny(a, b, acc) ? copysignf(0, sum) : sum;
}

static inline vector dot(vector acc, pair a, pair b)
{
    for (int lane = 0; lane < LANES; lane++)
        acc[lane] = step(a.even[lane], b.even[lane], step(a.odd[lane], b.odd[lane], acc[lane]));
    return acc;
}

#include "kernel/bf16_tile_body.h"
