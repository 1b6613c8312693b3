/* test_click_model.c: rankers made of feature files. */
#include "click_model_case.h"

/* Fails when what is learned of is not counted, or parameters of the file's features are not there. */
static void test_made(void **state)
{
    sid_ranker_info info;
    (void)state;
    sid_ranker *ranker = trained(write_case("f.json", usual_features), 1, 2);
    sid_ranker_get_info(ranker, &info);
    assert_string_equal(info.family, "deepfm");
    assert_int_equal(info.impressions, 2 * CASE_DAY_COUNT);
    assert_int_equal(info.users, CASE_USERS);
    assert_int_equal(info.last_day, 2);
    assert_int_equal(info.tables, 3);
    assert_int_equal(info.steps, 16);
    assert_true(info.rows == CASE_USERS + info.items + 16);
    assert_true(sid__params_find(&ranker->params, "map.site") > 0 && sid__params_find(&ranker->params, "map.user") < 0);
    TEST_OK(sid_ranker_check(ranker, path_of("f.json"), err));
    TEST_FAILS(sid_ranker_check(ranker, write_case("g.json", "{}"), err), SID_EUSAGE, "is not the feature file");
    sid_ranker_free(ranker);
}

/* Fails when a file that cannot work makes a ranker, or its message lacks what to do. */
static void test_refused(void **state)
{
    static const struct {
        const char *from, *to;
        sid_status status;
        const char *message;
    } bad[] = {
        {"\"dim\":4,\"rows\":16", "\"dim\":4,\"rows\":16,\"admit\":{\"count\":2}", SID_EUSAGE, "table \"site\": "},
        {"\"dim\":8}", "\"dim\":8,\"optimizer\":\"sgd\",\"options\":\"beta=2\"}", SID_EUSAGE, "table \"user\": "},
        {"\"kind\":\"id\",\"column\":\"item_id\"",
         "\"kind\":\"sid\",\"column\":\"item_id\",\"catalog\":\"/nonexistent\",\"pieces\":\"p\"", SID_ENOTFOUND,
         "/nonexistent"},
        {"\"mlp\":\"8\"", "\"mlp\":\"8,x\"", SID_EUSAGE, "mlp"},
    };
    sid_ranker *ranker = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        TEST_FAILS(sid_ranker_create(ctx, features_with(bad[i].from, bad[i].to), NULL, &ranker, err), bad[i].status,
                   bad[i].message);
    const char *good = write_case("f.json", usual_features);
    TEST_FAILS(sid_ranker_create(ctx, good, &(sid_ranker_options){.batch = -1}, &ranker, err), SID_EUSAGE,
               "batch is -1");
    TEST_FAILS(sid_ranker_create(ctx, good, &(sid_ranker_options){.rate = -1}, &ranker, err), SID_EUSAGE, "rate");
    TEST_FAILS(sid_ranker_create(ctx, "/nonexistent", NULL, &ranker, err), SID_ENOTFOUND, "/nonexistent");
    TEST_FAILS(sid_ranker_create_text(ctx, "{}x", 2, "words", NULL, &ranker, err), SID_EUSAGE, "words");
    TEST_OK(sid_ranker_create_text(ctx, usual_features, strlen(usual_features), "words", NULL, &ranker, err));
    TEST_OK(sid_ranker_check(ranker, good, err));
    sid_ranker_free(ranker);
}

/* Fails when impressions lack a column that the file names and are read all the same, or labels beyond 0 and 1 are. */
static void test_columns(void **state)
{
    sid_impressions *im = NULL;
    (void)state;
    sid_ranker *ranker = ranker_of(write_case("f.json", usual_features));
    const char *no_site = write_case("x.tsv", "user_id\titem_id\tlabel\tday\thour\nu\ti\t1\t1\t3\n");
    TEST_FAILS(sid_ranker_read(ranker, no_site, NULL, &im, err), SID_EDATA, "site");
    const char *no_hour = write_case("x.tsv", "user_id\titem_id\tlabel\tday\tsite\nu\ti\t1\t1\ts\n");
    TEST_FAILS(sid_ranker_read(ranker, no_hour, NULL, &im, err), SID_EDATA, "hour");
    const char *two = write_case("x.tsv", "user_id\titem_id\tlabel\tday\thour\tsite\nu\ti\t2\t1\t3\ts\n");
    TEST_FAILS(sid_ranker_read(ranker, two, NULL, &im, err), SID_EDATA, "x.tsv:2: label is \"2\"; 0 or 1");
    const char *empty = write_case("x.tsv", "user_id\titem_id\tlabel\tday\thour\tsite\nu\ti\t1\t1\tnan\ts\n");
    TEST_FAILS(sid_ranker_read(ranker, empty, NULL, &im, err), SID_EDATA, "x.tsv:2: hour is \"nan\"");
    TEST_OK(sid_impressions_read(ctx, two, &(sid_impressions_options){.positive = "label>=2"}, &im, err));
    TEST_FAILS(sid_ranker_train(ranker, im, NULL, err), SID_EUSAGE, "was not read for this ranker");
    sid_impressions_free(im);
    sid_ranker_free(ranker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_made), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_columns)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
