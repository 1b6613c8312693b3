/* transformer_body.h: the loops of transformer.h, included once per ISA with LANES, floats a register, which divides 16,
 * and TRANSFORMER_TABLE, the name of the table to define.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/transformer.h"

/* k * LN2_HIGH is exact for |k| < 2^7. */
#define LN2_HIGH 0x1.62e4p-1f
#define LN2_LOW 0x1.7f7d1cp-20f
#define LN2_INVERSE 0x1.715476p+0f
#define ROUND 0x1.8p23f /* added and taken away, it leaves the nearest integer; the sum's low bits hold it */
#define EXP_LEAST (-87.0f)
#define ERF_MOST 3.92f /* from here on erf is 1 to float32 */
#define SQRT_HALF 0x1.6a09e6p-1f

enum { STRIDE = SID__SOFTMAX_GROUP, VECTORS = STRIDE / LANES };
typedef float vector __attribute__((vector_size(LANES * 4)));
typedef uint32_t bits __attribute__((vector_size(LANES * 4)));

static inline vector all(float value)
{
    return value - (vector){0};
}

static inline vector load(const float *at)
{
    vector value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline void store(float *at, vector value)
{
    memcpy(at, &value, sizeof value);
}

/* `count` floats of a row's end, zeroes after them. */
static inline vector load_end(const float *at, int count)
{
    float part[LANES] = {0};
    if (count >= LANES)
        return load(at);
    for (int i = 0; i < count; i++)
        part[i] = at[i];
    return load(part);
}

static inline void store_end(float *at, vector value, int count)
{
    float part[LANES];
    if (count >= LANES) {
        store(at, value);
        return;
    }
    store(part, value);
    for (int i = 0; i < count; i++)
        at[i] = part[i];
}

/* mask ? a : b, bit by bit; NaN compares false. */
static inline vector choose(bits mask, vector a, vector b)
{
    return (vector)(((bits)a & mask) | ((bits)b & ~mask));
}

static inline float sum_of(const vector *sum)
{
    float lane[STRIDE], total = 0;
    memcpy(lane, sum, sizeof lane);
    for (int i = 0; i < STRIDE; i++)
        total += lane[i];
    return total;
}

/* ---- GELU --------------------------------------------------------------------------------------------------------- */

/* erf z = z P(z^2) / Q(z^2) on |z| <= ERF_MOST, off by 4e-8 before rounding: the coefficients of tests/golden/make_erf.py. */
static inline vector error_function(vector z)
{
    static const float p[] = {-0x1.0baae2p-19f, 0x1.387226p-13f, 0x1.045e04p-8f,
                              0x1.a50bf6p-5f,   0x1.a61f4ap-3f,  0x1.20dd6ep+0f};
    static const float q[] = {0x1.e7e3e4p-7f, 0x1.e18b70p-4f, 0x1.083038p-1f, 1};
    z = choose((bits)(z < all(ERF_MOST)), z, all(ERF_MOST));
    z = choose((bits)(z > all(-ERF_MOST)), z, all(-ERF_MOST));
    vector square = z * z, above = all(0x1.563e0ap-26f), below = all(0x1.0c7788p-10f);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++)
        above = above * square + all(p[i]);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        below = below * square + all(q[i]);
    return z * above / below;
}

static inline vector gelu_of(vector x)
{
    vector half = x * all(0.5f);
    return half + half * error_function(x * all(SQRT_HALF));
}

static void gelu(int64_t rows, int columns, const float *bias, float *y)
{
    int whole = columns / LANES * LANES;
    for (int64_t i = 0; i < rows; i++, y += columns) {
        for (int j = 0; j < whole; j += LANES)
            store(y + j, gelu_of(load(y + j) + load(bias + j)));
        if (whole < columns)
            store_end(y + whole,
                      gelu_of(load_end(y + whole, columns - whole) + load_end(bias + whole, columns - whole)),
                      columns - whole);
    }
}

/* ---- Softmax ------------------------------------------------------------------------------------------------------ */

/* exp x for EXP_LEAST <= x <= 0: x = k ln 2 + r, the Taylor series of exp r to r^7 (off by 6e-9 at most), 2^k by its bits. */
static inline vector exponential(vector x)
{
    static const float c[] = {0x1.6c16c2p-10f, 0x1.111112p-7f, 0x1.555556p-5f, 0x1.555556p-3f, 0.5f, 1, 1};
    vector shifted = x * all(LN2_INVERSE) + all(ROUND), k = shifted - all(ROUND);
    vector r = (x - k * all(LN2_HIGH)) - k * all(LN2_LOW), y = all(0x1.a01a02p-13f);
#pragma GCC unroll 7
    for (int i = 0; i < 7; i++)
        y = y * r + all(c[i]);
    return y * (vector)(((bits)shifted + 127) << 23);
}

static inline float largest(int padded, const float *y)
{
    vector most = load(y);
    float lane[LANES];
    for (int j = LANES; j < padded; j += LANES)
        most = choose((bits)(load(y + j) > most), load(y + j), most);
    store(lane, most);
    for (int i = 1; i < LANES; i++)
        lane[0] = lane[i] > lane[0] ? lane[i] : lane[0];
    return lane[0];
}

static inline void softmax_row(int columns, float scale, float *y)
{
    int padded = (columns + STRIDE - 1) / STRIDE * STRIDE;
    for (int j = columns; j < padded; j++)
        y[j] = -FLT_MAX;
    vector sum[VECTORS] = {0}, most = all(largest(padded, y));
    for (int j = 0; j < padded; j += STRIDE) {
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) {
            vector x = (load(y + j + v * LANES) - most) * all(scale);
            bits is_in = (bits)(x >= all(EXP_LEAST));
            x = choose(is_in, exponential(choose(is_in, x, all(0))), all(0));
            sum[v] += x;
            store(y + j + v * LANES, x);
        }
    }
    vector share = all(1 / sum_of(sum));
    for (int j = 0; j < padded; j += LANES)
        store(y + j, load(y + j) * share);
}

static void softmax(int64_t rows, int columns, int64_t step, float scale, float *y)
{
    for (int64_t i = 0; i < rows; i++, y += step)
        softmax_row(columns, scale, y);
}

/* ---- Layer normalisation ------------------------------------------------------------------------------------------ */

/* y = y + bias + residual; gives the sum. */
static inline float add_row(int columns, const float *bias, const float *residual, float *y)
{
    vector sum[VECTORS] = {0};
    for (int j = 0; j < columns; j += STRIDE) {
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) {
            int at = j + v * LANES, count = columns - at;
            if (count <= 0)
                break;
            vector x = (load_end(y + at, count) + load_end(bias + at, count)) + load_end(residual + at, count);
            sum[v] += x;
            store_end(y + at, x, count);
        }
    }
    return sum_of(sum);
}

/* y = y - mean; gives the sum of squares. */
static inline float centre_row(int columns, float mean, float *y)
{
    vector sum[VECTORS] = {0};
    for (int j = 0; j < columns; j += STRIDE) {
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) {
            int at = j + v * LANES, count = columns - at;
            if (count <= 0)
                break;
            float part[LANES];
            vector x = load_end(y + at, count) - all(mean);
            store_end(y + at, x, count);
            if (count < LANES) { /* the lanes past the row's end are no deviations */
                store(part, x);
                x = load_end(part, count);
            }
            sum[v] += x * x;
        }
    }
    return sum_of(sum);
}

static inline void scale_row(int columns, float scale, const float *gain, const float *shift, float *y)
{
    for (int j = 0; j < columns; j += LANES) {
        int count = columns - j;
        store_end(y + j, load_end(y + j, count) * all(scale) * load_end(gain + j, count) + load_end(shift + j, count),
                  count);
    }
}

static void norm(int64_t rows, int columns, const float *bias, const float *residual, const float *gain,
                 const float *shift, double epsilon, float *y)
{
    for (int64_t i = 0; i < rows; i++, y += columns, residual += columns) {
        float mean = add_row(columns, bias, residual, y) / (float)columns;
        double variance = (double)centre_row(columns, mean, y) / columns;
        scale_row(columns, (float)(1 / sqrt(variance + epsilon)), gain, shift, y);
    }
}

const sid__transformer TRANSFORMER_TABLE = {.gelu = gelu, .softmax = softmax, .norm = norm};
