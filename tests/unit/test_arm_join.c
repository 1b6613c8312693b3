/* test_arm_join.c: arms of two descriptions. */
#include "rank/arm_join.h"
#include "test.h"

enum { ITEMS = 3, LEVELS = 2 };
static const uint16_t code[ITEMS * LEVELS] = {0, 1, 0, 1, 1, 0};
static const uint8_t has_sid[ITEMS] = {1, 1, 0};
static const int codes[LEVELS] = {2, 2};
static const int64_t shown[ITEMS] = {1, 1, 1};

static sid__arm_data new_data(sid_ctx *ctx)
{
    return (sid__arm_data){.ctx = ctx,
                           .items = ITEMS,
                           .rows = 16,
                           .code = code,
                           .has_sid = has_sid,
                           .codes = codes,
                           .levels = LEVELS,
                           .shown = shown};
}

/* Fails when an item with an id beside its SID shares the id's row, or leaves the rows of its SID. */
static void test_with_id(void **state)
{
    sid_ctx *ctx = NULL;
    sid__arm arm;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid__arm_data data = new_data(ctx);
    TEST_OK(sid__arm_make("unigram+id", &data, 1, &arm, err));
    assert_string_equal(arm.name, "unigram+id");
    assert_string_equal(arm.source.table.kind, "growing");
    assert_memory_equal(arm.begin, ((int64_t[]){0, 3, 6, 7}), sizeof(int64_t[4]));
    const uint64_t id = sid_table_slot_key(1, 0);
    assert_memory_equal(arm.key, ((uint64_t[]){0, 3, id, 0, 3, id + 1, id + 2}), sizeof(uint64_t[7]));
    assert_int_equal(arm.source.past_from, 0);
    sid__arm_drop(&arm);
    TEST_OK(sid__arm_make("random-hash+id", &data, 7, &arm, err)); /* shared rows stay shared */
    for (uint64_t i = 0; i < ITEMS; i++)
        assert_int_equal(arm.key[2 * i], sid_table_hash_row(i, 7, 16));
    sid__arm_drop(&arm);
    TEST_OK(sid__arm_make("double-hash+id", &data, 7, &arm, err));
    assert_int_equal(arm.begin[ITEMS], 3 * ITEMS);
    assert_int_equal(arm.key[0], sid_table_hash_row(0, 0, 8));
    assert_int_equal(arm.key[1], sid_table_slot_key(3, (uint64_t)sid_table_hash_row(0, 1, 8)));
    sid__arm_drop(&arm);
    TEST_FAILS(sid__arm_make("individual+id", &data, 1, &arm, err), SID_EUSAGE, "ids already");
    sid__arm_drop(&arm);
    TEST_FAILS(sid__arm_make("individual-capped+id", &data, 1, &arm, err), SID_EUSAGE, "drops rows");
    sid__arm_drop(&arm);
    sid_ctx_free(ctx);
}

/* Fails when items clicked before are described by SIDs, or an arm without SIDs changes. */
static void test_history_by_id(void **state)
{
    sid_ctx *ctx = NULL;
    sid__arm arm;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid__arm_data data = new_data(ctx);
    data.history_by_id = true;
    TEST_OK(sid__arm_make("unigram", &data, 5, &arm, err));
    assert_int_equal(arm.source.past_from, ITEMS);
    assert_memory_equal(arm.begin, ((int64_t[]){0, 2, 4, 4, 5, 6, 7}), sizeof(int64_t[7]));
    for (uint64_t i = 0; i < ITEMS; i++)
        assert_int_equal(arm.key[4 + i], sid_table_slot_key(2, (uint64_t)sid_table_hash_row(i, 5, 16)));
    sid__arm_drop(&arm);
    TEST_OK(sid__arm_make("random-hash", &data, 5, &arm, err));
    assert_int_equal(arm.source.past_from, 0);
    assert_string_equal(arm.source.table.kind, "hashed");
    sid__arm_drop(&arm);
    sid_ctx_free(ctx);
}

/* Fails when the tree is not taken as prefixes of all its levels. */
static void test_true_tree(void **state)
{
    static const uint16_t place[ITEMS * 3] = {0, 0, 1, 0, 0, 2, 1, 0, 0};
    static const int of_tree[3] = {2, 1, 3};
    static const uint8_t everywhere[ITEMS] = {1, 1, 1};
    sid_ctx *ctx = NULL;
    sid__arm arm;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid__arm_data data = new_data(ctx);
    TEST_FAILS(sid__arm_make("true-tree", &data, 5, &arm, err), SID_EUSAGE, "needs a tree");
    sid__arm_drop(&arm);
    data.tree = place;
    data.has_tree = everywhere;
    data.tree_codes = of_tree;
    data.tree_levels = 3;
    TEST_OK(sid__arm_make("true-tree", &data, 5, &arm, err));
    assert_int_equal(arm.begin[ITEMS], 9);
    assert_true(arm.key[0] == arm.key[3] && arm.key[1] == arm.key[4] && arm.key[2] != arm.key[5]);
    assert_true(arm.key[0] != arm.key[6]);
    sid__arm_drop(&arm);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_with_id), cmocka_unit_test(test_history_by_id),
                                       cmocka_unit_test(test_true_tree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
