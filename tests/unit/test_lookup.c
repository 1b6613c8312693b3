/* test_lookup.c: rows read in batches: the right ones, for any count, place and number of threads. */
#include "table_case.h"

/* Fails when a stage of the pipeline is off by one, or when streamed copies miss a row. */
static void every_row_is_the_one_asked_for(void **state)
{
    enum { KEYS = 20000, DIM = 20 };
    float *all = new_floats((KEYS + 1) * (int64_t)DIM), one[DIM];
    uint64_t *key = malloc(KEYS * sizeof *key);
    (void)state;
    assert_non_null(key);
    for (int threads = 1; threads <= 3; threads += 2) {
        sid_ctx *ctx = new_ctx(threads, NULL);
        sid_table *table = new_growing(ctx, DIM, NULL, NULL);
        for (int64_t i = 0; i < KEYS; i++)
            key[i] = draw_u64(1, i % 15000);
        TEST_OK(sid_table_visit(table, key, KEYS, 0, all + 1, err)); /* not at a line of 16 bytes */
        for (int count = 0; count < KEYS; count = count * 3 + 1) {
            TEST_OK(sid_table_lookup(table, key, count, SID_UNSEEN_ZERO, all, err));
            for (int64_t i = 0; i < count; i += 7) {
                sid__table_initial(&table->setup, key[i], one);
                assert_memory_equal(all + i * DIM, one, sizeof one);
            }
        }
        TEST_OK(sid_table_lookup(table, key, KEYS, SID_UNSEEN_ZERO, all, err)); /* 1.6 MB: streamed */
        for (int64_t i = 0; i < KEYS; i++) {
            sid__table_initial(&table->setup, key[i], one);
            assert_memory_equal(all + i * DIM, one, sizeof one);
        }
        sid_table_free(table);
        sid_ctx_free(ctx);
    }
    free(key);
    sid__free(all);
}

/* Fails when a key without a row reads as another's, or makes a row. */
static void unseen_keys_read_as_said(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_growing(ctx, 3, NULL, NULL);
    const uint64_t key = 5;
    float out[3] = {1, 1, 1}, wanted[3];
    (void)state;
    TEST_OK(sid_table_lookup(table, &key, 1, SID_UNSEEN_ZERO, out, err));
    assert_true(out[0] == 0 && out[1] == 0 && out[2] == 0);
    TEST_OK(sid_table_lookup(table, &key, 1, SID_UNSEEN_INIT, out, err));
    sid__table_initial(&table->setup, key, wanted);
    assert_memory_equal(out, wanted, sizeof out);
    assert_int_equal(rows_of(table), 0);
    see(table, key, 0);
    TEST_OK(sid_table_lookup(table, &key, 1, SID_UNSEEN_ZERO, out, err));
    assert_memory_equal(out, wanted, sizeof out);
    TEST_FAILS(sid_table_lookup(table, &key, -1, SID_UNSEEN_ZERO, out, err), SID_EUSAGE, "a call of -1 keys");
    sid_table_free(table);
    sid_ctx_free(ctx);
}

/* Fails when a list's rows are summed in another order, an empty list is not zero, or borders of lists slip. */
static void lists_are_summed_in_order(void **state)
{
    enum { LISTS = 3000, DIM = 5 };
    int64_t begin[LISTS + 1] = {3};
    for (int i = 0; i < LISTS; i++)
        begin[i + 1] = begin[i] + (int64_t)(draw_u64(2, i) % 8);
    int64_t count = begin[LISTS];
    uint64_t *key = malloc((size_t)count * sizeof *key);
    float *out = new_floats(LISTS * DIM);
    (void)state;
    assert_non_null(key);
    for (int64_t i = 0; i < count; i++)
        key[i] = draw_u64(3, i) % 500;
    for (int threads = 1; threads <= 2; threads++) {
        sid_ctx *ctx = new_ctx(threads, NULL);
        sid_table *table = new_growing(ctx, DIM, NULL, NULL);
        TEST_OK(sid_table_visit(table, key, count / 2, 0, NULL, err));
        for (sid_unseen unseen = SID_UNSEEN_ZERO; unseen <= SID_UNSEEN_INIT; unseen++) {
            TEST_OK(sid_table_gather_sum(table, key, begin, LISTS, unseen, out, err));
            for (int i = 0; i < LISTS; i++) {
                float sum[DIM] = {0}, row[DIM];
                for (int64_t k = begin[i]; k < begin[i + 1]; k++) {
                    TEST_OK(sid_table_lookup(table, &key[k], 1, unseen, row, err));
                    for (int d = 0; d < DIM; d++)
                        sum[d] = k == begin[i] ? row[d] : sum[d] + row[d];
                }
                assert_memory_equal(sum, out + i * DIM, sizeof sum);
            }
        }
        sid_table_free(table);
        sid_ctx_free(ctx);
    }
    free(key);
    sid__free(out);
}

/* Fails when a double table's vector is not the sum of its two rows, alone and in lists. */
static void double_rows_are_summed(void **state)
{
    const sid_slice slice = {.dim = 2};
    const uint64_t key[3] = {7, 8, 7};
    const int64_t begin[3] = {0, 2, 3};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table =
        new_table(ctx, &(sid_table_options){.kind = "double", .rows = 50, .slice = &slice, .slice_count = 1});
    float row[2][2], seven[2], out[4], sums[4];
    (void)state;
    sid__table_initial(&table->setup, (uint64_t)sid_table_hash_row(7, 0, 25), row[0]);
    sid__table_initial(&table->setup, (uint64_t)(25 + sid_table_hash_row(7, 1, 25)), row[1]);
    for (int d = 0; d < 2; d++)
        seven[d] = row[0][d] + row[1][d];
    TEST_OK(sid_table_visit(table, key, 2, 0, out, err));
    assert_memory_equal(out, seven, sizeof seven);
    TEST_OK(sid_table_gather_sum(table, key, begin, 2, SID_UNSEEN_ZERO, sums, err));
    assert_memory_equal(sums + 2, seven, sizeof seven);
    assert_near(sums[0], out[0] + out[2], 1e-7);
    TEST_FAILS(sid_table_gather_sum(table, key, (const int64_t[]){0, 2, 1}, 2, SID_UNSEEN_ZERO, sums, err), SID_EUSAGE,
               "list 1 begins at key 2 and ends before, at 1");
    TEST_FAILS(sid_table_gather_sum(table, key, (const int64_t[]){-1, 2}, 1, SID_UNSEEN_ZERO, sums, err), SID_EUSAGE,
               "begin at -1");
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        assert_int_equal(sid_table_lookup(table, key, 2, SID_UNSEEN_INIT, out, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
    }
    sid_table_free(table);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_the_one_asked_for),
        cmocka_unit_test(unseen_keys_read_as_said),
        cmocka_unit_test(lists_are_summed_in_order),
        cmocka_unit_test(double_rows_are_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
