/* test_measure.c: one model asked all cases, against a loop that does it by the book. */
#include "eval/measure.h"

#include "model_case.h"

typedef struct by_hand {
    double recall, reciprocal, cold, head;
    int64_t cold_targets, head_targets;
} by_hand;

/* Metrics at 5 with one target a case, each item's place found by comparing it with all. */
static by_hand ask_slowly(const sid__split *split, const sid_model *m, const uint8_t *is_head, bool keep_history)
{
    by_hand sum = {0};
    for (int64_t c = 0; c < split->test.count; c++) {
        const sid__case *row = &split->test.row[c];
        int32_t target = split->item[row->target_begin];
        float *score = scores_of(m, split->item + row->history_begin, row->target_begin - row->history_begin);
        int64_t above = 0, tied = 0;
        bool is_seen = false;
        for (int64_t i = row->history_begin; !keep_history && i < row->target_begin; i++) {
            is_seen = is_seen || split->item[i] == target;
            if (split->item[i] != target)
                score[split->item[i]] = -1;
        }
        for (int32_t i = 0; i < split->item_count; i++) {
            above += score[i] > score[target];
            tied += score[i] == score[target];
        }
        double hit = 0, reciprocal = 0;
        for (int64_t place = above + 1; !is_seen && place <= above + tied && place <= 5; place++) {
            hit += 1. / (double)tied;
            reciprocal += 1. / (double)(tied * place);
        }
        sum.recall += hit;
        sum.reciprocal += reciprocal;
        sum.cold += split->train_count[target] == 0 ? hit : 0;
        sum.cold_targets += split->train_count[target] == 0;
        sum.head += is_head[target] ? hit : 0;
        sum.head_targets += is_head[target];
        free(score);
    }
    return sum;
}

static void check(const sid__split *split, const sid_model *m, bool keep_history)
{
    static sid__discounts discounts;
    static sid_eval_row row;
    static const int k[] = {5, 8};
    uint8_t *is_head = calloc((size_t)split->item_count, 1);
    double *value = calloc((size_t)split->test.count, 8 * sizeof *value), n = (double)split->test.count;
    sid__discounts_init(&discounts);
    TEST_OK(sid__mark_head(split, is_head, err));
    const sid__exam exam = {.split = split,
                            .cases = &split->test,
                            .k = k,
                            .k_count = 2,
                            .keep_history = keep_history,
                            .is_head = is_head,
                            .discounts = &discounts};
    memset(&row, 0, sizeof row);
    TEST_OK(sid__measure(ctx, m, &exam, value, &row, err));
    by_hand sum = ask_slowly(split, m, is_head, keep_history);
    assert_true(fabs(row.value[SID_METRIC_RECALL][0].mean - sum.recall / n) < 1e-12);
    assert_true(fabs(row.value[SID_METRIC_HIT_RATE][0].mean - sum.recall / n) < 1e-12);
    assert_true(fabs(row.value[SID_METRIC_MRR][0].mean - sum.reciprocal / n) < 1e-12);
    assert_true(row.value[SID_METRIC_RECALL][1].mean >= row.value[SID_METRIC_RECALL][0].mean);
    assert_int_equal(row.segment[0].targets, sum.cold_targets);
    assert_int_equal(row.segment[6].targets, sum.head_targets);
    assert_int_equal(row.segment[6].targets + row.segment[7].targets, split->test.count);
    assert_int_equal(row.segment[8].targets + row.segment[9].targets, split->test.count);
    assert_true(fabs(row.segment[6].mean[SID_METRIC_RECALL][0] * (double)sum.head_targets - sum.head) < 1e-9);
    assert_true(row.coverage[0] > 0 && row.coverage[0] <= row.coverage[1]);
    free(value);
    free(is_head);
}

/* Fails when a case is asked with another history, a seen item is ranked, or a mean is of others. */
static void test_by_the_book(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 90, 40);
    for (int s = 0; s < 2; s++) {
        sid__split split;
        TEST_OK(sid__split_make(events, &(sid_split_options){.split = s ? "time" : "loo"}, &split, err));
        for (int f = 0; f < 3; f++) {
            sid_model *m = NULL;
            TEST_OK(
                sid__model_train_on(ctx, &(sid_train_options){.family = sid_model_family(f)->name}, &split, &m, err));
            check(&split, m, false);
            check(&split, m, true);
            sid_model_close(m);
        }
        sid__split_drop(&split);
    }
    sid_events_free(events);
}

/* Fails when a target that is there twice counts twice. */
static void test_repeated_targets(void **state)
{
    (void)state;
    static sid__discounts discounts;
    static sid_eval_row row;
    static const int k[] = {3};
    static const uint8_t is_head[3];
    sid_events *events = good_events(
        ctx, "user_id\titem_id\tsplit\nu\ta\ttrain\nv\tb\ttrain\nv\tb\ttrain\nu\tc\ttest\nu\tb\ttest\nu\tc\ttest\n",
        NULL);
    sid__split split;
    sid_model *m = NULL;
    double value[4];
    TEST_OK(sid__split_make(events, &(sid_split_options){.split = "column", .targets = "all"}, &split, err));
    TEST_OK(sid__model_train_on(ctx, &(sid_train_options){.family = "pop"}, &split, &m, err));
    sid__discounts_init(&discounts);
    const sid__exam exam = {
        .split = &split, .cases = &split.test, .k = k, .k_count = 1, .is_head = is_head, .discounts = &discounts};
    memset(&row, 0, sizeof row);
    TEST_OK(sid__measure(ctx, m, &exam, value, &row, err));
    assert_true(value[SID_METRIC_RECALL] == 1 && fabs(value[SID_METRIC_NDCG] - 1) < 1e-15);
    assert_int_equal(row.segment[0].targets + row.segment[1].targets, 2);
    sid_model_close(m);
    sid__split_drop(&split);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_the_book), cmocka_unit_test(test_repeated_targets)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
