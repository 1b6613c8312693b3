/* test_bert4rec.c: the masked encoder beside PyTorch. */
#include "scored_case.h"

typedef struct golden_case {
    double score[CASE_SEQUENCES * CASE_ITEMS_MAX], grad[1600], losses[10];
} golden_case;
#include "bert4rec_golden.h"

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
    sid_model *m = case_model("bert4rec", options);
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

#define OPTIONS "dim=6,blocks=2,heads=2,history_max=8,dropout=0,loss=ce"
#define SMALL "dim=8,blocks=1,epochs=2,batch_users=16,history_max=12"

/* Fails when a block, the head, what is hidden or the loss is other than PyTorch's: the last items alone, and all items. */
static void test_golden(void **state)
{
    (void)state;
    static const char *const options[] = {OPTIONS ",last_share=1", OPTIONS ",last_share=0,mask=1"};
    for (int c = 0; c < 2; c++) {
        sid_model *m = built(options[c]);
        const sid__batch batch = case_batch(asked, counts, true);
        (void)case_loss(m, &m->params, &batch);
        case_check_gradients(&m->params, golden[c].grad);
        case_check_losses(m, &batch, golden[c].losses);
        sid_model_close(m);
    }
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
    case_check_trained("bert4rec", SMALL);
}

/* Fails when what is hidden is the same in each step, or a share of heads that do not divide passes. */
static void test_hidden(void **state)
{
    (void)state;
    sid_model *m = built(OPTIONS ",last_share=0"), *odd = case_model("bert4rec", "dim=6,heads=4");
    sid__batch batch = case_batch(asked, counts, true);
    int different = 0;
    double first = case_loss(m, &m->params, &batch);
    for (batch.step = 1; batch.step < 6; batch.step++)
        different += fabs(case_loss(m, &m->params, &batch) - first) > 1e-6;
    assert_true(different >= 4);
    batch.step = 0;
    assert_true(!(fabs(case_loss(m, &m->params, &batch) - first) > 0));
    TEST_FAILS(odd->family->learner->build(odd, NULL, &odd->params, err), SID_EUSAGE, "heads must divide dim");
    sid_model_close(odd);
    sid_model_close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_scores),
                                       cmocka_unit_test(test_trained), cmocka_unit_test(test_hidden)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
