/* test_ranker_dcnv2.c: crosses and a network. */
#include <math.h>

#include "rank_case.h"

/* A family with a network: declared, started, asked. */
static void run(rank_case *c, const char *options, sid__params *params, void *settings, float *logit)
{
    const sid__ranker_class *family = &sid__ranker_dcnv2;
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

/* One cross layer: x_0 (W x + b) + x, W = U V when rank > 0. */
static void cross_layer(const sid__params *params, int layer, int rank, const double *first, double *x)
{
    char weight[32], bias[32], v[32];
    double inner[CASE_WIDTH], low[CASE_WIDTH];
    const double *in = x;
    (void)snprintf(weight, sizeof weight, "cross.%d.%s", layer, rank ? "u" : "weight");
    (void)snprintf(bias, sizeof bias, "cross.%d.bias", layer);
    (void)snprintf(v, sizeof v, "cross.%d.v", layer);
    if (rank) {
        const float *w = params->param[sid__params_find(params, v)].value.data;
        for (int r = 0; r < rank; r++) {
            low[r] = 0;
            for (int k = 0; k < CASE_WIDTH; k++)
                low[r] += (double)w[r * CASE_WIDTH + k] * x[k];
        }
        in = low;
    }
    dense_layer(params, weight, bias, in, rank ? rank : CASE_WIDTH, CASE_WIDTH, false, inner);
    for (int k = 0; k < CASE_WIDTH; k++)
        x[k] = first[k] * inner[k] + x[k];
}

static double expected(const rank_case *c, const sid__params *params, int rank, bool is_stacked, int i)
{
    double first[CASE_WIDTH], x[CASE_WIDTH], hidden[5], both[CASE_WIDTH + 5], y;
    side_by_side(c, i, first);
    memcpy(x, first, sizeof x);
    cross_layer(params, 0, rank, first, x);
    cross_layer(params, 1, rank, first, x);
    dense_layer(params, "mlp.0.weight", "mlp.0.bias", is_stacked ? x : first, CASE_WIDTH, 5, true, hidden);
    dense_layer(params, "mlp.2.weight", "mlp.2.bias", hidden, 5, 5, true, both + (is_stacked ? 0 : CASE_WIDTH));
    if (!is_stacked)
        memcpy(both, x, sizeof x);
    dense_layer(params, "out.weight", "out.bias", both, is_stacked ? 5 : CASE_WIDTH + 5, 1, false, &y);
    return (double)c->linear[i] + y;
}

/* Fails when a cross layer starts from another x, when W is not U V, or when the two structures are mixed up. */
static void test_logit(void **state)
{
    static const char *const options[] = {"mlp=5,5;cross=2", "mlp=5,5;cross=2;rank=2",
                                          "mlp=5,5;cross=2;structure=stacked"};
    (void)state;
    for (int k = 0; k < 3; k++) {
        rank_case c;
        sid__params params = {0};
        float logit[CASE_ROWS];
        char *settings = calloc(1, sid__ranker_dcnv2.options_size);
        begin_case(&c);
        run(&c, options[k], &params, settings, logit);
        for (int i = 0; i < CASE_ROWS; i++)
            assert_true(fabs((double)logit[i] - expected(&c, &params, k == 1 ? 2 : 0, k == 2, i)) < 1e-5);
        free(settings);
        sid__params_drop(&params);
        end_case(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_logit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
