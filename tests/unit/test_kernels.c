/* test_kernels.c: every path's loops against plain ones. */
#include <math.h>

#include "quant_help.h"

/* Fails when a path's tile reads or writes a wrong place: odd rows, dims and groups; rows wherever they stand. */
static void scores_are_near_the_exact_ones(void **state)
{
    (void)state;
    for (int rows = 1; rows <= SID__BLOCK_ROWS; rows += 19) {
        for (int groups = 1; groups <= 9; groups += 2) {
            int dim = 1 + 7 * groups, codes = groups * SID__GROUP;
            float *x = new_floats(rows * dim), *code = new_floats(codes * dim);
            float *score = new_floats((rows + SID__TILE_ROWS) * codes);
            const float *row[SID__BLOCK_ROWS];
            fill_uniform(x, rows * dim, 1);
            fill_uniform(code, codes * dim, 2);
            for (int i = 0; i < rows; i++)
                row[i] = x + (int64_t)(rows - 1 - i) * dim;
            sid__codebook book;
            make_book(&book, code, codes, dim);
            for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
                if (!sid__isa_is_supported((sid__isa)isa))
                    continue;
                sid__kernels_for((sid__isa)isa)->scores(&book, row, rows, score);
                for (int i = 0; i < rows; i++)
                    for (int k = 0; k < codes; k++)
                        assert_near(score[i * codes + k], sid__score_exact(&book, row[i], k), 1e-5);
            }
            sid__codebook_drop(&book);
            sid__free(x);
            sid__free(code);
            sid__free(score);
        }
    }
}

/* Fails when an element is not exactly one fused chain in d order: bit equality with fmaf on every path. */
static void project_is_one_fused_chain(void **state)
{
    enum { ROWS = 13, DIM = 101, GROUPS = 5, COLUMNS = GROUPS * SID__GROUP };
    float *x = new_floats(ROWS * DIM), *code = new_floats(COLUMNS * DIM), *out = new_floats(ROWS * COLUMNS);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    fill_uniform(code, COLUMNS * DIM, 4);
    sid__codebook book;
    make_book(&book, code, COLUMNS, DIM);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        sid__kernels_for((sid__isa)isa)->project(x, ROWS, DIM, book.packed, GROUPS, out);
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < COLUMNS; j++) {
                float sum = 0;
                for (int d = 0; d < DIM; d++)
                    sum = fmaf(x[i * DIM + d], code[j * DIM + d], sum);
                assert_memory_equal(&sum, &out[i * COLUMNS + j], sizeof sum);
            }
        }
    }
    sid__codebook_drop(&book);
    sid__free(x);
    sid__free(code);
    sid__free(out);
}

/* Fails when a lane is left out, when equal values hide each other, or when the place is another lane's. */
static void two_least_are_the_two_smallest(void **state)
{
    enum { COUNT = 48 };
    float value[COUNT];
    (void)state;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        for (int first = 0; first < COUNT; first++) {
            for (int second = 0; second < COUNT; second++) {
                for (int k = 0; k < COUNT; k++)
                    value[k] = 10 + (float)(k % 7);
                value[first] = -3;
                value[second] = second == first ? -3 : first % 2 ? -3 : -2;
                sid__two_least two = sid__kernels_for((sid__isa)isa)->two_least(value, COUNT);
                assert_true(two.index == first || (first % 2 && two.index == second));
                assert_near(two.least, -3, 0);
                assert_near(two.second, second == first ? 10 : value[second], 0);
            }
        }
    }
}

/* Fails when a value at the limit, or one that is no number, is left out. */
static void at_most_keeps_the_limit(void **state)
{
    float value[32];
    int index[32];
    (void)state;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        for (int k = 0; k < 32; k++)
            value[k] = (float)k;
        value[20] = NAN;
        value[31] = 2;
        assert_int_equal(sid__kernels_for((sid__isa)isa)->at_most(value, 32, 2, index), 5);
        const int expected[] = {0, 1, 2, 20, 31};
        assert_memory_equal(index, expected, sizeof expected);
    }
}

/* Fails when sizes are not the row's: tails shorter than a register, a largest magnitude that is negative. */
static void rows_are_measured(void **state)
{
    (void)state;
    for (int dim = 1; dim < 70; dim++) {
        float *x = new_floats(dim);
        fill_uniform(x, dim, (uint64_t)dim);
        x[dim / 2] = -2.5f;
        for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
            if (!sid__isa_is_supported((sid__isa)isa))
                continue;
            const sid__kernels *kernels = sid__kernels_for((sid__isa)isa);
            sid__row_size size = kernels->measure(x, dim);
            assert_near(size.square, sid__dot_exact(x, x, dim), 1e-4);
            assert_near(size.largest, 2.5, 0);
            assert_near(kernels->dot(x, x, dim), size.square, 1e-4);
            assert_true(isa == SID__ISA_AVX512BF16 ? size.lost <= 0x1p-16f * size.square : !(size.lost > 0));
        }
        sid__free(x);
    }
}

/* Fails when fixed-point rounding differs from round-half-even of the exact product, on any path. */
static void accumulate_rounds_half_to_even(void **state)
{
    const float x[] = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 3.0f, -7.25f, 1e-30f, 0, -2.5f, 1024.75f};
    const int64_t expected[] = {0, 2, 2, 0, -2, 3, -7, 0, 0, -2, 1025};
    enum { COUNT = sizeof x / sizeof *x };
    (void)state;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        int64_t sum[COUNT] = {0};
        sid__kernels_for((sid__isa)isa)->accumulate(x, COUNT, 1, sum);
        assert_memory_equal(sum, expected, sizeof expected);
        sid__kernels_for((sid__isa)isa)->accumulate(x, COUNT, -1, sum); /* taken away again, to the bit */
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(sum[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scores_are_near_the_exact_ones),
                                       cmocka_unit_test(project_is_one_fused_chain),
                                       cmocka_unit_test(two_least_are_the_two_smallest),
                                       cmocka_unit_test(at_most_keeps_the_limit),
                                       cmocka_unit_test(rows_are_measured),
                                       cmocka_unit_test(accumulate_rounds_half_to_even)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
