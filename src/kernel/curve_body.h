/* curve_body.h: the loops of curve.h, included once per ISA with LANES, numbers a register, which divides 16, and CURVE_TABLE,
 * the name of the table to define.
 */
#include "kernel/curve.h"
#include "kernel/real_vector.h"

#define SQRT_HALF ((sid__real)0x1.6a09e667f3bcdp-1)
#define INVERSE_ROOT_2_PI ((sid__real)0x1.9884533d43651p-2)

/* `count` numbers of a row's end, zeroes after them. */
static inline vector get(const sid__real *at, int64_t count)
{
    sid__real part[LANES] = {0};
    if (count >= LANES)
        return load(at);
    for (int i = 0; i < count; i++)
        part[i] = at[i];
    return load(part);
}

static inline void put(sid__real *at, vector value, int64_t count)
{
    sid__real part[LANES];
    if (count >= LANES) {
        store(at, value);
        return;
    }
    store(part, value);
    for (int i = 0; i < count; i++)
        at[i] = part[i];
}

static inline void pass(bool is_added, sid__real *at, vector value, int64_t count)
{
    put(at, is_added ? get(at, count) + value : value, count);
}

static inline vector negated(vector x)
{
    return all(0) - x;
}

static inline vector size_of(vector x)
{
    return choose((bits)(x < all(0)), negated(x), x);
}

/* 1 / (1 + exp -x), from exp -|x| */
static inline vector sigmoid(vector x)
{
    vector e = exponential_below(negated(size_of(x)));
    return choose((bits)(x < all(0)), e, all(1)) / (all(1) + e);
}

/* (1 - e) / (1 + e), e = exp -2|x|; its series where that would cancel. */
static inline vector tangent(vector x)
{
    vector e = exponential_below(size_of(x) * all(-2)), t = (all(1) - e) / (all(1) + e);
    t = choose((bits)(x < all(0)), negated(t), t);
#ifndef SEMID_REAL_IS_DOUBLE
    static const float c[] = {0x1.664f48p-6f, -0x1.ba1ba2p-5f, 0x1.111112p-3f, -0x1.555556p-2f};
    vector square = x * x, sum = all(c[0]);
#pragma GCC unroll 3
    for (int i = 1; i < 4; i++)
        sum = sum * square + all(c[i]);
    t = choose((bits)(size_of(x) < all(0.25f)), x + x * (square * sum), t);
#endif
    return t;
}

#ifdef SEMID_REAL_IS_DOUBLE
/* 2/sqrt(pi) exp(-z^2) (z + 2 z^3 / 3 + 4 z^5 / 15 + ..) */
static inline vector error_function(vector z)
{
    vector term = z, sum = z, square = z * z;
    for (int n = 1; n < 60; n++) {
        term *= square * all(2.0 / (2 * n + 1));
        sum += term;
    }
    return all(0x1.20dd750429b6dp+0) * exponential_below(negated(square)) * sum;
}
#else
/* As transformer_body.h: erf z = z P(z^2) / Q(z^2), the coefficients of tests/golden/make_erf.py; 1 from 3.92 on. */
static inline vector error_function(vector z)
{
    static const float p[] = {-0x1.0baae2p-19f, 0x1.387226p-13f, 0x1.045e04p-8f,
                              0x1.a50bf6p-5f,   0x1.a61f4ap-3f,  0x1.20dd6ep+0f};
    static const float q[] = {0x1.e7e3e4p-7f, 0x1.e18b70p-4f, 0x1.083038p-1f, 1};
    z = choose((bits)(z > all(3.92f)), all(3.92f), z);
    z = choose((bits)(z < all(-3.92f)), all(-3.92f), z);
    vector square = z * z, above = all(0x1.563e0ap-26f), below = all(0x1.0c7788p-10f);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++)
        above = above * square + all(p[i]);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        below = below * square + all(q[i]);
    return z * above / below;
}
#endif

static void gelu(int64_t count, const sid__real *x, sid__real *y)
{
    for (int64_t j = 0; j < count; j += LANES) {
        vector v = get(x + j, count - j), half = v * all((sid__real)0.5);
        put(y + j, half + half * error_function(v * all(SQRT_HALF)), count - j);
    }
}

static void gelu_back(int64_t count, const sid__real *x, const sid__real *g, bool is_added, sid__real *to)
{
    for (int64_t j = 0; j < count; j += LANES) {
        vector v = get(x + j, count - j), half = all((sid__real)0.5);
        vector slope = half + half * error_function(v * all(SQRT_HALF)) +
                       v * all(INVERSE_ROOT_2_PI) * exponential_below(negated(half) * v * v);
        pass(is_added, to + j, slope * get(g + j, count - j), count - j);
    }
}

static inline vector silu_slope(vector v, vector s)
{
    return s * (all(1) + v * (all(1) - s));
}

static void silu(int64_t count, const sid__real *x, sid__real *y)
{
    for (int64_t j = 0; j < count; j += LANES) {
        vector v = get(x + j, count - j);
        put(y + j, v * sigmoid(v), count - j);
    }
}

static void silu_back(int64_t count, const sid__real *x, const sid__real *g, bool is_added, sid__real *to)
{
    for (int64_t j = 0; j < count; j += LANES) {
        vector v = get(x + j, count - j);
        pass(is_added, to + j, silu_slope(v, sigmoid(v)) * get(g + j, count - j), count - j);
    }
}

static void relu(int64_t count, const sid__real *x, sid__real *y)
{
    for (int64_t j = 0; j < count; j += LANES) {
        vector v = get(x + j, count - j);
        put(y + j, choose((bits)(v < all(0)), all(0), v), count - j);
    }
}

static void relu_back(int64_t count, const sid__real *x, const sid__real *g, bool is_added, sid__real *to)
{
    for (int64_t j = 0; j < count; j += LANES) {
        bits is_in = (bits)(get(x + j, count - j) > all(0));
        pass(is_added, to + j, choose(is_in, get(g + j, count - j), all(0)), count - j);
    }
}

static void swiglu(int64_t count, const sid__real *gate, const sid__real *up, sid__real *y)
{
    for (int64_t j = 0; j < count; j += LANES) {
        vector v = get(gate + j, count - j);
        put(y + j, v * sigmoid(v) * get(up + j, count - j), count - j);
    }
}

static void swiglu_back(int64_t count, const sid__real *gate, const sid__real *up, const sid__real *g, bool is_added,
                        sid__real *to_gate, sid__real *to_up)
{
    for (int64_t j = 0; j < count; j += LANES) {
        vector v = get(gate + j, count - j), s = sigmoid(v), from = get(g + j, count - j);
        pass(is_added, to_gate + j, silu_slope(v, s) * get(up + j, count - j) * from, count - j);
        pass(is_added, to_up + j, v * s * from, count - j);
    }
}

static void multiply(int64_t count, const sid__real *a, const sid__real *b, bool is_added, sid__real *y)
{
    for (int64_t j = 0; j < count; j += LANES)
        pass(is_added, y + j, get(a + j, count - j) * get(b + j, count - j), count - j);
}

static void gru(const sid__gru_row *row)
{
    const int size = row->size;
    for (int j = 0; j < size; j += LANES) {
        int count = size - j;
        vector r = sigmoid(get(row->gx + j, count) + get(row->gh + j, count));
        vector z = sigmoid(get(row->gx + size + j, count) + get(row->gh + size + j, count));
        vector n = tangent(get(row->gx + 2 * size + j, count) + r * get(row->gh + 2 * size + j, count));
        put(row->gate + j, r, count);
        put(row->gate + size + j, z, count);
        put(row->gate + 2 * size + j, n, count);
        put(row->h + j, (all(1) - z) * n + z * get(row->before + j, count), count);
    }
}

static void gru_back(const sid__gru_row_back *row)
{
    const int size = row->size;
    for (int j = 0; j < size; j += LANES) {
        int count = size - j;
        vector r = get(row->gate + j, count), z = get(row->gate + size + j, count);
        vector n = get(row->gate + 2 * size + j, count), g = get(row->g + j, count);
        vector dn = g * (all(1) - z) * (all(1) - n * n);
        vector dz = g * (get(row->before + j, count) - n) * (z * (all(1) - z));
        vector dr = dn * get(row->gh + 2 * size + j, count) * (r * (all(1) - r));
        put(row->dgx + j, dr, count);
        put(row->dgx + size + j, dz, count);
        put(row->dgx + 2 * size + j, dn, count);
        put(row->dgh + j, dr, count);
        put(row->dgh + size + j, dz, count);
        put(row->dgh + 2 * size + j, dn * r, count);
        put(row->carry + j, g * z, count);
    }
}

const sid__curve CURVE_TABLE = {
    .gelu = gelu,
    .gelu_back = gelu_back,
    .silu = silu,
    .silu_back = silu_back,
    .relu = relu,
    .relu_back = relu_back,
    .swiglu = swiglu,
    .swiglu_back = swiglu_back,
    .multiply = multiply,
    .gru = gru,
    .gru_back = gru_back,
};
