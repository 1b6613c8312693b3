/* test_table.c: a table beside a plain one, whatever is done to both; rows as they begin; what is refused.
 *
 *     test_table [--soak OPERATIONS [SEED]]
 *
 * A soak runs in pieces of 10 M operations, each another table of a seed of its own, from SEED (1) up: a line a piece says how far it
 * is, and `--soak 10000000 SEED` repeats the one that failed.
 */
#include "table_case.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 10000000, SHORT = 1000000 };

static int64_t operations; /* of --soak */
static uint64_t first_seed = 1;

/* What is done to both tables, drawn from the seed: everything that may interleave, in other proportions. */
typedef struct course {
    sid_table_options options;
    uint64_t seed;
    int keys, threads;
    int64_t step_s, expire_each, save_each, check_each; /* rounds */
} course;

static course draw_course(uint64_t seed)
{
    static const sid_slice slice[2] = {{.dim = 8, .options = "decay=0.001"},
                                       {.dim = 1, .initializer = "zero", .optimizer = "ftrl", .options = "l1=0.01"}};
    static const sid_slice other[2] = {{.dim = 8, .optimizer = "adam", .options = "row"},
                                       {.dim = 1, .optimizer = "sgd"}};
    course c = {.options = {.slice = seed % 2 ? other : slice, .slice_count = 2, .ttl_days = 1, .seed = 7 + seed},
                .seed = seed};
    c.options.admit_count = seed % 3 == 0 ? 2 : seed % 3 == 1 ? 1 : 5;
    c.keys = seed % 5 == 4 ? 200 : 3000;
    c.threads = seed % 4 == 3 ? 2 : 1;
    c.step_s = seed % 7 == 6 ? 600 : 60; /* 600: most keys are gone between two sights */
    c.expire_each = seed % 2 ? 97 : 501;
    c.save_each = seed % 2 ? 1013 : 5003;
    c.check_each = 2003;
    return c;
}

enum { BATCH = 24, DIM = 9 };

/* A round's keys, some more often than others, and their gradients. */
static void draw_round(const course *c, int64_t round, uint64_t key[BATCH], float gradient[BATCH * DIM])
{
    uint64_t keys = (uint64_t)c->keys, seed = 8 * c->seed;
    int64_t index = round * 1000;
    for (int k = 0; k < BATCH; k++)
        key[k] = draw_u64(
            seed + 1, (int64_t)(draw_u64(seed + 2, index + k) % keys * (draw_u64(seed + 3, index + k) % keys) / keys));
    for (int j = 0; j < BATCH * DIM; j++)
        gradient[j] = (float)(int32_t)draw_u64(seed + 4, index + j) * 0x1p-31F;
}

/* Goes on as another table. */
static sid_table *save_and_restore(sid_ctx *ctx, const course *c, sid_table *table)
{
    char path[64];
    (void)snprintf(path, sizeof path, "test_table_%d.safetensors", (int)getpid());
    TEST_OK(sid_table_save(table, path, err));
    sid_table_free(table);
    table = new_table(ctx, &c->options);
    TEST_OK(sid_table_restore(table, path, err));
    (void)unlink(path);
    return table;
}

static void run_course(const course *c, int64_t rounds)
{
    sid_ctx *ctx = new_ctx(c->threads, NULL);
    sid_table *table = new_table(ctx, &c->options);
    plain_table plain = {.setup = &table->setup};
    for (int64_t i = 0; i < rounds; i++) {
        uint64_t key[BATCH];
        float gradient[BATCH * DIM];
        int64_t time_s = i * c->step_s, dropped = 0;
        draw_round(c, i, key, gradient);
        TEST_OK(sid_table_visit(table, key, BATCH, time_s, NULL, err));
        plain_visit(&plain, key, BATCH, time_s);
        TEST_OK(sid_table_apply(table, key, BATCH, gradient, err));
        plain_apply(&plain, key, BATCH, gradient);
        if (i % c->expire_each == c->expire_each - 1) {
            TEST_OK(sid_table_expire(table, time_s, &dropped, err));
            assert_int_equal(dropped, plain_expire(&plain, time_s - 86400));
        }
        if (i % c->check_each == 0)
            check_plain(&plain, table);
        if (i % c->save_each == c->save_each - 1) {
            table = save_and_restore(ctx, c, table);
            plain.setup = &table->setup;
        }
    }
    check_plain(&plain, table);
    free(plain.row);
    sid_table_free(table);
    sid_ctx_free(ctx);
}

/* Fails when a key loses its row, gets another's, is admitted early or late, or when gradients of equal keys are not summed in
 * the order of the examples. */
static void a_table_is_a_plain_map(void **state)
{
    course c = draw_course(0);
    (void)state;
    run_course(&c, SHORT / BATCH + 1);
}

static void soak(void **state)
{
    (void)state;
    for (int64_t done = 0, seed = (int64_t)first_seed; done < operations; seed++) {
        int64_t piece = operations - done < PIECE ? operations - done : PIECE;
        time_t start = time(NULL);
        course c = draw_course((uint64_t)seed);
        (void)printf("soak: seed %lld, operations %lld to %lld of %lld\n", (long long)seed, (long long)done,
                     (long long)(done + piece), (long long)operations);
        (void)fflush(stdout);
        run_course(&c, piece / BATCH + 1);
        done += piece;
        (void)printf("soak: seed %lld: no difference, %lld s\n", (long long)seed, (long long)(time(NULL) - start));
    }
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initial_rows_are_golden),
        cmocka_unit_test(memory_is_counted),
        cmocka_unit_test(the_last_row_fills_a_hole),
        cmocka_unit_test(a_table_is_a_plain_map),
    };
    const struct CMUnitTest soaks[] = {cmocka_unit_test(soak)};
    if (count < 3 || strcmp(argument[1], "--soak") != 0)
        return cmocka_run_group_tests(tests, NULL, NULL);
    operations = strtoll(argument[2], NULL, 10);
    if (count > 3)
        first_seed = strtoull(argument[3], NULL, 10);
    return cmocka_run_group_tests(soaks, NULL, NULL);
}
