/* test_recommend.c: one request. */
#include "base/mem.h"
#include "model_case.h"

/* Fails when the list is not the best by score, holds what was seen, or unknown ids are not counted. */
static void test_requests(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 60, 20);
    sid_model *m = NULL;
    sid_recommendations found = {0};
    const char *const history[] = {"i0", "nobody", "i1"}, *const strange[] = {"nobody"};
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = "pop"}, events, NULL, &m, err));
    TEST_OK(sid_model_recommend(m, &(sid_request){.history = history, .history_count = 3, .k = 5}, &found, err));
    assert_int_equal(found.count, 5);
    assert_int_equal(found.unknown, 1);
    for (int i = 0; i < 5; i++) {
        assert_true(found.row[i].row > 1);
        assert_true(i == 0 || found.row[i - 1].score >= found.row[i].score);
        assert_string_equal(found.row[i].item_id, m->items.id[found.row[i].row]);
    }
    sid_recommendations_drop(&found);
    TEST_OK(sid_model_recommend(
        m, &(sid_request){.history = history, .history_count = 3, .k = 50, .keep_history = true}, &found, err));
    assert_int_equal(found.count, 20);
    sid_recommendations_drop(&found);
    TEST_OK(sid_model_recommend(m, &(sid_request){.history = history, .history_count = 3}, &found, err));
    assert_int_equal(found.count, 10);
    sid_recommendations_drop(&found);
    TEST_FAILS(sid_model_recommend(m, &(sid_request){.history = strange, .history_count = 1}, &found, err),
               SID_ENOTFOUND, "knows none of the 1 ids");
    TEST_FAILS(sid_model_recommend(m, &(sid_request){.k = -1}, &found, err), SID_EUSAGE, "k is -1");
    for (int64_t after = 0; after < 4; after++) {
        sid__mem_fail(after, -1);
        sid_status status =
            sid_model_recommend(m, &(sid_request){.history = history, .history_count = 3}, &found, NULL);
        sid__mem_fail(-1, 0);
        assert_int_equal(status, SID_ENOMEM);
    }
    sid_model_close(m);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_requests)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
