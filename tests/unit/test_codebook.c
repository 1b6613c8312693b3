/* test_codebook.c: loops over rows: the same labels and sums for any thread count and order. */
#include <math.h>

#include "quant_help.h"

enum { ROWS = 1500, DIM = 19, CODES = 23 };

/* Fails when threads or chunk borders reach the labels, or when changed labels are counted wrongly. */
static void labels_do_not_depend_on_threads(void **state)
{
    float *x = new_floats(ROWS * DIM), *code = new_floats(CODES * DIM);
    uint16_t *one = new_codes(ROWS), *many = new_codes(ROWS);
    sid__codebook book;
    (void)state;
    fill_uniform(x, ROWS * DIM, 1);
    fill_uniform(code, CODES * DIM, 2);
    make_book(&book, code, CODES, DIM);
    for (int threads = 1; threads <= 7; threads += 3) {
        sid_ctx *ctx = new_ctx(threads, NULL);
        sid__assign_scratch scratch;
        TEST_OK(sid__assign_scratch_create(ctx, CODES, &scratch, err));
        memset(many, 0xFF, ROWS * sizeof *many);
        assert_int_equal(sid__assign_all(ctx, &book, x, ROWS, &scratch, many), ROWS);
        assert_int_equal(sid__assign_all(ctx, &book, x, ROWS, &scratch, many), 0);
        if (threads == 1)
            memcpy(one, many, ROWS * sizeof *one);
        assert_memory_equal(one, many, ROWS * sizeof *one);
        sid__assign_scratch_drop(&scratch);
        sid_ctx_free(ctx);
    }
    sid__codebook_drop(&book);
    sid__free(x);
    sid__free(code);
    sid__free(one);
    sid__free(many);
}

/* Fails when grouping loses or reorders rows: members ascending, borders right, an empty code in the middle. */
static void rows_are_grouped_in_order(void **state)
{
    const uint16_t label[] = {3, 0, 3, 1, 0, 3};
    const int64_t expected_begin[] = {0, 2, 3, 3, 6}, expected_order[] = {1, 4, 3, 0, 2, 5};
    int64_t begin[5], order[6];
    (void)state;
    sid__group_rows(label, 6, 4, begin, order);
    assert_memory_equal(begin, expected_begin, sizeof begin);
    assert_memory_equal(order, expected_order, sizeof order);
}

/* Fails when a sum overflows, loses a bit it could keep, or depends on the order of rows: fixed-point sums of permuted
 * rows are equal, and near the plain sum. */
static void sums_are_exact_in_any_order(void **state)
{
    float *x = new_floats(ROWS * DIM), *permuted = new_floats(ROWS * DIM);
    int64_t begin[2] = {0, ROWS}, order[ROWS], sum[DIM], again[DIM];
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    for (int i = 0; i < ROWS; i++) {
        order[i] = i;
        memcpy(permuted + i * DIM, x + (i * 7 % ROWS) * DIM, DIM * sizeof(float));
    }
    sid_status status = SID_OK;
    double scale = sid__fixed_scale(ctx, x, ROWS, DIM, NULL, &status);
    assert_int_equal(status, SID_OK);
    int exponent = 0;
    assert_true(fabs(frexp(scale, &exponent) - 0.5) < 1e-300); /* a power of two */
    sid__sum_by_code(ctx, x, DIM, scale, 1, begin, order, sum);
    sid__sum_by_code(ctx, permuted, DIM, scale, 1, begin, order, again);
    assert_memory_equal(sum, again, sizeof sum);
    for (int d = 0; d < DIM; d++) {
        double plain = 0;
        for (int i = 0; i < ROWS; i++)
            plain += (double)x[i * DIM + d];
        assert_near((double)sum[d] / scale, plain, 1e-9);
    }
    sid_ctx_free(ctx);
    sid__free(x);
    sid__free(permuted);
}

/* Fails when the scale lets 2^50 be passed: the largest and the smallest floats, all zero rows, many rows. */
static void scale_fits_any_magnitude(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    static const float value[] = {1e15f, 1.0f, 1e-45f, 0};
    (void)state;
    for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
        sid_status status = SID_OK;
        double scale = sid__fixed_scale(ctx, &value[i], 1, 1, NULL, &status);
        assert_int_equal(status, SID_OK);
        assert_true((double)value[i] * scale <= 0x1p50);
        assert_true(value[i] <= 0 || (double)value[i] * scale >= 0x1p48);
    }
    sid_ctx_free(ctx);
}

/* Fails when renumbering breaks the order (most members first, ties by centroid) or leaves a dead code that wins rows. */
static void codes_are_renumbered_by_count(void **state)
{
    const float code[] = {5, 1, 9, 3};
    int64_t members[] = {2, 7, 0, 2};
    uint16_t now[4];
    sid__codebook book;
    (void)state;
    make_book(&book, code, 4, 1);
    TEST_OK(sid__codebook_renumber(&book, members, now, err));
    const float expected[] = {1, 3, 5, 1}; /* the dead code copies code 0 */
    const int64_t expected_members[] = {7, 2, 2, 0};
    assert_memory_equal(book.code, expected, sizeof expected);
    assert_memory_equal(members, expected_members, sizeof expected_members);
    assert_true(now[0] == 2 && now[1] == 0 && now[3] == 1);
    const float far = 9;
    assert_int_equal(sid__assign_reference(&book, &far, NULL), 2);
    sid__codebook_drop(&book);
}

/* Fails when the fast pass and the exact scores pay different prices, or a price loosens the filter's bound: labels by every
 * kernel path are those of the scalar reference, on lattice points, prices and ties from tiny to far above the scores. */
static void prices_are_paid_by_every_path(void **state)
{
    static const double scale[] = {0.5, 3, 1e9};
    sid_ctx *ctx = new_ctx(2, NULL);
    sid__assign_scratch scratch;
    float *x = new_floats(ROWS * DIM), *code = new_floats(CODES * DIM);
    uint16_t *label = new_codes(ROWS);
    double price[CODES];
    (void)state;
    fill_lattice(x, ROWS * DIM, 5, 5, 2);
    fill_lattice(code, CODES * DIM, 6, 5, 2);
    memcpy(code + (CODES - 1) * DIM, code, DIM * sizeof *code); /* a copy of code 0, but cheaper */
    TEST_OK(sid__assign_scratch_create(ctx, CODES, &scratch, err));
    for (int i = 0; i < 3; i++) {
        sid__codebook book;
        make_book(&book, code, CODES, DIM);
        for (int k = 0; k < CODES; k++)
            price[k] = (double)sid__philox_below(7, SID__STREAM_TEST, (uint64_t)k, 9) * scale[i];
        price[0] = scale[i];
        price[CODES - 1] = 0;
        double before = sid__score_exact(&book, x, 3);
        sid__codebook_add_price(&book, price);
        assert_near(sid__score_exact(&book, x, 3), before + price[3], 0);
        for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
            if (!sid__isa_is_supported((sid__isa)isa))
                continue;
            assign_by((sid__isa)isa, &book, x, ROWS, label);
            for (int row = 0; row < ROWS; row++)
                assert_int_equal(label[row], sid__assign_reference(&book, x + row * DIM, NULL));
        }
        (void)sid__assign_all(ctx, &book, x, ROWS, &scratch, label);
        for (int row = 0; row < ROWS; row++)
            assert_int_equal(label[row], sid__assign_reference(&book, x + row * DIM, NULL));
        sid__codebook_drop(&book);
    }
    sid__assign_scratch_drop(&scratch);
    sid_ctx_free(ctx);
    sid__free(x);
    sid__free(code);
    sid__free(label);
}

/* Fails when a failed allocation leaks (ASan) or leaves a half-made book. */
static void lack_of_memory_is_reported(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__codebook book = {0};
    sid__assign_scratch scratch = {0};
    const float x = 1;
    (void)state;
    for (int after = 0; after < 5; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__codebook_create(&book, 4, 2, err), SID_ENOMEM, "bytes");
        assert_null(book.code);
    }
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__assign_scratch_create(ctx, 4, &scratch, err), SID_ENOMEM, "bytes");
    }
    sid_status status = SID_OK;
    sid__mem_fail(0, 1);
    (void)sid__fixed_scale(ctx, &x, 1, 1, NULL, &status);
    assert_int_equal(status, SID_ENOMEM);
    const float code[] = {0, 1};
    int64_t members[] = {1, 1};
    sid__mem_fail(-1, 0);
    make_book(&book, code, 2, 1);
    for (int after = 0; after < 6; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__codebook_renumber(&book, members, NULL, err), SID_ENOMEM, "bytes");
    }
    sid__mem_fail(-1, 0);
    sid__codebook_drop(&book);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_do_not_depend_on_threads), cmocka_unit_test(rows_are_grouped_in_order),
        cmocka_unit_test(sums_are_exact_in_any_order),     cmocka_unit_test(scale_fits_any_magnitude),
        cmocka_unit_test(codes_are_renumbered_by_count),   cmocka_unit_test(prices_are_paid_by_every_path),
        cmocka_unit_test(lack_of_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
