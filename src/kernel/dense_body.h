/* dense_body.h: the loops of dense.h, included once per ISA with
 *   DENSE_TABLE  the name of the table to define
 *   VEC_LANES    doubles in a vector register
 *   TILE_ROWS, TILE_VECS   accumulators of the tile: rows x vectors, chosen to fit the ISA's registers
 */
#include <string.h>

#include "kernel/dense.h"

typedef double vec __attribute__((vector_size(VEC_LANES * sizeof(double))));

enum { TILE = SID__DENSE_TILE, TILE_COLUMNS = TILE_VECS * VEC_LANES };

static inline vec load(const double *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(double *p, vec v)
{
    memcpy(p, &v, sizeof v);
}

static inline vec splat(double s)
{
    vec v = {0};
    return v + s;
}

static inline void subtile(int64_t depth, const double *a, const double *b, double *c, int64_t c_step)
{
    vec sum[TILE_ROWS][TILE_VECS];
#pragma GCC unroll 16
    for (int i = 0; i < TILE_ROWS; i++)
#pragma GCC unroll 4
        for (int j = 0; j < TILE_VECS; j++)
            sum[i][j] = load(c + i * c_step + j * VEC_LANES);
    for (int64_t p = 0; p < depth; p++, a += TILE, b += TILE) {
        vec right[TILE_VECS];
#pragma GCC unroll 4
        for (int j = 0; j < TILE_VECS; j++)
            right[j] = load(b + j * VEC_LANES);
#pragma GCC unroll 16
        for (int i = 0; i < TILE_ROWS; i++) {
            vec left = splat(a[i]);
#pragma GCC unroll 4
            for (int j = 0; j < TILE_VECS; j++)
                sum[i][j] = sum[i][j] + left * right[j];
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < TILE_ROWS; i++)
#pragma GCC unroll 4
        for (int j = 0; j < TILE_VECS; j++)
            store(c + i * c_step + j * VEC_LANES, sum[i][j]);
}

static void tile(int64_t depth, const double *a, const double *b, double *c, int64_t c_step)
{
    for (int i = 0; i < TILE; i += TILE_ROWS)
        for (int j = 0; j < TILE; j += TILE_COLUMNS)
            subtile(depth, a + i, b + j, c + i * c_step + j, c_step);
}

static void add_scaled(int64_t count, double s, const double *x, double *y)
{
    int64_t i = 0;
    for (; i + VEC_LANES <= count; i += VEC_LANES)
        store(y + i, load(y + i) + s * load(x + i));
    for (; i < count; i++)
        y[i] = y[i] + s * x[i];
}

static void rotate(int64_t count, double c, double s, double *x, double *y)
{
    int64_t i = 0;
    for (; i + VEC_LANES <= count; i += VEC_LANES) {
        vec u = load(x + i), v = load(y + i);
        store(x + i, c * u - s * v);
        store(y + i, s * u + c * v);
    }
    for (; i < count; i++) {
        double u = x[i], v = y[i];
        x[i] = c * u - s * v;
        y[i] = s * u + c * v;
    }
}

/* `vecs` registers wide, so that the sums stay in registers over all j; x starts at the first of these columns. */
static inline void gather_strip(int vecs, int64_t count, const double *weight, const int32_t *index, const double *x,
                                int64_t width, double *out)
{
    vec sum[8] = {{0}};
    for (int64_t j = 0; j < count; j++) {
        const double *row = x + index[j] * width;
        vec scale = splat(weight[j]);
#pragma GCC unroll 8
        for (int k = 0; k < vecs; k++)
            sum[k] = sum[k] + scale * load(row + k * VEC_LANES);
    }
#pragma GCC unroll 8
    for (int k = 0; k < vecs; k++)
        store(out + k * VEC_LANES, sum[k]);
}

static void gather_sum(int64_t count, const double *weight, const int32_t *index, const double *x, int64_t width,
                       double *out)
{
    int64_t column = 0;
    for (; column + 8 * VEC_LANES <= width; column += 8 * VEC_LANES)
        gather_strip(8, count, weight, index, x + column, width, out + column);
    for (; column + VEC_LANES <= width; column += VEC_LANES)
        gather_strip(1, count, weight, index, x + column, width, out + column);
    for (; column < width; column++) {
        double sum = 0;
        for (int64_t j = 0; j < count; j++)
            sum = sum + weight[j] * x[index[j] * width + column];
        out[column] = sum;
    }
}

static void widen(int64_t count, const float *from, double *to)
{
    for (int64_t i = 0; i < count; i++)
        to[i] = (double)from[i];
}

const sid__dense DENSE_TABLE = {
    .tile = tile,
    .add_scaled = add_scaled,
    .rotate = rotate,
    .gather_sum = gather_sum,
    .widen = widen,
};
