/* test_implicit.c: clicks alone made to impressions. */
#include <math.h>

#include "data/implicit.h"
#include "test.h"

static sid_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    return sid_ctx_create(&ctx, NULL) == SID_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sid_ctx_free(ctx);
    return 0;
}

static sid_impressions *parse(const char *text, const sid_impressions_options *options)
{
    sid__source source;
    sid_impressions *im = NULL;
    TEST_OK(sid__source_memory(text, strlen(text), "x.tsv", &source, err));
    TEST_OK(sid__impressions_parse(ctx, &source, "x.tsv", options, &im, err));
    return im;
}

/* Fails when an item of another day is drawn, one that the user clicks that day, or when ignored items stand behind their click,
 * or lose its time and numbers. */
static void test_shown_with_a_click(void **state)
{
    static const char text[] =
        "user_id\titem_id\ttimestamp\tday\thour\n"
        "u\ta\t1\t1\t7\nv\tb\t2\t1\t8\nw\tc\t3\t1\t9\nu\td\t4\t2\t3\nv\te\t5\t2\t4\nu\tf\t6\t2\t5\n";
    const char *const dense[] = {"hour"};
    sid_impressions *im =
        parse(text, &(sid_impressions_options){.implicit = "n=3", .dense = dense, .dense_count = 1, .seed = 9});
    sid_impressions_info info;
    (void)state;
    sid_impressions_get_info(im, &info);
    assert_int_equal(info.count, 24);
    assert_int_equal(info.clicks, 6);
    assert_int_equal(info.ignored, 3);
    assert_true(info.alpha == .5);
    assert_int_equal(info.seed, 9);
    for (int64_t i = 0; i < im->count; i++) {
        const sid__impression *row = &im->row[i], *click = &im->row[i / 4 * 4 + 3];
        const char *item = im->items.id[row->item], *user = im->users.id[row->user];
        assert_int_equal(row->label, i % 4 == 3);
        assert_int_equal(row->user, click->user);
        assert_true(row->time == click->time && im->dense[i] == im->dense[i / 4 * 4 + 3]);
        if (row->label)
            continue;
        assert_true(row->day == 0 ? strchr("abc", item[0]) != NULL : strchr("def", item[0]) != NULL);
        assert_true(row->day == 0 || strcmp(user, "u") != 0 || item[0] == 'e');
        assert_true(row->item != click->item);
    }
    sid_impressions_free(im);
}

/* A day of one user `x` who clicks z, and others who click a 16 times and b once; how often a is among x's ignored. */
static double share_of_a(const char *implicit)
{
    char text[8192] = "user_id\titem_id\tday\nq\tb\t1\n";
    size_t at = strlen(text);
    double a = 0, all = 0;
    for (int i = 0; i < 16; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "p%d\ta\t1\n", i);
    (void)snprintf(text + at, sizeof text - at, "x\tz\t1\n");
    sid_impressions *im = parse(text, &(sid_impressions_options){.implicit = implicit});
    for (int64_t i = 0; i < im->count; i++)
        if (im->users.id[im->row[i].user][0] == 'x' && !im->row[i].label) {
            a += im->items.id[im->row[i].item][0] == 'a';
            all++;
        }
    sid_impressions_free(im);
    return a / all;
}

/* Fails when draws do not follow clicks^alpha: shares 1/2, 4/5 and 16/17 of two items clicked 16 times and once. */
static void test_popularity(void **state)
{
    (void)state;
    assert_true(fabs(share_of_a("n=1000,alpha=0") - .5) < .05);
    assert_true(fabs(share_of_a("n=1000,alpha=0.5") - .8) < .04);
    assert_true(fabs(share_of_a("n=1000,alpha=1") - 16. / 17) < .03);
}

/* Fails when the seed is not used, or anything else is. */
static void test_seed(void **state)
{
    char text[4096] = "user_id\titem_id\tday\n";
    size_t at = strlen(text);
    int64_t same = 0;
    (void)state;
    for (int i = 0; i < 100; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "u%d\ti%d\t1\n", i, i);
    sid_impressions *a = parse(text, &(sid_impressions_options){.implicit = "n=2"});
    sid_impressions *b = parse(text, &(sid_impressions_options){.implicit = "n=2", .seed = 42});
    sid_impressions *c = parse(text, &(sid_impressions_options){.implicit = "n=2", .seed = 43});
    for (int64_t i = 0; i < a->count; i++) {
        assert_int_equal(a->row[i].item, b->row[i].item);
        same += a->row[i].item == c->row[i].item;
    }
    assert_true(same < 120); /* the 100 clicks, and a few by chance */
    sid_impressions_free(a);
    sid_impressions_free(b);
    sid_impressions_free(c);
}

/* Fails when a user who clicked all but one item does not get that one, or who clicked all gets any. */
static void test_little_left(void **state)
{
    sid_impressions *im = parse("user_id\titem_id\tday\nu\ta\t1\nu\tb\t1\nv\ta\t1\n",
                                &(sid_impressions_options){.implicit = "n=2,alpha=4"});
    (void)state;
    assert_int_equal(im->count, 5); /* u: two clicks; v: b twice, and a click */
    assert_int_equal(im->row[2].label + im->row[3].label, 0);
    assert_string_equal(im->items.id[im->row[2].item], "b");
    assert_int_equal(im->row[4].label, 1);
    sid_impressions_free(im);
}

/* Fails when the condition is not what makes a click, or its failures are kept as ignored. */
static void test_positive(void **state)
{
    sid_impressions *im = parse("user_id\titem_id\tday\trating\nu\ta\t1\t5\nv\tb\t1\t4\nv\tc\t1\t1\n",
                                &(sid_impressions_options){.implicit = "n=1", .positive = "rating>=4"});
    (void)state;
    assert_int_equal(im->count, 4);
    assert_int_equal(im->items.count, 2);
    assert_string_equal(im->items.id[im->row[0].item], "b");
    sid_impressions_free(im);
}

/* Fails when a wrong word or number passes, or a fault in memory leaks or tears the rows. */
static void test_refusals(void **state)
{
    static const char *const bad[][2] = {{"n=0", "from 1 to 1000"}, {"alpha=-1", "from 0"}, {"m=3", "n and alpha"}};
    static const char text[] = "user_id\titem_id\tday\nu\ta\t1\nv\tb\t1\n";
    sid_impressions *im = NULL;
    sid__source source;
    (void)state;
    TEST_OK(sid__source_memory(text, sizeof text - 1, "x.tsv", &source, err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        TEST_FAILS(
            sid__impressions_parse(ctx, &source, "x.tsv", &(sid_impressions_options){.implicit = bad[i][0]}, &im, err),
            SID_EUSAGE, bad[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown_with_a_click), cmocka_unit_test(test_popularity), cmocka_unit_test(test_seed),
        cmocka_unit_test(test_little_left),        cmocka_unit_test(test_positive),   cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
