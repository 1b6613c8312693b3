/* narrow_body.h: the loop of narrow.h, written once on the compiler's vector extension and compiled once an instruction
 * set. The including file (narrow_<isa>.c) defines:
 *
 *     LANES           floats a register
 *     VECTORS, CODES  the register tile: VECTORS * LANES rows by CODES codes; VECTORS * LANES divides SID__NARROW_ROWS
 *     SUBTRACT_PRODUCT(a, b, c)  c - a * b on vectors, fused or not: scores only propose
 *     LESS(a, b), MORE(a, b)     lane by lane
 *     SELECT(m, a, b)            integers: a where the comparison m holds, else b
 *     NARROW          the name of the function
 */
#include <string.h>

#include "kernel/narrow.h"

typedef float vector __attribute__((vector_size(LANES * 4)));
typedef int32_t lanes __attribute__((vector_size(LANES * 4)));

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

/* What the rows of a tile know so far. */
typedef struct found {
    vector least[VECTORS], second[VECTORS];
    lanes index[VECTORS];
} found;

__attribute__((always_inline)) static inline void take(found *f, int v, vector score, int code)
{
    f->second[v] = LESS(f->second[v], MORE(f->least[v], score));
    f->index[v] = SELECT(score < f->least[v], code - (lanes){0}, f->index[v]);
    f->least[v] = LESS(f->least[v], score);
}

/* `codes` <= CODES codes from `first`, a constant after inlining. */
__attribute__((always_inline)) static inline void tile(const float *x, int dim, const float *code, const float *half,
                                                       int first, const int codes, found *f)
{
    vector score[CODES][VECTORS];
#pragma GCC unroll 8
    for (int c = 0; c < codes; c++)
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++)
            score[c][v] = all(half[first + c]);
    const float *at = code + (int64_t)first * dim;
    for (int d = 0; d < dim; d++) {
        vector row[VECTORS];
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++)
            row[v] = load(x + (int64_t)d * SID__NARROW_ROWS + v * LANES);
#pragma GCC unroll 8
        for (int c = 0; c < codes; c++) {
            vector value = all(at[(int64_t)c * dim + d]);
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++)
                score[c][v] = SUBTRACT_PRODUCT(row[v], value, score[c][v]);
        }
    }
#pragma GCC unroll 8
    for (int c = 0; c < codes; c++)
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++)
            take(f, v, score[c][v], first + c);
}

static inline vector squares(const float *x, int dim)
{
    vector sum = {0};
    for (int d = 0; d < dim; d++) {
        vector row = load(x + (int64_t)d * SID__NARROW_ROWS);
        sum += row * row;
    }
    return sum;
}

void NARROW(const float *x, int dim, const float *code, const float *half, int codes, float *least, float *second,
            int32_t *index, float *square)
{
    for (int begin = 0; begin < SID__NARROW_ROWS; begin += VECTORS * LANES) {
        found f;
        int k = 0;
        for (int v = 0; v < VECTORS; v++) {
            f.least[v] = f.second[v] = all(3.0e38f);
            f.index[v] = (lanes){0};
        }
        for (; k + CODES <= codes; k += CODES)
            tile(x + begin, dim, code, half, k, CODES, &f);
        for (; k < codes; k++)
            tile(x + begin, dim, code, half, k, 1, &f);
        for (int v = 0; v < VECTORS; v++) {
            int at = begin + v * LANES;
            store(least + at, f.least[v]);
            store(second + at, f.second[v]);
            store(square + at, squares(x + at, dim));
            memcpy(index + at, &f.index[v], sizeof f.index[v]);
        }
    }
}
