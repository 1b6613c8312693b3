/* test_quota.c: lists in which a prefix has so many places. */
#include "decode/quota.h"

#include "decode_case.h"

static bool has_prefix(const sid_model *m, int32_t a, int32_t b, int depth)
{
    return memcmp(m->sids.code + a * CASE_WIDTH, m->sids.code + b * CASE_WIDTH, (size_t)depth * sizeof *m->sids.code) ==
           0;
}

/* Of `all`, best first, what the quota leaves: item by item, counted anew. */
static int64_t by_hand(const sid_model *m, const sid__answer *all, const sid__quota *quota, int64_t k, int32_t *out)
{
    int64_t count = 0;
    for (int64_t i = 0; i < all->count && count < k; i++) {
        int64_t before = 0;
        for (int64_t j = 0; j < count; j++)
            before += has_prefix(m, out[j], all->item[i], quota->depth);
        if (before < quota->most)
            out[count++] = all->item[i];
    }
    return count;
}

/* Fails when a search more leaves out, repeats or misplaces an item, or the quota is not kept, with filters too. */
static void test_by_hand(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    for (int64_t h = 0; h < 24; h++) {
        const sid__quota quota = {.depth = 1 + (int)(h % 3), .most = 1 + h % 4};
        const sid__decode_options exact = {.k = h % 2 ? 12 : 3, .how = SID__DECODE_EXACT};
        int32_t room[HISTORY_ITEMS], wanted[16];
        sid__question question = fake_question(room, h);
        sid__answer all = {0}, found = {0};
        question.filter = (sid__filter){.deny = room, .deny_count = question.history.count};
        TEST_OK(
            sid__decode(ctx, m, &(sid__decode_options){.k = 1, .how = SID__DECODE_ORACLE}, &question, 1, &all, err));
        TEST_OK(sid__decode_quota(ctx, m, &exact, &quota, &question, 1, &found, err));
        int64_t count = by_hand(m, &all, &quota, exact.k, wanted);
        assert_int_equal(found.count, count);
        assert_memory_equal(found.item, wanted, (size_t)count * sizeof *wanted);
        assert_true(found.is_exact);
        for (int64_t i = 1; i < count; i++)
            assert_true(found.score[i - 1] >= found.score[i]);
        sid__answer_drop(&all);
        sid__answer_drop(&found);
    }
    fake_model_free(m);
}

/* Fails when what cannot be kept to is taken. */
static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "1", "1:", ":2", "0:1", "4:1", "1:0", "1:2x", "x:1"};
    sid_model *m = fake_model(ctx, 20);
    sid__quota quota;
    sid__question question = {0};
    sid__answer answer = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(sid__quota_parse(m, bad[i], &quota, NULL), SID_EUSAGE);
    TEST_OK(sid__quota_parse(m, NULL, &quota, err));
    assert_int_equal(quota.depth, 0);
    TEST_OK(sid__quota_parse(m, "3:10", &quota, err));
    assert_true(quota.depth == 3 && quota.most == 10);
    sid__decode_options options = {.k = 2, .normalize = SID__NORMALIZE_TRIE};
    assert_int_equal(sid__decode_quota(ctx, m, &options, &quota, &question, 1, &answer, NULL), SID_EUSAGE);
    options = (sid__decode_options){.k = 2, .cold = {.kind = SID__COLD_QUOTA, .quota = 1}};
    assert_int_equal(sid__decode_quota(ctx, m, &options, &quota, &question, 1, &answer, NULL), SID_EUSAGE);
    fake_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DECODE_TEST(test_by_hand), DECODE_TEST(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
