/* kernels_body.h: the loops of kernels.h, written once on the compiler's vector extension and compiled once an
 * instruction set. The including file (kernels_<isa>.c) defines:
 *
 *     LANES           floats a register; divides SID__GROUP
 *     ROWS, GROUPS    the register tile: ROWS x GROUPS * SID__GROUP / LANES accumulators must fit the register file
 *     MULTIPLY_ADD(a, b, c)  a * b + c on vectors, fused or not: `scores` only proposes
 *     SMALLER(a, b), LARGER(a, b)  of each lane
 *     NOT_ABOVE_BITS(v, limit)  bit i = lane i is <= limit, or no number
 *     HAS_TWO_LEAST   when the file has its own two_least
 */
#include "kernel/kernels.h"

#include <string.h>

enum { VECTORS = SID__GROUP / LANES };

typedef float vector __attribute__((vector_size(LANES * 4)));

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

/* One tile of products: `rows` <= ROWS rows by `groups` <= GROUPS groups, both constants after inlining. */
__attribute__((always_inline)) static inline void tile(const float *const *row, int dim, const float *packed,
                                                       vector sum[ROWS][GROUPS * VECTORS], const int rows,
                                                       const int groups)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < groups * VECTORS; j++)
            sum[i][j] = all(0);
    for (int d = 0; d < dim; d++) {
        vector code[GROUPS * VECTORS];
        for (int g = 0; g < groups; g++)
            for (int v = 0; v < VECTORS; v++)
                code[g * VECTORS + v] = load(packed + ((int64_t)g * dim + d) * SID__GROUP + v * LANES);
        for (int i = 0; i < rows; i++) {
            vector value = all(row[i][d]);
            for (int j = 0; j < groups * VECTORS; j++)
                sum[i][j] = MULTIPLY_ADD(value, code[j], sum[i][j]);
        }
    }
}

/* ROWS rows: half - dot of `groups` groups. */
__attribute__((always_inline)) static inline void score_tile(const float *const *row, int dim, const float *packed,
                                                             const float *half, float *out, int stride,
                                                             const int groups)
{
    vector sum[ROWS][GROUPS * VECTORS];
    tile(row, dim, packed, sum, ROWS, groups);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < groups * VECTORS; j++)
            store(out + (int64_t)i * stride + j * LANES, load(half + j * LANES) - sum[i][j]);
}

/* Copies `rows` pointers and repeats the last one up to a multiple of ROWS; gives that multiple. */
static inline int pad_rows(const float *const *row, int rows, const float **padded)
{
    int full = (rows + ROWS - 1) / ROWS * ROWS;
    for (int i = 0; i < full; i++)
        padded[i] = row[i < rows ? i : rows - 1];
    return full;
}

static void scores(const sid__codebook *book, const float *const *row, int rows, float *out)
{
    const float *padded[SID__BLOCK_ROWS];
    int full = pad_rows(row, rows, padded), stride = book->groups * SID__GROUP, g = 0;
    for (; g + GROUPS <= book->groups; g += GROUPS)
        for (int i = 0; i < full; i += ROWS)
            score_tile(padded + i, book->dim, book->packed + (int64_t)g * book->dim * SID__GROUP,
                       book->half + g * SID__GROUP, out + (int64_t)i * stride + g * SID__GROUP, stride, GROUPS);
    for (; g < book->groups; g++)
        for (int i = 0; i < full; i += ROWS)
            score_tile(padded + i, book->dim, book->packed + (int64_t)g * book->dim * SID__GROUP,
                       book->half + g * SID__GROUP, out + (int64_t)i * stride + g * SID__GROUP, stride, 1);
}

__attribute__((always_inline)) static inline void product_tile(const float *x, int dim, const float *packed, float *out,
                                                               int stride, const int rows, const int groups)
{
    const float *row[ROWS];
    vector sum[ROWS][GROUPS * VECTORS];
    for (int i = 0; i < rows; i++)
        row[i] = x + (int64_t)i * dim;
    tile(row, dim, packed, sum, rows, groups);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < groups * VECTORS; j++)
            store(out + (int64_t)i * stride + j * LANES, sum[i][j]);
}

static inline void column_tile(const float *x, int rows, int dim, const float *packed, float *out, int stride)
{
    int i = 0;
    for (; i + ROWS <= rows; i += ROWS)
        product_tile(x + (int64_t)i * dim, dim, packed, out + (int64_t)i * stride, stride, ROWS, GROUPS);
    for (; i < rows; i++)
        product_tile(x + (int64_t)i * dim, dim, packed, out + (int64_t)i * stride, stride, 1, GROUPS);
}

static inline void last_group(const float *x, int rows, int dim, const float *packed, float *out, int stride)
{
    int i = 0;
    for (; i + ROWS <= rows; i += ROWS)
        product_tile(x + (int64_t)i * dim, dim, packed, out + (int64_t)i * stride, stride, ROWS, 1);
    for (; i < rows; i++)
        product_tile(x + (int64_t)i * dim, dim, packed, out + (int64_t)i * stride, stride, 1, 1);
}

static inline void multiply(const float *x, int rows, int dim, const float *packed, int groups, float *out)
{
    int g = 0, stride = groups * SID__GROUP;
    for (; g + GROUPS <= groups; g += GROUPS)
        column_tile(x, rows, dim, packed + (int64_t)g * dim * SID__GROUP, out + g * SID__GROUP, stride);
    for (; g < groups; g++)
        last_group(x, rows, dim, packed + (int64_t)g * dim * SID__GROUP, out + g * SID__GROUP, stride);
}

static inline float sum_lanes(vector v)
{
    float total = 0;
    for (int lane = 0; lane < LANES; lane++)
        total += v[lane];
    return total;
}

static float dot(const float *a, const float *b, int dim)
{
    vector sum[4] = {{0}, {0}, {0}, {0}};
    int d = 0;
    for (; d + 4 * LANES <= dim; d += 4 * LANES)
        for (int v = 0; v < 4; v++)
            sum[v] = MULTIPLY_ADD(load(a + d + v * LANES), load(b + d + v * LANES), sum[v]);
    float total = sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
    for (; d < dim; d++)
        total += a[d] * b[d];
    return total;
}

static inline sid__row_size measure(const float *x, int dim)
{
    vector square = all(0), largest = all(0);
    sid__row_size size = {0};
    int d = 0;
    for (; d + LANES <= dim; d += LANES) {
        vector value = load(x + d);
        square = MULTIPLY_ADD(value, value, square);
        largest = LARGER(largest, LARGER(value, -value));
    }
    size.square = sum_lanes(square);
    for (int lane = 0; lane < LANES; lane++)
        size.largest = largest[lane] > size.largest ? largest[lane] : size.largest;
    for (; d < dim; d++) {
        float value = x[d] < 0 ? -x[d] : x[d];
        size.square += value * value;
        size.largest = value > size.largest ? value : size.largest;
    }
    return size;
}

#ifndef HAS_TWO_LEAST
static sid__two_least two_least(const float *value, int count)
{
    sid__two_least two = {.index = 0, .least = 3.0e38f, .second = 3.0e38f};
    for (int k = 0; k < count; k++) {
        float v = value[k], larger = v < two.least ? two.least : v;
        two.second = larger < two.second ? larger : two.second;
        two.index = v < two.least ? k : two.index;
        two.least = v < two.least ? v : two.least;
    }
    return two;
}
#endif

static void intervals(const float *score, const float *const *cross, int cross_count, const sid__codebook *book,
                      sid__bound bound, float base, float *low, float *high, float *least)
{
    vector smallest[VECTORS];
    for (int v = 0; v < VECTORS; v++)
        smallest[v] = all(3.0e38f);
    for (int k = 0; k < book->groups * SID__GROUP; k += LANES) {
        vector sum = load(score + k), h = load(book->half + k);
        for (int c = 0; c < cross_count; c++)
            sum += load(cross[c] + k);
        vector slack = all(bound.norm_factor) * load(book->norm + k) + all(bound.half_factor) * h + all(bound.floor);
        vector cost = all(base) + sum;
        store(low + k, cost - slack);
        store(high + k, cost + slack);
        smallest[k / LANES % VECTORS] = SMALLER(smallest[k / LANES % VECTORS], cost + slack);
    }
    for (int v = 0; v < VECTORS; v++)
        store(least + v * LANES, smallest[v]);
}

static int at_most(const float *value, int count, float limit, int *index)
{
    int found = 0;
    for (int k = 0; k < count; k += LANES)
        for (unsigned bits = NOT_ABOVE_BITS(load(value + k), all(limit)); bits; bits &= bits - 1)
            index[found++] = k + __builtin_ctz(bits);
    return found;
}

/* Adding 1.5 * 2^52 to a double of magnitude <= 2^50 leaves the nearest integer (ties to even) in its low bits: the same
 * bits as any rounding instruction, and it vectorises everywhere. */
static void accumulate(const float *x, int dim, double scale, int64_t *sum)
{
    const int64_t bias = INT64_C(0x4338000000000000); /* the bits of 1.5 * 2^52 */
    for (int d = 0; d < dim; d++) {
        double shifted = (double)x[d] * scale + 0x1.8p52;
        int64_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        sum[d] += bits - bias;
    }
}
