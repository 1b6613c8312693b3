/* test_item_slices.c: items by impressions. */
#include "rank/item_slices.h"
#include "test.h"

/* Fails when a border moves or a tie is broken the other way: of 100 impressions, 25 and 75 are the borders, and the item that
 * crosses one is still before it. */
static void test_borders(void **state)
{
    const int64_t shown[] = {0, 10, 20, 40, 5, 5, 20};
    const uint8_t wanted[] = {SID_RANK_SLICE_NEW,  SID_RANK_SLICE_TAIL, SID_RANK_SLICE_TORSO, SID_RANK_SLICE_HEAD,
                              SID_RANK_SLICE_TAIL, SID_RANK_SLICE_TAIL, SID_RANK_SLICE_TORSO};
    uint8_t slice[7];
    (void)state;
    TEST_OK(sid__item_slices(shown, 7, slice, err));
    assert_memory_equal(slice, wanted, sizeof wanted);
}

/* Fails when nothing shown divides by nothing. */
static void test_nothing_shown(void **state)
{
    const int64_t shown[] = {0, 0};
    uint8_t slice[2] = {9, 9};
    (void)state;
    TEST_OK(sid__item_slices(shown, 2, slice, err));
    assert_int_equal(slice[0], SID_RANK_SLICE_NEW);
    assert_int_equal(slice[1], SID_RANK_SLICE_NEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_borders), cmocka_unit_test(test_nothing_shown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
