/* test_events.c: order, duplicates, repeats, core. */
#include "base/philox.h"
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

/* Fails when events of equal time leave the order of the file, or users do. */
static void test_order(void **state)
{
    (void)state;
    sid_events *events =
        good_events(ctx, "user_id\titem_id\ttimestamp\nv\ta\t5\nu\tb\t2\nv\tc\t1\nu\td\t2\nu\ta\t1\n", NULL);
    assert_string_equal(histories(events), "v:c a;u:a b d");
    assert_string_equal(sid_events_user_id(events, 1), "u");
    assert_int_equal(sid_events_find_user(events, "v"), 0);
    assert_int_equal(sid_events_find_item(events, "d"), 3);
    assert_int_equal(sid_events_find_item(events, "x"), -1);
    assert_null(sid_events_item_id(events, 4));
    assert_null(sid_events_user_id(events, -1));
    sid_events_free(events);
    events = good_events(ctx, "user_id\titem_id\nv\tb\nu\tb\nv\ta\nv\tb\n", NULL);
    assert_string_equal(histories(events), "v:b a b;u:b");
    assert_int_equal(events->duplicates, 0);
    sid_events_free(events);
}

/* Fails when an event is counted for another item, or one without events is not there with 0. */
static void test_count_items(void **state)
{
    int64_t count[3] = {9, 9, 9};
    (void)state;
    sid_events *events = good_events(ctx, "user_id\titem_id\nv\tb\nu\tb\nv\ta\nv\tb\nu\tc\n", NULL);
    sid_events_count_items(events, count);
    assert_int_equal(count[sid_events_find_item(events, "a")], 1);
    assert_int_equal(count[sid_events_find_item(events, "b")], 3);
    assert_int_equal(count[sid_events_find_item(events, "c")], 1);
    sid_events_free(events);
}

/* Fails when an exact duplicate stays, or an event of another time or item goes. */
static void test_duplicates(void **state)
{
    (void)state;
    sid_events *events =
        good_events(ctx, "user_id\titem_id\ttimestamp\nu\ta\t1\nu\tb\t1\nu\ta\t1\nu\ta\t2\nv\ta\t1\nu\tb\t1\n", NULL);
    sid_events_info info;
    assert_string_equal(histories(events), "u:a b a;v:a");
    sid_events_get_info(events, &info);
    assert_int_equal(info.duplicates, 2);
    assert_int_equal(info.events, 4);
    assert_int_equal(info.shortest, 1);
    assert_int_equal(info.longest, 3);
    sid_events_free(events);
}

static void check_repeats(const char *repeats, const char *wanted, int64_t dropped)
{
    sid_events *events =
        good_events(ctx, "user_id\titem_id\nu\ta\nu\ta\nu\tb\nu\ta\nv\ta\n", &(sid_events_options){.repeats = repeats});
    assert_string_equal(histories(events), wanted);
    assert_int_equal(events->repeats, dropped);
    sid_events_free(events);
}

/* Fails when a policy for repeats drops too much, too little, or across users. */
static void test_repeats(void **state)
{
    (void)state;
    check_repeats(NULL, "u:a a b a;v:a", 0);
    check_repeats("keep", "u:a a b a;v:a", 0);
    check_repeats("first", "u:a b;v:a", 2);
    check_repeats("no-consecutive", "u:a b a;v:a", 1);
    sid_events *events = NULL;
    TEST_FAILS(parse_events(ctx, "user_id\titem_id\nu\ta\n", "e", &(sid_events_options){.repeats = "x"}, &events, err),
               SID_EUSAGE, "keep, first or no-consecutive");
}

/* Fails when the core is no fixpoint: dropping x takes u below 2, which takes item c below 2. */
static void test_core(void **state)
{
    (void)state;
    const char *text = "user_id\titem_id\nt\tz\nu\tx\nu\tc\nv\ta\nv\tb\nv\tc\nw\ta\nw\tb\n";
    sid_events *events = good_events(ctx, text, &(sid_events_options){.core = 2});
    assert_string_equal(histories(events), "v:a b;w:a b");
    assert_int_equal(events->items.count, 2);
    assert_int_equal(events->filtered, 4);
    sid_events_free(events);
    TEST_FAILS(parse_events(ctx, text, "e.tsv", &(sid_events_options){.core = 3}, &events, err), SID_EDATA,
               "no events are left with --core 3");
}

/* Fails when items that were given vanish because nobody touched them, or stand in another order. */
static void test_catalog(void **state)
{
    (void)state;
    static const float x[4] = {1, 2, 3, 4};
    static const char *const ids[] = {"z", "a", "b", "c"};
    sid_vectors *vectors = NULL;
    TEST_OK(sid_vectors_create(ctx, x, 4, 1, ids, &vectors, err));
    sid_events *events =
        good_events(ctx, "user_id\titem_id\nu\tb\nu\ta\nv\tc\n", &(sid_events_options){.vectors = vectors});
    assert_int_equal(events->items.count, 4);
    assert_string_equal(events->items.id[0], "z");
    assert_int_equal(events->event[0].item, 2);
    sid_events_free(events);
    TEST_FAILS(
        parse_events(ctx, "user_id\titem_id\nu\tq\n", "e.tsv", &(sid_events_options){.vectors = vectors}, &events, err),
        SID_EDATA, "e.tsv:2: item_id \"q\" is not among the 4 items");
    sid_vectors_free(vectors);
}

/* Fails when sorting many events is not what a sort of their keys gives. */
static void test_many(void **state)
{
    (void)state;
    sid_events *events = NULL;
    TEST_OK(sid__events_create(ctx, "made", &events, err));
    for (uint64_t i = 0; i < 5000; i++) {
        char user[16], item[16];
        sid__field u = {.text = user}, it = {.text = item};
        u.size = (size_t)snprintf(user, sizeof user, "u%d", (int)sid__philox_below(1, SID__STREAM_TEST, i, 40));
        it.size = (size_t)snprintf(item, sizeof item, "i%d", (int)i);
        TEST_OK(sid__events_add(events, &u, &it, (double)sid__philox_below(2, SID__STREAM_TEST, i, 50), 0,
                                (sid__place){.byte = -1}, err));
    }
    events->has_time = true;
    TEST_OK(sid__events_finish(events, SID__REPEATS_KEEP, 0, err));
    assert_int_equal(events->count, 5000);
    for (int64_t u = 0; u < 40; u++)
        for (int64_t i = events->begin[u] + 1; i < events->begin[u + 1]; i++) {
            const sid__event *a = &events->event[i - 1], *b = &events->event[i];
            assert_true(a->user == u && b->user == u);
            assert_true(a->time < b->time || (a->time == b->time && a->item < b->item));
        }
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_count_items), cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_duplicates),  cmocka_unit_test(test_repeats),
                                       cmocka_unit_test(test_core),        cmocka_unit_test(test_catalog),
                                       cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
