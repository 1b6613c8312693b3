/* test_optim.c: optimisers against PyTorch (tests/golden/make_optim.py printed the numbers), and their properties. */
#include "tensor/optim.h"

#include "tensor_case.h"

enum { STEPS = 10, W = 6, B = 3 };

static void make_params(sid__params *params)
{
    (void)add_param(params, "w", 2, 3);
    (void)add_param(params, "b", 1, 3);
    TEST_OK(sid__params_seal(params, err));
    memcpy(params->param[0].value.data, (float[]){1, -2, 3, 0.5f, 0, -1}, W * sizeof(float));
    memcpy(params->param[1].value.data, (float[]){2, -1, 0.125f}, B * sizeof(float));
}

static void set_gradients(sid__params *params)
{
    for (int i = 0; i < 2; i++) {
        sid__value *value = &params->param[i].value;
        for (int j = 0; j < value->rows * value->columns; j++)
            value->grad[j] = (float)(i + 1) * (value->data[j] - 0.25f);
        value->has_grad = true;
    }
}

static sid__optim_options options_of(sid__optim_kind kind)
{
    return (sid__optim_options){.kind = kind,
                                .rate = 0.1,
                                .decay = 0.02,
                                .beta1 = 0.9,
                                .beta2 = 0.99,
                                .epsilon = 1e-6,
                                .clip = 1,
                                .average = kind == SID__SGD ? 0 : 0.5,
                                .warmup = 3,
                                .steps = STEPS,
                                .rate_least = 0.1};
}

/* Fails when a formula, the clip, the schedule or what decays is another than PyTorch's. */
static void ten_steps_as_pytorch(void **state)
{
    static const double expected[][W + B] = {
        [SID__ADAMW] = {0.464761553, -1.44004523, 2.42872913, 0.135521435, 0.362316844, -0.454432572, 1.45996964,
                        -0.462489696, 0.282695048},
        [SID__ADAGRAD] = {0.722808024, -1.69360793, 2.68144931, 0.292604167, 0.204145168, -0.711279746, 1.71544194,
                          -0.719978909, 0.249210929},
        [SID__SGD] = {0.726479839, -1.18884848, 2.00336538, 0.407258452, 0.0880370663, -0.550405706, 0.871416218,
                      -0.193868727, 0.205613127}};
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        float first[W + B];
        bool is_first = true;
        FOR_EACH_CTX(ctx)
        {
            sid__params params = {0};
            sid__optim optim;
            float seen[W + B];
            make_params(&params);
            TEST_OK(sid__optim_create(&(sid__optim_options){0}, &params, &optim, err));
            sid__optim_drop(&optim);
            const sid__optim_options options = options_of((sid__optim_kind)kind);
            TEST_OK(sid__optim_create(&options, &params, &optim, err));
            for (int step = 0; step < STEPS; step++) {
                set_gradients(&params);
                assert_true(sid__optim_step(ctx, &optim) > 0);
            }
            memcpy(seen, params.param[0].value.data, W * sizeof *seen);
            memcpy(seen + W, params.param[1].value.data, B * sizeof *seen);
            for (int i = 0; i < W + B; i++)
                assert_near(seen[i], expected[kind][i], 1e-6);
            if (is_first)
                memcpy(first, seen, sizeof first);
            is_first = false;
            assert_memory_equal(first, seen, sizeof first);
            sid__optim_drop(&optim);
            sid__params_drop(&params);
        }
    }
}

/* Fails when a gradient that is not finite changes anything, or a parameter without a gradient keeps its old one. */
static void bad_and_absent_gradients(void **state)
{
    sid__params params = {0};
    sid__optim optim;
    sid_ctx *ctx = new_ctx(2, NULL);
    const sid__optim_options options = options_of(SID__ADAMW);
    (void)state;
    make_params(&params);
    TEST_OK(sid__optim_create(&options, &params, &optim, err));
    set_gradients(&params);
    params.param[1].value.grad[1] = NAN;
    assert_true(isnan(sid__optim_step(ctx, &optim)));
    assert_true(optim.step == 0 && params.param[0].value.data[0] == 1);
    params.param[1].value.has_grad = false;
    double norm = sid__optim_step(ctx, &optim);
    assert_near(norm, sqrt(0.75 * 0.75 + 2.25 * 2.25 + 2.75 * 2.75 + 2 * 0.25 * 0.25 + 1.25 * 1.25), 1e-6);
    assert_true(params.param[1].value.data[0] == 2);
    sid__optim_drop(&optim);
    sid__params_drop(&params);
    sid_ctx_free(ctx);
}

/* Fails when a row that got a new value keeps old moments, or its neighbours lose theirs; or the average is no average. */
static void rows_are_forgotten(void **state)
{
    sid__params params = {0};
    sid__optim optim;
    sid_ctx *ctx = new_ctx(1, NULL);
    const sid__optim_options options = options_of(SID__ADAMW);
    (void)state;
    make_params(&params);
    TEST_OK(sid__optim_create(&options, &params, &optim, err));
    set_gradients(&params);
    (void)sid__optim_step(ctx, &optim);
    assert_near(optim.average[0], (1 + params.data[0]) / 2, 1e-7);
    params.data[3] = 9;
    sid__optim_forget(&optim, 0, 1);
    assert_true(optim.first[2] != 0 && optim.second[2] > 0);
    for (int i = 3; i < 6; i++)
        assert_true(optim.first[i] == 0 && optim.second[i] == 0 && optim.average[i] == params.data[i]);
    sid__optim_drop(&optim);
    sid__params_drop(&params);
    sid_ctx_free(ctx);
}

/* Fails when the rate does not start low, peak at the end of the warm-up and end where it should; or defaults move. */
static void the_rate_follows_its_schedule(void **state)
{
    const sid__optim_options options = options_of(SID__ADAMW);
    sid__optim_options constant = sid__optim_default();
    (void)state;
    assert_near(sid__optim_rate(&options, 1), 0.1 / 3, 1e-12);
    assert_near(sid__optim_rate(&options, 3), 0.1, 1e-12);
    assert_near(sid__optim_rate(&options, 10), 0.01, 1e-12);
    assert_near(sid__optim_rate(&options, 99), 0.01, 1e-12);
    assert_near(sid__optim_rate(&constant, 1), 1e-3, 0);
    assert_near(sid__optim_rate(&constant, 1000000), 1e-3, 0);
}

/* Fails when an allocation that fails leaks or goes unsaid. */
static void allocation_fails(void **state)
{
    sid__params params = {0};
    sid__optim optim;
    const sid__optim_options options = options_of(SID__ADAMW);
    (void)state;
    make_params(&params);
    for (int after = 0; after < 4; after++) {
        sid__mem_fail(after, 1);
        assert_int_equal(sid__optim_create(&options, &params, &optim, NULL), SID_ENOMEM);
    }
    sid__mem_fail(-1, 0);
    sid__params_drop(&params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ten_steps_as_pytorch),
                                       cmocka_unit_test(bad_and_absent_gradients), cmocka_unit_test(rows_are_forgotten),
                                       cmocka_unit_test(the_rate_follows_its_schedule),
                                       cmocka_unit_test(allocation_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
