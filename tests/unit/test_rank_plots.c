/* test_rank_plots.c: drawings of a comparison. */
#include "report/rank_plots.h"

#include "rank_page_case.h"

static sid__mark difference(const sid_rank_comparison *c, int arm, int slice)
{
    const sid_rank_difference *d = &c->arm[arm].auc[slice];
    return (sid__mark){.value = d->mean, .low = d->low, .high = d->high};
}

static sid__mark nothing(const sid_rank_comparison *c, int arm, int slice)
{
    (void)c;
    (void)arm;
    (void)slice;
    return (sid__mark){.value = (double)NAN, .low = (double)NAN, .high = (double)NAN};
}

static double run_auc(const sid_rank_comparison *c, int arm, int seed, int slice)
{
    return c->run[arm * c->seeds + seed].score[slice].auc - .5;
}

/* Fails when an arm lacks its row, its interval or its runs, or a gain is shown where the interval holds zero. */
static void test_strips(void **state)
{
    static const sid__strip strip[] = {{"one", "<below>", difference, run_auc, 0, true},
                                       {"none", "", nothing, NULL, 0, false}};
    page_comparison p;
    sid__page_text to = {0};
    (void)state;
    make_comparison(&p);
    sid__plot_strips(&to, &p.c, strip, 2);
    assert_int_equal(to.status, SID_OK);
    assert_int_equal(page_count_of(to.html.text, "class=\"mean\""), PAGE_ARMS);
    assert_int_equal(page_count_of(to.html.text, "class=\"interval\""), PAGE_ARMS);
    assert_int_equal(page_count_of(to.html.text, "class=\"run\""), PAGE_ARMS * PAGE_SEEDS);
    assert_int_equal(page_count_of(to.html.text, "class=\"gains\""), PAGE_ARMS - 2); /* 0 and .01 - .01 hold zero */
    assert_int_equal(page_count_of(to.html.text, "&lt;below&gt;"), 1);
    assert_int_equal(page_count_of(to.html.text, "class=\"axis\""), 1);
    sid__page_drop(&to);
}

/* Fails when a line is missing, names of lines stand on each other, or a day without a figure is drawn. */
static void test_days(void **state)
{
    page_comparison p;
    sid__page_text to = {0};
    int before = -1000;
    (void)state;
    make_comparison(&p);
    p.day_ne[2][1] = (double)NAN;
    sid__plot_days(&to, &p.c);
    assert_int_equal(to.status, SID_OK);
    assert_int_equal(page_count_of(to.html.text, "<polyline"), PAGE_ARMS);
    assert_int_equal(page_count_of(to.html.text, "nan"), 0);
    for (const char *at = to.html.text; (at = strstr(at, "<text class=\"s")) != NULL; at++) {
        int y = (int)strtol(strstr(at, " y=\"") + 4, NULL, 10);
        assert_true(y >= before + 13);
        before = y;
    }
    assert_true(before > 0);
    sid__page_drop(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_strips), cmocka_unit_test(test_days)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
