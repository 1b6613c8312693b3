/* test_kmeans_greedy.c: k-means++ with trials. */
#include "quant/kmeans_init.h"
#include "quant_help.h"

/* Fails when D^2 sampling is broken: of 8 tight, far clumps each must get exactly one of 8 codes, for every seed. */
static void each_far_clump_gets_a_code(void **state)
{
    enum { ROWS = 800, CLUMPS = 8 };
    float x[2 * ROWS];
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        x[2 * i] = (float)(i % CLUMPS) * 1000 + (float)sid__philox_uniform(1, SID__STREAM_TEST, (uint64_t)i);
        x[2 * i + 1] = (float)(i % CLUMPS % 3) * 1000;
    }
    for (uint64_t seed = 1; seed <= 20; seed++) {
        sid__kmeans_options options = {.init = SID__INIT_GREEDY, .seed = seed, .stage = "test"};
        int hit[CLUMPS] = {0};
        sid__lloyd lloyd;
        TEST_OK(sid__lloyd_create(ctx, x, ROWS, 2, CLUMPS, &lloyd, err));
        TEST_OK(sid__kmeans_start(ctx, &options, 0, &lloyd, err));
        for (int k = 0; k < CLUMPS; k++)
            hit[(int)(lloyd.book.code[2 * k] / 1000)]++;
        for (int k = 0; k < CLUMPS; k++)
            assert_int_equal(hit[k], 1);
        sid__lloyd_drop(&lloyd);
    }
    sid_ctx_free(ctx);
}

/* Fails when too many codes are taken on without a word, or memory is lost on the way out. */
static void limits_are_named(void **state)
{
    const float x[] = {1, 2, 3};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__kmeans_options options = {.init = SID__INIT_GREEDY, .seed = 1, .stage = "test"};
    sid__lloyd lloyd;
    (void)state;
    TEST_OK(sid__lloyd_create(ctx, x, 3, 1, 5000, &lloyd, err));
    TEST_FAILS(sid__kmeans_start(ctx, &options, 0, &lloyd, err), SID_EUSAGE, "4096");
    sid__lloyd_drop(&lloyd);
    TEST_OK(sid__lloyd_create(ctx, x, 3, 1, 2, &lloyd, err));
    for (int after = 0; after < 4; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__kmeans_start(ctx, &options, 0, &lloyd, err), SID_ENOMEM, "bytes");
    }
    sid__mem_fail(-1, 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__kmeans_start(ctx, &options, 0, &lloyd, err), SID_ECANCELED, "interrupted");
    sid__lloyd_drop(&lloyd);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_far_clump_gets_a_code),
                                       cmocka_unit_test(limits_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
