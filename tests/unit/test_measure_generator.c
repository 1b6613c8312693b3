/* test_measure_generator.c: a model that generates asked all cases: figures by codes, items shown that nothing trained. */
#include "eval/measure.h"
#include "eval/sid_standing.h"

#include "events_case.h"

#include "decode_case.h"

/* 60 users of six events; all items are known by their first events. */
static sid_events *drawn_events(void)
{
    static char text[1 << 16];
    size_t n = (size_t)snprintf(text, sizeof text, "user_id\titem_id\ttimestamp\n");
    for (int e = 0; e < 60 * 6; e++) {
        int item = e < CASE_ITEMS ? e : (int)sid__philox_below(4, SID__STREAM_TEST, (uint64_t)e, CASE_ITEMS);
        n += (size_t)snprintf(text + n, sizeof text - n, "u%d\ti%d\t%d\n", e % 60, item, e);
    }
    return good_events(ctx, text, NULL);
}

/* Fails when figures by codes are not those of a loop over lists, or items shown without a train event are not counted. */
static void test_generator(void **state)
{
    (void)state;
    static sid__discounts discounts;
    static sid_eval_row row;
    static const int k[] = {10};
    sid_events *events = drawn_events();
    uint8_t *is_head = calloc(CASE_ITEMS, 1);
    double *value = calloc(60, SID_METRIC_COUNT * sizeof *value), hits = 0;
    bool is_shown[CASE_ITEMS] = {0};
    int64_t unseen = 0;
    sid__split split;
    fake.codes = 3; /* many items of equal codes */
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    TEST_OK(sid__split_make(events, &(sid_split_options){.split = "time", .cold_fraction = .2}, &split, err));
    sid__discounts_init(&discounts);
    const sid__exam exam = {
        .split = &split, .cases = &split.test, .k = k, .k_count = 1, .is_head = is_head, .discounts = &discounts};
    memset(&row, 0, sizeof row);
    m->items.count = CASE_ITEMS;
    TEST_OK(sid__measure(ctx, m, &exam, value, &row, err));
    for (int64_t c = 0; c < split.test.count; c++) {
        const sid__case *asked = &split.test.row[c];
        const sid__history history = {.item = split.item + asked->history_begin,
                                      .count = asked->target_begin - asked->history_begin};
        const sid__question question = {.history = history,
                                        .filter = {.deny = history.item, .deny_count = history.count}};
        const sid__decode_options plan = {.k = 10, .with_ties = true};
        int32_t target = split.item[asked->target_begin];
        sid__answer answer = {0};
        bool is_hit = false;
        TEST_OK(sid__decode(ctx, m, &plan, &question, 1, &answer, err));
        for (int64_t i = 0; i < answer.count; i++) {
            is_hit |= m->sids.is_known[target] && sid__same_codes(&m->sids, answer.item[i], target);
            is_shown[answer.item[i]] |= i < 10;
        }
        hits += is_hit; /* lists are shorter than ten distinct SIDs */
        sid__answer_drop(&answer);
    }
    for (int i = 0; i < CASE_ITEMS; i++)
        unseen += is_shown[i] && split.train_count[i] == 0;
    assert_true(fabs(row.sid_value[SID_METRIC_RECALL][0] - hits / (double)split.test.count) < 1e-12);
    assert_true(row.sid_value[SID_METRIC_RECALL][0] >= row.value[SID_METRIC_RECALL][0].mean);
    assert_int_equal(row.cold_items[0], unseen);
    assert_true((unseen > 0) == (row.cold_share[0] > 0));
    m->items.count = 0;
    fake_model_free(m);
    sid__split_drop(&split);
    free(value);
    free(is_head);
    sid_events_free(events);
}

/* Fails (under UBSan) when a list that nothing is left for is copied from where it is not: users who saw every item. */
static void test_nothing_left(void **state)
{
    (void)state;
    static sid__discounts discounts;
    static sid_eval_row row;
    static const int k[] = {10};
    sid_events *events = good_events(ctx,
                                     "user_id\titem_id\ttimestamp\nu\ti0\t1\nu\ti1\t2\nu\ti0\t3\nu\ti1\t4\n"
                                     "v\ti0\t1\nv\ti1\t2\nv\ti0\t3\nv\ti1\t4\n",
                                     NULL);
    uint8_t is_head[2] = {0};
    double value[2 * SID_METRIC_COUNT] = {0};
    sid__split split;
    sid_model *m = fake_model(ctx, 2);
    TEST_OK(sid__split_make(events, &(sid_split_options){.split = "loo"}, &split, err));
    sid__discounts_init(&discounts);
    const sid__exam exam = {
        .split = &split, .cases = &split.test, .k = k, .k_count = 1, .is_head = is_head, .discounts = &discounts};
    memset(&row, 0, sizeof row);
    m->items.count = 2;
    TEST_OK(sid__measure(ctx, m, &exam, value, &row, err));
    assert_int_equal(split.test.count, 2);
    assert_true(row.value[SID_METRIC_RECALL][0].mean == 0);
    m->items.count = 0;
    fake_model_free(m);
    sid__split_drop(&split);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DECODE_TEST(test_generator), DECODE_TEST(test_nothing_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
