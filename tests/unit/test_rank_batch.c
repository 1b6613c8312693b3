/* test_rank_batch.c: batches against a plain replay. */
#include "rank/rank_batch.h"
#include "rank_case.h"

static double sometimes(int user, int item)
{
    (void)user;
    (void)item;
    return .4;
}

/* Fails when an item stands for another, when a history holds the impression's own click or a later one, or when a second batch
 * remembers the first one's items. */
static void test_replay(void **state)
{
    enum { USERS = 5, ITEMS = 9, COUNT = 60, BATCH = 25, HISTORY = 4 };
    sid_ctx *ctx = NULL;
    sid__rank_batch batch;
    sid__click_history history, plain;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_impressions *im = new_impressions(ctx, USERS, ITEMS, 1, COUNT, sometimes);
    TEST_OK(sid__click_history_create(USERS, HISTORY, &history, err));
    TEST_OK(sid__click_history_create(USERS, HISTORY, &plain, err));
    TEST_OK(sid__rank_batch_create(BATCH, HISTORY, ITEMS, &batch, err));
    for (int64_t begin = 0; begin < COUNT; begin += BATCH) {
        int64_t end = begin + BATCH < COUNT ? begin + BATCH : COUNT;
        sid__rank_batch_fill(&batch, im, begin, end, &history);
        assert_int_equal(batch.count, end - begin);
        for (int64_t i = 0; i < batch.item_count; i++)
            for (int64_t j = 0; j < i; j++)
                assert_int_not_equal(batch.item[i], batch.item[j]);
        for (int64_t i = 0; i < batch.count; i++) {
            const sid__impression *row = &im->row[begin + i];
            int32_t recent[HISTORY];
            int count = sid__click_history_get(&plain, row->user, recent);
            assert_int_equal(batch.user[i], row->user);
            assert_int_equal(batch.label[i], row->label);
            assert_int_equal(batch.item[batch.target[i]], row->item);
            assert_int_equal(batch.past_begin[i + 1] - batch.past_begin[i], count);
            for (int j = 0; j < count; j++)
                assert_int_equal(batch.item[batch.past[batch.past_begin[i] + j]], recent[j]);
            if (row->label)
                sid__click_history_push(&plain, row->user, row->item);
        }
    }
    sid__rank_batch_drop(&batch);
    sid__click_history_drop(&history);
    sid__click_history_drop(&plain);
    sid_impressions_free(im);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_replay)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
