/* test_fsq_channel.c: rounding one channel: golden vectors of spec/quantizers.md §8 and what every channel promises. */
#include <math.h>

#include "base/philox.h"
#include "linalg/scalar.h"
#include "quant/fsq_channel.h"
#include "test.h"

static int code_of(const int *steps, int channels, sid__fsq_shift shift, const double *y)
{
    int code = 0, place = 1;
    for (int c = 0; c < channels; c++) {
        sid__fsq_channel channel = sid__fsq_channel_make(steps[c], shift);
        double rest = sid__fsq_bound(&channel, y[c]);
        code += place * sid__fsq_round(&channel, 1, &rest);
        place *= steps[c];
    }
    return code;
}

/* Fails when h, o, s, the rounding or the order of digits change: 8,5,5 of the specification. */
static void golden_855(void **state)
{
    static const int steps[] = {8, 5, 5};
    (void)state;
    assert_int_equal(code_of(steps, 3, SID__FSQ_SHIFT_ATANH, (double[]){0, 0, 0}), 100);
    assert_int_equal(code_of(steps, 3, SID__FSQ_SHIFT_ATANH, (double[]){0.5, -1, 2}), 165);
    assert_int_equal(code_of(steps, 3, SID__FSQ_SHIFT_ATANH, (double[]){-9, -9, -9}), 0);
    assert_int_equal(code_of(steps, 3, SID__FSQ_SHIFT_ATANH, (double[]){9, 9, 9}), 199);
}

/* Fails when shift tan is not the paper's variant: .8 % of the codes of 8,5,5 on Gaussians differ. */
static void the_papers_variant_differs_a_little(void **state)
{
    enum { COUNT = 50000 };
    static const int steps[] = {8, 5, 5};
    int differing = 0;
    (void)state;
    for (uint64_t i = 0; i < COUNT; i++) {
        double y[3];
        for (uint64_t c = 0; c < 3; c++)
            y[c] = sid__gaussian(1, SID__STREAM_TEST, 3 * i + c);
        differing += code_of(steps, 3, SID__FSQ_SHIFT_ATANH, y) != code_of(steps, 3, SID__FSQ_SHIFT_TAN, y);
    }
    print_message("shift tan: %.2f %% of 8,5,5 codes differ\n", 100.0 * differing / COUNT);
    assert_in_range(differing, COUNT * 6 / 1000, COUNT * 10 / 1000);
}

/* Fails when halves are not rounded to even: with s = 0 and odd n, h tanh(y) hits .5 only by luck, so u is given. */
static void halves_go_to_even(void **state)
{
    static const struct {
        double u;
        int q;
    } half[] = {{0.5, 0}, {1.5, 2}, {-0.5, 0}, {-1.5, -2}, {2.5, 2}, {0.49999999999999994, 0}, {-2.5, -2}, {3.5, 3}};
    sid__fsq_channel c = sid__fsq_channel_make(7, SID__FSQ_SHIFT_ATANH);
    (void)state;
    for (size_t i = 0; i < sizeof half / sizeof *half; i++) {
        double rest = half[i].u;
        assert_int_equal(sid__fsq_round(&c, 1, &rest) + c.lowest, half[i].q);
        assert_true(rest == half[i].u - half[i].q);
    }
}

/* Fails when a digit leaves 0 .. n-1, falls as y grows, or y = 0 is not in the middle of its step. */
static void digits_rise_and_stay_in_range(void **state)
{
    static const int steps[] = {3, 4, 5, 6, 7, 8, 17, 1000, 1002, 65536};
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (int shift = 0; shift < 2; shift++) {
            sid__fsq_channel c = sid__fsq_channel_make(steps[i], (sid__fsq_shift)shift);
            int before = 0;
            for (double y = -30; y <= 30; y += 0.0625) {
                double rest = sid__fsq_bound(&c, y);
                int digit = sid__fsq_round(&c, 1, &rest);
                assert_in_range(digit, before, steps[i] - 1);
                before = digit;
            }
            assert_true(before == steps[i] - 1 || (shift == SID__FSQ_SHIFT_TAN && steps[i] > 500)); /* h < (n-1)/2 */
        }
        sid__fsq_channel c = sid__fsq_channel_make(steps[i], SID__FSQ_SHIFT_ATANH);
        assert_true(fabs(sid__fsq_bound(&c, 0)) < 1e-9);
    }
}

/* Fails when the inverse is not one, or is infinite for the outermost steps of either shift. */
static void unbound_inverts_bound(void **state)
{
    (void)state;
    for (int steps = 3; steps < 40; steps++) {
        sid__fsq_channel c = sid__fsq_channel_make(steps, SID__FSQ_SHIFT_ATANH);
        for (double y = -2; y <= 2; y += 0.125)
            assert_true(fabs(sid__fsq_unbound(&c, sid__fsq_bound(&c, y)) - y) < 1e-9);
        for (int shift = 0; shift < 2; shift++) {
            c = sid__fsq_channel_make(steps, (sid__fsq_shift)shift);
            for (int q = c.lowest; q < c.lowest + steps; q++) {
                double y = sid__fsq_unbound(&c, q), rest = sid__fsq_bound(&c, y);
                assert_true(isfinite(y));
                assert_int_equal(sid__fsq_round(&c, 1, &rest) + c.lowest, q);
            }
        }
    }
}

/* Fails when a margin is longer or shorter than the way to the next digit. */
static void margins_reach_the_next_digit(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 2000; i++) {
        sid__fsq_channel c = sid__fsq_channel_make(3 + (int)(i % 9), SID__FSQ_SHIFT_ATANH);
        double y = sid__gaussian(2, SID__STREAM_TEST, i), rest = sid__fsq_bound(&c, y);
        int digit = sid__fsq_round(&c, 1, &rest);
        double margin = sid__fsq_margin(&c, 1, digit, digit + c.lowest, y);
        assert_true(isfinite(margin) && margin >= 0);
        for (int side = -1; side <= 1; side += 2) {
            double inside = sid__fsq_bound(&c, y + side * margin * 0.999);
            assert_int_equal(sid__fsq_round(&c, 1, &inside), digit);
        }
        double low = sid__fsq_bound(&c, y - margin * 1.001 - 1e-12),
               high = sid__fsq_bound(&c, y + margin * 1.001 + 1e-12);
        assert_true(sid__fsq_round(&c, 1, &low) != digit || sid__fsq_round(&c, 1, &high) != digit);
    }
}

/* Fails when deeper digits do not refine: the cells' centre nears u, by the factor n at each depth for odd n. (Even n has
 * no digit for +n/2, and what is left then stays.) */
static void depths_refine(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 2000; i++) {
        sid__fsq_channel c = sid__fsq_channel_make(3 + (int)(i % 9), SID__FSQ_SHIFT_ATANH);
        double u = sid__fsq_bound(&c, sid__gaussian(3, SID__STREAM_TEST, i)), rest = u, center = 0, scale = 1,
               before = 0.502;
        for (int depth = 0; depth < 6; depth++, scale *= c.steps) {
            int digit = sid__fsq_round(&c, scale, &rest);
            center += (digit + c.lowest) / scale;
            assert_true(fabs(center + rest - u) < 1e-12);
            assert_true(fabs(rest) <= (c.steps % 2 ? 0.5 / scale : before) + 1e-12);
            before = fabs(rest);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_855),
                                       cmocka_unit_test(the_papers_variant_differs_a_little),
                                       cmocka_unit_test(halves_go_to_even),
                                       cmocka_unit_test(digits_rise_and_stay_in_range),
                                       cmocka_unit_test(unbound_inverts_bound),
                                       cmocka_unit_test(margins_reach_the_next_digit),
                                       cmocka_unit_test(depths_refine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
