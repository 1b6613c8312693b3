/* test_kernels_avx512bf16.c: when the bf16 path multiplies in bf16, and when it must not. */
#include <math.h>

#include "quant_help.h"

static void skip_without_bf16(void)
{
    if (!sid__isa_is_supported(SID__ISA_AVX512BF16)) {
        print_message("SKIPPED: this CPU has no AVX512-BF16\n");
        skip();
    }
}

/* Whether such data is multiplied in bf16; its scores are checked against what the bound allows. */
static bool run(float x_scale, float code_scale, int dim, float *rounding)
{
    enum { ROWS = 7, CODES = 20 };
    const sid__kernels *kernels = sid__kernels_for(SID__ISA_AVX512BF16);
    float *x = new_floats(ROWS * dim), *code = new_floats(CODES * dim), *score = new_floats(12 * 32);
    const float *row[ROWS];
    sid__row_norm of[ROWS];
    sid__codebook book;
    fill_uniform(x, ROWS * dim, 1);
    fill_uniform(code, CODES * dim, 2);
    for (int i = 0; i < ROWS * dim; i++)
        x[i] *= x_scale;
    for (int i = 0; i < CODES * dim; i++)
        code[i] *= code_scale;
    make_book(&book, code, CODES, dim);
    for (int i = 0; i < ROWS; i++) {
        row[i] = x + (int64_t)i * dim;
        of[i] = sid__measure_row(kernels, row[i], dim);
        rounding[i] = of[i].rounding;
    }
    bool is_rounded = sid__may_round(kernels, &book) && sid__rows_may_round(of, ROWS);
    sid__row_size size[ROWS];
    if (is_rounded)
        kernels->scores_bf16(&book, row, ROWS, NULL, size, score);
    for (int i = 0; i < ROWS && is_rounded; i++) {
        sid__row_size alone = kernels->measure(row[i], dim);
        assert_memory_equal(&size[i], &alone, sizeof alone);
    }
    for (int i = 0; i < ROWS && is_rounded; i++) {
        sid__bound bound = sid__score_bound(&book, of[i], true);
        for (int k = 0; k < CODES; k++) {
            double slack = (double)bound.norm_factor * (double)book.norm[k] +
                           (double)bound.half_factor * (double)book.half[k] + (double)bound.floor;
            assert_true(fabs((double)score[i * 32 + k] - sid__score_exact(&book, row[i], k)) <= slack);
        }
    }
    sid__codebook_drop(&book);
    sid__free(x);
    sid__free(code);
    sid__free(score);
    return is_rounded;
}

/* Fails when ordinary data is not multiplied in bf16, when the rounding given back is not the rows' own, when products
 * stray from what it allows, or when the sizes measured on the way are not those of `measure`: odd dimensions, a last tile of fewer rows, groups that fill no tile. */
static void ordinary_data_is_rounded(void **state)
{
    float rounding[SID__BLOCK_ROWS] = {0};
    (void)state;
    skip_without_bf16();
    for (int dim = 1; dim < 80; dim += 13) {
        assert_true(run(1, 1, dim, rounding));
        for (int i = 0; i < 7; i++)
            assert_true(rounding[i] > 0 && rounding[i] <= 0x1p-8f * sqrtf((float)dim));
    }
}

/* Fails when data that bf16 products would flush to zero, or rows too long for the stack, are multiplied in bf16. */
static void extreme_data_is_not(void **state)
{
    float rounding[SID__BLOCK_ROWS] = {0};
    (void)state;
    skip_without_bf16();
    assert_false(run(1e-20f, 1, 24, rounding));
    assert_false(run(1, 1e-20f, 24, rounding));
    assert_false(run(1e14f, 1, 24, rounding));
    assert_false(run(1, 1, 4097, rounding));
    assert_true(run(0, 1, 24, rounding)); /* zeroes are exact */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ordinary_data_is_rounded),
                                       cmocka_unit_test(extreme_data_is_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
