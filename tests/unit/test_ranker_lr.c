/* test_ranker_lr.c: weights alone. */
#include <math.h>

#include "rank_case.h"

/* Fails when anything but the weights counts. */
static void test_logit(void **state)
{
    rank_case c;
    (void)state;
    begin_case(&c);
    sid__tape tape = sid__tape_begin(c.ctx, &c.memory, false);
    sid__value *y = sid__ranker_lr.logit(NULL, NULL, &tape, &c.inputs);
    for (int i = 0; i < CASE_ROWS; i++) {
        double expected = (double)c.linear[i];
        assert_true(fabs((double)y->data[i] - expected) < 1e-6);
    }
    end_case(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_logit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
