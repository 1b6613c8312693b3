/* test_cold.c: places for items that nothing trained, against a sort of all items. Cold are the items i % 7 == 0. */
#include "decode/cold.h"

#include "decode_case.h"

enum { QUESTIONS = 12, K = 10, DIM = 3 };

static float vectors[CASE_ITEMS * DIM];

static void make_vectors(void)
{
    for (int i = 0; i < CASE_ITEMS * DIM; i++)
        vectors[i] = (float)(sid__philox_uniform(12, SID__STREAM_TEST, (uint64_t)i) - .5);
    for (int i = 0; i < CASE_ITEMS; i++)
        sid__model_normalize(vectors + i * DIM, DIM);
    memset(vectors + 3 * DIM, 0, DIM * sizeof *vectors); /* item 3 has none */
}

static bool is_cold(const sid_model *m, int64_t item)
{
    return m->sids.train_count[item] == 0;
}

static double slow_likeness(const sid__history *history, int64_t item)
{
    double profile[DIM] = {0}, weight = 1, square = 0, sum = 0;
    for (int64_t i = history->count - 1; i >= 0; i--, weight *= .4)
        for (int d = 0; d < DIM; d++)
            profile[d] += weight * (double)vectors[history->item[i] * DIM + d];
    for (int d = 0; d < DIM; d++) {
        square += profile[d] * profile[d];
        sum += profile[d] * (double)vectors[item * DIM + d];
    }
    return square > 0 ? sum / sqrt(square) : 0;
}

static void ask(const sid_model *m, sid__cold cold, sid__decode_how how, const sid__question *question,
                sid__answer *answer)
{
    const sid__decode_options options = {.k = K, .width = 4 * CASE_ITEMS, .how = how, .cold = cold};
    const sid__row_vectors rows = {vectors, CASE_ITEMS, DIM};
    memset(answer, 0, QUESTIONS * sizeof *answer);
    TEST_OK(sid__decode_cold(ctx, m, &options, &rows, question, QUESTIONS, answer, err));
}

/* The quota'th best live cold item's score, and how many there are. */
static double best_cold(const sid_model *m, const sid__question *question, int64_t quota, int64_t *live)
{
    double score[CASE_ITEMS];
    *live = 0;
    for (int64_t i = 0; i < CASE_ITEMS; i++)
        if (m->sids.is_known[i] && is_cold(m, i) && !is_denied(&question->filter, (int32_t)i))
            score[(*live)++] = naive_score(m, &question->history, i);
    for (int64_t n = 0; n < quota && n < *live; n++)
        for (int64_t i = n + 1; i < *live; i++)
            if (score[i] > score[n]) {
                double kept = score[n];
                score[n] = score[i];
                score[i] = kept;
            }
    return *live == 0 ? 0 : score[(quota < *live ? quota : *live) - 1];
}

static void check_quota(const sid_model *m, const sid__question *question, const sid__answer *answer,
                        const sid__answer *plain, int64_t quota)
{
    int64_t cold = 0, live, from_plain = 0;
    double least = best_cold(m, question, quota, &live), lowest = 0;
    assert_int_equal(answer->count, plain->count);
    for (int64_t i = 0; i < answer->count; i++) {
        assert_false(is_denied(&question->filter, answer->item[i]));
        assert_true(i == 0 || answer->score[i - 1] >= answer->score[i]);
        assert_true(fabs(answer->score[i] - naive_score(m, &question->history, answer->item[i])) < 1e-9);
        if (is_cold(m, answer->item[i])) {
            cold++;
            lowest = answer->score[i];
        }
        for (int64_t j = 0; j < plain->count; j++)
            from_plain += plain->item[j] == answer->item[i];
    }
    assert_true(cold >= (quota < live ? quota : live));
    assert_true(live == 0 || cold > quota || fabs(lowest - least) < 1e-9);
    assert_true(from_plain >= answer->count - quota);
}

static void make_questions(const sid_model *m, sid__question *question, int32_t room[][HISTORY_ITEMS])
{
    static const int32_t deny[] = {7, 14, 21, 28}, allow[] = {0, 1, 2, 3, 7, 35, 42, 49, 50, 51, 52, 53, 54, 55};
    (void)m;
    for (int q = 0; q < QUESTIONS; q++) {
        question[q] = fake_question(room[q], q);
        question[q].filter = (sid__filter){.deny = deny, .deny_count = q % 3 == 0 ? 4 : 0};
        if (q % 4 == 1) {
            question[q].filter.allow = allow;
            question[q].filter.allow_count = 14;
        }
    }
}

/* Fails when a place of the quota goes to another, what is denied comes, or the rest is not the best of what was there. */
static void test_quota(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    int32_t room[QUESTIONS][HISTORY_ITEMS];
    sid__question question[QUESTIONS];
    sid__answer plain[QUESTIONS], answer[QUESTIONS];
    make_questions(m, question, room);
    for (int how = SID__DECODE_BEAM; how <= SID__DECODE_EXACT; how++) {
        ask(m, (sid__cold){0}, (sid__decode_how)how, question, plain);
        for (int64_t quota = 1; quota <= K; quota += 3) {
            ask(m, (sid__cold){SID__COLD_QUOTA, quota}, (sid__decode_how)how, question, answer);
            for (int q = 0; q < QUESTIONS; q++) {
                check_quota(m, &question[q], &answer[q], &plain[q], quota);
                sid__answer_drop(&answer[q]);
            }
        }
        for (int q = 0; q < QUESTIONS; q++)
            sid__answer_drop(&plain[q]);
    }
    fake_model_free(m);
}

/* Fails when an item that is more alike is left out, or one that is denied or unknown comes. */
static void test_rerank(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    int32_t room[QUESTIONS][HISTORY_ITEMS];
    sid__question question[QUESTIONS];
    sid__answer answer[QUESTIONS];
    make_vectors();
    make_questions(m, question, room);
    ask(m, (sid__cold){SID__COLD_RERANK, 0}, SID__DECODE_BEAM, question, answer);
    for (int q = 0; q < QUESTIONS; q++) {
        const sid__history *history = &question[q].history;
        assert_true(answer[q].count <= K);
        for (int64_t i = 0; history->count > 0 && i < answer[q].count; i++) {
            assert_true(fabs(answer[q].score[i] - slow_likeness(history, answer[q].item[i])) < 1e-6);
            assert_false(is_denied(&question[q].filter, answer[q].item[i]));
        }
        for (int64_t i = 0; history->count > 0 && i < CASE_ITEMS; i++) {
            bool is_there = false;
            for (int64_t j = 0; j < answer[q].count; j++)
                is_there |= answer[q].item[j] == i;
            if (!is_there && is_cold(m, i) && m->sids.is_known[i] && !is_denied(&question[q].filter, (int32_t)i))
                assert_true(slow_likeness(history, i) <= answer[q].score[answer[q].count - 1] + 1e-6);
        }
        sid__answer_drop(&answer[q]);
    }
    const sid__decode_options options = {.k = K, .cold = {.kind = SID__COLD_RERANK}};
    memset(answer, 0, sizeof answer);
    TEST_FAILS(sid__decode_cold(ctx, m, &options, &(sid__row_vectors){0}, question, QUESTIONS, answer, err), SID_EUSAGE,
               "orders items by their vectors");
    fake_model_free(m);
}

/* Fails when a word that is none passes, or a quota is larger than the list. */
static void test_words(void **state)
{
    (void)state;
    sid__cold cold;
    TEST_OK(sid__cold_parse(NULL, 10, &cold, err));
    assert_int_equal(cold.kind, SID__COLD_NONE);
    TEST_OK(sid__cold_parse("quota=99", 10, &cold, err));
    assert_true(cold.kind == SID__COLD_QUOTA && cold.quota == 10);
    TEST_OK(sid__cold_parse("rerank", 10, &cold, err));
    assert_int_equal(cold.kind, SID__COLD_RERANK);
    static const char *const bad[] = {"quota", "quota=", "quota=0", "quota=-2", "quota=3x", "warm", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        TEST_FAILS(sid__cold_parse(bad[i], 10, &cold, err), SID_EUSAGE, "quota=N, such as quota=2, or rerank");
}

/* Fails when memory that is missing leaks or is taken for an answer. */
static void test_no_memory(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    int32_t room[QUESTIONS][HISTORY_ITEMS];
    sid__question question[QUESTIONS];
    make_vectors();
    make_questions(m, question, room);
    TEST_OK(sid_ctx_set_threads(ctx, 1, err));
    for (int kind = SID__COLD_QUOTA; kind <= SID__COLD_RERANK; kind++)
        for (int64_t after = 0;; after++) {
            sid__answer answer[2] = {0};
            const sid__decode_options options = {.k = K, .cold = {(sid__cold_kind)kind, 2}};
            const sid__row_vectors rows = {vectors, CASE_ITEMS, DIM};
            sid__mem_fail(after, -1);
            sid_status status = sid__decode_cold(ctx, m, &options, &rows, question, 2, answer, NULL);
            sid__mem_fail(-1, 0);
            for (int q = 0; q < 2; q++)
                sid__answer_drop(&answer[q]);
            if (status == SID_OK)
                break;
            assert_int_equal(status, SID_ENOMEM);
        }
    fake_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DECODE_TEST(test_quota), DECODE_TEST(test_rerank), DECODE_TEST(test_words),
                                       DECODE_TEST(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
