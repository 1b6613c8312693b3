/* test_oracle.c: what is the oracle's own: each inner node is asked once, and little is kept. */
#include "decode_case.h"

/* Fails when a node is asked twice or left out. */
static void test_nodes(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, 2000);
    int32_t room[HISTORY_ITEMS];
    sid__question question = fake_question(room, 3);
    sid__answer answer = {0};
    TEST_OK(sid__decode(ctx, m, &(sid__decode_options){.k = 1, .how = SID__DECODE_ORACLE}, &question, 1, &answer, err));
    assert_int_equal(answer.rows, 1 + m->trie->level[0].count + m->trie->level[1].count);
    assert_int_equal(answer.count, m->trie->item_count);
    sid__answer_drop(&answer);
    fake_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DECODE_TEST(test_nodes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
