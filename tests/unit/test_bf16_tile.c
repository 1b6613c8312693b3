/* test_bf16_tile.c: the bf16 loops on every path of this CPU, bit by bit against their definition. */
#include "bf16_case.h"

static uint32_t word(uint64_t seed, int64_t i)
{
    return (uint32_t)sid__philox_below(seed, SID__STREAM_TEST, (uint64_t)i, 1ull << 32);
}

/* bf16 numbers with exponents low .. low+spread-1. */
static uint16_t *case_bf16(int64_t count, uint64_t seed, uint32_t low, uint32_t spread)
{
    uint16_t *x = case_alloc(count, sizeof *x);
    for (int64_t i = 0; i < count; i++) {
        uint32_t draw = word(seed, i);
        x[i] = (uint16_t)((draw & 0x807F) | (low + (draw >> 16) % spread) << 7);
    }
    return x;
}

typedef struct tile_case {
    int rows, columns, pairs;
    bool is_added, is_panel; /* a in panels of 16 lanes; else in rows */
    uint32_t low, spread;    /* exponents */
} tile_case;

static float wanted_element(const sid__bf16_block *b, int i, int j, float c)
{
    float sum = b->is_added ? c : 0;
    for (int p = 0; p < b->pairs; p++) {
        const uint16_t *x = b->a + i / 16 * b->a_group + i % 16 * b->a_lane + p * b->a_pair;
        const uint16_t *y = b->b + j / 16 * b->b_group + (p * 16 + j % 16) * 2;
        sum = bf16_step(sum, (float[]){from_bf16(x[0]), from_bf16(x[1])}, (float[]){from_bf16(y[0]), from_bf16(y[1])});
    }
    return sum;
}

static void check_block(const sid__bf16_tile *tile, tile_case t)
{
    int64_t lanes = (t.rows + 15) / 16 * 16, groups = (t.columns + 15) / 16, c_step = t.columns + 3;
    uint16_t *a = case_bf16(lanes * (t.pairs * 2 + 6), 1, t.low, t.spread);
    uint16_t *b = case_bf16(groups * t.pairs * 32 + 1, 2, t.low, t.spread);
    float *start = case_floats(t.rows * c_step, 3), *c = case_alloc(t.rows * c_step, sizeof *c);
    for (int64_t i = 0; i < t.rows * c_step; i++)
        start[i] = ldexpf(start[i], 2 * (int)t.low + (int)t.spread - 254);
    memcpy(c, start, (size_t)(t.rows * c_step) * sizeof *c);
    sid__bf16_block block = {.a = a, .b = b, .c = c, .c_step = c_step, .b_group = (int64_t)t.pairs * 32};
    block.a_lane = t.is_panel ? 2 : t.pairs * 2 + 6;
    block.a_pair = t.is_panel ? 32 : 2;
    block.a_group = t.is_panel ? (int64_t)t.pairs * 32 : 16 * block.a_lane;
    block.rows = t.rows;
    block.columns = t.columns;
    block.pairs = t.pairs;
    block.is_added = t.is_added;
    tile->block(&block);
    for (int i = 0; i < t.rows; i++)
        for (int j = 0; j < c_step; j++) {
            float wanted = start[i * c_step + j];
            if (j < t.columns)
                wanted = wanted_element(&block, i, j, wanted);
            assert_int_equal(bits_of(c[i * c_step + j]), bits_of(wanted));
        }
    sid__free(a);
    sid__free(b);
    sid__free(start);
    sid__free(c);
}

/* Fails when an element is not the chain of the definition on one of the paths, when a tile of any height or a last group
 * reads or writes a wrong place, when a column past the last is touched, or when a number near 2^-126 is flushed on one
 * path and kept on another. */
static void block_is_one_chain(void **state)
{
    (void)state;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        const sid__bf16_tile *tile = sid__bf16_tile_for((sid__isa)isa);
        for (int rows = 1; rows <= 35; rows += 1 + rows / 18)
            for (int columns = 1; columns <= 100; columns += rows % 5 + 13)
                check_block(tile, (tile_case){rows, columns, (rows * columns) % 7, rows % 2, columns % 2, 120, 12});
        check_block(tile, (tile_case){20, 70, 40, true, false, 60, 4}); /* products near 2^-126 */
        check_block(tile, (tile_case){20, 70, 40, false, true, 60, 4});
        check_block(tile, (tile_case){5, 33, 9, true, false, 30, 90});
    }
}

/* Fails when the place of flushing is another: 2^-126 less a little, which rounds to 2^-126 with the bits that denormal numbers
 * have, but to less with 24. */
static void flushes_by_24_bits(void **state)
{
    (void)state;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        for (int i = 0; i < 80; i++) {
            float c[16], factor = i & 1 ? 1.25f : 1.0f, sign = i & 2 ? -1 : 1;
            uint16_t a[2] = {to_bf16(0), to_bf16(-sign * 0x1p-70f)}, b[32] = {0};
            for (int j = 0; j < 16; j++) {
                c[j] = sign * of_bits(0x800000u + (uint32_t)(i % 3 == 0));
                b[2 * j + 1] = to_bf16(ldexpf(factor, -73 - i / 4));
            }
            sid__bf16_block block = {.a = a, .a_lane = 2, .a_pair = 2, .b = b, .b_group = 32, .c = c, .c_step = 16};
            block.rows = block.pairs = 1;
            block.columns = 16;
            block.is_added = true;
            float wanted = wanted_element(&block, 0, 0, c[0]);
            sid__bf16_tile_for((sid__isa)isa)->block(&block);
            for (int j = 0; j < 16; j++)
                assert_int_equal(bits_of(c[j]), bits_of(wanted));
        }
    }
}

static void check_rounding(const sid__bf16_tile *tile, float *x, int rows, int columns)
{
    enum { STEP = 96 };
    int64_t groups = (columns + 15) / 16, padded = groups * 16, pairs = (rows + 1) / 2;
    uint16_t *row = case_alloc(rows * STEP, sizeof *row), *panel = case_alloc(groups * pairs * 32, sizeof *panel);
    memset(row, 7, (size_t)rows * STEP * sizeof *row);
    memset(panel, 7, (size_t)(groups * pairs * 32) * sizeof *panel);
    sid__bf16_target to = {.rows = row, .row_step = STEP, .pairs = panel, .pairs_group = pairs * 32};
    tile->round(&(sid__bf16_rows){.x = x, .x_step = columns, .rows = rows, .columns = columns}, &to);
    for (int i = 0; i < (int)pairs * 2; i++)
        for (int j = 0; j < STEP; j++) {
            uint16_t wanted = i < rows && j < columns ? to_bf16(x[i * columns + j]) : 0;
            if (i < rows)
                assert_int_equal(row[i * STEP + j], j < padded ? wanted : 0x0707);
            if (j < padded)
                assert_int_equal(panel[j / 16 * to.pairs_group + (i / 2 * 16 + j % 16) * 2 + i % 2], wanted);
        }
    sid__free(row);
    sid__free(panel);
}

/* Fails when a number is not rounded to the nearer neighbour, ties to the even one, when denormal numbers do not become 0 or NaN
 * a number, when the two layouts are mixed up, or when padding is not zero. */
static void rounding_is_to_nearest_even(void **state)
{
    static const uint32_t hard[] = {0x3F800000, 0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF, 0x7F7FFFFF,
                                    0x7F800000, 0xFF800000, 0x7F800001, 0xFFC12345, 0x00000001, 0x807FFFFF,
                                    0x00800000, 0x80808000, 0x00000000, 0x80000000, 0x007FFFFF, 0x00818000};
    enum { HARD = sizeof hard / sizeof *hard, COUNT = 33 * 80 };
    (void)state;
    float *x = case_alloc(COUNT, sizeof *x);
    for (int i = 0; i < COUNT; i++)
        x[i] = of_bits(i % 3 ? hard[i / 3 % HARD] : word(9, i));
    for (int isa = 0; isa < SID__ISA_COUNT; isa++)
        for (int rows = 1; rows <= 33 && sid__isa_is_supported((sid__isa)isa); rows += 4)
            for (int columns = 1; columns <= 80; columns += columns < 34 ? 1 : 15)
                check_rounding(sid__bf16_tile_for((sid__isa)isa), x, rows, columns);
    sid__free(x);
}

/* What a pass should leave: element (i, j) of x, and of what is rounded. */
typedef struct passed {
    float in_memory, rounded;
} passed;

static passed pass_element(const sid__bf16_rows *p, const float *before, int64_t i, int j)
{
    float x = before[i * p->x_step + j];
    x = p->bias ? x + p->bias[j] : x;
    x = p->is_relu && x < 0 ? 0 : x;
    return (passed){x, !p->kept || from_bf16(p->kept[i * p->kept_step + j]) > 0 ? x : 0};
}

static void check_pass(const sid__bf16_tile *tile, sid__bf16_rows pass, const float *before)
{
    uint16_t row[7 * 64], panel[4 * 4 * 32];
    float x[7 * 50], sum[40];
    sid__bf16_target to = {.rows = row, .row_step = 64, .pairs = panel, .pairs_group = 4 * 32};
    memcpy(x, before, sizeof x);
    if (pass.kept)
        memcpy(row, pass.kept, sizeof row);
    pass.x = x;
    sid__bf16_rows run = pass;
    run.kept = pass.kept ? row : NULL; /* as training does: read where is written */
    run.sum = pass.sum ? sum : NULL;
    tile->round(&run, &to);
    for (int j = 0; j < pass.columns; j++) {
        float total = 0;
        for (int64_t i = 0; i < pass.rows; i++) {
            passed wanted = pass_element(&pass, before, i, j);
            total += wanted.rounded;
            assert_int_equal(bits_of(x[i * pass.x_step + j]), bits_of(wanted.in_memory));
            assert_int_equal(row[i * 64 + j], to_bf16(wanted.rounded));
            assert_int_equal(panel[j / 16 * 4 * 32 + (i / 2 * 16 + j % 16) * 2 + i % 2], to_bf16(wanted.rounded));
        }
        if (pass.sum)
            assert_int_equal(bits_of(sum[j]), bits_of(total));
        if (pass.rows % 2)
            assert_int_equal(panel[j / 16 * 4 * 32 + (pass.rows / 2 * 16 + j % 16) * 2 + 1], 0);
    }
    for (int64_t i = 0; i < pass.rows; i++) /* what lies between the rows */
        assert_memory_equal(x + i * 50 + pass.columns, before + i * 50 + pass.columns,
                            (size_t)(50 - pass.columns) * sizeof *x);
}

/* Fails when bias, activation, mask or sum are left out, come in another order, or meet padding; when rows change that should
 * not; NaN must stay one. */
static void a_pass_does_all_at_once(void **state)
{
    (void)state;
    float *x = case_floats(7 * 50, 1), *bias = case_floats(50, 2), *signs = case_floats(7 * 64, 3), sum[1];
    uint16_t *kept = case_alloc(7 * 64, sizeof *kept);
    for (int i = 0; i < 7 * 64; i++)
        kept[i] = to_bf16(signs[i]);
    x[3] = NAN;
    x[60] = -0.0f;
    kept[8] = 0;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++)
        for (int i = 0; i < 16 * 7 * 2 && sid__isa_is_supported((sid__isa)isa); i++) {
            sid__bf16_rows pass = {.x_step = 50, .rows = 1 + i / 16 % 7, .columns = i < 112 ? 32 : 37};
            pass.is_relu = i & 1;
            pass.bias = i & 2 ? bias : NULL;
            pass.kept = i & 4 ? kept : NULL;
            pass.kept_step = 64;
            pass.sum = i & 8 && !isnan(x[3]) ? sum : NULL;
            check_pass(sid__bf16_tile_for((sid__isa)isa), pass, x);
            x[3] = i % 32 < 16 ? NAN : 1;
        }
    sid__free(x);
    sid__free(bias);
    sid__free(kept);
    sid__free(signs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(block_is_one_chain), cmocka_unit_test(flushes_by_24_bits),
                                       cmocka_unit_test(rounding_is_to_nearest_even),
                                       cmocka_unit_test(a_pass_does_all_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
