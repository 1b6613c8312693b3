/* test_best_first.c: what is the exact search's own: it stops early. */
#include "decode_case.h"

/* Fails when it asks for prefixes that cannot matter: a model that is sure of itself needs few of a large tree. */
static void test_stops(void **state)
{
    (void)state;
    fake.codes = 40;
    sid_model *m = fake_model(ctx, 2000);
    int64_t by_search = 0, by_oracle = 0;
    for (int64_t h = 0; h < 20; h++) {
        int32_t room[HISTORY_ITEMS];
        sid__question question = fake_question(room, h);
        sid__answer first = {0}, all = {0};
        TEST_OK(
            sid__decode(ctx, m, &(sid__decode_options){.k = 1, .how = SID__DECODE_EXACT}, &question, 1, &first, err));
        TEST_OK(
            sid__decode(ctx, m, &(sid__decode_options){.k = 1, .how = SID__DECODE_ORACLE}, &question, 1, &all, err));
        same_answers(&first, &all, 1);
        assert_int_equal(first.count, 1);
        by_search += first.rows;
        by_oracle += all.rows;
        sid__answer_drop(&first);
        sid__answer_drop(&all);
    }
    assert_true(2 * by_search < by_oracle);
    fake_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DECODE_TEST(test_stops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
