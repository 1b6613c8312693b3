/* test_ranker_fm.c: all pairs. */
#include <math.h>

#include "rank_case.h"

/* Fails when a pair of fields is missing or counted twice. */
static void test_logit(void **state)
{
    rank_case c;
    (void)state;
    begin_case(&c);
    sid__tape tape = sid__tape_begin(c.ctx, &c.memory, false);
    sid__value *y = sid__ranker_fm.logit(NULL, NULL, &tape, &c.inputs);
    for (int i = 0; i < CASE_ROWS; i++) {
        double expected = (double)c.linear[i];
        expected += fm_term(&c, i);
        assert_true(fabs((double)y->data[i] - expected) < 1e-6);
    }
    end_case(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_logit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
