/* bf16_tile_body.h: the loops of bf16_tile.h, included once per ISA with
 *   BF16_TABLE            the name of the table to define
 *   LANES                 floats a register
 *   ROWS, GROUPS          the register tile: ROWS x GROUPS groups of 16 columns; ROWS divides 16. EACH_ROWS(X) is
 *                         X(1) .. X(ROWS)
 *   pair                  what a register of pairs becomes before it is multiplied; spread(word), take(words)
 *   dot(acc, a, b)        the step of the chain
 *   put_rounded(low, high, to_low, to_high, panel)   rounds 16 floats of two rows, in registers, to where they go, NULL:
 *                         nowhere; absent: bit by bit
 *   ENTER(), LEAVE(s)     around a block: the control word; absent: nothing
 */
#include <string.h>

#include "kernel/bf16_tile.h"

enum { GROUP = SID__BF16_GROUP, VECTORS = GROUP / LANES, AHEAD = 24 };

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

/* The last columns of a row: fewer than a group. */
static inline vector load_edge(const float *at, int columns)
{
    float part[LANES] = {0};
    if (columns >= LANES)
        return load(at);
    for (int lane = 0; lane < columns; lane++)
        part[lane] = at[lane];
    return load(part);
}

static inline void store_edge(float *at, vector v, int columns)
{
    float part[LANES];
    if (columns >= LANES) {
        store(at, v);
        return;
    }
    store(part, v);
    for (int lane = 0; lane < columns; lane++)
        at[lane] = part[lane];
}

static inline uint32_t word_at(const uint16_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* rows and groups are constants after inlining, so that the sums are registers. */
__attribute__((always_inline)) static inline void tile(const sid__bf16_block *block, const uint16_t *a,
                                                       const uint16_t *b, float *c, int columns, const int rows,
                                                       const int groups)
{
    const int64_t a_lane = block->a_lane, a_pair = block->a_pair, b_group = block->b_group, c_step = block->c_step;
    /* Rows in threes: x86 addresses base, base + step and base + 2 step without further registers. */
    const uint16_t *a3 = a + 3 * a_lane, *a6 = a3 + 3 * a_lane;
    const uint16_t *const b_end = b + (int64_t)block->pairs * 2 * GROUP;
    vector sum[ROWS][GROUPS * VECTORS];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 16
        for (int j = 0; j < groups * VECTORS; j++)
            sum[i][j] = block->is_added ? load_edge(c + i * c_step + j * LANES, columns - j * LANES) : (vector){0};
    for (; b < b_end; b += 2 * GROUP, a += a_pair, a3 += a_pair, a6 += a_pair) {
        pair right[GROUPS * VECTORS];
#pragma GCC unroll 16
        for (int j = 0; j < groups; j++)
            __builtin_prefetch(b + j * b_group + (int64_t)AHEAD * 2 * GROUP);
#pragma GCC unroll 16
        for (int j = 0; j < groups * VECTORS; j++)
            right[j] = take(b + j / VECTORS * b_group + (int64_t)(j % VECTORS) * 2 * LANES);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            pair left = spread(word_at((i < 3 ? a : i < 6 ? a3 : a6) + i % 3 * a_lane));
#pragma GCC unroll 16
            for (int j = 0; j < groups * VECTORS; j++)
                sum[i][j] = dot(sum[i][j], left, right[j]);
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 16
        for (int j = 0; j < groups * VECTORS; j++)
            store_edge(c + i * c_step + j * LANES, sum[i][j], columns - j * LANES);
}

typedef void tile_fn(const sid__bf16_block *block, const uint16_t *a, const uint16_t *b, float *c, int columns);

#define TILE(rows, groups)                                                                                             \
    static void tile_##rows##_##groups(const sid__bf16_block *block, const uint16_t *a, const uint16_t *b, float *c,   \
                                       int columns)                                                                    \
    {                                                                                                                  \
        tile(block, a, b, c, columns, rows, (groups) < GROUPS ? (groups) : GROUPS);                                    \
    }
#define TILES(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 3)
EACH_ROWS(TILES)
#undef TILES

#define LINE(rows) [rows] = {tile_##rows##_1, tile_##rows##_2, tile_##rows##_3},
static tile_fn *const tiles[ROWS + 1][3] = {EACH_ROWS(LINE)};
#undef LINE

/* Groups of the next strip: a last one of a single group would have too few chains to hide their latency. */
static int strip_of(int left)
{
    return left <= GROUPS ? left : left == GROUPS + 1 && GROUPS > 1 ? GROUPS - 1 : GROUPS;
}

/* One strip of b is used by all tiles of rows before the next is touched. */
__attribute__((noinline)) static void block_inside(const sid__bf16_block *block)
{
    int groups = (block->columns + GROUP - 1) / GROUP;
    for (int group = 0, taken; group < groups; group += taken) {
        const uint16_t *b = block->b + group * block->b_group;
        taken = strip_of(groups - group);
        for (int row = 0; row < block->rows; row += ROWS) {
            int rows = block->rows - row < ROWS ? block->rows - row : ROWS;
            const uint16_t *a =
                block->a + (int64_t)(row / GROUP) * block->a_group + (int64_t)(row % GROUP) * block->a_lane;
            tiles[rows][taken - 1](block, a, b, block->c + row * block->c_step + (int64_t)group * GROUP,
                                   block->columns - group * GROUP);
        }
    }
}

static void block(const sid__bf16_block *block)
{
#if defined(ENTER)
    unsigned saved = ENTER();
    block_inside(block);
    LEAVE(saved);
#else
    block_inside(block);
#endif
}

/* ---- Rounding ----------------------------------------------------------------------------------------------------- */

#if !defined(HAS_PUT_ROUNDED)
static inline uint16_t rounded(float x)
{
    uint32_t bits, size;
    memcpy(&bits, &x, sizeof bits);
    size = bits & 0x7FFFFFFF;
    if (size > 0x7F800000) /* NaN stays one */
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)(size < 0x800000 ? bits >> 16 & 0x8000 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static inline void round_16(const vector *x, uint16_t *out)
{
    float part[GROUP];
    memcpy(part, x, sizeof part);
    for (int j = 0; j < GROUP; j++)
        out[j] = rounded(part[j]);
}

static inline void put_rounded(const vector *low, const vector *high, uint16_t *to_low, uint16_t *to_high,
                               uint16_t *panel)
{
    uint16_t part[2][GROUP];
    round_16(low, part[0]);
    round_16(high, part[1]);
    if (to_low)
        memcpy(to_low, part[0], sizeof part[0]);
    if (to_high)
        memcpy(to_high, part[1], sizeof part[1]);
    for (int j = 0; j < GROUP && panel; j++) {
        panel[2 * j] = part[0][j];
        panel[2 * j + 1] = part[1][j];
    }
}
#endif

/* What a pass does; a constant after inlining. */
enum { HAS_BIAS = 1, HAS_RELU = 2, HAS_KEPT = 4, HAS_SUM = 8, HAS_ROWS = 16, HAS_PAIRS = 32 };

/* 16 columns of two rows, and where they go. */
typedef struct square {
    float *x[2], *sum;
    const float *bias;
    const uint16_t *kept[2];
    uint16_t *row[2], *panel;
} square;

__attribute__((always_inline)) static inline vector prepare(const square *s, const int flags, int row, int64_t at)
{
    vector v = load(s->x[row] + at);
    if (flags & HAS_BIAS)
        v = v + load(s->bias + at);
    if (flags & HAS_RELU)
        v = (vector)((lane_bits)v & ~(lane_bits)(v < (vector){0}));
    if (flags & (HAS_BIAS | HAS_RELU))
        store(s->x[row] + at, v);
    if (flags & HAS_KEPT) {
        lane_halves kept;
        memcpy(&kept, s->kept[row] + at, sizeof kept);
        v = (vector)((lane_bits)v & (__builtin_convertvector(kept, lane_bits) > 0));
    }
    return v;
}

/* 16 columns from `at` on; is_single: the second row is not there, and counts as 0. */
__attribute__((always_inline)) static inline void round_square(const square *s, const int flags, int64_t at,
                                                               bool is_single, uint16_t *panel)
{
    vector low[VECTORS], high[VECTORS];
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) {
        low[v] = prepare(s, flags, 0, at + v * LANES);
        high[v] = (vector){0};
        if (!is_single)
            high[v] = prepare(s, flags, 1, at + v * LANES);
        if (flags & HAS_SUM)
            store(s->sum + at + v * LANES, load(s->sum + at + v * LANES) + low[v] + high[v]);
    }
    put_rounded(low, high, flags & HAS_ROWS ? s->row[0] + at : NULL,
                flags & HAS_ROWS && !is_single ? s->row[1] + at : NULL, flags & HAS_PAIRS ? panel : NULL);
}

static void copy_part(float *to, const float *from, int columns)
{
    if (from)
        memcpy(to, from, (size_t)columns * sizeof *to);
}

/* The last columns, fewer than 16, from `at` on: in a padded copy. */
static void round_edge(const square *s, const int flags, int64_t at, int columns, bool is_single, uint16_t *panel)
{
    float part[4][GROUP] = {{0}};
    square padded = {.x = {part[0], part[1]}, .bias = part[2], .sum = part[3]};
    bool is_changed = flags & (HAS_BIAS | HAS_RELU);
    for (int row = 0; row < 2 - is_single; row++) {
        copy_part(part[row], s->x[row] + at, columns);
        padded.kept[row] = flags & HAS_KEPT ? s->kept[row] + at : NULL;
        padded.row[row] = flags & HAS_ROWS ? s->row[row] + at : NULL;
    }
    copy_part(part[2], flags & HAS_BIAS ? s->bias + at : NULL, columns);
    copy_part(part[3], flags & HAS_SUM ? s->sum + at : NULL, columns);
    round_square(&padded, flags, 0, is_single, panel);
    for (int row = 0; row < 2 - is_single && is_changed; row++)
        memcpy(s->x[row] + at, part[row], (size_t)columns * sizeof(float));
    if (flags & HAS_SUM)
        memcpy(s->sum + at, part[3], (size_t)columns * sizeof(float));
}

__attribute__((always_inline)) static inline void round_two(const square *s, const int flags, int columns,
                                                            bool is_single, int64_t group)
{
    int64_t at = 0;
    uint16_t *panel = s->panel;
    for (; at + GROUP <= columns; at += GROUP) {
        round_square(s, flags, at, is_single, panel);
        if (flags & HAS_PAIRS)
            panel += group;
    }
    if (at < columns)
        round_edge(s, flags, at, (int)(columns - at), is_single, panel);
}

__attribute__((always_inline)) static inline void round_all(const sid__bf16_rows *rows, const sid__bf16_target *to,
                                                            const int flags)
{
    square s = {.x = {rows->x, rows->x + rows->x_step}, .sum = rows->sum, .bias = rows->bias};
    int64_t i = 0;
    if (flags & HAS_KEPT) {
        s.kept[0] = rows->kept;
        s.kept[1] = rows->kept + rows->kept_step;
    }
    for (; i < rows->rows; i += 2) {
        if (flags & HAS_ROWS) {
            s.row[0] = to->rows + i * to->row_step;
            s.row[1] = s.row[0] + to->row_step;
        }
        s.panel = flags & HAS_PAIRS ? to->pairs + i * GROUP : NULL;
        if (i + 1 < rows->rows)
            round_two(&s, flags, rows->columns, false, to->pairs_group);
        else
            round_two(&s, flags, rows->columns, true, to->pairs_group);
        for (int row = 0; row < 2; row++) {
            s.x[row] += 2 * rows->x_step;
            if (flags & HAS_KEPT)
                s.kept[row] += 2 * rows->kept_step;
        }
    }
}

enum { BOTH = HAS_ROWS | HAS_PAIRS };

/* What training does often is compiled for it. */
static void round_rows(const sid__bf16_rows *rows, const sid__bf16_target *to)
{
    int flags = (rows->bias ? HAS_BIAS : 0) | (rows->is_relu ? HAS_RELU : 0) | (rows->kept ? HAS_KEPT : 0) |
                (rows->sum ? HAS_SUM : 0) | (to->rows ? HAS_ROWS : 0) | (to->pairs ? HAS_PAIRS : 0);
    for (int j = 0; j < rows->columns && rows->sum; j++)
        rows->sum[j] = 0;
    switch (flags) {
    case HAS_ROWS:
        round_all(rows, to, HAS_ROWS);
        break;
    case HAS_PAIRS:
        round_all(rows, to, HAS_PAIRS);
        break;
    case BOTH:
        round_all(rows, to, BOTH);
        break;
    case BOTH | HAS_RELU:
        round_all(rows, to, BOTH | HAS_RELU);
        break;
    case BOTH | HAS_BIAS | HAS_RELU:
        round_all(rows, to, BOTH | HAS_BIAS | HAS_RELU);
        break;
    case BOTH | HAS_KEPT:
        round_all(rows, to, BOTH | HAS_KEPT);
        break;
    case BOTH | HAS_SUM:
        round_all(rows, to, BOTH | HAS_SUM);
        break;
    case BOTH | HAS_KEPT | HAS_SUM:
        round_all(rows, to, BOTH | HAS_KEPT | HAS_SUM);
        break;
    case HAS_PAIRS | HAS_KEPT | HAS_SUM:
        round_all(rows, to, HAS_PAIRS | HAS_KEPT | HAS_SUM);
        break;
    default:
        round_all(rows, to, flags);
    }
}

const sid__bf16_tile BF16_TABLE = {.block = block, .round = round_rows};
