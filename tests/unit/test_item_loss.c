/* test_item_loss.c: losses over items by their names. The formulas are the ops' tests'. */
#include "model/item_loss.h"

#include "learner_case.h"

enum { ROWS = 6, ITEMS = 50, DIM = 4 };

static double loss_of(int kind, bool log_q, int64_t negatives, int64_t step)
{
    const sid__item_loss how = {.kind = kind, .negatives = negatives, .log_q = log_q, .calibration = .75, .penalty = 1};
    static const int32_t target[ROWS] = {3, -1, 49, 0, 7, 7};
    sid__batch batch = {.seed = 5, .step = step};
    sid__params params = {0};
    sid__memory memory = {0};
    int h = 0, table = 0;
    TEST_OK(sid__learner_add(&params, "h", ROWS, DIM, true, &h, err));
    TEST_OK(sid__learner_add(&params, "table", ITEMS, DIM, true, &table, err));
    TEST_OK(sid__params_seal(&params, err));
    sid__param_uniform(&params, h, 3, 1);
    sid__param_uniform(&params, table, 3, 1);
    sid__tape tape = sid__tape_begin(ctx, &memory, true);
    sid__value *loss =
        sid__item_loss_of(&how, &tape, &params.param[h].value, &params.param[table].value, NULL, target, 5, &batch);
    TEST_OK(sid__tape_backward(&tape, loss, err));
    double value = (double)loss->data[0];
    assert_true(isfinite(value) && value > 0 && params.param[h].value.has_grad);
    sid__params_drop(&params);
    sid__memory_drop(&memory);
    return value;
}

/* Fails when a name is another loss, draws are those of another step, or the correction is left out. */
static void test_kinds(void **state)
{
    (void)state;
    double full = loss_of(0, false, 1, 0);
    assert_true(fabs(full - log(ITEMS)) < .5);                   /* random scores: about uniform */
    assert_true(fabs(loss_of(1, false, 20, 0) - log(20)) < .6);  /* over the samples and the target */
    assert_true(fabs(loss_of(1, true, 20, 0) - full) < .5);      /* corrected: as over all */
    assert_true(fabs(loss_of(2, false, 1, 0) - 2 * log(2)) < 1); /* one negative */
    assert_true(loss_of(3, false, 20, 0) < loss_of(2, false, 1, 0));
    assert_true(loss_of(4, false, 20, 0) > 0);
    for (int kind = 1; kind < 5; kind++) {
        assert_true(!(fabs(loss_of(kind, false, 8, 3) - loss_of(kind, false, 8, 3)) > 0));
        assert_true(fabs(loss_of(kind, false, 8, 3) - loss_of(kind, false, 8, 4)) > 1e-7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
