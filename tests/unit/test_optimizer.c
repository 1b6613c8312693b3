/* test_optimizer.c: the optimisers of tables beside closed forms (spec of ranking, section 2). PyTorch's figures stand in
 * test_apply.c.
 */
#include "table/optimizer.h"

#include <math.h>

#include "quant_help.h"

enum { DIM_MAX = 8, STATE_MAX = 17 };

typedef struct row {
    sid__rule rule;
    int dim;
    float w[DIM_MAX], state[STATE_MAX];
} row;

static void start(row *r, const char *name, const char *options, int dim, float weight)
{
    *r = (row){.dim = dim};
    TEST_OK(sid__rule_init(sid__isa_best(), name, options, &r->rule, err));
    for (int d = 0; d < dim; d++)
        r->w[d] = weight;
    sid__rule_start(&r->rule, dim, r->w, r->state);
}

static void step(row *r, float gradient)
{
    float g[DIM_MAX];
    for (int d = 0; d < r->dim; d++)
        g[d] = gradient;
    r->rule.update(&r->rule.row, r->dim, g, r->w, r->state);
}

/* Fails when ftrl's closed form is off: required test 1. */
static void ftrl_steps_as_specified(void **state)
{
    row r;
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        start(&r, "ftrl", "rate=1,beta=1,l1=0.1,l2=0.1", 3, 0);
        step(&r, (float)sign);
        for (int d = 0; d < 3; d++)
            assert_near(r.w[d], -sign * 0.428571, 1e-6);
    }
}

/* Fails when adam does not count the steps of the row: required test 2 (saved and restored: test_restore.c). */
static void adam_steps_as_specified(void **state)
{
    row r;
    (void)state;
    start(&r, "adam", "rate=0.001", 3, 0);
    step(&r, 1);
    assert_near(r.w[0], -0.001, 1e-8);
    step(&r, 1);
    assert_near(r.w[2], -0.002, 1e-8);
    start(&r, "adam", "row", 3, 0);
    step(&r, 1);
    step(&r, 1);
    assert_near(r.w[1], -0.002, 1e-8);
    assert_int_equal(sid__rule_state_floats(&r.rule, 3), 5);
}

/* Fails when adagrad starts from another sum, or when its row form is not the mean of squares: required test 3. */
static void adagrad_steps_as_specified(void **state)
{
    row r;
    (void)state;
    for (int form = 0; form < 2; form++) {
        start(&r, NULL, form ? "rate=0.1,row" : "rate=0.1", 5, 0);
        step(&r, 1);
        assert_near(r.w[0], -0.0953463, 1e-7);
        step(&r, 1);
        assert_near(r.w[4], -0.1643528, 2e-7);
        assert_int_equal(sid__rule_state_floats(&r.rule, 5), form ? 1 : 5);
    }
    float g[2] = {1, 0};
    start(&r, NULL, "rate=0.1,row", 2, 0);
    r.rule.update(&r.rule.row, 2, g, r.w, r.state);
    assert_near(r.w[0], -0.1 / sqrt(0.1 + 0.5), 1e-7);
}

/* Fails when decay or group is dropped in any optimiser that has it: required test 6. Values worked out by hand for w = .5, g = 1,
 * four dimensions. */
static void decay_and_group_act(void **state)
{
    const double n = 0.1 + 1.05 * 1.05, moved = 0.5 - 0.1 * 1.05 / sqrt(n), norm = 2 * moved;
    const struct {
        const char *name, *options;
        double after;
    } wanted[] = {
        {"sgd", "rate=0.1,decay=0.1", 0.5 - 0.1 * 1.05},
        {"adagrad", "rate=0.1,decay=0.1", moved},
        {"adagrad", "rate=0.1,decay=0.1,row", moved},
        {"adagrad", "rate=0.1,decay=0.1,group=1", moved * (1 - 0.1 / (sqrt(n) * norm))},
        {"adagrad", "rate=0.1,decay=0.1,group=1,row", moved * (1 - 0.1 / (sqrt(n) * norm))},
        {"adam", "rate=0.1,decay=0.1", 0.5 - 0.1},
        {"adam", "rate=0.1,decay=0.1,row", 0.5 - 0.1},
    };
    row r;
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        start(&r, wanted[i].name, wanted[i].options, 4, 0.5F);
        step(&r, 1);
        assert_near(r.w[3], wanted[i].after, 1e-6);
    }
    start(&r, "adagrad", "rate=0.1,group=1000", 4, 0.5F);
    step(&r, 1);
    assert_true(r.w[0] == 0);
    start(&r, "ftrl", "rate=1,l1=0.1,l2=0.1,group=0.2", 4, 0);
    step(&r, 1); /* u = .9 in each, |u| = 1.8, pull .4: keeps 1 - .4 / 1.8 */
    assert_near(r.w[0], -0.9 * (1 - 0.4 / 1.8) / 2.1, 1e-6);
    start(&r, "ftrl", "rate=1,l1=0.1,l2=0.1,group=1", 4, 0);
    step(&r, 1); /* pull 2 is over 1.8 */
    assert_true(r.w[0] == 0);
}

/* Fails when ftrl's first step forgets the weights that a row began with. */
static void ftrl_keeps_initial_weights(void **state)
{
    static const char *const options[] = {"l1=0.01,l2=0.1", "l1=0.01,start=0.3", "l1=0.01,group=0.02", "rate=0.5"};
    row r;
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        for (int sign = -1; sign <= 1; sign++) {
            start(&r, "ftrl", options[i], 4, 0.04F * (float)sign);
            step(&r, 0);
            for (int d = 0; d < 4; d++)
                assert_near(r.w[d], 0.04 * sign, 1e-7);
        }
}

/* Fails when a wrong name or option is accepted, or refused without a way on. */
static void wrong_words_are_refused(void **state)
{
    sid__rule rule;
    (void)state;
    TEST_FAILS(sid__rule_init(SID__ISA_PORTABLE, "adagard", NULL, &rule, err), SID_EUSAGE, "did you mean \"adagrad\"?");
    TEST_FAILS(sid__rule_init(SID__ISA_PORTABLE, "sgd", "rat=1", &rule, err), SID_EUSAGE, "did you mean \"rate\"?");
    TEST_FAILS(sid__rule_init(SID__ISA_PORTABLE, "sgd", "rate=-1", &rule, err), SID_EUSAGE, "rate");
    TEST_FAILS(sid__rule_init(SID__ISA_PORTABLE, "sgd", "row", &rule, err), SID_EUSAGE, "no option \"row\"");
    assert_int_equal(sid_table_optimizer_count(), 4);
    assert_string_equal(sid_table_optimizer(2)->name, "ftrl");
    assert_null(sid_table_optimizer(4));
    assert_null(sid_table_optimizer(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ftrl_steps_as_specified),    cmocka_unit_test(adam_steps_as_specified),
        cmocka_unit_test(adagrad_steps_as_specified), cmocka_unit_test(decay_and_group_act),
        cmocka_unit_test(ftrl_keeps_initial_weights), cmocka_unit_test(wrong_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
