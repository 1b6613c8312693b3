/* test_beam_trace.c: what a beam search says of itself. */
#include "base/mem.h"
#include "decode_case.h"

static bool is_under(const uint16_t *code, const char *prefix)
{
    char text[32];
    int used = 0;
    for (int l = 0; l < CASE_WIDTH; l++) {
        used += snprintf(text + used, sizeof text - (size_t)used, l ? "-%d" : "%d", code[l]);
        if (strcmp(text, prefix) == 0)
            return true;
    }
    return false;
}

/* By libm, from the definition: log p of a prefix that some live item has, and of its beams the share of codes without one. */
static double naive_prefix(const sid_model *m, const sid__question *q, const char *prefix, int depth)
{
    for (int64_t i = 0; i < m->sids.count; i++) {
        const uint16_t *code = m->sids.code + i * CASE_WIDTH;
        if (!m->sids.is_known[i] || is_denied(&q->filter, (int32_t)i) || !is_under(code, prefix))
            continue;
        uint64_t key = fake_history_key(&q->history);
        double score = 0;
        for (int l = 0; l < depth; l++) {
            double sum = 0;
            for (int c = 0; c < m->sids.codes[l]; c++)
                sum += exp((double)fake_logit(key, c));
            score += (double)fake_logit(key, code[l]) - log(sum);
            key = fake_key(key, code[l]);
        }
        return score;
    }
    fail_msg("%s is of no live item", prefix);
    return 0;
}

static void check_step(const sid_model *m, const sid__question *q, const sid_trace_step *step, int depth, double began)
{
    double kept = 0;
    for (int64_t i = 0; i < step->beam_count; i++) {
        assert_true(i == 0 || step->beam[i - 1].score >= step->beam[i].score);
        assert_true(fabs(step->beam[i].score - naive_prefix(m, q, step->beam[i].prefix, depth)) < 1e-9);
        kept += exp(step->beam[i].score);
    }
    assert_true(step->candidates >= step->beam_count);
    assert_true(step->masked >= 0 && step->left_out >= 0);
    assert_true(fabs(kept / began + step->masked + step->left_out - 1) < 1e-9);
}

/* Fails when a step lacks a beam, names another prefix, or its shares do not add up to what it began with. */
static void test_steps(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    int32_t room[20][HISTORY_ITEMS], deny[60];
    sid__question question[20];
    sid__answer answer[20] = {{0}};
    sid_trace trace[20] = {{0}};
    for (int i = 0; i < 60; i++)
        deny[i] = 2 * i;
    for (int h = 0; h < 20; h++) {
        question[h] = fake_question(room[h], h);
        question[h].filter = (sid__filter){.deny = deny, .deny_count = h % 2 ? 60 : 0};
        question[h].trace = h % 3 ? &trace[h] : NULL;
    }
    TEST_OK(sid__decode(ctx, m, &(sid__decode_options){.k = 3, .width = 4}, question, 20, answer, err));
    for (int h = 0; h < 20; h++) {
        double began = 1;
        assert_int_equal(trace[h].step_count, h % 3 ? CASE_WIDTH : 0);
        for (int l = 0; l < trace[h].step_count; l++) {
            const sid_trace_step *step = &trace[h].step[l];
            check_step(m, &question[h], step, l + 1, began);
            assert_int_equal(step->beam_count, 4);
            began = 0;
            for (int64_t i = 0; i < step->beam_count; i++)
                began += exp(step->beam[i].score);
        }
        assert_true(h % 3 == 0 || trace[h].step[CASE_WIDTH - 1].beam[0].score >= answer[h].score[0]);
        sid__answer_drop(&answer[h]);
        sid_trace_drop(&trace[h]);
    }
    fake_model_free(m);
}

/* Fails when a trace changes an answer, when what is normalised in the trie hides what was masked, or when a search without
 * steps has some. */
static void test_ways(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    int32_t room[HISTORY_ITEMS];
    double masked = 0;
    for (int how = 0; how < 3; how++) {
        sid__question question = fake_question(room, 7);
        sid__answer plain = {0}, traced = {0};
        sid_trace trace = {0};
        const sid__decode_options options = {.k = 3,
                                             .width = 5,
                                             .how = how == 2 ? SID__DECODE_EXACT : SID__DECODE_BEAM,
                                             .normalize = how == 1 ? SID__NORMALIZE_TRIE : SID__NORMALIZE_OPEN};
        TEST_OK(sid__decode(ctx, m, &options, &question, 1, &plain, err));
        question.trace = &trace;
        TEST_OK(sid__decode(ctx, m, &options, &question, 1, &traced, err));
        same_answers(&plain, &traced, plain.count);
        assert_int_equal(trace.step_count, how == 2 ? 0 : CASE_WIDTH);
        if (how == 0)
            masked = trace.step[1].masked;
        if (how == 1)
            assert_true(masked > 0 && trace.step[1].masked > 0);
        sid_trace_drop(&trace);
        sid__answer_drop(&plain);
        sid__answer_drop(&traced);
    }
    fake_model_free(m);
}

/* Fails when an allocation that fails on the way is not said, or leaks. */
static void test_memory(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    int32_t room[HISTORY_ITEMS];
    sid_status status = SID_ENOMEM;
    for (int64_t after = 0; status == SID_ENOMEM; after++) {
        sid__question question = fake_question(room, 7);
        sid__answer answer = {0};
        sid_trace trace = {0};
        question.trace = &trace;
        sid__mem_fail(after, -1);
        status = sid__decode(ctx, m, &(sid__decode_options){.k = 3, .width = 5}, &question, 1, &answer, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_ENOMEM || (status == SID_OK && trace.step_count == CASE_WIDTH));
        sid_trace_drop(&trace);
        sid__answer_drop(&answer);
    }
    assert_int_equal(status, SID_OK);
    fake_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DECODE_TEST(test_steps), DECODE_TEST(test_ways), DECODE_TEST(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
