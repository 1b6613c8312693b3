/* test_rqvae_state.c: checkpoints of a training that are damaged or of other shape. Going on from good ones is test_rqvae_train.c's. */
#include <unistd.h>

#include "io/safetensors.h"
#include "rqvae_case.h"

static const char path[] = "test_rqvae_state.checkpoint";

/* Fails when a checkpoint without a part, or with a number that is none, is gone on with. */
static void damaged_checkpoints_are_refused(void **state)
{
    static const char *const part[] = {
        "best.encoder.0.weight",     "usage.2", "hits.1", "sums.2", "best.error", "counters", "optim.step",
        "optim.first.decoder.2.bias"};
    float *x = rq_rows();
    sid__rqvae_plan plan = rq_plan();
    sid__rqvae_model model;
    sid_ctx *ctx = new_ctx(2, NULL);
    sid__tensor_set whole = {0};
    (void)state;
    plan.checkpoint = path;
    plan.steps = 40;
    rq_create(ctx, SID__CODES_EMA, &model);
    TEST_OK(sid__rqvae_train(ctx, &plan, &model, x, RQ_ROWS, err));
    TEST_OK(sid__safetensors_read(path, &whole, err));
    plan.resume = true;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        sid__tensor_set set = {0};
        assert_non_null(sid__tensor_find(&whole, part[i]));
        for (int64_t j = 0; j < whole.count; j++) {
            const sid__tensor *tensor = &whole.tensor[j];
            void *copy = NULL;
            size_t size;
            if (strcmp(tensor->name, part[i]) == 0)
                continue;
            assert_true(sid__shape_size(tensor->dtype, tensor->rank, tensor->shape, &size));
            TEST_OK(sid__tensor_add(&set, tensor->name, tensor->dtype, tensor->rank, tensor->shape, &copy, err));
            memcpy(copy, tensor->data, size);
        }
        TEST_OK(sid__safetensors_write(&set, path, err));
        TEST_FAILS(sid__rqvae_train(ctx, &plan, &model, x, RQ_ROWS, err), SID_EDATA, part[i]);
        sid__tensor_set_drop(&set);
    }
    sid__tensor_set_drop(&whole);
    sid__rqvae_model_drop(&model);
    sid_ctx_free(ctx);
    sid__free(x);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(damaged_checkpoints_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
