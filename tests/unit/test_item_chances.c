/* test_item_chances.c: gaps worked out by hand. */
#include "rank/item_chances.h"

#include <math.h>

#include "test.h"

/* Fails when an item counts twice a step, without a click, or when the average weighs otherwise: item 0 is clicked at steps 1, 4 and
 * 5, its gaps are 1, then .99 + .03, then .99 * 1.02 + .01. */
static void by_hand(void **state)
{
    static const int32_t item[] = {0, 0, 1};
    static const uint8_t all[] = {1, 1, 0}, none[] = {0, 0, 0}, last[] = {0, 0, 1};
    sid__item_chances chances = {0};
    double log_chance[3];
    (void)state;
    TEST_OK(sid__item_chances_reserve(&chances, 2, err));
    sid__item_chances_step(&chances, item, all, 3, log_chance);
    assert_true(log_chance[0] == 0 && log_chance[2] == 0);
    sid__item_chances_step(&chances, item, none, 3, log_chance);
    sid__item_chances_step(&chances, item, last, 3, log_chance);
    assert_true(log_chance[0] == 0 && fabs(log_chance[2] + log(3)) < 1e-12);
    TEST_OK(sid__item_chances_reserve(&chances, 200, err)); /* what is known stays */
    assert_true(chances.items >= 200 && chances.last[199] == 0 && chances.gap[199] == 0);
    sid__item_chances_step(&chances, item, all, 3, log_chance);
    assert_true(fabs(log_chance[0] + log(1.02)) < 1e-12);
    sid__item_chances_step(&chances, item, all, 3, log_chance);
    assert_true(fabs(log_chance[1] + log(.99 * 1.02 + .01)) < 1e-12);
    sid__item_chances_drop(&chances);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_hand)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
