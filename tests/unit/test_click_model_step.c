/* test_click_model_step.c: batches of every family, and what must not change what is learned. */
#include "click_model_case.h"

typedef struct learned {
    double p[CASE_DAY_COUNT];
    double auc;
} learned;

/* Learns three days, is asked about the fourth. */
static void learn(const char *features, learned *out)
{
    sid_ranker_day day;
    sid_ranker *ranker = trained(features, 1, 3);
    sid_impressions *im = read_for(ranker, write_days("last.tsv", 4, 4));
    TEST_OK(sid_ranker_eval(ranker, im, NULL, &day, out->p, err));
    out->auc = day.score[SID_RANK_SLICE_ALL].auc;
    sid_impressions_free(im);
    sid_ranker_free(ranker);
}

/* Fails when a family does not learn by a feature file: a gradient lost on the way to a table, another row's field. */
static void test_families(void **state)
{
    static const char *const models[] = {
        "\"lr\"",    "\"dot\"", "\"fm\"",        "\"dlrm\"",
        "\"dcnv2\"", "\"din\"", "\"two-tower\"", "\"mmoe\",\"options\":{\"experts\":2,\"expert\":\"8\",\"mlp\":\"4\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        learned result;
        learn(features_with("\"deepfm\",\"options\":{\"mlp\":\"8\"}", models[i]), &result);
        if (!(result.auc > (i == 6 ? .55 : .65)))
            fail_msg("%s: AUC %g", models[i], result.auc);
    }
}

/* Fails when a pool is not of the clicks, or is not learned: each gives other scores. */
static void test_pools(void **state)
{
    static const char *const pools[] = {"sum", "mean", "last", "din", "pma"};
    learned result[5];
    (void)state;
    for (int i = 0; i < 5; i++) {
        learn(features_with("\"din\"", i == 0   ? "\"sum\""
                                       : i == 1 ? "\"mean\""
                                       : i == 2 ? "\"last\""
                                       : i == 3 ? "\"din\""
                                                : "\"pma\""),
              &result[i]);
        for (int j = 0; j < i; j++)
            if (memcmp(result[i].p, result[j].p, sizeof result[i].p) == 0)
                fail_msg("%s gives what %s gives", pools[i], pools[j]);
        assert_true(result[i].auc > .6);
    }
}

/* Fails when a second label is not learned of: the first one's scores move with it. */
static void test_tasks(void **state)
{
    static const char model[] = "\"mmoe\",\"options\":{\"experts\":2,\"expert\":\"8\",\"mlp\":\"4\"}";
    char text[2048];
    learned one, two;
    (void)state;
    learn(features_with("\"deepfm\",\"options\":{\"mlp\":\"8\"}", model), &one);
    const char *at = strstr(usual_features, "\"deepfm\"");
    (void)snprintf(text, sizeof text, "{\"label\":[\"label\",\"like\"],%.*s%s}}\n", (int)(at - usual_features - 1),
                   usual_features + 1, model);
    learn(write_case("two.json", text), &two);
    assert_memory_not_equal(one.p, two.p, sizeof one.p);
    assert_true(two.auc > .6);
}

/* Fails when what is learned depends on threads. */
static void test_threads(void **state)
{
    learned one, three;
    (void)state;
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    learn(write_case("f.json", usual_features), &one);
    TEST_OK(sid_ctx_set_threads(ctx, 3, err));
    learn(path_of("f.json"), &three);
    assert_memory_equal(one.p, three.p, sizeof one.p);
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
}

/* Fails when a loss that is not finite goes into the tables. */
static void test_not_finite(void **state)
{
    float before[9], after[9];
    (void)state;
    const char *features = write_case("f.json", usual_features);
    sid_ranker *ranker = trained(features, 1, 1);
    const uint64_t key = sid__id_key("user_id", "u3");
    TEST_OK(sid_table_lookup(ranker->table[0], &key, 1, SID_UNSEEN_ZERO, before, err));
    sid_impressions *im = read_for(ranker, write_days("im.tsv", 2, 2));
    ranker->params.data[0] = NAN;
    TEST_FAILS(sid_ranker_train(ranker, im, NULL, err), SID_EDATA, "is not finite; take a smaller rate");
    TEST_OK(sid_table_lookup(ranker->table[0], &key, 1, SID_UNSEEN_ZERO, after, err));
    assert_memory_equal(before, after, sizeof before);
    assert_true(before[0] != 0);
    sid_impressions_free(im);
    sid_ranker_free(ranker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_families), cmocka_unit_test(test_pools),
                                       cmocka_unit_test(test_tasks), cmocka_unit_test(test_threads),
                                       cmocka_unit_test(test_not_finite)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
