/* test_ranker_deepfm.c: pairs and a network. */
#include <math.h>

#include "rank_case.h"

/* A family with a network: declared, started, asked. */
static void run(rank_case *c, const char *options, sid__params *params, void *settings, float *logit)
{
    const sid__ranker_class *family = &sid__ranker_deepfm;
    const sid__rank_shape shape = {.dim = CASE_DIM, .dense = 2};
    bool is_known = false;
    TEST_OK(sid__options_default(&family->info, settings, err));
    for (const char *at = options; *at;) { /* "name=value;name=value" */
        char name[32], value[64];
        int size = 0;
        assert_int_equal(sscanf(at, "%31[^=]=%63[^;]%n", name, value, &size), 2);
        TEST_OK(sid__options_set(&family->info, settings, name, value, &is_known, err));
        assert_true(is_known);
        at += size + (at[size] == ';');
    }
    TEST_OK(family->declare(settings, shape, params, err));
    TEST_OK(sid__params_seal(params, err));
    family->start(settings, shape, 3, params);
    sid__tape tape = sid__tape_begin(c->ctx, &c->memory, false);
    sid__value *y = family->logit(settings, params, &tape, &c->inputs);
    assert_non_null(y);
    memcpy(logit, y->data, CASE_ROWS * sizeof *logit);
}

/* Fails when the network sees other inputs, or takes the place of the pairs. */
static void test_logit(void **state)
{
    rank_case c;
    sid__params params = {0};
    float logit[CASE_ROWS];
    char *settings = calloc(1, sid__ranker_deepfm.options_size);
    (void)state;
    begin_case(&c);
    run(&c, "mlp=5", &params, settings, logit);
    for (int i = 0; i < CASE_ROWS; i++) {
        double x[CASE_WIDTH], hidden[5], y;
        side_by_side(&c, i, x);
        dense_layer(&params, "mlp.0.weight", "mlp.0.bias", x, CASE_WIDTH, 5, true, hidden);
        dense_layer(&params, "mlp.2.weight", "mlp.2.bias", hidden, 5, 1, false, &y);
        assert_true(fabs((double)logit[i] - ((double)c.linear[i] + fm_term(&c, i) + y)) < 1e-5);
    }
    free(settings);
    sid__params_drop(&params);
    end_case(&c);
}

/* Fails when widths that make no network are taken. */
static void test_bad_widths(void **state)
{
    sid__params params = {0};
    char *settings = calloc(1, sid__ranker_deepfm.options_size);
    bool is_known;
    (void)state;
    TEST_OK(sid__options_set(&sid__ranker_deepfm.info, settings, "mlp", "8,x", &is_known, err));
    TEST_FAILS(sid__ranker_deepfm.declare(settings, (sid__rank_shape){.dim = 2}, &params, err), SID_EUSAGE, "mlp");
    free(settings);
    sid__params_drop(&params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_logit), cmocka_unit_test(test_bad_widths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
