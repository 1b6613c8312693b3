/* test_rqvae_train.c: the training loop: the same bytes for any threads and after any interruption, dead codes revived,
 * a loss that stops being finite named.
 */
#include <unistd.h>

#include "rqvae_case.h"

static const char path[] = "test_rqvae_train.checkpoint";

static float *train(sid_ctx *ctx, const sid__rqvae_plan *plan, sid__code_update update, const float *x, int64_t *size)
{
    sid__rqvae_model model;
    rq_create(ctx, update, &model);
    TEST_OK(sid__rqvae_train(ctx, plan, &model, x, RQ_ROWS, err));
    float *copy = new_floats(model.params.size);
    *size = model.params.size * (int64_t)sizeof *copy;
    memcpy(copy, model.params.data, (size_t)*size);
    sid__rqvae_model_drop(&model);
    return copy;
}

/* Fails when threads or kernel paths reach a weight or a code; the last round is in bf16. */
static void same_bytes_everywhere(void **state)
{
    float *x = rq_rows();
    sid__rqvae_plan plan = rq_plan();
    (void)state;
    for (int i = SID__CODES_GRAD; i <= SID__CODES_SIMVQ + 1; i++) {
        int update = i > SID__CODES_SIMVQ ? SID__CODES_SIMVQ : i;
        plan.precision = i > SID__CODES_SIMVQ ? SID__PRECISION_BF16 : SID__PRECISION_FP32;
        float *expected = NULL;
        FOR_EACH_CTX(ctx)
        {
            int64_t size;
            float *seen = train(ctx, &plan, (sid__code_update)update, x, &size);
            if (!expected)
                expected = seen;
            assert_memory_equal(expected, seen, (size_t)size);
            if (seen != expected)
                sid__free(seen);
        }
        sid__free(expected);
    }
    sid__free(x);
}

typedef struct interruption {
    sid_ctx *ctx;
    int64_t at;
} interruption;

static void interrupt_at(void *user, const sid_progress *progress)
{
    const interruption *when = user;
    if (strcmp(progress->stage, "training") == 0 && progress->done == when->at)
        sid_ctx_cancel(when->ctx);
}

static void interrupt(sid__rqvae_plan *plan, sid__code_update update, const float *x, int64_t at)
{
    sid__rqvae_model model;
    sid_ctx *ctx = new_ctx(2, NULL);
    interruption when = {ctx, at};
    sid_ctx_on_progress(ctx, interrupt_at, &when);
    rq_create(ctx, update, &model);
    TEST_FAILS(sid__rqvae_train(ctx, plan, &model, x, RQ_ROWS, err), SID_ECANCELED, "--resume");
    sid__rqvae_model_drop(&model);
    sid_ctx_free(ctx);
    plan->resume = true;
}

/* Fails when a checkpoint lacks something: interrupted twice, in the warm-up and just after a revival, it ends in the bytes of
 * an uninterrupted training. */
static void interrupted_and_resumed(void **state)
{
    float *x = rq_rows();
    (void)state;
    for (int update = SID__CODES_GRAD; update <= SID__CODES_SIMVQ; update++) {
        sid__rqvae_plan plan = rq_plan();
        sid_ctx *ctx = new_ctx(1, NULL);
        int64_t size;
        plan.options = "a=1";
        float *expected = train(ctx, &plan, (sid__code_update)update, x, &size);
        plan.checkpoint = path;
        interrupt(&plan, (sid__code_update)update, x, 7);
        interrupt(&plan, (sid__code_update)update, x, 61);
        float *seen = train(ctx, &plan, (sid__code_update)update, x, &size);
        assert_memory_equal(expected, seen, (size_t)size);
        plan.options = "a=2";
        sid__rqvae_model model;
        rq_create(ctx, (sid__code_update)update, &model);
        TEST_FAILS(sid__rqvae_train(ctx, &plan, &model, x, RQ_ROWS, err), SID_EUSAGE, "other options: \"a=1\"");
        plan.options = "a=1";
        x[5] += 1;
        TEST_FAILS(sid__rqvae_train(ctx, &plan, &model, x, RQ_ROWS, err), SID_EUSAGE, "other data");
        x[5] -= 1;
        sid__rqvae_model_drop(&model);
        sid__free(expected);
        sid__free(seen);
        sid_ctx_free(ctx);
        (void)unlink(path);
    }
    sid__free(x);
}

/* Fails when revival does not bring codes that all start alike into use, or they are found in use without it. */
static void dead_codes_are_revived(void **state)
{
    float *x = rq_rows();
    (void)state;
    for (int revive = 0; revive < 2; revive++) {
        rq_log log = {.used = 0};
        sid__rqvae_plan plan = rq_plan();
        sid__rqvae_model model;
        sid_ctx *ctx = new_ctx(2, NULL);
        sid_ctx_on_log(ctx, rq_on_log, &log);
        plan.no_init = true;
        plan.settle = plan.tune_steps = 0;
        plan.revive_every = revive ? 10 : 0;
        rq_create(ctx, SID__CODES_GRAD, &model);
        TEST_OK(sid__rqvae_train(ctx, &plan, &model, x, RQ_ROWS, err));
        assert_true((strstr(log.text, "level 1: 16 of 16 codes") != NULL) == (revive == 1));
        assert_true((strstr(log.text, "level 1 collapses at step") != NULL) == (revive == 0));
        sid__rqvae_model_drop(&model);
        sid_ctx_free(ctx);
    }
    sid__free(x);
}

/* Fails when a loss that is not finite goes on, or its step and place are not named. */
static void a_broken_loss_is_named(void **state)
{
    float *x = rq_rows();
    sid__rqvae_plan plan = rq_plan();
    sid__rqvae_model model;
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    plan.optim.rate = 1e30;
    plan.optim.warmup = 0;
    plan.warm_steps = 0;
    rq_create(ctx, SID__CODES_GRAD, &model);
    TEST_FAILS(sid__rqvae_train(ctx, &plan, &model, x, RQ_ROWS, err), SID_EINTERNAL,
               "training broke at step 2: the loss is not finite, first at level 1");
    sid__rqvae_model_drop(&model);
    plan = rq_plan();
    plan.patience = 1;
    plan.optim.rate = 0; /* nothing is gained: the second look ends it */
    plan.checkpoint = path;
    plan.options = "";
    rq_create(ctx, SID__CODES_GRAD, &model);
    TEST_OK(sid__rqvae_train(ctx, &plan, &model, x, RQ_ROWS, err));
    sid__rqvae_model_drop(&model);
    sid_ctx_free(ctx);
    sid__free(x);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_everywhere), cmocka_unit_test(interrupted_and_resumed),
        cmocka_unit_test(dead_codes_are_revived), cmocka_unit_test(a_broken_loss_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
