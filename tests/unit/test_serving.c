/* test_serving.c: rows as they are served. */
#include "table/serving.h"

#include "io/tensor_set.h"
#include "table_case.h"

/* Fails when rounding to fp16 is not to nearest with ties to even: beside the exact widening of all 65,536 halves. */
static void halves_round_to_nearest_even(void **state)
{
    (void)state;
    for (uint32_t half = 0; half < 0x7c00; half++) {
        uint16_t bits[2] = {(uint16_t)half, (uint16_t)(half + 1)};
        float value[2];
        sid__dtype_to_f32(SID__F16, bits, 2, value);
        assert_int_equal(sid__half_of(value[0]), half);
        assert_int_equal(sid__half_of(-value[0]), half | 0x8000);
        if (half + 1 == 0x7c00)
            break;
        float middle = value[0] + (value[1] - value[0]) / 2; /* exact */
        assert_int_equal(sid__half_of(middle), half + (half & 1));
        assert_int_equal(sid__half_of(nextafterf(middle, INFINITY)), half + 1);
        assert_int_equal(sid__half_of(nextafterf(middle, -INFINITY)), half);
    }
    assert_int_equal(sid__half_of(65519.996F), 0x7bff);
    assert_int_equal(sid__half_of(65520), 0x7c00);
    assert_int_equal(sid__half_of(-1e30F), 0xfc00);
    assert_int_equal(sid__half_of(NAN) & 0x7fff, 0x7e00);
    assert_int_equal(sid__half_of(0x1p-25F), 0);
    assert_int_equal(sid__half_of(0x1.8p-25F), 1);
}

/* Fails when a slice is written over its neighbour, or when an int8 weight is off by more than half its scale. */
static void slices_come_back(void **state)
{
    const sid_slice slice[] = {{.dim = 5, .serving = "int8"},
                               {.dim = 3, .serving = "fp16"},
                               {.dim = 2},
                               {.dim = 7, .serving = "int8", .initializer = "zero"}};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__table_setup setup;
    (void)state;
    TEST_OK(sid__table_setup_init(ctx, &(sid_table_options){.slice = slice, .slice_count = 4}, &setup, err));
    assert_int_equal(setup.served_size, 4 + 8 + 8 + 8 + 4 + 8);
    for (int seed = 0; seed < 200; seed++) {
        float weights[17] = {0}, back[17], served[10], most = 0;
        fill_uniform(weights, 10, (uint64_t)seed);
        sid__served_encode(&setup, weights, served);
        sid__served_decode(&setup, served, back);
        for (int d = 0; d < 5; d++)
            most = fmaxf(most, fabsf(weights[d]));
        for (int d = 0; d < 5; d++)
            assert_true(fabs((double)weights[d] - (double)back[d]) <= (double)most / 254 * (1 + 1e-6));
        for (int d = 5; d < 8; d++)
            assert_near(weights[d], back[d], 0x1p-12);
        assert_memory_equal(weights + 8, back + 8, 2 * sizeof(float));
        for (int d = 10; d < 17; d++)
            assert_true(back[d] == 0);
    }
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_round_to_nearest_even),
        cmocka_unit_test(slices_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
