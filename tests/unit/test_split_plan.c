/* test_split_plan.c: the words of a split. */
#include "data/split.h"
#include "test.h"

static sid__split_plan plan_of(const char *split)
{
    sid__split_plan plan;
    TEST_OK(sid__split_plan_parse(&(sid_split_options){.split = split}, &plan, err));
    return plan;
}

/* Fails when a word means another split, or shares and times are taken for each other. */
static void test_words(void **state)
{
    (void)state;
    sid__split_plan plan;
    TEST_OK(sid__split_plan_parse(NULL, &plan, err));
    assert_true(plan.kind == SID__SPLIT_LOO && plan.ties == SID__TIES_FILE && plan.seed == 42);
    assert_int_equal(plan_of("column").kind, SID__SPLIT_COLUMN);
    assert_int_equal(plan_of("all").kind, SID__SPLIT_ALL);
    plan = plan_of("time");
    assert_true(plan.kind == SID__SPLIT_TIME && plan.first == .8 && plan.second == .1 && !plan.has_times);
    plan = plan_of("time=.5,0.25");
    assert_true(plan.first == .5 && plan.second == .25 && !plan.has_times);
    plan = plan_of("time=1970-01-02,1970-01-03T00:00:00Z");
    assert_true(plan.first == 86400 && plan.second == 172800 && plan.has_times);
    plan = plan_of("time=1e9,2e9");
    assert_true(plan.first == 1e9 && plan.has_times);
    const sid_split_options options = {.ties = "exclude", .targets = "all", .seed = 7};
    TEST_OK(sid__split_plan_parse(&options, &plan, err));
    assert_true(plan.ties == SID__TIES_EXCLUDE && plan.takes_all_targets && plan.seed == 7);
}

/* Fails when nonsense is a split, or the message does not help. */
static void test_nonsense(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"lou", "loo, time=0.8,0.1, column or all"},
                                         {"time=", "two shares"},
                                         {"time=1", "two shares"},
                                         {"time=x,2", "two shares"},
                                         {"time=0.9,0.2", "a share above 0"},
                                         {"time=0,0.2", "a share above 0"},
                                         {"time=20,10", "must not begin after"}};
    sid__split_plan plan;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        TEST_FAILS(sid__split_plan_parse(&(sid_split_options){.split = bad[i][0]}, &plan, err), SID_EUSAGE, bad[i][1]);
    TEST_FAILS(sid__split_plan_parse(&(sid_split_options){.ties = "shufle"}, &plan, err), SID_EUSAGE,
               "did you mean shuffle?");
    TEST_FAILS(sid__split_plan_parse(&(sid_split_options){.targets = "last"}, &plan, err), SID_EUSAGE,
               "first, all is expected");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_nonsense)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
