/* test_tiger_net.c: the network beside PyTorch and Hugging Face's T5; how it starts. */
#include "tiger_case.h"

/* Fails when layers, norms, buckets, the shared bias, heads or the loss are other than T5's and the file's head says. */
static void test_golden(void **state)
{
    (void)state;
    sid_model *m = tiger_model(OPTIONS);
    sid__batch batch = last_targets();
    sid__level_losses levels = {0};
    batch.levels = &levels;
    double loss = case_loss(m, &m->params, &batch);
    case_check_gradients(&m->params, golden[0].grad);
    assert_int_equal(levels.levels, WIDTH);
    assert_true(fabs((levels.loss[0] + levels.loss[1] + levels.loss[2]) / 3 - loss) < 1e-6);
    case_check_losses(m, &batch, golden[0].losses);
    sid_model_close(m);
}

/* Fails when a preset has other sizes, or T5's start another spread. */
static void test_start(void **state)
{
    (void)state;
    static const char *const presets[] = {"", "preset=paper"};
    static const int64_t weights[] = {1380000, 4460000}; /* of the specification, embeddings aside */
    const sid__split any = {0};
    for (int p = 0; p < 2; p++) {
        sid_model *m = case_model("tiger", presets[p]);
        int64_t count = 0;
        set_sids(m);
        TEST_OK(m->family->learner->build(m, &any, &m->params, err));
        for (int i = 0; i < m->params.count; i++) {
            const sid__value *value = &m->params.param[i].value;
            double square = 0;
            count += i > 0 ? value->rows * value->columns : 0;
            for (int64_t e = 0; e < value->rows * value->columns; e++)
                square += (double)value->data[e] * (double)value->data[e];
            square /= (double)(value->rows * value->columns);
            if (strcmp(m->params.param[i].name, "encoder.1.up") == 0)
                assert_true(fabs(square * 128 - 1) < .03);
            if (strcmp(m->params.param[i].name, "decoder.2.cross_q") == 0)
                assert_true(fabs(square * 128 * (p ? 64 : 32) - 1) < .05);
            if (strcmp(m->params.param[i].name, "decoder.2.qkv") == 0)
                assert_true(fabs(square * 128 - (2 + 1. / (p ? 64 : 32)) / 3) < .03);
        }
        assert_true(fabs((double)count / (double)weights[p] - 1) < .01);
        sid_model_close(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_start)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
