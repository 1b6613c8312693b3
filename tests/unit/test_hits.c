#include "test.h"

#include <math.h>

#include "catalog/catalog.h"

/* Fails when a string is borrowed instead of copied, a field is lost, or growing moves what was there wrongly. */
static void pushed_items_are_copies(void **state)
{
    (void)state;
    sid_hits hits = {0};
    int64_t capacity = 0;
    char id[8] = "";
    for (int i = 0; i < 100; i++) {
        sid__db_item item = {.row = i,
                             .item_id = id,
                             .title = "t",
                             .metadata = "{}",
                             .levels = 2,
                             .codes = {1, 2, (uint16_t)i},
                             .digit = i,
                             .state = SID__STATE_NO_TEXT};
        (void)snprintf(id, sizeof id, "i%d", i);
        TEST_OK(sid__hits_push(&hits, &capacity, &item, i + 0.5, 1, err));
    }
    assert_int_equal(hits.count, 100);
    for (int i = 0; i < 100; i++) {
        char sid[32];
        (void)snprintf(id, sizeof id, "i%d", i);
        (void)snprintf(sid, sizeof sid, "1-2-%d", i);
        assert_string_equal(hits.row[i].item_id, id);
        assert_string_equal(hits.row[i].sid, sid);
        assert_string_equal(hits.row[i].metadata, "{}");
        assert_string_equal(hits.row[i].state, "no_text");
        assert_string_equal(hits.row[i].assigned, "argmin");
        assert_true(hits.row[i].distance == i + 0.5);
    }
    sid_hits_drop(&hits);
    assert_int_equal(hits.count, 0);
    sid_hits_drop(&hits);
    sid_hits_drop(NULL);
}

/* Fails when memory that fails leaks (under ASan) or counts a half-made row. */
static void failing_memory_is_reported(void **state)
{
    (void)state;
    const sid__db_item item = {.item_id = "a", .title = "", .metadata = "", .levels = 1, .digit = SID__DIGIT_NONE};
    sid_status status = SID_ENOMEM;
    for (int64_t after = 0; status != SID_OK; after++) {
        sid_hits hits = {0};
        int64_t capacity = 0;
        sid__mem_fail(after, -1);
        status = sid__hits_push(&hits, &capacity, &item, 0, 0, NULL);
        sid__mem_fail(-1, 0);
        assert_int_equal(hits.count, status == SID_OK);
        sid_hits_drop(&hits);
        assert_true(after < 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushed_items_are_copies),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
