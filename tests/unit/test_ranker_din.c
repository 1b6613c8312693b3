/* test_ranker_din.c: what is not in test_ranker_golden.c: users without a history. */
#include "rank_case.h"

/* Fails when what is clicked in one impression's past changes another's score, or nobody's past cannot be scored. */
static void test_pasts_apart(void **state)
{
    static const int64_t none[CASE_ROWS + 1], one[CASE_ROWS + 1] = {0, 0, 1, 1, 1};
    static const int32_t of[] = {1};
    const sid__ranker_class *family = &sid__ranker_din;
    const sid__rank_shape shape = {.dim = CASE_DIM, .dense = 2};
    sid__ragged pasts = {.begin = none, .count = CASE_ROWS};
    sid__params params = {0};
    rank_case c;
    float before[CASE_ROWS], past_data[CASE_DIM] = {1, -1, 2};
    sid__value past = sid__value_of(past_data, 0, CASE_DIM);
    char *settings = calloc(1, family->options_size);
    (void)state;
    begin_case(&c);
    c.inputs.past = &past;
    c.inputs.pasts = &pasts;
    c.inputs.past_of = of;
    TEST_OK(sid__options_default(&family->info, settings, err));
    TEST_OK(family->declare(settings, shape, &params, err));
    TEST_OK(sid__params_seal(&params, err));
    family->start(settings, shape, 3, &params);
    sid__tape tape = sid__tape_begin(c.ctx, &c.memory, false);
    memcpy(before, family->logit(settings, &params, &tape, &c.inputs)->data, sizeof before);
    past.rows = 1;
    pasts.begin = one;
    const float *after = family->logit(settings, &params, &tape, &c.inputs)->data;
    assert_true(after[0] == before[0] && after[1] != before[1] && after[2] == before[2] && after[3] == before[3]);
    free(settings);
    sid__params_drop(&params);
    end_case(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pasts_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
