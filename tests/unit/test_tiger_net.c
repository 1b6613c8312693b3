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

/* An id whose user gets that of the 6 rows. */
static void find_user(uint64_t row, char id[8])
{
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(id, 8, "u%d", i);
        if (sid__name_key(id) % 6 == row)
            return;
    }
    fail();
}

/* Fails when a user's token is not the row of the id's hash, stands elsewhere than before the history, or who is not known has
 * another row than the first; when a share of the samples that are not told their user is told it. */
static void test_users(void **state)
{
    (void)state;
    char first[8], third[8];
    const char *const id[] = {first, NULL, third};
    find_user(2, first); /* rows 3, 0 and 6 of make_tiger.py */
    find_user(5, third);
    sid_model *m = tiger_model(OPTIONS ",users=6,user_dropout=0");
    sid__batch batch = last_targets();
    double unknown = case_loss(m, &m->params, &batch);
    batch.user_id = id;
    double loss = case_loss(m, &m->params, &batch);
    case_check_gradients(&m->params, golden[1].grad);
    assert_true(fabs(loss - unknown) > 1e-3);
    case_check_losses(m, &batch, golden[1].losses);
    sid_model_close(m);
    m = tiger_model(OPTIONS ",users=6,user_dropout=1");
    assert_true(!(fabs(case_loss(m, &m->params, &batch) - unknown) > 0));
    sid_model_close(m);
}

/* Fails when a preset is kept by its name, comes after what is given beside it, or lacks how it was trained. */
static void test_preset(void **state)
{
    (void)state;
    sid_model *m = case_model("tiger", "lr=0.01,preset=paper");
    assert_string_equal(m->options_text, "lr=0.01,dropout=0.2,layers=4,heads=6,head_size=64,ff=1024");
    sid_model_close(m);
    m = case_model("tiger", "preset=cpu");
    assert_string_equal(m->options_text, "");
    sid_model_close(m);
    assert_int_equal(sid__model_create(ctx, "tiger", "preset=gpu", &m, NULL), SID_EUSAGE);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_users),
                                       cmocka_unit_test(test_preset), cmocka_unit_test(test_start)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
