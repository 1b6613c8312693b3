/* test_exposure.c: coverage, Gini, novelty. */
#include <math.h>

#include "eval/exposure.h"
#include "test.h"

/* Fails when a formula is another: values by hand. */
static void test_by_hand(void **state)
{
    (void)state;
    sid__exposure e;
    const int64_t alike[] = {3, 3, 3, 3}, alone[] = {0, 0, 8, 0}, mixed[] = {1, 0, 3, 0}, none[4] = {0};
    const int64_t train[] = {4, 8, 4, 0};
    TEST_OK(sid__exposure_of(alike, train, 4, &e, err));
    assert_true(e.coverage == 1 && fabs(e.gini) < 1e-15);
    assert_true(fabs(e.novelty - (2 + 1 + 2 + 4) / 4.) < 1e-12);
    TEST_OK(sid__exposure_of(alone, train, 4, &e, err));
    assert_true(e.coverage == .25 && fabs(e.gini - .75) < 1e-15 && fabs(e.novelty - 2) < 1e-12);
    TEST_OK(sid__exposure_of(mixed, train, 4, &e, err));
    assert_true(e.coverage == .5 && fabs(e.gini - (2 * (3 * 1 + 4 * 3) / 16. - 1.25)) < 1e-15);
    TEST_OK(sid__exposure_of(none, train, 4, &e, err));
    assert_true(isnan(e.coverage) && isnan(e.gini) && isnan(e.novelty));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
