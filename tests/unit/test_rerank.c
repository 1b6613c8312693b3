/* test_rerank.c: what was found, ordered by codes and by items together, beside the definition. */
#include "decode_case.h"

static double weight;

static double fake_weight(const sid_model *m)
{
    (void)m;
    return weight;
}

/* In -3 .. 3, by history and item. */
static double fake_product(uint64_t history, int32_t item)
{
    return 6 * sid__philox_uniform(4, SID__STREAM_TEST, fake_key(history, 5000 + (uint64_t)item)) - 3;
}

static void fake_rank(const void *state, int64_t question, const int32_t *item, int64_t count, double *score)
{
    const fake_state *s = state;
    for (int64_t i = 0; i < count; i++)
        score[i] = weight > 1e6 ? (double)NAN : fake_product(fake_history_key(&s->history[question]), item[i]);
}

static const sid__generator ranking = {.begin = fake_begin,
                                       .step = fake_step,
                                       .forget = fake_forget,
                                       .end = fake_end,
                                       .rank_weight = fake_weight,
                                       .rank = fake_rank};
static const sid__model_class ranking_class = {.info = {.name = "fake"}, .generator = &ranking};

static sid__answer ask(const sid_model *m, const sid__question *question, const sid__decode_options *options)
{
    int32_t room[HISTORY_ITEMS];
    sid__answer answer[2] = {{0}};
    const sid__question both[2] = {fake_question(room, 1), *question};
    TEST_OK(sid__decode(ctx, m, options, both, 2, answer, err)); /* the second of a block */
    sid__answer_drop(&answer[0]);
    return answer[1];
}

/* Fails when the order is not that of the sum, a score is not it, more than k come back, or one is lost of those found. */
static void test_order(void **state)
{
    (void)state;
    enum { K = 7, WIDTH = 40 };
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    for (int64_t h = 2; h < 60; h++) {
        int32_t room[HISTORY_ITEMS];
        const sid__question question = fake_question(room, h);
        const sid__decode_options few = {.k = K, .width = WIDTH}, many = {.k = WIDTH, .width = WIDTH};
        weight = 0.7;
        m->family = &fake_class;
        sid__answer found = ask(m, &question, &many);
        m->family = &ranking_class;
        sid__answer ranked = ask(m, &question, &few);
        double sum = 0, last = 0;
        assert_true(ranked.count == K && found.count == WIDTH);
        for (int64_t i = 0; i < found.count; i++)
            sum += exp(fake_product(fake_history_key(&question.history), found.item[i]));
        for (int64_t i = 0; i < found.count; i++) {
            double product = fake_product(fake_history_key(&question.history), found.item[i]);
            double wanted = found.score[i] + weight * (product - log(sum));
            int64_t at = 0, before = 0;
            while (at < K && ranked.item[at] != found.item[i])
                at++;
            for (int64_t j = 0; j < found.count; j++) {
                double other = fake_product(fake_history_key(&question.history), found.item[j]);
                before += found.score[j] + weight * (other - log(sum)) > wanted + 1e-9;
            }
            assert_true(at == K ? before >= K - 1 : at == before);
            assert_true(at == K || fabs(ranked.score[at] - wanted) < 1e-9);
        }
        for (int64_t i = 0; i < K; i++) {
            assert_true(i == 0 || ranked.score[i] <= last);
            last = ranked.score[i];
        }
        weight = 0;
        sid__answer plain = ask(m, &question, &few);
        same_answers(&plain, &found, K);
        sid__answer_drop(&plain);
        sid__answer_drop(&ranked);
        sid__answer_drop(&found);
    }
    fake_model_free(m);
}

/* Fails when beam, exact search and oracle put what they find in different orders. */
static void test_searches_agree(void **state)
{
    (void)state;
    enum { K = 10 };
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    m->family = &ranking_class;
    weight = 1;
    for (int64_t h = 2; h < 40; h++) {
        int32_t room[HISTORY_ITEMS];
        const sid__question question = fake_question(room, h);
        sid__answer answer[3];
        for (int how = 0; how < 3; how++)
            answer[how] =
                ask(m, &question, &(sid__decode_options){.k = K, .width = CASE_ITEMS, .how = (sid__decode_how)how});
        same_answers(&answer[0], &answer[2], K);
        same_answers(&answer[1], &answer[2], K);
        for (int how = 0; how < 3; how++)
            sid__answer_drop(&answer[how]);
    }
    fake_model_free(m);
}

/* Fails when numbers that are none pass, or lack of memory crashes or leaks. */
static void test_refused(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    int32_t room[HISTORY_ITEMS];
    const sid__question question = fake_question(room, 3);
    const sid__decode_options options = {.k = 5, .width = 20};
    m->family = &ranking_class;
    weight = 1e7;
    sid__answer answer = {0};
    TEST_FAILS(sid__decode(ctx, m, &options, &question, 1, &answer, err), SID_ECORRUPT, "no numbers");
    sid__answer_drop(&answer);
    weight = 1;
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, -1);
        sid_status status = sid__decode(ctx, m, &options, &question, 1, &answer, NULL);
        sid__mem_fail(-1, 0);
        sid__answer_drop(&answer);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    fake_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DECODE_TEST(test_order), DECODE_TEST(test_searches_agree),
                                       DECODE_TEST(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
