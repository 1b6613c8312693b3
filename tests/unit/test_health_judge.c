/* test_health_judge.c: figures to verdicts, against the thresholds of spec/quantizers.md §5. */
#include "test.h"

#include "base/arena.h"
#include "sid/health.h"

static const sid_check *check_of(const sid_report *report, const char *name)
{
    for (int i = 0; i < report->check_count; i++)
        if (strcmp(report->checks[i].name, name) == 0)
            return &report->checks[i];
    fail_msg("there is no check %s", name);
    return NULL;
}

static bool has_warning(const sid_report *report, const char *part)
{
    for (int i = 0; i < report->warning_count; i++)
        if (strstr(report->warnings[i], part))
            return true;
    return false;
}

/* Three levels of 256 codes, 10,000 items, all healthy. */
static sid_report make_healthy(void)
{
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, 3, err));
    report.items = 10000;
    report.codes = 256;
    report.unique_rate = .97;
    report.colliding_items_rate = .05;
    report.duplicate_vectors = 0;
    report.largest_bucket = 5;
    report.largest_bucket_sid = "12-153-87";
    report.relative_mse = .4;
    report.lcp_ratio = 30;
    for (int l = 0; l < 3; l++) {
        sid_level_report *level = &report.level[l];
        level->codes = level->used = 256;
        level->perplexity = 200;
        level->gini = .3;
        level->top_rate = .01;
        level->entropy_given_prefix = l > 0 ? 2 : SID__NAN;
        level->knn_lift = 40;
        level->relative_mse = .6 - .1 * l;
    }
    return report;
}

static void test_healthy(void **state)
{
    /* Fails when good figures are not called healthy, or a healthy check gives advice. */
    (void)state;
    sid_report report = make_healthy();
    TEST_OK(sid__health_judge(&report, err));
    assert_string_equal(report.verdict, "healthy");
    assert_int_equal(report.check_count, 5 + 3 * 6 - 2);
    assert_int_equal(report.warning_count, 0);
    for (int i = 0; i < report.check_count; i++)
        assert_null(report.checks[i].next);
    assert_string_equal(check_of(&report, "level.2.entropy_given_prefix")->verdict, "healthy"); /* only 1 < l < L */
    sid_report_drop(&report);
}

/* One figure of a healthy report is `value`: the check's verdict. */
static void check_threshold(const char *name, double *figure, double value, const char *verdict, sid_report *report)
{
    double before = *figure;
    *figure = value;
    TEST_OK(sid__health_judge(report, err));
    const sid_check *check = check_of(report, name);
    if (strcmp(check->verdict, verdict) != 0)
        fail_msg("%s = %g is %s instead of %s", name, value, check->verdict, verdict);
    assert_string_equal(report->verdict, verdict);
    assert_int_equal(check->next != NULL, strcmp(verdict, "healthy") != 0);
    *figure = before;
}

static void test_thresholds(void **state)
{
    /* Fails when a threshold moves or is told wrongly, or the verdict is not the worst of the checks. */
    (void)state;
    sid_report report = make_healthy();
    sid_level_report *level = &report.level[1];
    const struct {
        const char *name;
        double *figure, healthy, look, broken;
    } row[] = {
        {"unique_rate", &report.unique_rate, .95, .70, .699},
        {"colliding_items_rate", &report.colliding_items_rate, .10, .40, .401},
        {"relative_mse", &report.relative_mse, .60, .80, .801},
        {"lcp_ratio", &report.lcp_ratio, 20, 3, 2.99},
        {"level.2.perplexity_rate", &level->perplexity, .35 * 256, .15 * 256, .149 * 256},
        {"level.2.gini", &level->gini, .75, .90, .901},
        {"level.2.top_rate", &level->top_rate, 10. / 256, 40. / 256, .157},
        {"level.2.entropy_given_prefix", &level->entropy_given_prefix, .5, .1, .099},
        {"level.2.knn_lift", &level->knn_lift, 10, 3, 2.99},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        double slack = row[i].look > row[i].healthy ? 1e-6 : -1e-6;
        TEST_OK(sid__health_judge(&report, err));
        assert_int_equal(check_of(&report, row[i].name)->is_at_least, slack < 0);
        if (i < 4) {
            assert_true(check_of(&report, row[i].name)->healthy == row[i].healthy);
            assert_true(check_of(&report, row[i].name)->look == row[i].look);
        }
        check_threshold(row[i].name, row[i].figure, row[i].healthy, "healthy", &report);
        check_threshold(row[i].name, row[i].figure, row[i].healthy + slack, "look", &report);
        check_threshold(row[i].name, row[i].figure, row[i].look, "look", &report);
        check_threshold(row[i].name, row[i].figure, row[i].broken, "broken", &report);
    }
    sid_report_drop(&report);
}

static void test_counts_thresholds(void **state)
{
    /* Fails when the largest bucket or the used rate is judged otherwise, or the warning loses its numbers. */
    (void)state;
    static const struct {
        int64_t bucket;
        int used;
        const char *bucket_verdict, *used_verdict;
    } row[] = {{20, 244, "healthy", "healthy"},
               {21, 243, "look", "look"},
               {100, 128, "look", "look"},
               {101, 12, "broken", "broken"}};
    sid_report report = make_healthy();
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        report.largest_bucket = row[i].bucket;
        report.level[2].used = row[i].used;
        TEST_OK(sid__health_judge(&report, err));
        assert_string_equal(check_of(&report, "largest_bucket")->verdict, row[i].bucket_verdict);
        assert_string_equal(check_of(&report, "level.3.used_rate")->verdict, row[i].used_verdict);
    }
    assert_true(has_warning(&report, "level 3 uses 12 of 256 codes"));
    assert_true(has_warning(&report, "101 items share the codes 12-153-87"));
    assert_non_null(strstr(check_of(&report, "largest_bucket")->next, "semid decode CATALOG 12-153-87"));
    sid_report_drop(&report);
}

static void test_advice_fits(void **state)
{
    /* Fails when a policy is advised that the catalogue already has. */
    (void)state;
    sid_report report = make_healthy();
    report.unique_rate = report.colliding_items_rate = .5;
    report.collisions = "keep";
    TEST_OK(sid__health_judge(&report, err));
    assert_non_null(strstr(check_of(&report, "unique_rate")->next, "--collisions digit"));
    report.collisions = "digit";
    TEST_OK(sid__health_judge(&report, err));
    assert_null(strstr(check_of(&report, "unique_rate")->next, "--collisions"));
    assert_null(strstr(check_of(&report, "colliding_items_rate")->next, "--collisions"));
    sid_report_drop(&report);
}

static void test_not_computed(void **state)
{
    /* Fails when a figure that is NaN, or means nothing for few codes, counts in the verdict. */
    (void)state;
    sid_report report = {0};
    TEST_OK(sid__report_init(&report, 2, err));
    TEST_OK(sid__health_judge(&report, err));
    assert_string_equal(report.verdict, "n/a");
    assert_true(has_warning(&report, "there are no items"));
    for (int i = 0; i < report.check_count; i++)
        assert_string_equal(report.checks[i].verdict, "n/a");
    sid_report_drop(&report);
    report = make_healthy();
    for (int l = 0; l < 3; l++) {
        report.level[l].codes = report.level[l].used = 4;
        report.level[l].perplexity = 3;
        report.level[l].top_rate = .9;
        report.level[l].knn_lift = 1;
    }
    report.lcp_ratio = 1;
    TEST_OK(sid__health_judge(&report, err));
    assert_string_equal(check_of(&report, "lcp_ratio")->verdict, "n/a");
    assert_string_equal(check_of(&report, "level.1.top_rate")->verdict, "n/a");
    assert_string_equal(check_of(&report, "level.1.knn_lift")->verdict, "n/a");
    assert_string_equal(check_of(&report, "level.2.knn_lift")->verdict, "broken"); /* 16 prefixes: it means something */
    sid_report_drop(&report);
    report = make_healthy();
    report.items = 200; /* at most 19.9, which is not 20 */
    report.lcp_ratio = 19.9;
    TEST_OK(sid__health_judge(&report, err));
    assert_string_equal(check_of(&report, "lcp_ratio")->verdict, "n/a");
    assert_string_equal(check_of(&report, "level.1.knn_lift")->verdict, "healthy");
    report.items = 100;
    report.level[1].knn_lift = 9.9;
    TEST_OK(sid__health_judge(&report, err));
    assert_string_equal(check_of(&report, "level.2.knn_lift")->verdict, "n/a");
    report.items = 201;
    TEST_OK(sid__health_judge(&report, err));
    assert_string_equal(check_of(&report, "lcp_ratio")->verdict, "look");
    assert_string_equal(check_of(&report, "level.2.knn_lift")->verdict, "look");
    sid_report_drop(&report);
}

static void test_warnings(void **state)
{
    /* Fails when what looks odd about the data is not said. */
    (void)state;
    sid_report report = make_healthy();
    report.items = 100;
    report.duplicate_vectors = 99;
    report.items_without_text = 7;
    report.level[1].relative_mse = .7;
    report.level[1].top_rate = .5;
    report.level[1].entropy_given_prefix = .05;
    TEST_OK(sid__health_judge(&report, err));
    assert_true(has_warning(&report, "all 100 vectors are equal"));
    assert_true(has_warning(&report, "100 items are fewer than the 256 codes"));
    assert_true(has_warning(&report, "7 items have no text"));
    assert_true(has_warning(&report, "level 2 makes the reconstruction worse: relative error 0.7, before it 0.6"));
    assert_true(has_warning(&report, "level 2: one code holds 50 % of the items"));
    assert_true(has_warning(&report, "level 2 adds only 0.05 nat"));
    report.items = 12101;
    report.duplicate_vectors = 130;
    TEST_OK(sid__health_judge(&report, err));
    assert_true(has_warning(&report, "130 of 12101 vectors equal an earlier one"));
    report.version = 2; /* items were added or removed: those 130 are not of these 12101 */
    TEST_OK(sid__health_judge(&report, err));
    assert_false(has_warning(&report, "equal an earlier one"));
    report.version = 1;
    report.duplicate_vectors = 96;
    TEST_OK(sid__health_judge(&report, err));
    assert_false(has_warning(&report, "equal an earlier one"));
    sid_report_drop(&report);
}

static void test_faults(void **state)
{
    /* Fails when a failed allocation leaves half the checks. The arena is filled to just before its block's end, so
     * that the allocation falls on one piece of the judgement or another. */
    (void)state;
    int failures = 0;
    for (size_t filled = 60000; filled < 65500; filled += 100) {
        sid_report report = make_healthy();
        void *filler = NULL;
        report.relative_mse = 2;
        report.largest_bucket = 1000;
        TEST_OK(sid__arena_push(report.memory, filled, &filler, err));
        sid__mem_fail(0, 1);
        sid_status status = sid__health_judge(&report, NULL);
        sid__mem_fail(-1, 0);
        if (status != SID_OK) {
            failures++;
            assert_int_equal(status, SID_ENOMEM);
            assert_null(report.checks);
            assert_int_equal(report.check_count + report.warning_count, 0);
        }
        sid_report_drop(&report);
    }
    assert_true(failures > 0);
}

static void test_categories(void **state)
{
    /* Fails when a category condemns alone, hides what is worse, or is judged where none was given. */
    (void)state;
    sid_report report = make_healthy();
    report.level[0].purity = .9;
    report.level[0].ami = .3;
    TEST_OK(sid__health_judge(&report, err));
    assert_string_equal(check_of(&report, "level.1.ami")->verdict, "healthy");
    assert_string_equal(report.verdict, "healthy");
    report.level[0].ami = .01;
    TEST_OK(sid__health_judge(&report, err));
    assert_string_equal(check_of(&report, "level.1.ami")->verdict, "broken");
    assert_non_null(check_of(&report, "level.1.ami")->next);
    assert_string_equal(report.verdict, "look");
    report.relative_mse = .95;
    TEST_OK(sid__health_judge(&report, err));
    assert_string_equal(report.verdict, "broken");
    sid_report_drop(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_categories),   cmocka_unit_test(test_healthy),
        cmocka_unit_test(test_thresholds),   cmocka_unit_test(test_counts_thresholds),
        cmocka_unit_test(test_not_computed), cmocka_unit_test(test_advice_fits),
        cmocka_unit_test(test_warnings),     cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
