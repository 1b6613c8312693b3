/* test_kernels.c: every path's loops against plain ones. */
#include <math.h>

#include "quant_help.h"

/* Fails when a path's tile reads or writes a wrong place: odd rows, dims and groups. */
static void dots_are_near_the_exact_ones(void **state)
{
    (void)state;
    for (int rows = 1; rows <= SID__BLOCK_ROWS; rows += 19) {
        for (int groups = 1; groups <= 9; groups += 2) {
            int dim = 1 + 7 * groups, codes = groups * SID__GROUP;
            float *x = new_floats(rows * dim), *code = new_floats(codes * dim), *dot = new_floats(rows * codes);
            float rounding[SID__BLOCK_ROWS] = {0};
            fill_uniform(x, rows * dim, 1);
            fill_uniform(code, codes * dim, 2);
            sid__codebook book;
            make_book(&book, code, codes, dim);
            for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
                if (!sid__isa_is_supported((sid__isa)isa))
                    continue;
                bool is_rounded = sid__kernels_for((sid__isa)isa)->dots(&book, x, rows, dot, rounding);
                for (int i = 0; i < rows; i++)
                    for (int k = 0; k < codes; k++)
                        assert_near(dot[i * codes + k], sid__dot_exact(x + i * dim, code + k * dim, dim),
                                    is_rounded ? 0.02 * dim : 1e-5);
            }
            sid__codebook_drop(&book);
            sid__free(x);
            sid__free(code);
            sid__free(dot);
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

/* Fails when the filter drops a code whose interval reaches the least upper end, keeps one that does not, or loses a
 * score that is no number. */
static void filter_keeps_what_can_be_best(void **state)
{
    float dot[16], half[16], norm[16];
    int index[16];
    (void)state;
    for (int k = 0; k < 16; k++) {
        dot[k] = 0;
        half[k] = 10 + (float)k;
        norm[k] = 1;
    }
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        const sid__kernels *kernels = sid__kernels_for((sid__isa)isa);
        assert_int_equal(kernels->filter(dot, half, norm, 1, (sid__bound){.norm_factor = 1.5f}, index), 4);
        for (int k = 0; k < 4; k++)
            assert_int_equal(index[k], k);
        assert_int_equal(kernels->filter(dot, half, norm, 1, (sid__bound){.norm_factor = 0.25f}, index), 1);
        dot[9] = NAN;
        assert_int_equal(kernels->filter(dot, half, norm, 1, (sid__bound){.norm_factor = 0.25f}, index), 2);
        assert_int_equal(index[1], 9);
        dot[9] = 0;
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
        uint64_t sum[COUNT] = {0};
        sid__kernels_for((sid__isa)isa)->accumulate(x, COUNT, 1, sum);
        for (int i = 0; i < COUNT; i++)
            assert_int_equal((int64_t)(sum[i] - SID__FIXED_BIAS), expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dots_are_near_the_exact_ones), cmocka_unit_test(project_is_one_fused_chain),
        cmocka_unit_test(filter_keeps_what_can_be_best), cmocka_unit_test(accumulate_rounds_half_to_even)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
