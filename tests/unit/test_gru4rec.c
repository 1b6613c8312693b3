/* test_gru4rec.c: the recurrent net beside PyTorch. */
#include "scored_case.h"

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
    case_check_scored(built(OPTIONS), asked, counts, golden[0].score);
}

/* Fails when a file does not give back the scores, a training does not come down, or memory that is missing leaks. */
static void test_trained(void **state)
{
    (void)state;
    case_check_trained("gru4rec", SMALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_scores),
                                       cmocka_unit_test(test_trained)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
