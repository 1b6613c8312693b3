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

/* Fails when a filter lets through what it should not, takes more, or many requests answer other than one. */
static void test_filters(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 60, 20);
    sid_model *m = NULL;
    sid_recommendations found = {0}, many[3];
    const char *const history[] = {"i0", "i1"}, *const allow[] = {"i3", "i4", "i5", "nobody"}, *const deny[] = {"i4"};
    const char *const strange[] = {"nobody"};
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = "pop"}, events, NULL, &m, err));
    const sid_request filtered = {
        .history = history, .history_count = 2, .deny = deny, .deny_count = 1, .allow = allow, .allow_count = 4};
    TEST_OK(sid_model_recommend(m, &filtered, &found, err));
    assert_int_equal(found.count, 2);
    assert_true(found.is_exact && found.row[0].row != 4 && found.row[1].row != 4 && !found.row[0].sid);
    const sid_request request[] = {filtered, {.history = strange, .history_count = 1}, filtered};
    TEST_OK(sid_model_recommend_many(m, request, 3, many, err));
    assert_true(many[1].count == 0 && many[1].unknown == 1);
    for (int i = 0; i < 3; i += 2) {
        assert_int_equal(many[i].count, found.count);
        for (int r = 0; r < 2; r++)
            assert_string_equal(many[i].row[r].item_id, found.row[r].item_id);
    }
    for (int i = 0; i < 3; i++)
        sid_recommendations_drop(&many[i]);
    const sid_request wrong = {.history = history, .history_count = 2, .search.search = "wide"};
    TEST_FAILS(sid_model_recommend(m, &wrong, &found, err), SID_EUSAGE, "search is \"wide\"; beam, exact or oracle");
    const sid_request thin = {.history = history, .history_count = 2, .search.beam = -1};
    TEST_FAILS(sid_model_recommend(m, &thin, &found, err), SID_EUSAGE, "the beam is -1");
    sid_recommendations_drop(&found);
    sid_model_close(m);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_requests), cmocka_unit_test(test_filters)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
