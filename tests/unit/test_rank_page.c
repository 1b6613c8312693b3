/* test_rank_page.c: a comparison as one page. */
#include <unistd.h>

#include "base/vfs.h"
#include "rank_page_case.h"

static char *page_of(const sid_rank_comparison *c, const sid_rank_page_options *options)
{
    char path[64], *text = NULL;
    int64_t size = 0, seen = 0;
    (void)snprintf(path, sizeof path, "/tmp/semid-rank-%d.html", (int)getpid());
    TEST_OK(sid_rank_page(c, options, path, &size, err));
    TEST_OK(sid__read_whole(path, 1 << 22, &text, &seen, err));
    assert_int_equal(size, seen);
    (void)unlink(path);
    return text;
}

/* Fails when the page loads or runs anything, a name becomes markup, or a part is missing. */
static void test_page(void **state)
{
    static const char *const loads[] = {"<script", " src=", "<link", "@import", "url(", "https:", "style=\"", "arm<0>"};
    static const char *const parts[] = {"my &lt;data&gt;",
                                        "1,234,567",
                                        "In words",
                                        "it &quot;gains&quot; &amp; more",
                                        "What each arm gains",
                                        "No ranker can pass",
                                        "Day by day",
                                        "arm&lt;9&gt;",
                                        "9,000"};
    const double best[SID_RANK_SLICE_COUNT] = {.8, .7, .6, .5, .4};
    page_comparison p;
    (void)state;
    make_comparison(&p);
    char *page = page_of(&p.c, &(sid_rank_page_options){.name = "my <data>", .best_auc = best});
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
        if (strstr(page, loads[i]))
            fail_msg("the page has %s", loads[i]);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(page, parts[i]))
            fail_msg("the page lacks %s", parts[i]);
    assert_int_equal(page_count_of(page, "'sha256-"), 2);
    assert_int_equal(page_count_of(page, "<section>"), page_count_of(page, "</section>"));
    sid__free(page);
}

/* Fails when two days, drawn items or a comparison without intervals are not told. */
static void test_little(void **state)
{
    page_comparison p;
    (void)state;
    make_comparison(&p);
    p.c.days = 2;
    p.c.impressions.ignored = 4;
    p.c.impressions.alpha = .5;
    for (int a = 0; a < PAGE_ARMS; a++)
        p.arm[a].words = "";
    char *page = page_of(&p.c, NULL);
    assert_null(strstr(page, "Day by day"));
    assert_non_null(strstr(page, "Without intervals nothing can be said"));
    assert_non_null(strstr(page, "n=4, alpha=0.5"));
    sid__free(page);
    TEST_FAILS(sid_rank_page(&p.c, NULL, "/nonexistent/page.html", NULL, err), SID_EIO, "nonexistent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_page), cmocka_unit_test(test_little)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
