/* test_decode.c: beam, exact search and oracle beside each other, and beside the definition. */
#include "decode_case.h"

enum { HISTORIES = 1000 };

typedef struct asked {
    int32_t (*room)[HISTORY_ITEMS];
    sid__question *question;
    int64_t count;
} asked;

/* Every third asks without what was seen, every seventh of some items alone. */
static asked ask_many(int64_t count)
{
    static const int32_t allow[] = {3, 4, 8, 15, 16, 23, 42, 60, 61, 62, 63, 99};
    asked a = {.count = count};
    a.room = test_calloc((size_t)count, sizeof *a.room);
    a.question = test_calloc((size_t)count, sizeof *a.question);
    for (int64_t h = 0; h < count; h++) {
        a.question[h] = fake_question(a.room[h], h);
        if (h % 3 == 0) {
            a.question[h].filter.deny = a.room[h];
            a.question[h].filter.deny_count = a.question[h].history.count;
        }
        if (h % 7 == 0) {
            a.question[h].filter.allow = allow;
            a.question[h].filter.allow_count = sizeof allow / sizeof *allow;
        }
    }
    return a;
}

static sid__answer *answers_of(const sid_model *m, const asked *a, const sid__decode_options *options)
{
    sid__answer *answer = test_calloc((size_t)a->count, sizeof *answer);
    TEST_OK(sid__decode(ctx, m, options, a->question, a->count, answer, err));
    return answer;
}

static void drop_answers(sid__answer *answer, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        sid__answer_drop(&answer[i]);
    test_free(answer);
}

static void drop_asked(asked *a)
{
    test_free(a->room);
    test_free(a->question);
}

/* Fails when a beam as wide as the catalogue, the exact search and the oracle differ in one bit on 1,000 histories, with ties
 * in scores, buckets and filters. */
static void test_all_agree(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    asked a = ask_many(HISTORIES);
    for (int round = 0; round < 4; round++) {
        enum { K = 10 };
        sid__normalize normalize = round % 2 ? SID__NORMALIZE_TRIE : SID__NORMALIZE_OPEN;
        fake.step = round < 2 ? 1e-3 : 2; /* logits are -4, -2, 0, 2: many ties */
        const sid__decode_options wide = {.k = K, .width = CASE_ITEMS, .normalize = normalize};
        const sid__decode_options exact = {.k = K, .how = SID__DECODE_EXACT, .normalize = normalize};
        const sid__decode_options all = {.k = K, .how = SID__DECODE_ORACLE, .normalize = normalize};
        sid__answer *by_beam = answers_of(m, &a, &wide), *by_search = answers_of(m, &a, &exact);
        sid__answer *by_oracle = answers_of(m, &a, &all);
        for (int64_t h = 0; h < a.count; h++) {
            int64_t live = count_live(m, &a.question[h].filter), most = live < K ? live : K;
            assert_int_equal(by_beam[h].count, most);
            assert_int_equal(by_search[h].count, most);
            assert_int_equal(by_oracle[h].count, live);
            same_answers(&by_beam[h], &by_oracle[h], most);
            same_answers(&by_search[h], &by_oracle[h], most);
            assert_true(by_beam[h].is_exact && by_search[h].is_exact && by_oracle[h].is_exact);
            assert_true(by_search[h].rows <= by_oracle[h].rows);
        }
        drop_answers(by_beam, a.count);
        drop_answers(by_search, a.count);
        drop_answers(by_oracle, a.count);
    }
    drop_asked(&a);
    fake_model_free(m);
}

/* Fails when a score is not the sum of the log probabilities, by libm, or an item comes that is denied, without a SID, or
 * twice. */
static void test_definition(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    asked a = ask_many(50);
    const sid__decode_options all = {.k = 1, .how = SID__DECODE_ORACLE};
    sid__answer *answer = answers_of(m, &a, &all);
    for (int64_t h = 0; h < a.count; h++) {
        bool is_shown[CASE_ITEMS] = {false};
        for (int64_t i = 0; i < answer[h].count; i++) {
            int32_t item = answer[h].item[i];
            assert_true(!is_shown[item] && m->sids.is_known[item] && !is_denied(&a.question[h].filter, item));
            is_shown[item] = true;
            assert_true(fabs(answer[h].score[i] - naive_score(m, &a.question[h].history, item)) < 1e-11);
            assert_true(i == 0 || answer[h].score[i] <= answer[h].score[i - 1]);
        }
    }
    drop_answers(answer, a.count);
    drop_asked(&a);
    fake_model_free(m);
}

/* Fails when the certificate says exact of a list that is not, or never, or always. */
static void test_certificate(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    asked a = ask_many(300);
    const sid__decode_options narrow = {.k = 4, .width = 5}, all = {.k = 4, .how = SID__DECODE_ORACLE};
    sid__answer *by_beam = answers_of(m, &a, &narrow), *by_oracle = answers_of(m, &a, &all);
    int64_t exact = 0;
    for (int64_t h = 0; h < a.count; h++) {
        assert_int_equal(by_beam[h].count, 4);
        exact += by_beam[h].is_exact;
        if (by_beam[h].is_exact)
            same_answers(&by_beam[h], &by_oracle[h], 4);
    }
    assert_true(exact > 30 && exact < 270);
    drop_answers(by_beam, a.count);
    drop_answers(by_oracle, a.count);
    drop_asked(&a);
    fake_model_free(m);
}

/* Fails when questions asked together, or threads, change a bit. */
static void test_batches(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    asked a = ask_many(200);
    const sid__decode_options options = {.k = 5, .width = 12};
    sid__answer *together = answers_of(m, &a, &options);
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    for (int64_t h = 0; h < a.count; h++) {
        sid__answer alone = {0};
        TEST_OK(sid__decode(ctx, m, &options, &a.question[h], 1, &alone, err));
        assert_int_equal(alone.count, together[h].count);
        same_answers(&alone, &together[h], alone.count);
        assert_int_equal(alone.is_exact, together[h].is_exact);
        sid__answer_drop(&alone);
    }
    drop_answers(together, a.count);
    drop_asked(&a);
    fake_model_free(m);
}

/* Fails when a list that goes on through ties ends inside of a group, or goes on beyond it. */
static void test_with_ties(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    asked a = ask_many(100);
    fake.step = 2;
    const sid__decode_options all = {.k = 6, .how = SID__DECODE_ORACLE};
    sid__answer *by_oracle = answers_of(m, &a, &all);
    for (int how = 0; how < 2; how++) {
        const sid__decode_options tied = {.k = 6, .width = CASE_ITEMS, .how = (sid__decode_how)how, .with_ties = true};
        sid__answer *answer = answers_of(m, &a, &tied);
        for (int64_t h = 0; h < a.count; h++) {
            int64_t n = answer[h].count, live = by_oracle[h].count;
            assert_true(n >= (live < 6 ? live : 6));
            same_answers(&answer[h], &by_oracle[h], n);
            assert_true(n == live || by_oracle[h].score[n] < by_oracle[h].score[n - 1]);
            assert_true(n <= 6 || by_oracle[h].score[n - 1] >= by_oracle[h].score[5]);
        }
        drop_answers(answer, a.count);
    }
    drop_answers(by_oracle, a.count);
    drop_asked(&a);
    fake_model_free(m);
}

/* Fails when logits that are no numbers give an answer, or memory that is missing leaks or crashes. */
static void test_faults(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    asked a = ask_many(3);
    for (int how = 0; how < 3; how++) {
        const sid__decode_options options = {.k = 5, .how = (sid__decode_how)how};
        for (int64_t after = 0;; after++) {
            sid__answer answer[3] = {{0}};
            sid__mem_fail(after, -1);
            sid_status status = sid__decode(ctx, m, &options, a.question, a.count, answer, NULL);
            sid__mem_fail(-1, 0);
            for (int i = 0; i < 3; i++)
                sid__answer_drop(&answer[i]);
            if (status == SID_OK)
                break;
            assert_int_equal(status, SID_ENOMEM);
        }
        sid__answer answer[3] = {{0}};
        fake.gives_nan = true;
        TEST_FAILS(sid__decode(ctx, m, &options, a.question, a.count, answer, err), SID_ECORRUPT, "no numbers");
        fake.gives_nan = false;
        for (int i = 0; i < 3; i++)
            sid__answer_drop(&answer[i]);
    }
    drop_asked(&a);
    fake_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DECODE_TEST(test_all_agree),   DECODE_TEST(test_definition),
                                       DECODE_TEST(test_certificate), DECODE_TEST(test_batches),
                                       DECODE_TEST(test_with_ties),   DECODE_TEST(test_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
