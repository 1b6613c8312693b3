/* test_row_facts.c: what a row says of its model. */
#include "eval/row_facts.h"

#include "base/mem.h"
#include "model_case.h"

/* Fails when an item without a SID collides, a digit hides a collision, or no SIDs are no collisions. */
static void test_collisions(void **state)
{
    (void)state;
    uint16_t code[] = {1, 2, 0, 0, 0, 0, 1, 2, 1, 2, 2, 0, 1, 3, 0};
    uint8_t is_known[] = {1, 0, 1, 1, 1};
    sid__item_sids sids = {.count = 5, .levels = 2, .width = 3, .code = code, .is_known = is_known, .missing = 1};
    double rate = 0;
    TEST_OK(sid__collisions_of(&sids, &rate, err));
    assert_true(rate == .5); /* rows 0 and 2 of four */
    sid__mem_fail(0, -1);
    assert_int_equal(sid__collisions_of(&sids, &rate, NULL), SID_ENOMEM);
    sid__mem_fail(-1, 0);
    TEST_OK(sid__collisions_of(&(sid__item_sids){0}, &rate, err));
    assert_true(isnan(rate));
}

/* Fails when equal settings have two hashes, other settings the same, or the seed is one of them. */
static void test_hash(void **state)
{
    (void)state;
    static const struct {
        const char *family, *options;
        uint64_t seed;
    } of[] = {{"itemknn", "decay=0.9", 1}, {"itemknn", "decay=0.90", 2}, {"itemknn", "decay=0.8", 1}, {"pop", NULL, 1}};
    sid_events *events = made_events(ctx, 30, 20);
    sid__arena texts = {0};
    sid_eval_row row[4] = {0};
    for (int i = 0; i < 4; i++) {
        sid_model *m = NULL;
        const sid_train_options options = {.family = of[i].family, .options = of[i].options, .seed = of[i].seed};
        TEST_OK(sid_model_train(ctx, &options, events, NULL, &m, err));
        TEST_OK(sid__row_facts(m, &texts, &row[i], err));
        assert_string_equal(row[i].id, m->id);
        assert_int_equal(strlen(row[i].options_hash), 8);
        assert_null(row[i].sid_version);
        sid_model_close(m);
    }
    assert_string_equal(row[0].options_hash, row[1].options_hash);
    assert_string_not_equal(row[0].options_hash, row[2].options_hash);
    assert_string_not_equal(row[0].options_hash, row[3].options_hash);
    sid__arena_drop(&texts);
    sid_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_collisions), cmocka_unit_test(test_hash)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
