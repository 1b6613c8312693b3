/* test_click_history.c: the last clicks of users. */
#include "rank/click_history.h"
#include "test.h"

/* Fails when the ring loses its order, forgets the newest, or mixes users. */
static void test_ring(void **state)
{
    sid__click_history history;
    int32_t item[3];
    (void)state;
    TEST_OK(sid__click_history_create(2, 3, &history, err));
    assert_int_equal(sid__click_history_get(&history, 0, item), 0);
    for (int32_t i = 1; i <= 5; i++) {
        sid__click_history_push(&history, 0, i);
        if (i == 2)
            sid__click_history_push(&history, 1, 77);
    }
    assert_int_equal(sid__click_history_get(&history, 0, item), 3);
    assert_memory_equal(item, ((int32_t[]){3, 4, 5}), sizeof item);
    assert_int_equal(sid__click_history_get(&history, 1, item), 1);
    assert_int_equal(item[0], 77);
    sid__click_history_drop(&history);
}

/* Fails when times stand beside other clicks, when more users forget what was known, or when many clicks overflow the count. */
static void test_times_and_growth(void **state)
{
    sid__click_history history = {.max = 2, .keeps_time = true};
    int32_t item[2];
    double time[2];
    (void)state;
    TEST_OK(sid__click_history_reserve(&history, 1, err));
    for (int32_t i = 0; i < 1001; i++)
        sid__click_history_push_at(&history, 0, i, i + .5);
    TEST_OK(sid__click_history_reserve(&history, 50, err));
    TEST_OK(sid__click_history_reserve(&history, 3, err));
    assert_int_equal(history.users, 50);
    assert_int_equal(sid__click_history_get_at(&history, 0, item, time), 2);
    assert_true(item[0] == 999 && time[0] == 999.5 && item[1] == 1000 && time[1] == 1000.5);
    assert_true(history.count[0] < 4);
    assert_int_equal(sid__click_history_get_at(&history, 49, item, time), 0);
    sid__click_history_drop(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ring), cmocka_unit_test(test_times_and_growth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
