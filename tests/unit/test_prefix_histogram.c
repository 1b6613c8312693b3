/* test_prefix_histogram.c: what a user looked at, as prefixes with weights. */
#include "retrieve/prefix_histogram.h"

#include <math.h>

#include "test.h"

enum { LEVELS = 3 };
static const uint16_t code[] = {1, 1, 1, 2, 2, 2, 1, 1, 5, 3, 3, 3, 2, 9, 9};

static int64_t histogram(const double *age, int64_t count, const sid__histogram_options *options, int64_t max,
                         sid__prefix_weight *out)
{
    int64_t found = 0;
    TEST_OK(sid__prefix_histogram(code, LEVELS, age, count, options, max, out, &found, err));
    return found;
}

/* Fails when equal prefixes are not one, weights do not halve with age, or ties do not go to the later one. */
static void test_weights(void **state)
{
    static const double age[] = {14, 0, 7, 0, 7};
    const sid__histogram_options two = {.depth = 2, .half_life_days = 7}, one = {.depth = 1, .half_life_days = 7};
    sid__prefix_weight out[8];
    (void)state;
    assert_int_equal(histogram(NULL, 5, &two, 8, out), 4);
    assert_true(out[0].code[0] == 1 && out[0].code[1] == 1 && out[0].weight == 2 && out[0].last == 2);
    assert_true(out[1].code[0] == 2 && out[1].code[1] == 9); /* of three of weight 1 the latest */
    assert_true(out[2].code[0] == 3 && out[3].code[1] == 2);
    assert_int_equal(histogram(age, 5, &one, 2, out), 2);
    assert_true(out[0].code[0] == 2 && fabs(out[0].weight - 1.5) < 1e-12);
    assert_true(out[1].code[0] == 3 && fabs(out[1].weight - 1) < 1e-12);
    assert_int_equal(histogram(NULL, 0, &one, 2, out), 0);
}

/* Fails when old events beyond the last 2,500 count. */
static void test_most(void **state)
{
    static uint16_t many[SID__HISTORY_MAX + 5];
    const sid__histogram_options options = {.depth = 1, .half_life_days = 7};
    sid__prefix_weight out[4];
    int64_t found = 0;
    (void)state;
    for (int i = 5; i < SID__HISTORY_MAX + 5; i++)
        many[i] = 1;
    TEST_OK(sid__prefix_histogram(many, 1, NULL, SID__HISTORY_MAX + 5, &options, 4, out, &found, err));
    assert_int_equal(found, 1);
    assert_true(out[0].code[0] == 1 && out[0].weight == SID__HISTORY_MAX);
}

/* Fails when draws do not follow weight^gamma: of weights 2 1 1 1 the first comes first in 2 of 5 draws, squared in 4 of 7. */
static void test_draws(void **state)
{
    int64_t first[2] = {0, 0};
    sid__prefix_weight out[4];
    (void)state;
    for (uint64_t seed = 0; seed < 4000; seed++)
        for (int g = 0; g < 2; g++) {
            const sid__histogram_options options = {.depth = 2, .half_life_days = 7, .gamma = 1 + g, .seed = seed};
            assert_int_equal(histogram(NULL, 5, &options, 4, out), 4);
            first[g] += out[0].weight == 2;
        }
    assert_true(fabs((double)first[0] / 4000 - .4) < .03);
    assert_true(fabs((double)first[1] / 4000 - 4. / 7) < .03);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_weights), cmocka_unit_test(test_most),
                                       cmocka_unit_test(test_draws)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
