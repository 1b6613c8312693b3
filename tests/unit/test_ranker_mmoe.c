/* test_ranker_mmoe.c: what is not in test_ranker_golden.c: weights of tasks. */
#include "rank_case.h"

/* Fails when weights that are none are taken, or one task more than given. */
static void test_weights(void **state)
{
    static const struct {
        const char *weights, *message;
    } bad[] = {{"x", "weights is \"x\""}, {"1,-1", "from 0"}, {"1;2", "such as"}, {"1,1,1,1,1,1,1,1,1", "up to 8"}};
    const sid__ranker_class *family = &sid__ranker_mmoe;
    const sid__rank_shape shape = {.dim = CASE_DIM, .tasks = 2};
    bool is_known;
    (void)state;
    for (size_t i = 0; i <= sizeof bad / sizeof *bad; i++) {
        sid__params params = {0};
        char *settings = calloc(1, family->options_size);
        TEST_OK(sid__options_default(&family->info, settings, err));
        if (i < sizeof bad / sizeof *bad) {
            TEST_OK(sid__options_set(&family->info, settings, "weights", bad[i].weights, &is_known, err));
            TEST_FAILS(family->declare(settings, shape, &params, err), SID_EUSAGE, bad[i].message);
        } else {
            TEST_OK(family->declare(settings, shape, &params, err));
            assert_true(sid__params_find(&params, "gate.1") > 0 && sid__params_find(&params, "gate.2") < 0);
        }
        sid__params_drop(&params);
        free(settings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_weights)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
