/* test_sid_trie.c: the trie that generating walks. */
#include "sid/sid_trie.h"

#include "test.h"

#include "base/mem.h"

/* Fails when nodes are not in SID order, children or items are of another node, or a bucket is not by weight, then row. */
static void test_small(void **state)
{
    (void)state;
    const uint16_t code[] = {2, 1, 0, 5, 2, 1, 0, 5, 2, 0, 9, 9, 0, 5};
    const uint8_t is_in[] = {1, 1, 1, 1, 1, 0, 1};
    const int64_t weight[] = {0, 3, 7, 4, 0, 0, 3};
    const sid__trie_items items = {.code = code, .is_in = is_in, .weight = weight, .count = 7, .width = 2};
    sid__trie *trie = NULL;
    int32_t end = 0;
    TEST_OK(sid__trie_build(&items, &trie, err));
    const int32_t item[] = {3, 1, 6, 4, 2, 0}; /* 0-5: 3, 1, 6; 2-0: 4; 2-1: 2, 0 */
    assert_int_equal(trie->item_count, 6);
    assert_memory_equal(trie->item, item, sizeof item);
    for (int32_t p = 0; p < 6; p++)
        assert_int_equal(trie->place[item[p]], p);
    assert_int_equal(trie->place[5], -1);
    assert_int_equal(trie->level[0].count, 2);
    assert_int_equal(trie->level[1].count, 3);
    assert_int_equal(trie->level[0].code[1], 2);
    assert_int_equal(sid__trie_children(trie, -1, 0, &end), 0);
    assert_int_equal(end, 2);
    assert_int_equal(sid__trie_children(trie, 0, 1, &end), 1);
    assert_int_equal(end, 3);
    assert_int_equal(trie->level[0].item_begin[1], 3);
    assert_int_equal(trie->level[1].item_begin[2], 4);
    sid__trie_free(trie);
}

/* Fails when missing memory leaks, an empty trie crashes, or a width that has no room passes. */
static void test_edges(void **state)
{
    (void)state;
    const uint16_t code[] = {1, 2};
    const uint8_t is_in[] = {0, 0}, both[] = {1, 1};
    const int64_t weight[] = {0, 0};
    sid__trie_items items = {.code = code, .is_in = is_in, .weight = weight, .count = 2, .width = 1};
    sid__trie *trie = NULL;
    TEST_OK(sid__trie_build(&items, &trie, err));
    assert_int_equal(trie->level[0].count, 0);
    sid__trie_free(trie);
    items.is_in = both;
    for (int64_t after = 0;; after++) {
        trie = NULL;
        sid__mem_fail(after, -1);
        sid_status status = sid__trie_build(&items, &trie, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    sid__trie_free(trie);
    sid__trie_free(NULL);
    items.width = SID__TRIE_WIDTH_MAX + 1;
    TEST_FAILS(sid__trie_build(&items, &trie, err), SID_EDATA, "1 to 65 codes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_small), cmocka_unit_test(test_edges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
