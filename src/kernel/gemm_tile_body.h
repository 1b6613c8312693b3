/* gemm_tile_body.h: the loops of gemm_tile.h, included once per ISA with
 *   GEMM_TABLE      the name of the table to define
 *   LANES           floats a register
 *   ROWS, GROUPS    the register tile: ROWS x GROUPS groups of 16 columns; EACH_ROWS(X) is X(1) .. X(ROWS)
 *   WIDE_ROWS       up to this many rows, twice as many groups fit: more chains at a time for thin products
 *   LANE_LIST       LIST4, LIST8 or LIST16; TRANSPOSE_STEPS  STEP(LANES / 2) .. STEP(1)
 *   FUSED(a, b, c)  fma(a, b, c) on vectors; absent: fmaf, lane by lane
 *   LOAD_PART(at, count), STORE_PART(at, v, count)   0 < count < LANES floats, no others are touched; absent: one by one
 */
#include <math.h>
#include <string.h>

#include "kernel/gemm_tile.h"

enum { GROUP = SID__GEMM_GROUP, VECTORS = GROUP / LANES, AHEAD = 24 };

typedef float vector __attribute__((vector_size(LANES * 4)));
typedef int32_t lane_numbers __attribute__((vector_size(LANES * 4)));

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

#if !defined(FUSED)
#define FUSED(a, b, c) fused(a, b, c)
static inline vector fused(vector a, vector b, vector c)
{
    for (int lane = 0; lane < LANES; lane++)
        c[lane] = fmaf(a[lane], b[lane], c[lane]);
    return c;
}
#endif

#if !defined(LOAD_PART)
#define LOAD_PART(at, count) load_part(at, count)
#define STORE_PART(at, v, count) store_part(at, v, count)
static inline vector load_part(const float *at, int count)
{
    vector v = {0};
#pragma GCC unroll 16
    for (int lane = 0; lane < LANES - 1; lane++)
        if (lane < count)
            v[lane] = at[lane];
    return v;
}

static inline void store_part(float *at, vector v, int count)
{
#pragma GCC unroll 16
    for (int lane = 0; lane < LANES - 1; lane++)
        if (lane < count)
            at[lane] = v[lane];
}
#endif

static inline vector load_edge(const float *at, int count)
{
    return count >= LANES ? load(at) : count > 0 ? LOAD_PART(at, count) : all(0);
}

static inline void store_edge(float *at, vector v, int count)
{
    if (count >= LANES)
        store(at, v);
    else if (count > 0)
        STORE_PART(at, v, count);
}

/* A block of more than ROWS rows has no tile so low that it would be taken for a wide one. */
_Static_assert(WIDE_ROWS < (ROWS + 1) / 2, "tiles");

/* rows and groups are constants after inlining, so that the sums are registers. */
__attribute__((always_inline)) static inline void tile(const sid__gemm_block *block, const float *a, const float *b,
                                                       float *c, int columns, const int rows, const int groups)
{
    const int64_t a_step = block->a_step, b_step = block->b_step, c_step = block->c_step;
    /* Rows in threes: x86 addresses base, base + step and base + 2 step without further registers. */
    const float *a3 = a + 3 * a_step, *a6 = a3 + 3 * a_step, *a9 = a6 + 3 * a_step;
    const float *const b_end = b + (int64_t)block->depth * GROUP;
    vector sum[ROWS][2 * GROUPS * VECTORS];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 16
        for (int j = 0; j < groups * VECTORS; j++)
            sum[i][j] = block->is_added ? load_edge(c + i * c_step + j * LANES, columns - j * LANES) : all(0);
    for (; b < b_end; b += GROUP, a++, a3++, a6++, a9++) {
        vector right[2 * GROUPS * VECTORS];
#pragma GCC unroll 16
        for (int j = 0; j < groups; j++)
            __builtin_prefetch(b + j * b_step + AHEAD * GROUP);
#pragma GCC unroll 16
        for (int j = 0; j < groups * VECTORS; j++)
            right[j] = load(b + j / VECTORS * b_step + j % VECTORS * LANES);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            vector left = all((i < 3 ? a : i < 6 ? a3 : i < 9 ? a6 : a9)[i % 3 * a_step]);
#pragma GCC unroll 16
            for (int j = 0; j < groups * VECTORS; j++)
                sum[i][j] = FUSED(left, right[j], sum[i][j]);
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 16
        for (int j = 0; j < groups * VECTORS; j++)
            store_edge(c + i * c_step + j * LANES, sum[i][j], columns - j * LANES);
}

typedef void tile_fn(const sid__gemm_block *block, const float *a, const float *b, float *c, int columns);

#define TILES(rows)                                                                                                    \
    static void tile_one_##rows(const sid__gemm_block *block, const float *a, const float *b, float *c, int columns)   \
    {                                                                                                                  \
        tile(block, a, b, c, columns, rows, 1);                                                                        \
    }                                                                                                                  \
    static void tile_full_##rows(const sid__gemm_block *block, const float *a, const float *b, float *c, int columns)  \
    {                                                                                                                  \
        tile(block, a, b, c, columns, rows, rows <= WIDE_ROWS ? 2 * GROUPS : GROUPS);                                  \
    }
EACH_ROWS(TILES)
#undef TILES

#define ONE(rows) [rows] = tile_one_##rows,
#define FULL(rows) [rows] = tile_full_##rows,
static tile_fn *const tile_one[ROWS + 1] = {EACH_ROWS(ONE)};
static tile_fn *const tile_full[ROWS + 1] = {EACH_ROWS(FULL)};
#undef ONE
#undef FULL

/* What the next tile writes, so that it does not wait for it. */
static void prefetch_c(const sid__gemm_block *block, int tile_index, int tiles, int group)
{
    int begin = block->rows * tile_index / tiles, end = block->rows * (tile_index + 1) / tiles;
    const float *c = block->c + begin * block->c_step + group * GROUP;
    for (int i = begin; i < end; i++, c += block->c_step)
        for (int j = 0; j < GROUPS * GROUP && group * GROUP + j < block->columns; j += GROUP)
            __builtin_prefetch(c + j, 1);
}

/* Rows in tiles of nearly equal height; one strip of b is used by all of them before the next is touched. */
static void block(const sid__gemm_block *block)
{
    int tiles = (block->rows + ROWS - 1) / ROWS, group = 0, groups = (block->columns + GROUP - 1) / GROUP;
    int strip = block->rows <= WIDE_ROWS ? 2 * GROUPS : GROUPS;
    while (group < groups) {
        int taken = groups - group >= strip ? strip : 1;
        for (int i = 0; i < tiles; i++) {
            int begin = block->rows * i / tiles, rows = block->rows * (i + 1) / tiles - begin;
            tile_fn *run = taken == 1 ? tile_one[rows] : tile_full[rows];
            if (i + 1 < tiles)
                prefetch_c(block, i + 1, tiles, group);
            else if (group + taken < groups)
                prefetch_c(block, 0, tiles, group + taken);
            run(block, block->a + begin * block->a_step, block->b + group * block->b_step,
                block->c + begin * block->c_step + group * GROUP, block->columns - group * GROUP);
        }
        group += taken;
    }
}

#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (lane_numbers){__VA_ARGS__})
#endif
#define LIST4(X, half) X(half, 0), X(half, 1), X(half, 2), X(half, 3)
#define LIST8(X, half) LIST4(X, half), X(half, 4), X(half, 5), X(half, 6), X(half, 7)
#define LIST16(X, half)                                                                                                \
    LIST8(X, half), X(half, 8), X(half, 9), X(half, 10), X(half, 11), X(half, 12), X(half, 13), X(half, 14), X(half, 15)
#define UPPER(half, lane) ((lane) & (half) ? LANES + (lane) - (half) : (lane))
#define LOWER(half, lane) ((lane) & (half) ? LANES + (lane) : (lane) + (half))

/* Swaps the upper right and lower left quarters of each square of side 2 * half; all halves make the transposition. */
#define STEP(half)                                                                                                     \
    _Pragma("GCC unroll 16") for (int i = 0; i < LANES; i++)                                                           \
    {                                                                                                                  \
        if (i & (half))                                                                                                \
            continue;                                                                                                  \
        vector upper = SHUFFLE(row[i], row[i + (half)], LANE_LIST(UPPER, half));                                       \
        row[i + (half)] = SHUFFLE(row[i], row[i + (half)], LANE_LIST(LOWER, half));                                    \
        row[i] = upper;                                                                                                \
    }

static inline void transpose_square(const float *from, int64_t from_step, float *to, int64_t to_step)
{
    vector row[LANES];
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++)
        row[i] = load(from + i * from_step);
    TRANSPOSE_STEPS
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++)
        store(to + i * to_step, row[i]);
}

static void copy(const float *from, int64_t from_step, int64_t rows, int columns, float *to, int64_t to_step)
{
    for (int64_t i = 0; i < rows; i++, from += from_step, to += to_step)
        for (int j = 0; j < columns; j += GROUP)
            for (int v = j; v < j + GROUP; v += LANES)
                store(to + v, load_edge(from + v, columns - v));
}

static void transpose(const float *from, int64_t from_step, int rows, int columns, float *to, int64_t to_step)
{
    float edge[GROUP * GROUP];
    if (rows < GROUP || columns < GROUP) {
        copy(from, from_step, rows, columns, edge, GROUP);
        memset(edge + rows * GROUP, 0, (size_t)(GROUP - rows) * GROUP * sizeof *edge);
        from = edge;
        from_step = GROUP;
    }
    if (columns == GROUP) {
        for (int i = 0; i < GROUP; i += LANES)
            for (int j = 0; j < GROUP; j += LANES)
                transpose_square(from + i * from_step + j, from_step, to + j * to_step + i, to_step);
        return;
    }
    float out[GROUP * GROUP];
    for (int i = 0; i < GROUP; i += LANES)
        for (int j = 0; j < columns; j += LANES)
            transpose_square(from + i * from_step + j, from_step, out + j * GROUP + i, GROUP);
    for (int j = 0; j < columns; j++)
        memcpy(to + j * to_step, out + j * GROUP, GROUP * sizeof *out);
}

const sid__gemm_tile GEMM_TABLE = {.block = block, .copy = copy, .transpose = transpose};
