/* kernels_body.h: the loops of kernels.h, written once on the compiler's vector extension and compiled once an
 * instruction set. The including file (kernels_<isa>.c) defines:
 *
 *     LANES           floats a register; divides SID__GROUP
 *     ROWS, GROUPS    the register tile: ROWS x GROUPS * SID__GROUP / LANES accumulators must fit the register file
 *     MULTIPLY_ADD(a, b, c)  a * b + c on vectors, fused or not: `dots` only proposes
 *     SIGN_BITS(m)    bit i = sign of lane i of an integer vector
 */
#include "kernel/kernels.h"

#include <string.h>

enum { VECTORS = SID__GROUP / LANES };

typedef float vector __attribute__((vector_size(LANES * 4)));
typedef int32_t mask __attribute__((vector_size(LANES * 4)));

static inline vector load(const float *at)
{
    vector v;
    memcpy(&v, at, sizeof v);
    return v;
}

static inline void store(float *at, vector v)
{
    memcpy(at, &v, sizeof v);
}

static inline vector all(float value)
{
    return value - (vector){0};
}

/* One tile: `rows` <= ROWS rows by `groups` <= GROUPS groups, both constants after inlining. */
__attribute__((always_inline)) static inline void tile(const float *x, int dim, const float *packed, float *out,
                                                       int stride, const int rows, const int groups)
{
    vector sum[ROWS][GROUPS * VECTORS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < groups * VECTORS; j++)
            sum[i][j] = all(0);
    for (int d = 0; d < dim; d++) {
        vector code[GROUPS * VECTORS];
        for (int g = 0; g < groups; g++)
            for (int v = 0; v < VECTORS; v++)
                code[g * VECTORS + v] = load(packed + ((int64_t)g * dim + d) * SID__GROUP + v * LANES);
        for (int i = 0; i < rows; i++) {
            vector value = all(x[(int64_t)i * dim + d]);
            for (int j = 0; j < groups * VECTORS; j++)
                sum[i][j] = MULTIPLY_ADD(value, code[j], sum[i][j]);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < groups * VECTORS; j++)
            store(out + (int64_t)i * stride + j * LANES, sum[i][j]);
}

static void column_tile(const float *x, int rows, int dim, const float *packed, float *out, int stride)
{
    int i = 0;
    for (; i + ROWS <= rows; i += ROWS)
        tile(x + (int64_t)i * dim, dim, packed, out + (int64_t)i * stride, stride, ROWS, GROUPS);
    for (; i < rows; i++)
        tile(x + (int64_t)i * dim, dim, packed, out + (int64_t)i * stride, stride, 1, GROUPS);
}

static void last_group(const float *x, int rows, int dim, const float *packed, float *out, int stride)
{
    int i = 0;
    for (; i + ROWS <= rows; i += ROWS)
        tile(x + (int64_t)i * dim, dim, packed, out + (int64_t)i * stride, stride, ROWS, 1);
    for (; i < rows; i++)
        tile(x + (int64_t)i * dim, dim, packed, out + (int64_t)i * stride, stride, 1, 1);
}

static void multiply(const float *x, int rows, int dim, const float *packed, int groups, float *out)
{
    int g = 0, stride = groups * SID__GROUP;
    for (; g + GROUPS <= groups; g += GROUPS)
        column_tile(x, rows, dim, packed + (int64_t)g * dim * SID__GROUP, out + g * SID__GROUP, stride);
    for (; g < groups; g++)
        last_group(x, rows, dim, packed + (int64_t)g * dim * SID__GROUP, out + g * SID__GROUP, stride);
}

static bool dots(const sid__codebook *book, const float *x, int rows, float *out, float *rounding)
{
    (void)rounding;
    multiply(x, rows, book->dim, book->packed, book->groups, out);
    return false;
}

static float square(const float *x, int dim)
{
    vector sum[4] = {{0}, {0}, {0}, {0}};
    int d = 0;
    for (; d + 4 * LANES <= dim; d += 4 * LANES) {
        for (int v = 0; v < 4; v++) {
            vector part = load(x + d + v * LANES);
            sum[v] += part * part;
        }
    }
    vector all_sums = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    float total = 0;
    for (int lane = 0; lane < LANES; lane++)
        total += all_sums[lane];
    for (; d < dim; d++)
        total += x[d] * x[d];
    return total;
}

static inline vector smaller(vector a, vector b)
{
    mask is_less = a < b;
    return (vector)(((mask)a & is_less) | ((mask)b & ~is_less));
}

static int filter(const float *dot, const float *half, const float *norm, int groups, sid__bound bound, int *index)
{
    int count = 0, codes = groups * SID__GROUP;
    vector least = all(3.0e38f);
    for (int k = 0; k < codes; k += LANES) {
        vector h = load(half + k);
        vector slack = all(bound.norm_factor) * load(norm + k) + all(bound.half_factor) * h + all(bound.floor);
        least = smaller(h - load(dot + k) + slack, least);
    }
    float upper = 3.0e38f;
    for (int lane = 0; lane < LANES; lane++)
        upper = least[lane] < upper ? least[lane] : upper;
    for (int k = 0; k < codes; k += LANES) {
        vector h = load(half + k);
        vector slack = all(bound.norm_factor) * load(norm + k) + all(bound.half_factor) * h + all(bound.floor);
        /* "not out" rather than "in", so that a score that is no number survives and is decided exactly. */
        mask is_out = h - load(dot + k) - slack > all(upper);
        for (unsigned bits = SIGN_BITS(~is_out); bits; bits &= bits - 1)
            index[count++] = k + __builtin_ctz(bits);
    }
    return count;
}

static void intervals(const float *dot, const float *const *cross, int cross_count, const sid__codebook *book,
                      sid__bound bound, float base, float *low, float *high)
{
    for (int k = 0; k < book->groups * SID__GROUP; k += LANES) {
        vector sum = load(dot + k), h = load(book->half + k);
        for (int c = 0; c < cross_count; c++)
            sum -= load(cross[c] + k);
        vector slack = all(bound.norm_factor) * load(book->norm + k) + all(bound.half_factor) * h + all(bound.floor);
        vector score = all(base) + (h - sum);
        store(low + k, score - slack);
        store(high + k, score + slack);
    }
}

static int at_most(const float *value, int count, float limit, int *index)
{
    int found = 0;
    for (int k = 0; k < count; k += LANES) {
        mask is_above = load(value + k) > all(limit);
        for (unsigned bits = SIGN_BITS(~is_above); bits; bits &= bits - 1)
            index[found++] = k + __builtin_ctz(bits);
    }
    return found;
}

/* Adding 1.5 * 2^52 to a double of magnitude <= 2^50 leaves the nearest integer (ties to even) in its low bits: the same
 * bits as any rounding instruction, and it vectorises everywhere. */
static void accumulate(const float *x, int dim, double scale, uint64_t *sum)
{
    for (int d = 0; d < dim; d++) {
        double shifted = (double)x[d] * scale + 0x1.8p52;
        uint64_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        sum[d] += bits;
    }
}
