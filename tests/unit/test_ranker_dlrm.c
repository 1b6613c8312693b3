/* test_ranker_dlrm.c: what is not in test_ranker_golden.c: no dense inputs. */
#include <math.h>

#include "rank_case.h"

/* Fails when a network of dense inputs is made where there are none, or products stand in another order: user item, user history,
 * item history. */
static void test_no_dense(void **state)
{
    const sid__ranker_class *family = &sid__ranker_dlrm;
    sid__params params = {0};
    bool is_known;
    rank_case c;
    char *settings = calloc(1, family->options_size);
    (void)state;
    begin_case(&c);
    c.inputs.dense = NULL;
    TEST_OK(sid__options_default(&family->info, settings, err));
    TEST_OK(sid__options_set(&family->info, settings, "mlp", "5", &is_known, err));
    TEST_OK(family->declare(settings, (sid__rank_shape){.dim = CASE_DIM}, &params, err));
    TEST_OK(sid__params_seal(&params, err));
    family->start(settings, (sid__rank_shape){.dim = CASE_DIM}, 3, &params);
    assert_int_equal(sid__params_find(&params, "bottom.0.weight"), -1);
    sid__tape tape = sid__tape_begin(c.ctx, &c.memory, false);
    sid__value *y = family->logit(settings, &params, &tape, &c.inputs);
    for (int i = 0; i < CASE_ROWS; i++) {
        double x[3] = {0}, hidden[5], out;
        for (int d = i * CASE_DIM; d < (i + 1) * CASE_DIM; d++) {
            x[0] += (double)c.user[d] * (double)c.item[d];
            x[1] += (double)c.user[d] * (double)c.history[d];
            x[2] += (double)c.item[d] * (double)c.history[d];
        }
        dense_layer(&params, "mlp.0.weight", "mlp.0.bias", x, 3, 5, true, hidden);
        dense_layer(&params, "mlp.2.weight", "mlp.2.bias", hidden, 5, 1, false, &out);
        assert_true(fabs((double)y->data[i] - ((double)c.linear[i] + out)) < 1e-5);
    }
    free(settings);
    sid__params_drop(&params);
    end_case(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_dense)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
