/* test_split.c: events cut into train, valid and test. */
#include "data/split.h"

#include <math.h>

#include "base/mem.h"
#include "events_case.h"

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

static size_t add_items(char *text, size_t n, const sid__split *split, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        n += (size_t)snprintf(text + n, 4096 - n, "%s", split->events->items.id[split->item[i]]);
    return n;
}

/* Test cases as text: "u:history>targets;". */
static const char *cases_text(const sid__split *split, const sid__cases *cases)
{
    static char text[4096];
    size_t n = 0;
    text[0] = 0;
    for (int64_t c = 0; c < cases->count; c++) {
        const sid__case *row = &cases->row[c];
        n += (size_t)snprintf(text + n, sizeof text - n, "%s:", split->events->users.id[row->user]);
        n = add_items(text, n, split, row->history_begin, row->target_begin);
        n += (size_t)snprintf(text + n, sizeof text - n, ">");
        n = add_items(text, n, split, row->target_begin, row->target_begin + row->target_count);
        n += (size_t)snprintf(text + n, sizeof text - n, ";");
    }
    return text;
}

static void check(const char *text, const sid_split_options *options, const char *valid, const char *test)
{
    sid__split split;
    sid_events *events = good_events(ctx, text, NULL);
    TEST_OK(sid__split_make(events, options, &split, err));
    assert_string_equal(cases_text(&split, &split.valid), valid);
    assert_string_equal(cases_text(&split, &split.test), test);
    int64_t train = 0;
    for (int64_t i = 0; i < split.item_count; i++)
        train += split.train_count[i];
    assert_int_equal(train, split.info.train_events);
    assert_int_equal(split.info.train_events + split.info.valid_events + split.info.test_events, events->count);
    sid__split_drop(&split);
    sid_events_free(events);
}

static const char small[] = "user_id\titem_id\ttimestamp\nu\ta\t1\nu\tb\t2\nu\tc\t2\nu\td\t9\nv\ta\t3\nv\tb\t8\n"
                            "w\tc\t9\nw\td\t9\nw\ta\t9\n";

/* Fails when leave-one-out, the cut by time or the choice of targets is another. */
static void test_kinds(void **state)
{
    (void)state;
    check(small, NULL, "u:ab>c;w:c>d;", "u:abc>d;w:cd>a;");
    check(small, &(sid_split_options){.split = "all"}, "", "");
    check(small, &(sid_split_options){.split = "time=3,9"}, "", "u:abc>d;");
    check(small, &(sid_split_options){.split = "time=4,8"}, "", "u:abc>d;v:a>b;");
    /* times sorted: 1 2 2 3 8 9 9 9 9; place 9 * 0.4 = 3 begins valid at 3, place 9 * 0.5 = 4 the test at 8 */
    check(small, &(sid_split_options){.split = "time=0.4,0.1"}, "", "u:abc>d;v:a>b;");
    check(small, &(sid_split_options){.split = "time=2,3", .targets = "all"}, "u:a>bc;", "u:abc>d;");
    check("user_id\titem_id\ttimestamp\tsplit\nu\ta\t1\ttrain\nu\tb\t2\ttest\nu\tc\t3\ttrain\nu\td\t4\tvalid\nu\te\t5\t"
          "test\nw\ta\t1\ttest\n",
          &(sid_split_options){.split = "column", .targets = "all"}, "u:ac>d;", "u:acd>be;");
}

/* Fails when facts are counted wrongly. */
static void test_facts(void **state)
{
    (void)state;
    sid_split_info info;
    sid_events *events = good_events(ctx, small, NULL);
    TEST_OK(sid_split_check(events, &(sid_split_options){.split = "time=3,9", .targets = "all"}, &info, err));
    assert_int_equal(info.train_events, 3);
    assert_int_equal(info.valid_events, 2);
    assert_int_equal(info.test_events, 4);
    assert_int_equal(info.test_users, 1);
    assert_int_equal(info.users_without_history, 1);
    assert_int_equal(info.cold_items, 1);
    assert_int_equal(info.cold_events, 2);
    assert_int_equal(info.test_targets, 1);
    assert_int_equal(info.cold_targets, 1);
    assert_true(info.tied_events_rate == 3. / 6);
    TEST_OK(sid_split_check(events, &(sid_split_options){.ties = "exclude"}, &info, err));
    assert_int_equal(info.users_excluded, 1);
    assert_int_equal(info.test_users, 1);
    assert_true(info.tied_targets_rate == .5);
    sid_events_free(events);
}

/* Fails when a shuffle leaves its moment, depends on more than seed and user, or does nothing. */
static void test_shuffle(void **state)
{
    (void)state;
    sid__split split, again;
    int moved = 0;
    sid_events *events = good_events(
        ctx, "user_id\titem_id\ttimestamp\nu\tz\t0\nu\ta\t1\nu\tb\t1\nu\tc\t1\nu\td\t1\nu\te\t1\nu\ty\t2\n", NULL);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        const sid_split_options options = {.ties = "shuffle", .seed = seed};
        TEST_OK(sid__split_make(events, &options, &split, err));
        TEST_OK(sid__split_make(events, &options, &again, err));
        assert_memory_equal(split.item, again.item, 7 * sizeof *split.item);
        int seen = 0;
        for (int i = 1; i < 6; i++)
            seen |= 1 << split.item[i];
        assert_int_equal(seen, 0x3e);
        assert_true(split.item[0] == 0 && split.item[6] == 6);
        moved += split.item[5] != 5;
        sid__split_drop(&split);
        sid__split_drop(&again);
    }
    assert_in_range(moved, 140, 180); /* 4 of 5 */
    sid_events_free(events);
}

/* Fails when a split is made of what the events do not have, or memory that is missing leaks. */
static void test_refused(void **state)
{
    (void)state;
    sid_split_info info;
    sid__split split;
    sid_events *events = good_events(ctx, "user_id\titem_id\nu\ta\nu\tb\nu\tc\n", NULL);
    TEST_FAILS(sid_split_check(events, &(sid_split_options){.split = "time"}, &info, err), SID_EUSAGE,
               "no column timestamp");
    TEST_FAILS(sid_split_check(events, &(sid_split_options){.split = "column"}, &info, err), SID_EUSAGE,
               "no column split");
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, -1);
        sid_status status = sid__split_make(events, NULL, &split, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    sid__split_drop(&split);
    sid_events_free(events);
}

/* Fails when a drawn item still trains, another does not, what is asked changes, or the draw is none of the seed. */
static void test_cold_fraction(void **state)
{
    (void)state;
    sid_events *events = good_events(ctx,
                                     "user_id\titem_id\nu\ta\nu\tb\nu\tc\nu\td\nu\te\nu\tf\nv\tb\nv\ta\nv\tc\nw"
                                     "\tf\nw\te\nw\ta\nw\tb\n",
                                     NULL);
    int drawn = 0, differ = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        sid__split whole, split, again;
        const sid_split_options options = {.seed = seed, .cold_fraction = .3};
        TEST_OK(sid__split_make(events, NULL, &whole, err));
        TEST_OK(sid__split_make(events, &options, &split, err));
        TEST_OK(sid__split_make(events, &options, &again, err));
        int64_t train = 0;
        for (int i = 0; i < 6; i++) {
            assert_true(split.train_count[i] == 0 || split.train_count[i] == whole.train_count[i]);
            assert_int_equal(split.train_count[i], again.train_count[i]);
            drawn += whole.train_count[i] > split.train_count[i];
            train += split.train_count[i];
        }
        differ += train != whole.info.train_events;
        assert_int_equal(split.info.train_events, train);
        assert_int_equal(split.info.test_events, whole.info.test_events);
        assert_int_equal(split.test.count, 3); /* the valid event is history still */
        for (int u = 0; u < 3; u++) {
            const sid__case *a = &split.test.row[u], *b = &whole.test.row[u];
            assert_int_equal(split.item[a->target_begin], whole.item[b->target_begin]);
            assert_int_equal(split.item[a->target_begin - 1], whole.item[b->target_begin - 1]);
            assert_true(a->history_begin == split.begin[u] && a->target_begin + 1 == split.begin[u + 1]);
        }
        sid__split_drop(&whole);
        sid__split_drop(&split);
        sid__split_drop(&again);
    }
    assert_in_range(drawn, 140, 220); /* .3 of six items, 100 times */
    assert_in_range(differ, 70, 100);
    sid_split_info info;
    TEST_OK(sid_split_check(events, &(sid_split_options){.split = "all", .cold_fraction = .99}, &info, err));
    assert_true(info.train_events < 13);
    TEST_FAILS(sid_split_check(events, &(sid_split_options){.cold_fraction = 1}, &info, err), SID_EUSAGE,
               "cold_fraction is 1");
    TEST_FAILS(sid_split_check(events, &(sid_split_options){.cold_fraction = (double)NAN}, &info, err), SID_EUSAGE,
               "cold_fraction");
    sid_events_free(events);
}

/* Fails when the numbers of the specification do not come out of Beauty. */
static void test_beauty(void **state)
{
    (void)state;
    sid_split_info info;
    sid_events *events = NULL;
    TEST_OK(sid_events_read(ctx, real_data("beauty/events.tsv"), NULL, &events, err));
    TEST_OK(sid_split_check(events, NULL, &info, err));
    assert_int_equal(info.test_users, 22363);
    assert_int_equal(info.cold_items, 33);
    assert_int_equal(info.cold_targets, 138);
    assert_in_range((uint64_t)(info.tied_events_rate * 1000), 435, 445);
    assert_in_range((uint64_t)(info.tied_targets_rate * 1000), 425, 435);
    TEST_OK(sid_split_check(events, &(sid_split_options){.split = "time=0.8,0.1"}, &info, err));
    assert_int_equal(info.test_users + info.users_without_history, 6187);
    assert_int_equal(info.test_users, 5584);
    assert_int_equal(info.cold_items, 326);
    assert_int_equal(info.test_events, 20149);
    assert_in_range((uint64_t)(1000 * (double)info.cold_events / (double)info.test_events), 265, 275);
    TEST_OK(sid_split_check(events, &(sid_split_options){.ties = "exclude"}, &info, err));
    assert_int_equal(info.test_users + info.users_excluded, 22363);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds),         cmocka_unit_test(test_facts),
                                       cmocka_unit_test(test_shuffle),       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_cold_fraction), cmocka_unit_test(test_beauty)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
