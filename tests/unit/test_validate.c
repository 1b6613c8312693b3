/* test_validate.c: the validation is the evaluation, asked of the users that are kept back. */
#include "train_case.h"

static double ndcg_of(const sid__split *split, sid_model *m, int64_t users, int64_t *asked)
{
    sid__trainer t = {.ctx = ctx, .m = m, .split = split, .settings = {.valid_users = users}};
    double ndcg = -1;
    TEST_OK(sid__validate_begin(&t, err));
    *asked = t.valid.count;
    TEST_OK(sid__validate(&t, &ndcg, err));
    sid__validate_end(&t);
    return ndcg;
}

/* NDCG@10 by hand, over all validation cases; no ties. */
static double by_hand(const sid__split *split, const sid_model *m)
{
    double sum = 0;
    for (int64_t c = 0; c < split->valid.count; c++) {
        const sid__case *row = &split->valid.row[c];
        int32_t target = split->item[row->target_begin];
        float *score = scores_of(m, split->item + row->history_begin, row->target_begin - row->history_begin);
        int above = 0;
        bool is_seen = false;
        for (int64_t i = row->history_begin; i < row->target_begin; i++) {
            is_seen = is_seen || split->item[i] == target;
            score[split->item[i]] = -INFINITY;
        }
        for (int32_t i = 0; i < split->item_count; i++)
            above += score[i] > score[target];
        sum += !is_seen && above < 10 ? log(2) / log(above + 2) : 0;
        free(score);
    }
    return sum / (double)split->valid.count;
}

/* Fails when others are asked than the validation's users, with more than their train events, or another measure is taken. */
static void test_by_hand(void **state)
{
    (void)state;
    sid_events *events = made_events(ctx, 80, 40);
    sid__split split;
    sid_model *m = NULL;
    int64_t all = 0, some = 0;
    TEST_OK(sid__split_make(events, NULL, &split, err));
    TEST_OK(sid_model_train(ctx, &(sid_train_options){.family = "sasrec", .options = SMALL}, events, NULL, &m, err));
    assert_true(fabs(ndcg_of(&split, m, 0, &all) - by_hand(&split, m)) < 1e-9);
    assert_int_equal(all, split.valid.count);
    (void)ndcg_of(&split, m, 20, &some);
    assert_in_range(some, 8, 36);
    sid_model_close(m);
    sid__split_drop(&split);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
