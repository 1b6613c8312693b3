/* test_sorted.c: the keys of a table in order. */
#include "table/sorted.h"

#include "table_case.h"

/* Fails when a pass of the radix sort is lost, or a key is listed twice while shards have grown: required test 7. */
static void every_key_is_listed_once_in_order(void **state)
{
    enum { KEYS = 30000 };
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_growing(ctx, 1, NULL, NULL);
    uint64_t *key = malloc((KEYS + 3) * sizeof *key);
    int64_t count = 0;
    (void)state;
    assert_non_null(key);
    for (int i = 0; i < KEYS; i++)
        key[i] = draw_u64(1, i) >> (i % 4) * 16;
    key[KEYS] = 0;
    key[KEYS + 1] = UINT64_MAX;
    key[KEYS + 2] = UINT64_C(1) << 63;
    TEST_OK(sid_table_visit(table, key, KEYS + 3, 0, NULL, err));
    TEST_OK(sid_table_keys(table, key, KEYS + 3, &count, err));
    assert_int_equal(count, rows_of(table));
    assert_true(count > KEYS / 2 && key[0] == 0 && key[count - 1] == UINT64_MAX);
    for (int64_t i = 1; i < count; i++)
        assert_true(key[i - 1] < key[i]);
    key[5] = 12345;
    TEST_OK(sid_table_keys(table, key, 5, &count, err));
    assert_true(key[5] == 12345 && count == rows_of(table));
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        assert_int_equal(sid_table_keys(table, key, 5, &count, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
    }
    free(key);
    sid_table_free(table);
    sid_ctx_free(ctx);
}

/* Fails when an addressed table lists anything but its rows. */
static void addressed_rows_are_their_own_keys(void **state)
{
    const sid_slice slice = {.dim = 1};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table =
        new_table(ctx, &(sid_table_options){.kind = "hashed", .rows = 300, .slice = &slice, .slice_count = 1});
    uint64_t key[300];
    int64_t count = 0;
    (void)state;
    TEST_OK(sid_table_keys(table, key, 300, &count, err));
    assert_int_equal(count, 300);
    for (uint64_t i = 0; i < 300; i++)
        assert_true(key[i] == i);
    sid_table_free(table);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_listed_once_in_order),
        cmocka_unit_test(addressed_rows_are_their_own_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
