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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ring)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
