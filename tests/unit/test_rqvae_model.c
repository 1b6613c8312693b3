/* test_rqvae_model.c: the RQ-VAE against PyTorch in float64 (tests/golden/make_rqvae.py): codes, reconstruction, the gradient of
 * every parameter, ten losses; for each estimator, each way to learn codes, and networks that skip.
 */
#include "quant/rqvae_model.h"

#include "tensor_case.h"

enum { ROWS = 12, DIM = 10, HIDDEN = 8, LATENT = 5, LEVELS = 3, CODES = 6, GRADS_MAX = 600, STEPS = 10 };

typedef struct golden_case {
    const char *name;
    int code[LEVELS * ROWS];
    double decoded[ROWS * DIM], grad[GRADS_MAX], loss[STEPS];
} golden_case;

#include "rqvae_golden.h"

/* The script's formula. */
static void fill_numbers(int array, float *out, int64_t count, double scale)
{
    for (int64_t i = 0; i < count; i++) {
        double at = (double)i;
        out[i] = (float)(sin(1.3 * array + 0.7 * at + 0.01 * at * at) * scale);
    }
}

typedef struct kind {
    sid__estimator estimator;
    sid__code_update update;
    sid__mlp_skip skip;
    double sinkhorn;
    bool is_mean;
} kind;

/* 5,4; 3,6; 7: o and s for the middle of each. */
static const int begin[] = {0, 2, 4, 5};
static void fill_steps(sid__steps channel[LATENT])
{
    static const int steps[LATENT] = {5, 4, 3, 6, 7};
    for (int c = 0; c < LATENT; c++) {
        double h = (steps[c] - 1) * (1 + 1e-3) / 2, o = steps[c] % 2 ? 0 : 0.5;
        channel[c] = (sid__steps){.steps = steps[c], .lowest = -(steps[c] / 2), .h = h, .o = o, .s = atanh(o / h)};
    }
}

static void create_kind(const sid_ctx *ctx, const kind *of, const sid__steps *channel, sid__rqvae_model *model)
{
    int latent = of->skip == SID__SKIP_INPUT ? DIM : LATENT;
    sid__rqvae_options options = {.levels = LEVELS,
                                  .dim = DIM,
                                  .latent = latent,
                                  .codes = {CODES, CODES, CODES},
                                  .encoder = {.layers = 2, .width = {DIM, HIDDEN, latent}, .skip = of->skip},
                                  .estimator = of->estimator,
                                  .update = of->update,
                                  .is_mean = of->is_mean,
                                  .sinkhorn_epsilon = of->sinkhorn,
                                  .channel = channel,
                                  .begin = begin,
                                  .beta = 0.25,
                                  .decay = 0.99};
    TEST_OK(sid__rqvae_model_create(ctx, &options, model, err));
    int nets = model->decoder + 4;
    for (int i = 0; i < nets; i++) {
        const sid__value *value = &model->params.param[i].value;
        fill_numbers(i, value->data, value->rows * value->columns, 0.5);
    }
    for (int l = 0; l < LEVELS && of->update != SID__CODES_STEPS; l++) {
        fill_numbers(20 + l, model->params.param[model->book[l]].value.data, (int64_t)CODES * latent, 0.5 / (l + 1));
        if (of->update == SID__CODES_SIMVQ)
            fill_numbers(30 + l, model->params.param[model->turn[l]].value.data, (int64_t)latent * latent, 0.7);
    }
    sid__rqvae_ema_start(model, 2);
    model->temperature = 0.5;
    model->seed = 5;
}

static void create(const sid_ctx *ctx, sid__estimator estimator, sid__code_update update, sid__rqvae_model *model)
{
    create_kind(ctx, &(kind){.estimator = estimator, .update = update}, NULL, model);
}

/* |g - g64| <= 1e-4 |g64| for each parameter. */
static void check_gradients(const sid__rqvae_model *model, const double *expected)
{
    for (int i = 0; i < model->params.count; i++) {
        const sid__param *param = &model->params.param[i];
        double error = 0, norm = 0;
        int64_t count = param->is_fixed ? 0 : param->value.rows * param->value.columns;
        for (int64_t j = 0; j < count; j++, expected++) {
            double difference = (double)param->value.grad[j] - *expected;
            error += difference * difference;
            norm += *expected * *expected;
        }
        if (sqrt(error) > 1e-4 * sqrt(norm))
            fail_msg("%s: the gradient is off by %g of its norm", param->name, sqrt(error / norm));
    }
}

static void check_first(const sid__rqvae_step *out, const golden_case *golden_of)
{
    for (int i = 0; i < LEVELS * ROWS; i++)
        assert_int_equal(out->quantized->code[i / ROWS][i % ROWS], golden_of->code[i]);
    for (int i = 0; i < ROWS * DIM; i++)
        assert_near(out->decoded->data[i], golden_of->decoded[i], 1e-5);
}

static void run(sid_ctx *ctx, const golden_case *golden_of, const kind *of, float losses[STEPS])
{
    sid__rqvae_model model;
    sid__memory memory = {0};
    sid__optim optim;
    sid__optim_options options = sid__optim_default();
    sid__steps channel[LATENT];
    float x_data[ROWS * DIM];
    sid__value x = sid__value_of(x_data, ROWS, DIM);
    options.rate = 0.01;
    fill_numbers(50, x_data, (int64_t)ROWS * DIM, 1);
    fill_steps(channel);
    create_kind(ctx, of, channel, &model);
    TEST_OK(sid__optim_create(&options, &model.params, &optim, err));
    for (int step = 0; step < STEPS; step++) {
        sid__rqvae_step out;
        sid__tape tape = sid__tape_begin(ctx, &memory, true);
        sid__params_clear(&model.params);
        model.step = step;
        sid__rqvae_forward(&tape, &model, &x, NULL, &out);
        TEST_OK(sid__tape_backward(&tape, out.loss, err));
        losses[step] = out.loss->data[0];
        assert_near(losses[step], golden_of->loss[step], 1e-4 * golden_of->loss[step]);
        if (step == 0) {
            check_first(&out, golden_of);
            check_gradients(&model, golden_of->grad);
        }
        (void)sid__optim_step(ctx, &optim);
        sid__rqvae_ema_step(&model, out.quantized);
    }
    sid__optim_drop(&optim);
    sid__memory_drop(&memory);
    sid__rqvae_model_drop(&model);
}

/* In the script's order. */
static const kind kinds[] = {
    {SID__STE, SID__CODES_GRAD, SID__NO_SKIP, 0, false},       {SID__ROTATION, SID__CODES_GRAD, SID__NO_SKIP, 0, false},
    {SID__STE, SID__CODES_EMA, SID__NO_SKIP, 0, false},        {SID__STE, SID__CODES_SIMVQ, SID__NO_SKIP, 0, false},
    {SID__ROTATION, SID__CODES_SIMVQ, SID__NO_SKIP, 0, false}, {SID__GUMBEL, SID__CODES_GRAD, SID__NO_SKIP, 0, false},
    {SID__DENSE, SID__CODES_GRAD, SID__NO_SKIP, 0, false},     {SID__DENSE, SID__CODES_SIMVQ, SID__NO_SKIP, 0, false},
    {SID__GUMBEL, SID__CODES_EMA, SID__NO_SKIP, 0, false},     {SID__STE, SID__CODES_GRAD, SID__NO_SKIP, 0.05, false},
    {SID__STE, SID__CODES_GRAD, SID__NO_SKIP, 0, true},        {SID__STE, SID__CODES_GRAD, SID__SKIP_INPUT, 0, false},
    {SID__DENSE, SID__CODES_EMA, SID__SKIP_INPUT, 0, false},   {SID__STE, SID__CODES_STEPS, SID__SKIP_MATRIX, 0, false},
};

/* Fails when a loss, an estimator, a gradient or an update of codes is another than the paper's. */
static void as_pytorch(void **state)
{
    enum { KINDS = sizeof kinds / sizeof *kinds };
    (void)state;
    assert_int_equal(sizeof golden / sizeof *golden, KINDS);
    for (int i = 0; i < KINDS; i++) {
        float first[STEPS], losses[STEPS];
        bool is_first = true;
        FOR_EACH_CTX(ctx)
        {
            run(ctx, &golden[i], &kinds[i], losses);
            if (is_first)
                memcpy(first, losses, sizeof first);
            is_first = false;
            assert_memory_equal(first, losses, sizeof first);
        }
    }
}

/* Fails when a code that is set keeps what was learned of the old one. */
static void a_code_that_is_set_is_new(void **state)
{
    sid__rqvae_model model;
    sid_ctx *ctx = new_ctx(1, NULL);
    const float vector[LATENT] = {1, 2, 3, 4, 5};
    float codes[CODES * LATENT];
    (void)state;
    create(ctx, SID__STE, SID__CODES_EMA, &model);
    model.hits[1][0] = 8; /* 18 in all */
    sid__rqvae_set_code(&model, NULL, 1, 4, vector);
    sid__rqvae_codes(ctx, &model, 1, codes);
    assert_memory_equal(codes + 4 * LATENT, vector, sizeof vector);
    assert_near(model.hits[1][4], 3, 1e-12);
    assert_near(model.sums[1][4 * LATENT + 2], 9, 1e-12);
    assert_near(model.sums[1][3 * LATENT], 2 * (double)codes[3 * LATENT], 1e-12);
    sid__rqvae_model_drop(&model);
    sid_ctx_free(ctx);
}

/* Fails when the losses of the autoencoder alone and of the decoder alone reach what they must not. */
static void parts_train_alone(void **state)
{
    sid__rqvae_model model;
    sid__memory memory = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    float x_data[ROWS * DIM];
    sid__value x = sid__value_of(x_data, ROWS, DIM);
    (void)state;
    fill_numbers(50, x_data, (int64_t)ROWS * DIM, 1);
    create(ctx, SID__STE, SID__CODES_GRAD, &model);
    for (int is_decoder = 0; is_decoder < 2; is_decoder++) {
        sid__rqvae_step out;
        sid__tape tape = sid__tape_begin(ctx, &memory, true);
        sid__params_clear(&model.params);
        tape.is_recording = !is_decoder;
        sid__value *stand_in = is_decoder ? sid__rqvae_stand_in(&tape, &model, &x) : NULL;
        tape.is_recording = true;
        if (is_decoder)
            sid__rqvae_forward_decoder(&tape, &model, stand_in, &x, &out);
        else
            sid__rqvae_forward_plain(&tape, &model, &x, &out);
        TEST_OK(sid__tape_backward(&tape, out.loss, err));
        assert_near(out.loss->data[0], out.reconstruction / ROWS, 1e-5);
        for (int i = 0; i < model.params.count; i++) {
            bool is_of_decoder = i >= model.decoder && i < model.decoder + 4, is_net = i < model.decoder + 4;
            assert_int_equal(model.params.param[i].value.has_grad, is_decoder ? is_of_decoder : is_net);
        }
    }
    sid__memory_drop(&memory);
    sid__rqvae_model_drop(&model);
    sid_ctx_free(ctx);
}

/* Fails when an allocation that fails leaks or goes unsaid. */
static void allocation_fails(void **state)
{
    static const sid__rqvae_options options = {.levels = 2,
                                               .dim = 3,
                                               .latent = 2,
                                               .codes = {4, 4},
                                               .encoder = {.layers = 1, .width = {3, 2}},
                                               .update = SID__CODES_EMA};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    for (int after = 0; after < 100; after++) {
        sid__rqvae_model model;
        sid__mem_fail(after, 1);
        sid_status status = sid__rqvae_model_create(ctx, &options, &model, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            assert_true(after > 8);
            sid__rqvae_model_drop(&model);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
    }
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_pytorch), cmocka_unit_test(a_code_that_is_set_is_new),
                                       cmocka_unit_test(parts_train_alone), cmocka_unit_test(allocation_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
