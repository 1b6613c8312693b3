/* test_events_read.c: files of events. */
#include "events_case.h"

#include "base/mem.h"

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

/* Fails when a form or a column is read wrongly. */
static void test_forms(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"e.csv", "item_id,split,timestamp,user_id,weight\na,train,2011-10-18,u,1\nb,test,1318896001,u,0.5\n"},
        {"e.jsonl", "{\"user_id\":\"u\",\"item_id\":\"a\",\"timestamp\":\"2011-10-18T00:00:00Z\",\"split\":\"train\"}\n"
                    "{\"user_id\":\"u\",\"item_id\":\"b\",\"timestamp\":1318896001,\"split\":\"test\"}\n"},
        {"e.inter", "user_id:token\titem_id:token\ttimestamp:float\tsplit:token\nu\ta\t1318896000\ttrain\nu\tb\t"
                    "1318896001\ttest\n"}};
    for (int f = 0; f < 3; f++) {
        sid_events *events = NULL;
        TEST_OK(parse_events(ctx, files[f][1], files[f][0], NULL, &events, err));
        assert_string_equal(histories(events), "u:a b");
        assert_true(events->has_time && events->has_split);
        assert_true(events->event[0].time == 1318896000 && events->event[1].time == 1318896001);
        assert_int_equal(events->event[0].part, SID__PART_TRAIN);
        assert_int_equal(events->event[1].part, SID__PART_TEST);
        sid_events_free(events);
    }
}

/* Fails when a bad row is read, or its message lacks the place, the value or what is expected. */
static void test_bad_rows(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"u\ta\tsoon\ttrain\t1", "e.tsv:2: timestamp is \"soon\"; a number or a date"},
                                         {"u\ta\t1\tval\t1", "e.tsv:2: split is \"val\"; train, valid or test"},
                                         {"u\ta\t1\ttrain\t-1", "e.tsv:2: weight is \"-1\"; a number of 0 or more"},
                                         {"u\t\t1\ttrain\t1", "e.tsv:2: empty item_id"},
                                         {"\ta\t1\ttrain\t1", "e.tsv:2: empty user_id"},
                                         {"u\ta\t1", "3 columns; the header has 5"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256];
        sid_events *events = NULL;
        (void)snprintf(text, sizeof text, "user_id\titem_id\ttimestamp\tsplit\tweight\n%s\nv\tb\t2\ttest\t1\n",
                       bad[i][0]);
        TEST_FAILS(parse_events(ctx, text, "e.tsv", NULL, &events, err), SID_EDATA, bad[i][1]);
        const sid_events_options skip = {.read = {.on_error = SID_ON_ERROR_SKIP}};
        TEST_OK(parse_events(ctx, text, "e.tsv", &skip, &events, err));
        assert_string_equal(histories(events), "v:b");
        assert_int_equal(events->skipped, 1);
        sid_events_free(events);
    }
    sid_events *events = NULL;
    TEST_FAILS(parse_events(ctx, "user_id\titem_id\n", "e.tsv", NULL, &events, err), SID_EDATA, "no events");
    TEST_FAILS(parse_events(ctx, "user_id\titem_id\nu\n", "e.tsv",
                            &(sid_events_options){.read = {.on_error = SID_ON_ERROR_SKIP}}, &events, err),
               SID_EDATA, "all 1 rows are bad");
    TEST_FAILS(parse_events(ctx, "{\"user_id\":1,\"item_id\":2}\n{\"user_id\":1,\"item_id\":2,\"timestamp\":3}\n",
                            "e.jsonl", NULL, &events, err),
               SID_EDATA, "e.jsonl:2: the object has a \"timestamp\"");
    TEST_FAILS(parse_events(ctx, "user_id\titem_id\nu\ta\n", "e.tsv", &(sid_events_options){.core = -1}, &events, err),
               SID_EUSAGE, "core is -1");
    TEST_FAILS(sid_events_read(ctx, "/nowhere/e.tsv", NULL, &events, err), SID_EIO, "/nowhere/e.tsv");
}

/* Fails when any allocation that fails leaks, crashes or gives events. */
static void test_no_memory(void **state)
{
    (void)state;
    static const float x[2] = {1, 2};
    static const char *const ids[] = {"a", "b"};
    sid_vectors *vectors = NULL;
    TEST_OK(sid_vectors_create(ctx, x, 2, 1, ids, &vectors, err));
    const sid_events_options options = {.vectors = vectors, .repeats = "first", .core = 1};
    for (int64_t after = 0;; after++) {
        sid_events *events = NULL;
        sid__mem_fail(after, -1);
        sid_status status = parse_events(ctx, "user_id\titem_id\ttimestamp\nu\ta\t1\nu\tb\t2\nv\ta\t1\nu\ta\t3\n",
                                         "e.tsv", &options, &events, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            sid_events_free(events);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_null(events);
    }
    sid_vectors_free(vectors);
}

/* Fails when real files are not read whole: the facts stand beside the data. */
static void test_real_data(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t users, items, events;
        bool has_time, has_split;
    } files[] = {{"beauty/events.tsv", 22363, 12101, 198502, true, false},
                 {"microlens/events.tsv", 49887, 19217, 359048, true, true},
                 {"tiktok/events.tsv", 9308, 6710, 68722, false, true},
                 {"ml-100k/ml-100k.inter", 943, 1682, 100000, true, false}};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        sid_events *events = NULL;
        sid_events_info info;
        TEST_OK(sid_events_read(ctx, real_data(files[f].name), NULL, &events, err));
        sid_events_get_info(events, &info);
        assert_int_equal(info.users, files[f].users);
        assert_int_equal(info.items, files[f].items);
        assert_int_equal(info.events, files[f].events);
        assert_int_equal(info.has_time, files[f].has_time);
        assert_int_equal(info.has_split, files[f].has_split);
        assert_int_equal(info.duplicates, 0);
        if (f == 0)
            assert_true(info.shortest == 5 && info.longest == 204);
        sid_events_free(events);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_bad_rows),
                                       cmocka_unit_test(test_no_memory), cmocka_unit_test(test_real_data)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
