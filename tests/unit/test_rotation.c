/* test_rotation.c: what opq starts from. */
#include "quant/rotation.h"
#include "quant_help.h"

/* Fails when the dealing does not balance the products, or overfills a slice: 8, 4, 2, 1 into two slices is 8, 1 | 4, 2;
 * into slices of 3 and 2, what is left goes where there is room. */
static void directions_are_dealt_evenly(void **state)
{
    const double value[] = {8, 4, 2, 1}, five[] = {16, 2, 2, 2, 2}, zero[] = {0, 0, 0, 0};
    const int expected[] = {0, 2, 3, 1}, expected_five[] = {0, 3, 4, 1, 2}, expected_zero[] = {0, 1, 2, 3};
    int place[5];
    sid__slices s = {.levels = 2, .dim = 4, .begin = {0, 2, 4}};
    (void)state;
    sid__deal_directions(&s, value, place);
    assert_memory_equal(place, expected, sizeof expected);
    sid__deal_directions(&s, zero, place);
    assert_memory_equal(place, expected_zero, sizeof expected_zero);
    s = (sid__slices){.levels = 2, .dim = 5, .begin = {0, 3, 5}};
    sid__deal_directions(&s, five, place);
    assert_memory_equal(place, expected_five, sizeof expected_five);
}

/* Fails when whitening does not even the variances out, or noise is blown up: gains stay in [2^-10, 1]. */
static void gains_even_the_variances(void **state)
{
    const double value[] = {100, 25, 4}, flat[] = {1, 1e-9}, zero[] = {0, 0};
    double gain[3];
    (void)state;
    sid__whitening_gain(value, 3, gain);
    assert_near(gain[0], .2, 1e-15);
    assert_near(gain[1], .4, 1e-15);
    assert_near(gain[2], 1, 0);
    sid__whitening_gain(flat, 2, gain);
    assert_near(gain[0], 0x1p-10, 1e-15);
    assert_near(gain[1], 1, 0);
    sid__whitening_gain(zero, 2, gain);
    assert_true(gain[0] == 1 && gain[1] == 1);
}

/* Fails when directions are not principal: rows on two axes of unlike spread; or when allocation that fails leaks. */
static void directions_are_principal(void **state)
{
    const float x[] = {3, 0, -3, 0, 0, 1, 0, -1};
    sid__directions found;
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    TEST_OK(sid__directions_create(ctx, x, 4, 2, 1, &found, err));
    assert_near(found.value[0], 18, 1e-9);
    assert_near(found.value[1], 2, 1e-9);
    assert_near(found.v[0], 1, 1e-12);
    assert_near(found.v[3], 1, 1e-12);
    sid__directions_drop(&found);
    for (int after = 0; after < 3; after++) {
        sid__mem_fail(after, 1);
        assert_int_equal(sid__directions_create(ctx, x, 4, 2, 1, &found, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
    }
    sid_ctx_free(ctx);
}

/* Fails when an element is not one fused chain, or lands in the wrong slice or row. */
static void rotated_rows_lie_slice_after_slice(void **state)
{
    enum { ROWS = 203, DIM = 19, LEVELS = 3 };
    sid__slices s = {.levels = LEVELS, .dim = DIM, .begin = {0, 7, 13, 19}};
    float *x = new_floats(ROWS * DIM), *m = new_floats(DIM * DIM), *y = new_floats(ROWS * DIM);
    (void)state;
    fill_uniform(x, ROWS * DIM, 1);
    fill_uniform(m, DIM * DIM, 2);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        sid_ctx *ctx = new_ctx(1 + isa, sid__isa_name((sid__isa)isa));
        TEST_OK(sid__rotate_slices(ctx, &s, m, x, ROWS, y, err));
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < DIM; j++) {
                float chain = 0;
                int l = j < 7 ? 0 : j < 13 ? 1 : 2, dim = sid__slice_dim(&s, l);
                for (int d = 0; d < DIM; d++)
                    chain = fmaf(x[i * DIM + d], m[d * DIM + j], chain);
                assert_true(y[ROWS * s.begin[l] + i * dim + j - s.begin[l]] == chain);
            }
        sid_ctx_free(ctx);
    }
    sid__free(x);
    sid__free(m);
    sid__free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_are_dealt_evenly), cmocka_unit_test(gains_even_the_variances),
        cmocka_unit_test(directions_are_principal), cmocka_unit_test(rotated_rows_lie_slice_after_slice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
