/* test_sid_standing.c: where a target stands by its codes. */
#include "eval/sid_standing.h"
#include "test.h"

/* Items 0 and 1 differ in a digit alone, 2 and 3 in a code; 4 has no SID. */
static uint16_t code[] = {1, 2, 0, 1, 2, 1, 1, 3, 0, 2, 2, 0, 0, 0, 0};
static uint8_t is_known[] = {1, 1, 1, 1, 0};
static const sid__item_sids sids = {.count = 5, .levels = 2, .width = 3, .code = code, .is_known = is_known};

/* Fails when a digit tells codes apart, a place is one of items, or more is looked at than asked. */
static void test_places(void **state)
{
    (void)state;
    static const int32_t item[] = {2, 0, 1, 3};
    assert_true(sid__same_codes(&sids, 0, 1) && !sid__same_codes(&sids, 0, 2) && !sid__same_codes(&sids, 0, 3));
    assert_int_equal(sid__standing_by_sid(&sids, item, 4, 10, 1).above, 1);
    assert_int_equal(sid__standing_by_sid(&sids, item, 4, 10, 3).above, 2); /* 0 and 1 take one place */
    assert_int_equal(sid__standing_by_sid(&sids, item, 4, 2, 3).above, -1);
    assert_int_equal(sid__standing_by_sid(&sids, item, 3, 10, 3).above, -1);
    assert_int_equal(sid__standing_by_sid(&sids, item, 4, 10, 4).above, -1); /* no SID */
    assert_int_equal(sid__standing_by_sid(&sids, item, 4, 10, 2).tied, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
