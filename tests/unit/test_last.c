/* test_last.c: the last item again, then what follows it. */
#include "model/item_pairs.h"
#include "model_case.h"

/* Fails when the last item is not first, its neighbours are not next, or items before it matter. */
static void test_order(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 80, 25);
    sid_model *m = NULL;
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = "last"}, events, NULL, &m, err));
    const sid__item_pairs *pairs = m->state;
    for (int32_t last = 0; last < 25; last++) {
        const int32_t history[] = {(last + 7) % 25, last};
        float *score = scores_of(m, history, 2), *alone = scores_of(m, history + 1, 1);
        assert_memory_equal(score, alone, 25 * sizeof *score);
        for (int32_t i = 0; i < 25; i++)
            assert_true(i == last ? score[i] >= 1 : score[i] < score[last]);
        for (int64_t n = pairs->begin[last]; n < pairs->begin[last + 1]; n++)
            assert_true(pairs->neighbor[n] == last || score[pairs->neighbor[n]] == pairs->similarity[n]);
        free(score);
        free(alone);
    }
    sid_model_close(m);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
