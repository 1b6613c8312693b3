/* test_apply.c: one step a key: any number of threads the same bits, bad gradients refused, readers see whole rows. */
#include "table_case.h"

#include <pthread.h>

/* Fails when a key's gradients are summed by who comes first, or a path or a thread more changes a bit. */
static void any_thread_count_gives_the_same_bits(void **state)
{
    enum { KEYS = 9000, DIM = 7 };
    static const char *const optimizer[] = {"sgd", "adagrad", "ftrl", "adam"};
    uint64_t *key = malloc(KEYS * sizeof *key);
    float *gradient = new_floats(KEYS * DIM), *out[2] = {new_floats(KEYS * DIM), new_floats(KEYS * DIM)};
    (void)state;
    assert_non_null(key);
    fill_uniform(gradient, KEYS * DIM, 3);
    for (int i = 0; i < KEYS; i++)
        key[i] = draw_u64(1, i) % 2000;
    for (int o = 0; o < 4; o++)
        for (int run = 0; run < 4; run++) {
            sid_ctx *ctx = new_ctx(run == 0 ? 1 : run == 1 ? 2 : 7, run == 3 ? "portable" : NULL);
            sid_table *table = new_growing(ctx, DIM, optimizer[o], NULL);
            TEST_OK(sid_table_visit(table, key, KEYS, 0, NULL, err));
            for (int step = 0; step < 3; step++)
                TEST_OK(sid_table_apply(table, key, KEYS, gradient, err));
            TEST_OK(sid_table_lookup(table, key, KEYS, SID_UNSEEN_ZERO, out[run > 0], err));
            if (run > 0)
                assert_memory_equal(out[0], out[1], KEYS * DIM * sizeof(float));
            sid_table_free(table);
            sid_ctx_free(ctx);
        }
    free(key);
    sid__free(gradient);
    sid__free(out[0]);
    sid__free(out[1]);
}

/* Fails when a bad gradient changes any row, or the message does not find it: required test 9. */
static void bad_gradients_change_nothing(void **state)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY, 2e9F, -2e9F};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *table = new_growing(ctx, 2, NULL, NULL);
    const uint64_t key[3] = {1, 2, 3};
    float before[6], after[6], gradient[6] = {1, 1, 1, 1, 1, 1};
    (void)state;
    TEST_OK(sid_table_visit(table, key, 3, 0, before, err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gradient[3] = bad[i];
        TEST_FAILS(sid_table_apply(table, key, 3, gradient, err), SID_EDATA, "gradient 1 has");
        TEST_OK(sid_table_lookup(table, key, 3, SID_UNSEEN_ZERO, after, err));
        assert_memory_equal(before, after, sizeof before);
    }
    for (int at = 0; at < 6; at++) {
        sid__mem_fail(at, 1);
        gradient[3] = 1;
        assert_int_equal(sid_table_apply(table, key, 3, gradient, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
    }
    sid_table_info info;
    sid_table_get_info(table, &info);
    assert_int_equal(info.steps, 0);
    sid_table_free(table);
    sid_ctx_free(ctx);
}

/* Fails when a list's gradient misses one of its keys, or reaches another's. */
static void lists_share_their_gradient(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *a = new_growing(ctx, 2, "sgd", "rate=1"), *b = new_growing(ctx, 2, "sgd", "rate=1");
    const uint64_t key[6] = {99, 5, 6, 7, 6, 5};
    const int64_t begin[4] = {1, 4, 4, 6};
    const float gradient[6] = {1, 2, 50, 50, 10, 20};
    const float alone[10] = {1, 2, 1, 2, 1, 2, 10, 20, 10, 20};
    float out[2][6];
    (void)state;
    TEST_OK(sid_table_visit(a, key, 6, 0, NULL, err));
    TEST_OK(sid_table_visit(b, key, 6, 0, NULL, err));
    TEST_OK(sid_table_apply_sum(a, key, begin, 3, gradient, err));
    TEST_OK(sid_table_apply(b, key + 1, 5, alone, err));
    TEST_OK(sid_table_lookup(a, key + 1, 3, SID_UNSEEN_ZERO, out[0], err));
    TEST_OK(sid_table_lookup(b, key + 1, 3, SID_UNSEEN_ZERO, out[1], err));
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    assert_near(out[0][0], -11, 0.06);
    TEST_FAILS(sid_table_apply_sum(a, key, (const int64_t[]){2, 1}, 1, gradient, err), SID_EUSAGE, "never falls");
    sid_table_free(a);
    sid_table_free(b);
    sid_ctx_free(ctx);
}

/* Fails when both rows of a double table do not get the gradient, or a hashed row not that of both its ids. */
static void shared_rows_are_stepped(void **state)
{
    const sid_slice slice = {.dim = 1, .optimizer = "sgd", .options = "rate=1"};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_table *twice =
        new_table(ctx, &(sid_table_options){.kind = "double", .rows = 100, .slice = &slice, .slice_count = 1});
    sid_table *one =
        new_table(ctx, &(sid_table_options){.kind = "hashed", .rows = 1, .slice = &slice, .slice_count = 1});
    const uint64_t key[2] = {1, 2};
    const float gradient[2] = {1, 3};
    (void)state;
    float before = first_of(twice, 1), shared = first_of(one, 1);
    step_one(twice, 1, gradient);
    assert_near(first_of(twice, 1) - before, -2, 1e-6);
    TEST_OK(sid_table_apply(one, key, 2, gradient, err));
    assert_near(first_of(one, 2) - shared, -4, 1e-6);
    sid_table_free(twice);
    sid_table_free(one);
    sid_ctx_free(ctx);
}

/* ---- Beside PyTorch: tests/golden/make_table.py made these ---- */

#include "table_golden.h"

/* Fails when an optimiser differs from PyTorch's, decay included: ten steps with seeded gradients. */
static void steps_are_those_of_pytorch(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    for (size_t i = 0; i < sizeof table_golden / sizeof *table_golden; i++) {
        const table_golden_case *golden = &table_golden[i];
        const sid_slice slice = {
            .dim = 4, .initializer = "zero", .optimizer = golden->optimizer, .options = golden->options};
        sid_table *table = new_table(ctx, &(sid_table_options){.slice = &slice, .slice_count = 1});
        const uint64_t key = 1;
        float row[4];
        see(table, key, 0);
        for (int step = 0; step < 10; step++) {
            for (int d = 0; d < 4; d++)
                row[d] = (float)table_golden_gradient[step][d];
            step_one(table, key, row);
            TEST_OK(sid_table_lookup(table, &key, 1, SID_UNSEEN_ZERO, row, err));
            for (int d = 0; d < 4; d++)
                assert_near(row[d], golden->weights[step][d], 2e-6 * (1 + fabs(golden->weights[step][d])));
        }
        sid_table_free(table);
    }
    sid_ctx_free(ctx);
}

/* ---- Readers beside a writer ---- */

typedef struct readers {
    sid_table *table;
    atomic_int is_over;
    atomic_int torn;
} readers;

enum { READ_DIM = 48, READ_KEYS = 200 };

/* All elements of a row take the same steps, so a whole row has equal elements. */
static void *read_rows(void *arg)
{
    readers *r = arg;
    float row[READ_KEYS * READ_DIM];
    uint64_t key[READ_KEYS];
    for (int i = 0; i < READ_KEYS; i++)
        key[i] = (uint64_t)i;
    while (!atomic_load(&r->is_over)) {
        if (sid_table_lookup(r->table, key, READ_KEYS, SID_UNSEEN_ZERO, row, NULL) != SID_OK)
            atomic_fetch_add(&r->torn, 1);
        for (int i = 0; i < READ_KEYS; i++)
            for (int d = 1; d < READ_DIM; d++)
                if (row[i * READ_DIM + d] != row[i * READ_DIM])
                    atomic_fetch_add(&r->torn, 1);
    }
    return NULL;
}

/* Fails when a reader can see a row in the middle of a step, a move or an eviction: required test 10; TSan runs it too. */
static void readers_see_whole_rows(void **state)
{
    const sid_slice slice = {.dim = READ_DIM, .initializer = "zero"};
    sid_ctx *ctx = new_ctx(1, NULL);
    readers r = {.table = new_table(ctx, &(sid_table_options){.slice = &slice, .slice_count = 1, .ttl_days = 1})};
    pthread_t thread[2];
    float gradient[READ_KEYS * READ_DIM];
    uint64_t key[READ_KEYS];
    (void)state;
    for (int i = 0; i < READ_KEYS * READ_DIM; i++)
        gradient[i] = 1;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, read_rows, &r), 0);
    for (int round = 0; round < 150; round++) {
        for (int i = 0; i < READ_KEYS; i++)
            key[i] = draw_u64(7, round * READ_KEYS + i) % READ_KEYS;
        for (uint64_t fresh = 0; fresh < 40; fresh++) /* grows the shards */
            see(r.table, 1000 + (uint64_t)round * 40 + fresh, round * 3600);
        TEST_OK(sid_table_visit(r.table, key, READ_KEYS, round * 3600, NULL, err));
        TEST_OK(sid_table_apply(r.table, key, READ_KEYS, gradient, err));
        TEST_OK(sid_table_expire(r.table, round * 3600, NULL, err));
    }
    atomic_store(&r.is_over, 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    assert_int_equal(atomic_load(&r.torn), 0);
    sid_table_free(r.table);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_thread_count_gives_the_same_bits), cmocka_unit_test(bad_gradients_change_nothing),
        cmocka_unit_test(lists_share_their_gradient),           cmocka_unit_test(shared_rows_are_stepped),
        cmocka_unit_test(steps_are_those_of_pytorch),           cmocka_unit_test(readers_see_whole_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
