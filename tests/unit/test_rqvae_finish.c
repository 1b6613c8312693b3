/* test_rqvae_finish.c: what the end of a training gains. */
#include "rqvae_case.h"

static double error_of(sid_ctx *ctx, sid__rqvae_model *model, float *x, int *used)
{
    sid__memory memory = {0};
    sid__rqvae_step step;
    bool is_used[RQ_CODES] = {0};
    sid__value all = sid__value_of(x, RQ_ROWS, RQ_DIM);
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    sid__rqvae_forward(&tape, model, &all, NULL, &step);
    for (int i = 0; i < RQ_ROWS; i++)
        is_used[step.quantized->code[0][i]] = true;
    *used = 0;
    for (int k = 0; k < RQ_CODES; k++)
        *used += is_used[k];
    sid__memory_drop(&memory);
    return step.reconstruction;
}

/* Fails when settling leaves codes dead that rows could have, moves the encoder, or fitting the decoder does not lower the
 * error. */
static void settling_and_fitting_gain(void **state)
{
    float *x = rq_rows(), *encoder = NULL;
    double before = 0;
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    for (int is_finished = 0; is_finished < 2; is_finished++) {
        sid__rqvae_plan plan = rq_plan();
        sid__rqvae_model model;
        int used;
        plan.no_init = true; /* all codes but one are dead */
        plan.revive_every = 0;
        plan.settle = is_finished ? 10 : 0;
        plan.tune_steps = is_finished ? 100 : 0;
        rq_create(ctx, SID__CODES_GRAD, &model);
        TEST_OK(sid__rqvae_train(ctx, &plan, &model, x, RQ_ROWS, err));
        double error = error_of(ctx, &model, x, &used);
        int64_t size = model.params.param[model.decoder].at;
        if (is_finished) {
            assert_memory_equal(encoder, model.params.data, (size_t)size * sizeof *encoder);
            assert_true(error < 0.98 * before);
            assert_int_equal(used, RQ_CODES);
        } else {
            assert_true(used < RQ_CODES);
            encoder = new_floats(size);
            memcpy(encoder, model.params.data, (size_t)size * sizeof *encoder);
        }
        before = error;
        sid__rqvae_model_drop(&model);
    }
    sid__free(encoder);
    sid__free(x);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(settling_and_fitting_gain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
