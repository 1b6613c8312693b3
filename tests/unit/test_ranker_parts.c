/* test_ranker_parts.c: what families share. */
#include <math.h>

#include "rank/ranker_parts.h"
#include "rank_case.h"

/* Fails when a pair is missing, or inputs stand in another order than widths say. */
static void test_parts(void **state)
{
    rank_case c;
    double x[CASE_WIDTH];
    (void)state;
    begin_case(&c);
    sid__tape tape = sid__tape_begin(c.ctx, &c.memory, false);
    sid__value *pairs = sid__rank_pairs(&tape, &c.inputs), *wide = sid__rank_side_by_side(&tape, &c.inputs);
    assert_int_equal(wide->columns, sid__rank_width((sid__rank_shape){.dim = CASE_DIM, .dense = 2}));
    for (int i = 0; i < CASE_ROWS; i++) {
        assert_true(fabs((double)pairs->data[i] - fm_term(&c, i)) < 1e-6);
        side_by_side(&c, i, x);
        for (int k = 0; k < CASE_WIDTH; k++)
            assert_true((double)wide->data[i * CASE_WIDTH + k] == x[k]);
    }
    c.inputs.dense = NULL;
    assert_int_equal(sid__rank_side_by_side(&tape, &c.inputs)->columns, 3 * CASE_DIM);
    end_case(&c);
}

/* Fails when widths that make no network pass. */
static void test_bad_widths(void **state)
{
    sid__params params = {0};
    (void)state;
    const sid__rank_net net = {.hidden = "0", .name = "mlp", .in = 3, .out = 1};
    TEST_FAILS(sid__rank_net_declare(&net, &params, err), SID_EUSAGE, "mlp");
    sid__params_drop(&params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts), cmocka_unit_test(test_bad_widths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
