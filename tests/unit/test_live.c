/* test_live.c: filters against a count of everything below each node. */
#include "decode_case.h"

/* Children with a live item, by looking at each item. */
static void check_node(const sid_model *m, const sid__live *live, const sid__filter *filter, int level, int32_t node)
{
    int32_t child[CASE_CODES + CASE_WIDTH], end = 0, begin = sid__trie_children(m->trie, level, node, &end);
    int64_t count = sid__live_children(live, level, node, child), expected = 0;
    for (int32_t c = begin; c < end; c++) {
        const sid__trie_level *own = &m->trie->level[level + 1];
        int64_t items = 0;
        for (int32_t p = own->item_begin[c]; p < own->item_begin[c + 1]; p++)
            items += !is_denied(filter, m->trie->item[p]);
        if (items == 0)
            continue;
        assert_true(expected < count);
        assert_int_equal(child[expected++], c);
    }
    assert_int_equal(count, expected);
}

/* Fails when a node is live without a live item, dead with one, or lists that hold strangers or doubles miscount. */
static void test_filters(void **state)
{
    (void)state;
    sid_model *m = fake_model(ctx, CASE_ITEMS);
    for (uint64_t round = 0; round < 60; round++) {
        enum { MOST = 90 };
        int32_t deny[MOST], allow[MOST];
        sid__filter filter = {.deny = deny, .allow = round % 2 ? allow : NULL};
        sid__live live;
        filter.deny_count = (int64_t)sid__philox_below(1, SID__STREAM_TEST, round, MOST);
        filter.allow_count = round % 2 ? (int64_t)sid__philox_below(2, SID__STREAM_TEST, round, MOST) : 0;
        for (uint64_t i = 0; i < MOST; i++) {
            deny[i] = (int32_t)sid__philox_below(3, SID__STREAM_TEST, round * MOST + i, CASE_ITEMS + 20) - 10;
            allow[i] = (int32_t)sid__philox_below(4, SID__STREAM_TEST, round * MOST + i, CASE_ITEMS);
        }
        TEST_OK(sid__live_make(m->trie, &filter, &live, err));
        assert_int_equal(live.live_count, count_live(m, &filter));
        check_node(m, &live, &filter, -1, 0);
        for (int level = 0; level + 1 < CASE_WIDTH; level++)
            for (int32_t node = 0; node < m->trie->level[level].count; node++)
                check_node(m, &live, &filter, level, node);
        for (int32_t p = 0; p < m->trie->item_count; p++)
            assert_int_equal(sid__live_item(&live, p), !is_denied(&filter, m->trie->item[p]));
        sid__live_drop(&live);
    }
    sid__mem_fail(0, -1);
    sid__live live;
    assert_int_equal(sid__live_make(m->trie, &(sid__filter){0}, &live, NULL), SID_ENOMEM);
    sid__mem_fail(-1, 0);
    fake_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {DECODE_TEST(test_filters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
