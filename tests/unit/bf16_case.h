/* bf16_case.h: rounding to bf16 and a step of the chain, by the definition in kernel/bf16_tile.h, for the tests of its paths. */
#ifndef SEMID_BF16_CASE_H
#define SEMID_BF16_CASE_H

#include "linalg_case.h"

#include "linalg/gemm_bf16.h"

static inline float of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Of the two neighbours the nearer; between them the even one. */
static inline uint16_t to_bf16(float x)
{
    uint32_t bits = bits_of(x), below = bits & 0xFFFF0000;
    if (isnan(x))
        return (uint16_t)(bits >> 16 | 0x40);
    if (fabsf(x) < 0x1p-126f)
        return (uint16_t)(bits >> 16 & 0x8000);
    uint32_t rest = bits & 0xFFFF, is_up = rest > 0x8000 || (rest == 0x8000 && (bits >> 16 & 1));
    return (uint16_t)((below >> 16) + is_up);
}

static inline float from_bf16(uint16_t x)
{
    return of_bits((uint32_t)x << 16);
}

/* long double holds the product and nearly always the sum: it decides what was below 2^-126 before fewer bits rounded it. */
static inline float bf16_fused(float a, float b, float acc)
{
    float sum = fmaf(a, b, acc);
    long double exact = (long double)a * (long double)b + (long double)acc;
    bool is_tiny = fabsf(sum) < 0x1p-126f ||
                   (fabsf(sum) == 0x1p-126f && fabsl(exact) < (long double)0x1p-126 - (long double)0x1p-151);
    return is_tiny ? copysignf(0, sum) : sum;
}

/* element: x[even], x[odd] of a and b. */
static inline float bf16_step(float acc, const float a[2], const float b[2])
{
    acc = fabsf(acc) < 0x1p-126f ? copysignf(0, acc) : acc;
    return bf16_fused(a[0], b[0], bf16_fused(a[1], b[1], acc));
}

#endif
