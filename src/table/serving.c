/* serving.c: see serving.h. */
#include "table/serving.h"

#include <math.h>
#include <string.h>

#include "io/tensor_set.h"

uint16_t sid__half_of(float value)
{
    uint32_t bits, rest;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000U, magnitude = bits & 0x7fffffffU, half;
    if (magnitude > 0x7f800000U)
        return (uint16_t)(sign | 0x7e00U);
    if (magnitude >= 0x47800000U) /* 2^16 and more */
        return (uint16_t)(sign | 0x7c00U);
    if (magnitude < 0x33000000U) /* below half of the least denormal, 2^-25 */
        return (uint16_t)sign;
    uint32_t exponent = magnitude >> 23, shift = exponent < 113 ? 126 - exponent : 13;
    uint32_t fraction = exponent < 113 ? (magnitude & 0x7fffffU) | 0x800000U : magnitude - (112U << 23);
    half = fraction >> shift;
    rest = fraction & ((1U << shift) - 1);
    half += rest > 1U << (shift - 1) || (rest == 1U << (shift - 1) && (half & 1)); /* a carry runs into the exponent */
    return (uint16_t)(sign | half);
}

/* Rounds w / scale to nearest, ties to even, by adding and taking away what has no fractions. */
static int8_t int8_of(float w, float scale)
{
    float quotient = w / scale, rounded = (quotient + 0x1.8p23F) - 0x1.8p23F;
    return (int8_t)(rounded > 127 ? 127 : rounded < -127 ? -127 : rounded);
}

static void encode_int8(const float *w, int dim, char *out)
{
    float most = 0;
    for (int d = 0; d < dim; d++)
        most = fabsf(w[d]) > most ? fabsf(w[d]) : most;
    float scale = most / 127;
    memcpy(out, &scale, sizeof scale);
    for (int d = 0; d < dim; d++)
        out[sizeof scale + (size_t)d] = scale > 0 ? (char)int8_of(w[d], scale) : 0;
}

static void encode_half(const float *w, int dim, char *out)
{
    for (int d = 0; d < dim; d++) {
        uint16_t half = sid__half_of(w[d]);
        memcpy(out + 2 * (size_t)d, &half, sizeof half);
    }
}

void sid__served_encode(const sid__table_setup *setup, const float *weights, void *served)
{
    memset(served, 0, setup->served_size);
    for (int i = 0; i < setup->slice_count; i++) {
        const sid__slice *slice = &setup->slice[i];
        const float *w = weights + slice->weight_at;
        char *out = (char *)served + slice->served_at;
        switch (slice->serving) {
        case SID__SERVING_FP32:
            memcpy(out, w, (size_t)slice->dim * sizeof *w);
            break;
        case SID__SERVING_FP16:
            encode_half(w, slice->dim, out);
            break;
        case SID__SERVING_INT8:
            encode_int8(w, slice->dim, out);
            break;
        }
    }
}

static void decode_int8(const char *served, int dim, float *out)
{
    const signed char *value = (const signed char *)served + sizeof(float);
    float scale;
    memcpy(&scale, served, sizeof scale);
    for (int d = 0; d < dim; d++)
        out[d] = scale * (float)value[d];
}

void sid__served_decode(const sid__table_setup *setup, const void *served, float *out)
{
    for (int i = 0; i < setup->slice_count; i++) {
        const sid__slice *slice = &setup->slice[i];
        const char *at = (const char *)served + slice->served_at;
        float *to = out + slice->weight_at;
        switch (slice->serving) {
        case SID__SERVING_FP32:
            memcpy(to, at, (size_t)slice->dim * sizeof *to);
            break;
        case SID__SERVING_FP16:
            sid__dtype_to_f32(SID__F16, at, slice->dim, to);
            break;
        case SID__SERVING_INT8:
            decode_int8(at, slice->dim, to);
            break;
        }
    }
}
