/* test_softmin.c: one row's soft choice among codes. */
#include "kernel/softmin.h"
#include "quant_help.h"

enum { COUNT = 64 };

/* Fails when the exponential, the least term or the sum is off: against libm in long double, widths from soft to hard. */
static void shares_are_a_softmax(void **state)
{
    static const double inverse[] = {0.01, 1, 30, 1e4};
    (void)state;
    for (int i = 0; i < 4; i++) {
        float dot[COUNT];
        double base[COUNT], weight[COUNT], total[COUNT], sum = 0;
        long double least = 1e300L, all = 0;
        fill_uniform(dot, COUNT, 1);
        for (int k = 0; k < COUNT; k++) {
            base[k] = sid__philox_uniform(2, SID__STREAM_TEST, (uint64_t)k);
            total[k] = k;
            least = fminl(least, (long double)base[k] - (long double)dot[k]);
        }
        for (int k = 0; k < COUNT; k++)
            all += expl((least - (long double)base[k] + (long double)dot[k]) * (long double)inverse[i]);
        sid__softmin_portable(dot, base, COUNT, inverse[i], weight, total);
        for (int k = 0; k < COUNT; k++) {
            long double z = (long double)base[k] - (long double)dot[k];
            assert_near(total[k] - k, expl((least - z) * (long double)inverse[i]) / all, 2e-10);
            sum += total[k] - k;
        }
        assert_near(sum, 1, 1e-9);
    }
}

/* Fails when padding takes a share, far codes make a number that is none, or a row that is one code's alone is shared. */
static void far_codes_get_nothing(void **state)
{
    const float dot[8] = {0};
    const double base[8] = {5, 1, 1e200, 40, 5, 5, 1e300, 1e300};
    double weight[8], total[8] = {0};
    (void)state;
    sid__softmin_portable(dot, base, 8, 1e3, weight, total);
    for (int k = 0; k < 8; k++)
        assert_near(total[k], k == 1, 0);
    sid__softmin_portable(dot, base, 8, 1.0, weight, total);
    for (int k = 6; k < 8; k++)
        assert_near(total[k], 0, 0);
    assert_true(total[3] > 0 && total[3] < 1e-15);
}

/* Fails when the second least is lost: it may come before or after the least, and equal it. */
static void least_two_are_found(void **state)
{
    const double rising[] = {1, 2, 4}, falling[] = {4, 3, 1}, equal[] = {2, 7, 2};
    const float dot[3] = {0};
    double least, gap;
    (void)state;
    sid__least_two(dot, rising, 3, &least, &gap);
    assert_true(least <= 1 && gap <= 1 && gap >= 1);
    sid__least_two(dot, falling, 3, &least, &gap);
    assert_true(least <= 1 && gap <= 2 && gap >= 2);
    sid__least_two(dot, equal, 3, &least, &gap);
    assert_true(least >= 2 && gap <= 0 && gap >= 0);
}

/* Fails when a path gives another bit than the portable one: widths from soft to hard, terms near the least kept. */
static void paths_agree(void **state)
{
    (void)state;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        for (int trial = 0; trial < 200; trial++) {
            float dot[COUNT];
            double base[COUNT], weight[COUNT], expected[COUNT], total[COUNT], inverse = ldexp(1, trial % 20 - 4);
            fill_uniform(dot, COUNT, (uint64_t)trial);
            for (int k = 0; k < COUNT; k++) {
                base[k] = trial % 3 ? 4 * sid__philox_uniform(9, SID__STREAM_TEST, (uint64_t)(trial * COUNT + k)) : k;
                expected[k] = total[k] = k % 5;
            }
            sid__softmin_portable(dot, base, COUNT, inverse, weight, expected);
            sid__softmin_for((sid__isa)isa)(dot, base, COUNT, inverse, weight, total);
            assert_memory_equal(total, expected, sizeof total);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shares_are_a_softmax), cmocka_unit_test(paths_agree),
                                       cmocka_unit_test(far_codes_get_nothing), cmocka_unit_test(least_two_are_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
