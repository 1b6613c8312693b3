/* test_pop.c: the most popular items. */
#include "model_case.h"

/* Fails when an item's score is not how often it trains. */
static void test_counts(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 50, 20);
    sid__split split;
    sid_model *m = NULL;
    const int32_t history[] = {3};
    TEST_OK(sid__split_make(events, NULL, &split, err));
    TEST_OK(sid__model_train_on(ctx, &(sid_train_options){.family = "pop"}, &split, &m, err));
    float *score = scores_of(m, history, 1);
    for (int i = 0; i < 20; i++)
        assert_true(score[i] == (float)split.train_count[i]);
    free(score);
    sid_model_close(m);
    sid__split_drop(&split);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
