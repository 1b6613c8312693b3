/* test_ranker_two_tower.c: what is not in test_ranker_golden.c: batches without clicks, bad options. */
#include <math.h>

#include "rank_case.h"

/* Fails when a batch without a click gives a loss, a gradient or a crash. */
static void test_without_clicks(void **state)
{
    static const uint8_t label[CASE_ROWS];
    static const int32_t target[CASE_ROWS] = {0, 1, 2, 3};
    const sid__ranker_class *family = &sid__ranker_two_tower;
    const sid__rank_shape shape = {.dim = CASE_DIM, .dense = 2};
    sid__rank_training training = {.label = {label}, .target = target};
    sid__params params = {0};
    rank_case c;
    char *settings = calloc(1, family->options_size);
    (void)state;
    begin_case(&c);
    TEST_OK(sid__options_default(&family->info, settings, err));
    TEST_OK(family->declare(settings, shape, &params, err));
    TEST_OK(sid__params_seal(&params, err));
    family->start(settings, shape, 3, &params);
    sid__tape tape = sid__tape_begin(c.ctx, &c.memory, true);
    c.inputs.training = &training;
    sid__value *s = family->logit(settings, &params, &tape, &c.inputs);
    for (int i = 0; i < CASE_ROWS; i++)
        assert_true(fabs((double)s->data[i]) <= 20.001); /* unit vectors by .05 */
    assert_true(training.loss->data[0] == 0);
    TEST_OK(sid__tape_backward(&tape, training.loss, err));
    for (int64_t i = 0; i < params.size; i++)
        assert_true(params.grad[i] == 0);
    free(settings);
    sid__params_drop(&params);
    end_case(&c);
}

/* Fails when a network without a width is made. */
static void test_bad_options(void **state)
{
    const sid__ranker_class *family = &sid__ranker_two_tower;
    sid__params params = {0};
    bool is_known;
    char *settings = calloc(1, family->options_size);
    (void)state;
    TEST_OK(sid__options_set(&family->info, settings, "mlp", "", &is_known, err));
    TEST_FAILS(family->declare(settings, (sid__rank_shape){.dim = 3}, &params, err), SID_EUSAGE, "mlp is \"\"");
    TEST_FAILS(sid__options_set(&family->info, settings, "temperature", "0", &is_known, err), SID_EUSAGE,
               "temperature");
    sid__params_drop(&params);
    free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_without_clicks), cmocka_unit_test(test_bad_options)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
