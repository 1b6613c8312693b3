/* test_itemknn.c: scores by the formula; what Beauty gives. */
#include "model/item_pairs.h"
#include "model_case.h"

/* The second term of the score, by its definition in double. */
static double likeness(const sid_model *m, const int32_t *history, int count, int item)
{
    double profile[8] = {0}, weight = 1, dot = 0, square = 0;
    for (int age = 0; age < count; age++, weight *= .4)
        for (int d = 0; d < m->dim; d++)
            profile[d] += weight * (double)m->vectors[history[count - 1 - age] * m->dim + d];
    for (int d = 0; d < m->dim; d++) {
        square += profile[d] * profile[d];
        dot += profile[d] * (double)m->vectors[item * m->dim + d];
    }
    return square > 0 ? dot / sqrt(square) : 0;
}

/* Fails when the score is another formula than the file's head says, with vectors or without. */
static void test_formula(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 80, 25);
    sid_vectors *vectors = made_vectors(ctx, 25, 8);
    for (int content = 0; content < 2; content++) {
        sid_model *m = NULL;
        const int32_t history[] = {3, 1, 4, 2, 0, 8};
        const sid_train_options options = {.vectors = content ? vectors : NULL, .options = "neighbors=25"};
        TEST_OK(sid_model_train(ctx, &options, events, NULL, &m, err));
        const sid__item_pairs *pairs = m->state;
        float *score = scores_of(m, history, 6);
        for (int i = 0; i < 25; i++) {
            double wanted = content ? 1.2 * likeness(m, history, 6, i) : 0, weight = 1;
            for (int age = 0; age < 6; age++, weight *= .6)
                for (int64_t n = pairs->begin[history[5 - age]]; n < pairs->begin[history[5 - age] + 1]; n++)
                    wanted += pairs->neighbor[n] == i ? weight * (double)pairs->similarity[n] : 0;
            assert_true(fabs((double)score[i] - wanted) < 1e-5);
        }
        free(score);
        sid_model_close(m);
    }
    sid_vectors_free(vectors);
    sid_events_free(events);
}

/* Fails when blocks or threads change a bit, or more than the last items of a history count. */
static void test_blocks(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    sid_events *events = made_events(ctx, COUNT, 25);
    sid_vectors *vectors = made_vectors(ctx, 25, 8);
    sid_model *m = NULL;
    sid__history history[COUNT];
    int32_t item[COUNT][8];
    static float together[COUNT * 25];
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.vectors = vectors, .options = "history_max=4"}, events, NULL, &m,
                            err));
    for (int h = 0; h < COUNT; h++) {
        for (int i = 0; i < 8; i++)
            item[h][i] = (int32_t)sid__philox_below(9, SID__STREAM_TEST, (uint64_t)(8 * h + i), 25);
        history[h] = (sid__history){.item = item[h], .count = 1 + h % 8};
    }
    TEST_OK(sid_ctx_set_threads(ctx, 3, err));
    TEST_OK(m->family->score(ctx, m, history, COUNT, together, err));
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    for (int h = 0; h < COUNT; h++) {
        int64_t count = history[h].count, cut = count > 4 ? count - 4 : 0;
        float *alone = scores_of(m, item[h] + cut, count - cut);
        assert_memory_equal(alone, together + (ptrdiff_t)h * 25, 25 * sizeof *alone);
        free(alone);
    }
    sid_model_close(m);
    sid_vectors_free(vectors);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formula), cmocka_unit_test(test_blocks)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
