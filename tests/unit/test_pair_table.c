#include "test.h"

#include "sid/pair_table.h"

/* Fails when a key does not give back its numbers: -1 is a second number too, and no key is 0. */
static void keys_give_back_their_numbers(void **state)
{
    (void)state;
    const int32_t first[] = {0, 0, 7, INT32_MAX}, second[] = {-1, 0, 65536, INT32_MAX - 1};
    for (int i = 0; i < 4; i++) {
        uint64_t key = sid__pair_key(first[i], second[i]);
        assert_true(key != 0);
        assert_int_equal(sid__pair_first(key), first[i]);
        assert_int_equal(sid__pair_second(key), second[i]);
    }
}

/* Fails when growing loses a count, or a cleared table still knows a pair. */
static void counts_survive_growth_and_end_with_clear(void **state)
{
    (void)state;
    sid__pair_table table = {0};
    sid__pair_count *pair = NULL;
    assert_null(sid__pair_table_find(&table, sid__pair_key(1, 2)));
    for (int round = 0; round < 2; round++) {
        for (int32_t i = 0; i < 3000; i++) {
            TEST_OK(sid__pair_table_add(&table, sid__pair_key(i / 50, i % 50 - 1), &pair, err));
            assert_int_equal(pair->count, 0);
            assert_int_equal(pair->last_item, -1);
            pair->count = i;
        }
        assert_int_equal(table.used_count, 3000);
        for (int32_t i = 0; i < 3000; i++) {
            pair = sid__pair_table_find(&table, sid__pair_key(i / 50, i % 50 - 1));
            assert_non_null(pair);
            assert_int_equal(pair->count, i);
        }
        TEST_OK(sid__pair_table_add(&table, sid__pair_key(3, 3), &pair, err));
        assert_int_equal(pair->count, 154);
        sid__pair_table_clear(&table);
        assert_int_equal(table.used_count, 0);
        assert_null(sid__pair_table_find(&table, sid__pair_key(3, 3)));
    }
    sid__pair_table_drop(&table);
}

/* Fails when a lack of memory spoils the table. */
static void growth_without_memory_leaves_the_table(void **state)
{
    (void)state;
    sid__pair_table table = {0};
    sid__pair_count *pair = NULL;
    for (int fail = 0; fail < 2; fail++) {
        sid__mem_fail(fail, -1);
        assert_int_equal(sid__pair_table_add(&table, sid__pair_key(1, 1), &pair, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
        assert_int_equal(table.used_count, 0);
    }
    TEST_OK(sid__pair_table_add(&table, sid__pair_key(1, 1), &pair, err));
    sid__pair_table_drop(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_give_back_their_numbers),
        cmocka_unit_test(counts_survive_growth_and_end_with_clear),
        cmocka_unit_test(growth_without_memory_leaves_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
