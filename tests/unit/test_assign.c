/* test_assign.c: labels are canonical on every kernel path (spec/quantizers.md §8, golden vectors "Assignment"). */
#include <math.h>

#include "quant_help.h"

/* Fails when the filter's bound is too tight, when float64 does not decide, or when ties do not go to the lowest index:
 * 100,000 lattice points whose scores are exact in int64. */
static void lattice_points_get_int64_labels(void **state)
{
    enum { ROWS = 100000, DIM = 12, CODES = 50 };
    float *x = new_floats(ROWS * DIM), *code = new_floats(CODES * DIM);
    uint16_t *label = new_codes(ROWS);
    (void)state;
    fill_lattice(x, ROWS * DIM, 1, 7, 3);
    fill_lattice(code, CODES * DIM, 2, 3, 1);
    sid__codebook book;
    make_book(&book, code, CODES, DIM);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        int ties = 0;
        assign_by((sid__isa)isa, &book, x, ROWS, label);
        for (int i = 0; i < ROWS; i++) {
            int best = 0, tied = 0;
            int64_t least = INT64_MAX;
            for (int k = 0; k < CODES; k++) {
                int64_t score = 0; /* |c|^2 - 2 x.c: twice the score */
                for (int d = 0; d < DIM; d++)
                    score += (int64_t)code[k * DIM + d] * (int64_t)(code[k * DIM + d] - 2 * x[i * DIM + d]);
                tied = score < least ? 0 : tied + (score == least);
                best = score < least ? k : best;
                least = score < least ? score : least;
            }
            ties += tied > 0;
            assert_int_equal(label[i], best);
        }
        assert_true(ties > 1000);
    }
    sid__codebook_drop(&book);
    sid__free(x);
    sid__free(code);
    sid__free(label);
}

/* Fails when a path decides by its own rounding: points on the bisector of two codes, where fp32 scores disagree. */
static void bisectors_get_the_reference_label(void **state)
{
    enum { ROWS = 100000, DIM = 24, CODES = 64 };
    float *x = new_floats(ROWS * DIM), *code = new_floats(CODES * DIM);
    uint16_t *label = new_codes(ROWS);
    (void)state;
    fill_uniform(code, CODES * DIM, 3);
    for (int i = 0; i < ROWS; i++) {
        int64_t a = (int64_t)sid__philox_below(4, SID__STREAM_TEST, (uint64_t)i, CODES);
        int64_t b = (int64_t)sid__philox_below(5, SID__STREAM_TEST, (uint64_t)i, CODES);
        for (int d = 0; d < DIM; d++)
            x[i * DIM + d] = (code[a * DIM + d] + code[b * DIM + d]) / 2;
    }
    sid__codebook book;
    make_book(&book, code, CODES, DIM);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        assign_by((sid__isa)isa, &book, x, ROWS, label);
        for (int i = 0; i < ROWS; i++)
            assert_int_equal(label[i], sid__assign_reference(&book, x + (int64_t)i * DIM, NULL));
    }
    sid__codebook_drop(&book);
    sid__free(x);
    sid__free(code);
    sid__free(label);
}

/* Fails when scaling breaks the bound: denormal data, data at the limit of 1e15, one huge code among small ones. */
static void extreme_scales_get_the_reference_label(void **state)
{
    enum { ROWS = 500, DIM = 33, CODES = 19 };
    static const float unit[] = {1e-44f, 1e-30f, 1e15f};
    float *x = new_floats(ROWS * DIM), *code = new_floats(CODES * DIM);
    uint16_t *label = new_codes(ROWS);
    (void)state;
    for (size_t u = 0; u < sizeof unit / sizeof *unit; u++) {
        fill_lattice(x, ROWS * DIM, 6, 5, 2);
        fill_lattice(code, CODES * DIM, 7, 5, 2);
        for (int i = 0; i < ROWS * DIM; i++)
            x[i] *= unit[u] / 2;
        for (int i = 0; i < CODES * DIM; i++)
            code[i] *= unit[u] / 2;
        for (int d = 0; d < DIM; d++)
            code[5 * DIM + d] = 1e15f;
        sid__codebook book;
        make_book(&book, code, CODES, DIM);
        for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
            if (!sid__isa_is_supported((sid__isa)isa))
                continue;
            assign_by((sid__isa)isa, &book, x, ROWS, label);
            for (int i = 0; i < ROWS; i++)
                assert_int_equal(label[i], sid__assign_reference(&book, x + (int64_t)i * DIM, NULL));
        }
        sid__codebook_drop(&book);
    }
    sid__free(x);
    sid__free(code);
    sid__free(label);
}

/* Fails when the fp32 score strays further from the exact one than the bound says, which would let the best code be
 * filtered out: the worst case is measured on adversarial rows (all products of one sign, growing magnitudes). */
static void bound_holds_for_every_score(void **state)
{
    enum { ROWS = 96, DIM = 1000, CODES = 32 };
    float *x = new_floats(ROWS * DIM), *code = new_floats(CODES * DIM), *score = new_floats(ROWS * CODES);
    const float *row[ROWS];
    (void)state;
    fill_uniform(x, ROWS * DIM, 8);
    fill_uniform(code, CODES * DIM, 9);
    for (int i = 0; i < ROWS * DIM; i++)
        x[i] = fabsf(x[i]) * (1 + (float)(i % DIM));
    for (int i = 0; i < CODES * DIM; i++)
        code[i] = fabsf(code[i]);
    for (int i = 0; i < ROWS; i++)
        row[i] = x + (int64_t)i * DIM;
    sid__codebook book;
    make_book(&book, code, CODES, DIM);
    for (int isa = 0; isa < 2 * SID__ISA_COUNT; isa++) {
        const sid__kernels *kernels = sid__kernels_for((sid__isa)(isa / 2));
        bool is_rounded = isa % 2;
        if (!sid__isa_is_supported((sid__isa)(isa / 2)) || (is_rounded && !kernels->scores_bf16))
            continue;
        if (is_rounded)
            kernels->scores_bf16(&book, row, ROWS, NULL, NULL, score);
        else
            kernels->scores(&book, row, ROWS, score);
        for (int i = 0; i < ROWS; i++) {
            sid__bound bound = sid__score_bound(&book, sid__measure_row(kernels, row[i], DIM), is_rounded);
            for (int k = 0; k < CODES; k++) {
                double slack = (double)(bound.norm_factor * book.norm[k] + bound.half_factor * book.half[k]);
                assert_true(fabs((double)score[i * CODES + k] - sid__score_exact(&book, row[i], k)) <= slack);
            }
        }
    }
    sid__codebook_drop(&book);
    sid__free(x);
    sid__free(code);
    sid__free(score);
}

/* Fails when what is said of a row's nearest code is not so: its distance beyond the upper bound, or another code nearer
 * than the lower one. */
static void nearest_bounds_hold(void **state)
{
    enum { ROWS = 96, DIM = 40, CODES = 50 };
    float *x = new_floats(ROWS * DIM), *code = new_floats(CODES * DIM), *scratch = new_floats(ROWS * 64);
    const float *row[ROWS];
    sid__row_norm of[ROWS];
    sid__nearest nearest[ROWS];
    uint16_t label[ROWS];
    int index[64];
    (void)state;
    fill_uniform(x, ROWS * DIM, 10);
    fill_uniform(code, CODES * DIM, 11);
    for (int d = 0; d < DIM; d++)
        code[7 * DIM + d] = code[31 * DIM + d]; /* never told apart */
    sid__codebook book;
    make_book(&book, code, CODES, DIM);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        const sid__kernels *kernels = sid__kernels_for((sid__isa)isa);
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        for (int i = 0; i < ROWS; i++) {
            row[i] = x + (int64_t)i * DIM;
            of[i] = sid__measure_row(kernels, row[i], DIM);
        }
        sid__assign_block(kernels, &book, row, of, ROWS, scratch, index, label, nearest);
        for (int i = 0; i < ROWS; i++) {
            double margin = 0;
            assert_int_equal(label[i], sid__assign_reference(&book, row[i], &margin));
            double score = sid__score_exact(&book, row[i], label[i]);
            assert_true(score <= nearest[i].best_high && nearest[i].best_high < score + 0.5);
            assert_true(score + margin >= nearest[i].others_low && nearest[i].others_low > score + margin - 0.5);
        }
    }
    sid__codebook_drop(&book);
    sid__free(x);
    sid__free(code);
    sid__free(scratch);
}

/* Fails when margins are not second best minus best. */
static void margins_are_exact(void **state)
{
    const float code[] = {0, 0, 4, 0, 0, 1}, x[] = {0.5f, 0}, one[] = {1, 1};
    sid__codebook book;
    double margin = 0;
    (void)state;
    make_book(&book, code, 3, 2);
    assert_int_equal(sid__assign_reference(&book, x, &margin), 0);
    assert_near(margin, 0.5, 0); /* scores 0, 6, 0.5 */
    sid__codebook_drop(&book);
    make_book(&book, one, 1, 2);
    assert_int_equal(sid__assign_reference(&book, x, &margin), 0);
    assert_true(isinf(margin));
    sid__codebook_drop(&book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lattice_points_get_int64_labels),
                                       cmocka_unit_test(bisectors_get_the_reference_label),
                                       cmocka_unit_test(extreme_scales_get_the_reference_label),
                                       cmocka_unit_test(bound_holds_for_every_score),
                                       cmocka_unit_test(nearest_bounds_hold),
                                       cmocka_unit_test(margins_are_exact)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
