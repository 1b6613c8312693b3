/* test_table.c: a table beside a plain one, whatever is done to both; rows as they begin; what is refused.
 *
 *     test_table [--soak OPERATIONS]
 */
#include "table_case.h"

#include <math.h>
#include <unistd.h>

static int64_t operations = 1000000; /* --soak COUNT: another number */

/* Fails when a key loses its row, gets another's, is admitted early or late, or when gradients of equal keys are not summed in
 * the order of the examples. */
static void a_table_is_a_plain_map(void **state)
{
    enum { KEYS = 3000, BATCH = 24, DIM = 9 };
    const sid_slice slice[2] = {{.dim = 8, .options = "decay=0.001"},
                                {.dim = 1, .initializer = "zero", .optimizer = "ftrl", .options = "l1=0.01"}};
    const sid_table_options options = {.slice = slice, .slice_count = 2, .admit_count = 2, .ttl_days = 1, .seed = 7};
    int64_t rounds = operations / BATCH + 1;
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_table(ctx, &options);
    plain_table plain = {.setup = &table->setup};
    (void)state;
    for (int64_t i = 0; i < rounds; i++) {
        uint64_t key[BATCH];
        float gradient[BATCH * DIM];
        int64_t time_s = i * 60, dropped = 0, index = i * 1000;
        for (int k = 0; k < BATCH; k++)
            key[k] = draw_u64(1, (int64_t)(draw_u64(2, index + k) % KEYS * (draw_u64(3, index + k) % KEYS) / KEYS));
        for (int j = 0; j < BATCH * DIM; j++)
            gradient[j] = (float)(int32_t)draw_u64(4, index + j) * 0x1p-31F;
        TEST_OK(sid_table_visit(table, key, BATCH, time_s, NULL, err));
        plain_visit(&plain, key, BATCH, time_s);
        TEST_OK(sid_table_apply(table, key, BATCH, gradient, err));
        plain_apply(&plain, key, BATCH, gradient);
        if (i % 501 == 500) {
            TEST_OK(sid_table_expire(table, time_s, &dropped, err));
            assert_int_equal(dropped, plain_expire(&plain, time_s - 86400));
        }
        if (i % 2003 == 0)
            check_plain(&plain, table);
        if (i % 5003 == 5002) { /* goes on as another table */
            const char *path = "test_table.safetensors";
            TEST_OK(sid_table_save(table, path, err));
            sid_table_free(table);
            table = new_table(ctx, &options);
            TEST_OK(sid_table_restore(table, path, err));
            plain.setup = &table->setup;
            (void)unlink(path);
        }
    }
    check_plain(&plain, table);
    free(plain.row);
    sid_table_free(table);
    sid_ctx_free(ctx);
}

/* Fails when initial rows move: they are part of what a seed means. Values by an independent Philox4x32-10 in numpy: key
 * (42, 0), counter (key, 0, stream + 256 * block, 0), range * (2 (word >> 8) / 2^24 - 1). */
static void initial_rows_are_golden(void **state)
{
    const sid_slice slice[] = {{.dim = 3, .range = 0.5}, {.dim = 3}};
    static const double wanted[6] = {-0.164647639,  -0.135047793, -0.355872869,
                                     0.00612077117, 0.0289589643, -0.0163391471};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_table(ctx, &(sid_table_options){.slice = slice, .slice_count = 2});
    float row[6];
    (void)state;
    sid__table_initial(&table->setup, UINT64_C(0x123456789abcdef0), row);
    for (int d = 0; d < 6; d++)
        assert_near(row[d], wanted[d], 1e-8);
    sid_table_free(table);
    sid_ctx_free(ctx);
}

/* Fails when a table says it holds other memory than the limit counts, or keeps some when freed or not made. */
static void memory_is_counted(void **state)
{
    static const char *const kind[] = {"growing", "capped", "hashed", "double"};
    const sid_slice slice = {.dim = 16};
    (void)state;
    for (int k = 0; k < 4; k++) {
        const sid_table_options options = {.kind = kind[k], .rows = k ? 70000 : 0, .slice = &slice, .slice_count = 1};
        sid_ctx *ctx = new_ctx(1, NULL);
        sid_table *table = new_table(ctx, &options);
        sid_table_info info;
        sid_table_get_info(table, &info);
        assert_string_equal(info.kind, kind[k]);
        assert_int_equal(info.memory_size, atomic_load(&ctx->reserved_size));
        assert_int_equal(info.rows, k < 2 ? 0 : 70000);
        assert_int_equal(info.dim, 16);
        assert_int_equal(info.row_size, 128);
        sid_table_free(table);
        assert_int_equal(atomic_load(&ctx->reserved_size), 0);
        for (int64_t at = 0; at < 20; at++) {
            sid_error why = {0};
            sid__mem_fail(at, 1);
            sid_status status = sid_table_create(ctx, &options, &table, &why);
            sid__mem_fail(-1, 0);
            if (status == SID_OK)
                sid_table_free(table);
            else
                assert_non_null(strstr(why.message, "out of memory"));
            assert_int_equal(atomic_load(&ctx->reserved_size), 0);
        }
        sid_ctx_free(ctx);
    }
    sid_table_free(NULL);
}

/* Fails when removing a row that is not the last loses the last. */
static void the_last_row_fills_a_hole(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_growing(ctx, 4, NULL, NULL);
    (void)state;
    for (uint64_t key = 1; key <= 3; key++)
        see(table, key, 0);
    float third = first_of(table, 3);
    uint64_t hash = sid__mix64(1);
    sid__table_remove(table, sid__cuckoo_find(&table->shard[sid__shard_of(hash)], 1, hash));
    assert_int_equal(table->rows, 2);
    assert_true(first_of(table, 3) == third && first_of(table, 1) == 0);
    hash = sid__mix64(3);
    assert_int_equal(sid__cuckoo_find(&table->shard[sid__shard_of(hash)], 3, hash)->row, 0);
    sid_table_free(table);
    sid_ctx_free(ctx);
}

int main(int count, char **argument)
{
    if (count == 3 && strcmp(argument[1], "--soak") == 0)
        operations = strtoll(argument[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initial_rows_are_golden),
        cmocka_unit_test(memory_is_counted),
        cmocka_unit_test(the_last_row_fills_a_hole),
        cmocka_unit_test(a_table_is_a_plain_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
