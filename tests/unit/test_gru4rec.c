/* test_gru4rec.c: the recurrent net beside PyTorch. */
#include "base/mem.h"
#include "learner_case.h"

typedef struct golden_case {
    double score[CASE_SEQUENCES * CASE_ITEMS_MAX], grad[400], losses[10];
} golden_case;
#include "gru4rec_golden.h"

static const int32_t asked[CASE_SEQUENCES][CASE_TOKENS_MAX] = {{1, 4, 7, 2, 8, 3, 5}, {0, 6}, {5, 6, 2, 0}};
static const int counts[CASE_SEQUENCES] = {7, 2, 4};

/* Of tests/golden/make_sequences.py. */
static double scale_of(const char *name, bool *is_gain)
{
    *is_gain = strstr(name, "norm") && strstr(name, "weight");
    return strstr(name, "norm") || strstr(name, "bias") ? 0.2 : 0.6;
}

static sid_model *built(const char *options)
{
    sid_events *events = case_events(asked, counts);
    sid_model *m = case_model("gru4rec", options);
    sid__split split;
    TEST_OK(sid__split_make(events, &(sid_split_options){.split = "all"}, &split, err));
    TEST_OK(m->family->learner->build(m, &split, &m->params, err));
    assert_int_equal(m->params.count, sizeof golden_name / sizeof *golden_name);
    for (int p = 0; p < m->params.count; p++)
        assert_string_equal(m->params.param[p].name, golden_name[p]);
    case_fill(&m->params, scale_of);
    sid__split_drop(&split);
    sid_events_free(events);
    return m;
}

#define OPTIONS "dim=6,hidden=5,dropout=0,loss=ce"
#define SMALL "dim=8,hidden=8,epochs=2,batch_users=16"

/* Fails when a gate, the way back through a sequence, or the loss is other than PyTorch's. */
static void test_golden(void **state)
{
    (void)state;
    sid_model *m = built(OPTIONS);
    const sid__batch batch = case_batch(asked, counts, false);
    (void)case_loss(m, &m->params, &batch);
    case_check_gradients(&m->params, golden[0].grad);
    case_check_losses(m, &batch, golden[0].losses);
    sid_model_close(m);
}

/* Fails when the scores of a history are not PyTorch's, or change with what is asked beside it. */
static void test_scores(void **state)
{
    (void)state;
    sid_model *m = built(OPTIONS);
    sid__history history[CASE_SEQUENCES];
    float score[CASE_SEQUENCES * CASE_ITEMS_MAX];
    for (int s = 0; s < CASE_SEQUENCES; s++)
        history[s] = (sid__history){.item = asked[s], .count = counts[s]};
    TEST_OK(m->family->learner->ready(m, err));
    TEST_OK(m->family->score(ctx, m, history, CASE_SEQUENCES, score, err));
    case_check_scores(score, golden[0].score, CASE_SEQUENCES * CASE_ITEMS_MAX);
    for (int s = 0; s < CASE_SEQUENCES; s++) {
        float *alone = scores_of(m, asked[s], counts[s]);
        assert_memory_equal(alone, score + (ptrdiff_t)s * CASE_ITEMS_MAX, CASE_ITEMS_MAX * sizeof *alone);
        free(alone);
    }
    sid_model_close(m);
}

/* Fails when a file does not give back the scores, a training does not come down, or memory that is missing leaks. */
static void test_trained(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 60, 20);
    sid_status status = SID_ENOMEM;
    const int32_t history[] = {3, 1, 4};
    sid__tensor_set set = {0};
    sid_model *m = NULL, *again = NULL;
    const sid_train_options options = {.family = "gru4rec", .options = SMALL};
    TEST_OK(sid_model_train(ctx, &options, events, NULL, &m, err));
    float *score = scores_of(m, history, 3);
    TEST_OK(sid__learner_save(m, &set, err));
    TEST_OK(m->family->save(m, &set, err));
    TEST_OK(sid__model_create(ctx, "gru4rec", SMALL, &again, err));
    for (int64_t i = 0, row = 0; i < m->items.count; i++)
        TEST_OK(sid__id_list_add(&again->items, m->items.id[i], strlen(m->items.id[i]), &row, err));
    TEST_OK(again->family->load(again, &set, err));
    TEST_OK(sid__learner_load(again, &set, err));
    float *other = scores_of(again, history, 3);
    assert_memory_equal(score, other, 20 * sizeof *score);
    free(score);
    free(other);
    sid__tensor_set_drop(&set);
    sid_model_close(again);
    for (int64_t after = 0; status != SID_OK; after += 3) {
        float all[20];
        sid__mem_fail(after, -1);
        status = m->family->score(ctx, m, &(sid__history){.item = history, .count = 3}, 1, all, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
    }
    sid_model_close(m);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_scores),
                                       cmocka_unit_test(test_trained)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
