/* neural_body.h: the loops of neural.h, included once per ISA with NEURAL_TABLE, the name of the table to define. Plain C:
 * the compiler vectorises across elements, and -ffp-contract=off keeps it from fusing.
 */
#include <math.h>
#include <stddef.h>

#include "kernel/neural.h"

enum { LANES = 8 };

static inline sid__real root_of(sid__real x)
{
#ifdef SEMID_REAL_IS_DOUBLE
    return sqrt(x);
#else
    return sqrtf(x);
#endif
}

static void bias(int64_t rows, int columns, const sid__real *restrict b, bool is_relu, sid__real *restrict y)
{
    for (int64_t i = 0; i < rows; i++, y += columns) {
        for (int j = 0; j < columns && b; j++)
            y[j] = y[j] + b[j];
        for (int j = 0; j < columns && is_relu; j++)
            y[j] = y[j] < 0 ? 0 : y[j];
    }
}

static void bias_back(int64_t rows, int columns, const sid__real *restrict y, bool is_relu, sid__real *restrict g,
                      sid__real *restrict sum)
{
    for (int j = 0; j < columns; j++)
        sum[j] = 0;
    for (int64_t i = 0; i < rows; i++, y += columns, g += columns) {
        for (int j = 0; j < columns && is_relu; j++)
            g[j] = y[j] > 0 ? g[j] : 0;
        for (int j = 0; j < columns; j++)
            sum[j] = sum[j] + g[j];
    }
}

static void prelu(int64_t rows, int columns, const sid__real *restrict slope, const sid__real *restrict x,
                  sid__real *restrict y)
{
    for (int64_t i = 0; i < rows; i++, x += columns, y += columns)
        for (int j = 0; j < columns; j++)
            y[j] = x[j] * (x[j] > 0 ? 1 : slope[j]);
}

static void prelu_back(int64_t rows, int columns, const sid__real *restrict slope, const sid__real *restrict x,
                       const sid__real *restrict g, bool is_added, sid__real *restrict to)
{
    for (int64_t i = 0; i < rows; i++, x += columns, g += columns, to += columns) {
        for (int j = 0; j < columns && is_added; j++)
            to[j] = to[j] + g[j] * (x[j] > 0 ? 1 : slope[j]);
        for (int j = 0; j < columns && !is_added; j++)
            to[j] = g[j] * (x[j] > 0 ? 1 : slope[j]);
    }
}

static void prelu_slope(int64_t rows, int columns, const sid__real *restrict x, const sid__real *restrict g,
                        sid__real *restrict sum)
{
    for (int64_t i = 0; i < rows; i++, x += columns, g += columns)
        for (int j = 0; j < columns; j++)
            sum[j] = sum[j] + (x[j] > 0 ? 0 : x[j]) * g[j];
}

static void add(int64_t count, const sid__real *restrict x, sid__real *restrict y)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = y[i] + x[i];
}

static void add_scaled(int64_t count, sid__real s, const sid__real *restrict x, sid__real *restrict y)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = y[i] + s * x[i];
}

static void scale(int64_t count, sid__real s, const sid__real *x, sid__real *y)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = s * x[i];
}

static void add_both(int64_t count, const sid__real *a, const sid__real *b, sid__real *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = a[i] + b[i];
}

static void subtract(int64_t count, const sid__real *a, const sid__real *b, sid__real *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = a[i] - b[i];
}

static double sum_of(const double lane[LANES])
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static double dot(int64_t count, const sid__real *restrict a, const sid__real *restrict b)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] = lane[j] + (double)a[i + j] * (double)b[i + j];
    for (int j = 0; i + j < count; j++)
        lane[j] = lane[j] + (double)a[i + j] * (double)b[i + j];
    return sum_of(lane);
}

static double square_distance(int64_t count, const sid__real *restrict a, const sid__real *restrict b)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int j = 0; j < LANES; j++) {
            double d = (double)a[i + j] - (double)b[i + j];
            lane[j] = lane[j] + d * d;
        }
    for (int j = 0; i + j < count; j++) {
        double d = (double)a[i + j] - (double)b[i + j];
        lane[j] = lane[j] + d * d;
    }
    return sum_of(lane);
}

static void adamw(int64_t count, const sid__adamw *by, const sid__real *restrict g, sid__real *restrict m,
                  sid__real *restrict v, sid__real *restrict w)
{
    const sid__adamw c = *by;
    for (int64_t i = 0; i < count; i++) {
        sid__real gi = g[i] * c.scale;
        m[i] = c.beta1 * m[i] + (1 - c.beta1) * gi;
        v[i] = c.beta2 * v[i] + (1 - c.beta2) * (gi * gi);
        w[i] = c.keep * w[i] - c.rate * (m[i] / (c.root * root_of(v[i]) + c.epsilon));
    }
}

static void adagrad(int64_t count, const sid__adamw *by, const sid__real *restrict g, sid__real *restrict h,
                    sid__real *restrict w)
{
    const sid__adamw c = *by;
    for (int64_t i = 0; i < count; i++) {
        sid__real gi = g[i] * c.scale;
        h[i] = h[i] + gi * gi;
        w[i] = c.keep * w[i] - c.rate * (gi / (root_of(h[i]) + c.epsilon));
    }
}

static void sgd(int64_t count, const sid__adamw *by, const sid__real *restrict g, sid__real *restrict m,
                sid__real *restrict w)
{
    const sid__adamw c = *by;
    for (int64_t i = 0; i < count; i++) {
        m[i] = c.beta1 * m[i] + g[i] * c.scale;
        w[i] = c.keep * w[i] - c.rate * m[i];
    }
}

const sid__neural NEURAL_TABLE = {
    .bias = bias,
    .bias_back = bias_back,
    .prelu = prelu,
    .prelu_back = prelu_back,
    .prelu_slope = prelu_slope,
    .add = add,
    .add_scaled = add_scaled,
    .scale = scale,
    .sum = add_both,
    .subtract = subtract,
    .dot = dot,
    .square_distance = square_distance,
    .adamw = adamw,
    .adagrad = adagrad,
    .sgd = sgd,
};
