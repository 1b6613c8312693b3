/* test_ranker_dot.c: weights and one product. */
#include <math.h>

#include "rank_case.h"

/* Fails when the history is left out, or stands on the other side of the product. */
static void test_logit(void **state)
{
    rank_case c;
    (void)state;
    begin_case(&c);
    sid__tape tape = sid__tape_begin(c.ctx, &c.memory, false);
    sid__value *y = sid__ranker_dot.logit(NULL, NULL, &tape, &c.inputs);
    for (int i = 0; i < CASE_ROWS; i++) {
        double expected = (double)c.linear[i];
        for (int d = 0; d < CASE_DIM; d++)
            expected += ((double)c.user[i * CASE_DIM + d] + (double)c.history[i * CASE_DIM + d]) *
                        (double)c.item[i * CASE_DIM + d];
        assert_true(fabs((double)y->data[i] - expected) < 1e-6);
    }
    end_case(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_logit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
