/* test_sidgpt_ask.c: asked code by code, the nets say what training has, to the bit. */
#include "sidgpt_case.h"

/* The last item of a history that ends at `end`, by the generator; by training with that item as the only target. */
static void compare(sidgpt_case *c, int64_t begin, int64_t end, bool is_alone)
{
    const int64_t ends[2] = {0, end - begin};
    const sid__ragged sequences = {.begin = ends, .count = 1};
    const int32_t *item = case_item + begin;
    int32_t target[CASE_TOKENS];
    for (int64_t t = 0; t < end - begin; t++)
        target[t] = t == end - begin - 2 ? item[t + 1] : -1;
    const sid__sidgpt_batch batch = {.sequences = &sequences, .item = item, .target = target};
    const sid__history history[2] = {{.item = case_item, .count = is_alone ? end - begin - 1 : 3},
                                     {.item = item, .count = end - begin - 1}};
    const int32_t who = is_alone ? 0 : 1;
    const uint16_t *code = c->code + item[end - begin - 1] * CASE_LEVELS;
    void *asked = NULL;
    TEST_OK(sid__sidgpt_begin(c->ctx, &c->net, &c->sids, &c->params, is_alone ? history + 1 : history, is_alone ? 1 : 2,
                              &asked, err));
    for (int level = 0; level < CASE_LEVELS; level++) {
        sid__memory memory = {0};
        sid__tape tape = sid__tape_begin(c->ctx, &memory, true);
        float logits[2 * 8];
        const int32_t parent[2] = {0, 1};
        const uint16_t chosen[2] = {is_alone ? code[level > 0 ? level - 1 : 0] : 0, code[level > 0 ? level - 1 : 0]};
        sid__value *trained = sid__sidgpt_logits(&c->net, &c->sids, &c->params, &tape, &batch, level);
        TEST_OK(sid__tape_status(&tape, err));
        TEST_OK(sid__sidgpt_step(asked, level, parent, level > 0 ? chosen : NULL, 1 + who, logits, err));
        assert_memory_equal(trained->data, logits + who * trained->columns, (size_t)trained->columns * sizeof *logits);
        sid__memory_drop(&memory);
    }
    sid__sidgpt_end(asked);
}

/* Fails when caches, positions or the first token of a level differ from a pass over everything, alone or beside another
 * history. */
static void test_same_bits(void **state)
{
    (void)state;
    for (int net = 0; net < CASE_NETS; net++) {
        sidgpt_case c;
        case_make(&c, net);
        for (int64_t end = 2; end <= 4; end++)
            compare(&c, 0, end, true);
        compare(&c, 6, 11, true);
        compare(&c, 6, 11, false);
        compare(&c, 4, 6, false);
        case_drop(&c);
    }
}

/* Fails when asks_first learns a first item from other than what an empty history is answered by, or moves the other rows. */
static void test_first_item(void **state)
{
    (void)state;
    static const int64_t first[CASE_SEQUENCES] = {0, 4, 6};
    sidgpt_case c;
    sid__memory memory[2] = {{0}};
    const sid__value *logits[2];
    float empty[8];
    void *asked = NULL;
    case_make(&c, CASE_FLAT);
    for (int with = 0; with < 2; with++) {
        sid__tape tape = sid__tape_begin(c.ctx, &memory[with], true);
        c.net.asks_first = with;
        logits[with] = sid__sidgpt_logits(&c.net, &c.sids, &c.params, &tape, &c.batch, 0);
        TEST_OK(sid__tape_status(&tape, err));
    }
    int64_t columns = logits[1]->columns, n = 0;
    TEST_OK(sid__sidgpt_begin(c.ctx, &c.net, &c.sids, &c.params, &(sid__history){0}, 1, &asked, err));
    TEST_OK(sid__sidgpt_step(asked, 0, &(int32_t){0}, NULL, 1, empty, err));
    assert_int_equal(logits[1]->rows, CASE_TOKENS);
    for (int64_t t = 0, s = 0; t < CASE_TOKENS; t++) {
        bool is_first = s < CASE_SEQUENCES && t == first[s];
        const float *wanted = is_first ? empty : logits[0]->data + columns * n++;
        assert_memory_equal(logits[1]->data + t * columns, wanted, (size_t)columns * sizeof *empty);
        s += is_first;
    }
    sid__sidgpt_end(asked);
    sid__memory_drop(&memory[0]);
    sid__memory_drop(&memory[1]);
    case_drop(&c);
}

/* Fails when items beyond history_max, or without a SID, change an answer; when a history without items crashes. */
static void test_histories(void **state)
{
    (void)state;
    static const int32_t longer[] = {7, 3, 5, 1, 6}, shorter[] = {5, 1, 6};
    for (int net = 0; net < CASE_NETS; net++) {
        sidgpt_case c;
        float logits[3][3 * 8] = {{0}};
        const sid__history history[3] = {{.item = longer, .count = 5}, {.item = shorter, .count = 3}, {.item = longer}};
        const int32_t parent[] = {0, 1, 2};
        case_make(&c, net);
        c.net.history_max = 3;
        for (int round = 0; round < 2; round++) {
            void *asked = NULL;
            c.is_known[5] = round == 0;
            TEST_OK(sid__sidgpt_begin(c.ctx, &c.net, &c.sids, &c.params, history, 3, &asked, err));
            TEST_OK(sid__sidgpt_step(asked, 0, parent, NULL, 3, logits[round], err));
            sid__sidgpt_forget(asked, 0, 0);
            TEST_OK(sid__sidgpt_step(asked, 0, parent, NULL, 3, logits[2], err));
            assert_memory_equal(logits[round], logits[2], sizeof logits[2]);
            sid__sidgpt_end(asked);
        }
        assert_memory_equal(logits[0], logits[0] + 5, 5 * sizeof(float)); /* the last three are the same */
        assert_memory_not_equal(logits[0], logits[0] + 10, 5 * sizeof(float));
        assert_memory_not_equal(logits[1], logits[1] + 5, 5 * sizeof(float)); /* 3 moves up, where 5 is unknown */
        case_drop(&c);
    }
    sid__sidgpt_end(NULL);
}

/* Fails when missing memory leaks or crashes. */
static void test_no_memory(void **state)
{
    (void)state;
    for (int net = 0; net < CASE_NETS; net++) {
        sidgpt_case c;
        const sid__history history = {.item = case_item, .count = 4};
        const int32_t parent[1] = {0};
        float logits[8];
        case_make(&c, net);
        for (int64_t after = 0;; after++) {
            void *asked = NULL;
            sid__mem_fail(after, -1);
            sid_status status = sid__sidgpt_begin(c.ctx, &c.net, &c.sids, &c.params, &history, 1, &asked, NULL);
            if (status == SID_OK)
                status = sid__sidgpt_step(asked, 0, parent, NULL, 1, logits, NULL);
            sid__mem_fail(-1, 0);
            sid__sidgpt_end(asked);
            if (status == SID_OK)
                break;
            assert_int_equal(status, SID_ENOMEM);
        }
        case_drop(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits), cmocka_unit_test(test_first_item),
                                       cmocka_unit_test(test_histories), cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
