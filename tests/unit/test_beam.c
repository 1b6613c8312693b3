/* test_beam.c: what is a beam's own: one step a level, whatever is asked; as many items as there are. */
#include "decode_case.h"

/* Fails when a level takes more than one step for all questions, or more rows than beams. */
static void test_steps(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    int32_t room[20][HISTORY_ITEMS];
    sid__question question[20];
    sid__answer answer[20] = {{0}};
    for (int h = 0; h < 20; h++)
        question[h] = fake_question(room[h], h);
    fake.steps = fake.rows = 0;
    TEST_OK(sid__decode(ctx, m, &(sid__decode_options){.k = 3, .width = 7}, question, 20, answer, err));
    assert_int_equal(fake.steps, CASE_WIDTH);
    assert_int_equal(fake.rows, 20 * (1 + 6 + 7)); /* six first codes are all that there are */
    for (int h = 0; h < 20; h++) {
        assert_int_equal(answer[h].rows, 1 + 6 + 7);
        sid__answer_drop(&answer[h]);
    }
    fake_model_free(m);
}

/* Fails when a filter costs a beam: all but three items denied, and one beam must still find them. */
static void test_few_left(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    int32_t room[HISTORY_ITEMS], deny[CASE_ITEMS];
    int64_t denied = 0;
    for (int32_t i = 0; i < CASE_ITEMS; i++)
        if (i != 20 && i != 47 && i != 91)
            deny[denied++] = i;
    for (int64_t h = 0; h < 30; h++) {
        sid__question question = fake_question(room, h);
        sid__answer answer = {0};
        question.filter = (sid__filter){.deny = deny, .deny_count = denied};
        TEST_OK(sid__decode(ctx, m, &(sid__decode_options){.k = 3, .width = 3}, &question, 1, &answer, err));
        assert_int_equal(answer.count, 3);
        sid__answer_drop(&answer);
        question.filter = (sid__filter){.allow = deny}; /* none of them */
        TEST_OK(sid__decode(ctx, m, &(sid__decode_options){.k = 3}, &question, 1, &answer, err));
        assert_int_equal(answer.count, 0);
        sid__answer_drop(&answer);
    }
    fake_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DECODE_TEST(test_steps), DECODE_TEST(test_few_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
