/* test_impressions.c: files of impressions. */
#include "base/mem.h"
#include "data/impressions.h"
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

static sid_status parse(const char *text, const char *path, const sid_impressions_options *options,
                        sid_impressions **out, sid_error *err)
{
    sid__source source;
    SID_TRY(sid__source_memory(text, strlen(text), path, &source, err));
    return sid__impressions_parse(ctx, &source, path, options, out, err);
}

/* "u:a+0 v:b-1": user, item, click or not, day. */
static const char *rows_of(const sid_impressions *im)
{
    static char text[1024];
    size_t at = 0;
    text[0] = 0;
    for (int64_t i = 0; i < im->count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s:%s%c%d", i ? " " : "", im->users.id[im->row[i].user],
                               im->items.id[im->row[i].item], im->row[i].label ? '+' : '-', (int)im->row[i].day);
    return text;
}

static void check(const char *text, const char *path, const sid_impressions_options *options, const char *wanted)
{
    sid_impressions *im = NULL;
    TEST_OK(parse(text, path, options, &im, err));
    assert_string_equal(rows_of(im), wanted);
    sid_impressions_free(im);
}

/* Fails when days are taken from the wrong column, count days that have no impressions, or a condition is read wrongly. */
static void test_days_and_labels(void **state)
{
    (void)state;
    check("user_id\titem_id\tlabel\tday\nu\ta\t1\t3\nv\ta\t0\t3\nu\tb\t1\t7\n", "x.tsv", NULL, "u:a+0 v:a-0 u:b+1");
    check("split,item_id,label,user_id\ntrain,a,1,u\nvalid,a,0,v\ntest,b,0,u\n", "x.csv", NULL, "u:a+0 v:a-1 u:b-2");
    check("user_id\titem_id\tlabel\ttimestamp\nu\ta\t1\t86399\nv\ta\t0\t86400\n", "x.tsv", NULL, "u:a+0 v:a-1");
    check("user_id:token\titem_id:token\trating:float\ttimestamp:float\nu\ta\t4\t9\nv\ta\t3\t8\nu\tb\t5\t18\n",
          "x.inter", &(sid_impressions_options){.positive = "rating>=4", .days = 2, .sort = true}, "v:a-0 u:a+0 u:b+1");
    check("{\"user_id\":\"u\",\"item_id\":\"a\",\"click\":1,\"day\":1}\n", "x.jsonl",
          &(sid_impressions_options){.label = "click"}, "u:a+0");
    static const char *const signs[][2] = {{"s>2", "u:a-0 u:b-0 u:c+0"},
                                           {"s<2", "u:a+0 u:b-0 u:c-0"},
                                           {"s<=2", "u:a+0 u:b+0 u:c-0"},
                                           {"s=2", "u:a-0 u:b+0 u:c-0"}};
    for (int i = 0; i < 4; i++)
        check("user_id\titem_id\ts\tday\nu\ta\t1\t1\nu\tb\t2\t1\nu\tc\t3\t1\n", "x.tsv",
              &(sid_impressions_options){.positive = signs[i][0]}, signs[i][1]);
}

/* Fails when numeric columns leave their rows, also when these are sorted. */
static void test_dense(void **state)
{
    const char *const dense[] = {"hour", "price"};
    const sid_impressions_options options = {.dense = dense, .dense_count = 2, .sort = true};
    sid_impressions *im = NULL;
    sid_impressions_info info;
    (void)state;
    TEST_OK(parse("user_id\titem_id\tlabel\tday\tprice\thour\nu\ta\t1\t2\t.5\t7\nv\tb\t0\t1\t2\t9\n", "x.tsv", &options,
                  &im, err));
    assert_string_equal(rows_of(im), "v:b-0 u:a+1");
    assert_true(im->dense[0] == 9 && im->dense[1] == 2 && im->dense[2] == 7 && im->dense[3] == .5F);
    sid_impressions_get_info(im, &info);
    assert_int_equal(info.count, 2);
    assert_int_equal(info.clicks, 1);
    assert_int_equal(info.days, 2);
    assert_int_equal(info.last_day_count, 1);
    assert_string_equal(sid_impressions_item_id(im, 0), "a");
    assert_null(sid_impressions_item_id(im, 2));
    sid_impressions_free(im);
}

/* Fails when a bad row is read, or its message lacks place, column, value or what is expected. */
static void test_bad_rows(void **state)
{
    static const char *const bad[][2] = {{"u\ta\t2\t1", "x.tsv:3: label is \"2\"; 0 or 1 is expected"},
                                         {"u\ta\t\t1", "x.tsv:3: label is \"\"; a number"},
                                         {"u\ta\tnan\t1", "x.tsv:3: label is \"nan\"; a number"},
                                         {"u\ta\t1\t1.5", "x.tsv:3: day is \"1.5\"; a whole number"},
                                         {"u\ta\t1\t0", "x.tsv:3: goes back in time"},
                                         {"\ta\t1\t1", "x.tsv:3: empty user_id"},
                                         {"u\t\t1\t1", "x.tsv:3: empty item_id"}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256];
        sid_impressions *im = NULL;
        (void)snprintf(text, sizeof text, "user_id\titem_id\tlabel\tday\nw\tc\t1\t1\n%s\nv\tb\t1\t2\n", bad[i][0]);
        TEST_FAILS(parse(text, "x.tsv", NULL, &im, err), SID_EDATA, bad[i][1]);
        const sid_impressions_options skip = {.read = {.on_error = SID_ON_ERROR_SKIP}};
        TEST_OK(parse(text, "x.tsv", &skip, &im, err));
        assert_string_equal(rows_of(im), "w:c+0 v:b+1");
        assert_int_equal(im->skipped, 1);
        sid_impressions_free(im);
    }
}

/* Fails when options or headers that make no sense are taken. */
static void test_bad_options(void **state)
{
    const char *const text = "user_id\titem_id\tlabel\nu\ta\t1\n";
    sid_impressions *im = NULL;
    (void)state;
    TEST_FAILS(parse(text, "x.tsv", NULL, &im, err), SID_EDATA, "no timestamp, day or split");
    TEST_FAILS(parse(text, "x.tsv", &(sid_impressions_options){.days = 3}, &im, err), SID_EDATA, "no timestamp");
    TEST_FAILS(parse(text, "x.tsv", &(sid_impressions_options){.days = -3}, &im, err), SID_EUSAGE, "days is -3");
    TEST_FAILS(parse(text, "x.tsv", &(sid_impressions_options){.label = "clicked"}, &im, err), SID_EDATA, "clicked");
    TEST_FAILS(parse(text, "x.tsv", &(sid_impressions_options){.dense_count = 99}, &im, err), SID_EUSAGE, "99 dense");
    static const char *const positive[] = {"rating", ">=4", "rating>=x", "rating!4", "rating=>4"};
    for (size_t i = 0; i < sizeof positive / sizeof *positive; i++)
        TEST_FAILS(parse(text, "x.tsv", &(sid_impressions_options){.positive = positive[i]}, &im, err), SID_EUSAGE,
                   positive[i]);
    TEST_FAILS(parse("user_id\titem_id\tlabel\tday\n", "x.tsv", NULL, &im, err), SID_EDATA, "no impressions");
}

/* Fails when a failed allocation leaks, or leaves something behind. */
static void test_no_memory(void **state)
{
    const char *const text = "user_id\titem_id\tlabel\tday\nu\ta\t1\t2\nv\tb\t1\t1\n";
    sid_impressions *im = NULL;
    (void)state;
    for (int64_t after = 0;; after++) {
        sid_error err = {0};
        sid__mem_fail(after, 1);
        sid_status status =
            parse(text, "x.tsv", &(sid_impressions_options){.sort = true, .implicit = "n=1"}, &im, &err);
        int64_t calls = sid__mem_calls();
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            assert_true(calls <= after);
            sid_impressions_free(im);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_days_and_labels), cmocka_unit_test(test_dense),
                                       cmocka_unit_test(test_bad_rows), cmocka_unit_test(test_bad_options),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
