/* test_tiger.c: what tokens and samples are. */
#include "model/tiger.h"

#include "base/mem.h"
#include "tiger_case.h"

/* Fails when a token is not its level's row, an item without a SID is read, or the end of a short SID is. */
static void test_tokens(void **state)
{
    (void)state;
    sid_model *m = tiger_model(OPTIONS ",history_max=3");
    static const int32_t items[] = {0, 1, 2, 3, 4};
    static const int kept[] = {1, 2, 4}, first[] = {0, 5, 9};
    int32_t token[16];
    const sid__history history = {.item = items, .count = 5};
    m->sids.is_known[3] = 0;
    assert_int_equal(sid__tiger_count_tokens(m, &history), 9); /* 1, 2 and 4 */
    sid__tiger_write_tokens(m, &history, 9, token);
    for (int i = 0; i < 3; i++)
        for (int l = 0; l < WIDTH; l++) {
            int wanted = first[l] + m->sids.code[kept[i] * WIDTH + l];
            assert_int_equal(token[3 * i + l], wanted);
        }
    m->sids.has_end = true;
    m->sids.code[2 * WIDTH + 2] = 0;
    int64_t ends = (m->sids.code[1 * WIDTH + 2] == 0) + 1 + (m->sids.code[4 * WIDTH + 2] == 0);
    assert_int_equal(sid__tiger_count_tokens(m, &history), 9 - ends);
    sid_model_close(m);
}

/* Fails when a sample whose target has no SID is learned from, or a batch of none ends in a loss that is no number. */
static void test_samples(void **state)
{
    (void)state;
    sid_model *m = tiger_model(OPTIONS);
    sid__batch batch = last_targets();
    double all = case_loss(m, &m->params, &batch);
    m->sids.is_known[2] = 0; /* the second target, and in the first history */
    double fewer = case_loss(m, &m->params, &batch);
    assert_true(isfinite(fewer) && fabs(fewer - all) > 1e-4);
    m->sids.is_known[0] = m->sids.is_known[6] = 0;
    assert_true(!(fabs(case_loss(m, &m->params, &batch)) > 0));
    sid_model_close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tokens), cmocka_unit_test(test_samples)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
