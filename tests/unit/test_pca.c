/* test_pca.c: principal directions of rows. */
#include "linalg_case.h"

#include "linalg/linalg.h"

/* Fails when directions are not the leading ones or the sign rule goes: variances 9, 4, 1 along turned axes. */
static void test_finds_axes(void **state)
{
    (void)state;
    enum { N = 4000, D = 3 };
    static const double spread[] = {1, 3, 2};
    sid_ctx *ctx = case_ctx(2, sid__isa_best());
    float *x = case_floats(N * D, 1), v[D * 2];
    for (int i = 0; i < N * D; i++)
        x[i] = (float)(spread[i % D] * (double)x[i]);
    TEST_OK(sid__pca(ctx, x, N, D, 2, 42, v, err));
    assert_true(v[1 * 2 + 0] > 0.998f && v[2 * 2 + 1] > 0.998f);
    sid__free(x);
    sid_ctx_free(ctx);
}

/* Fails when the Gram matrix is not held against the memory limit, or is not given back. */
static void test_memory_limit(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    float *x = case_floats(64 * 64, 2), v[64 * 2];
    sid_ctx_set_memory_limit(ctx, 10000);
    TEST_FAILS(sid__pca(ctx, x, 64, 64, 2, 42, v, err), SID_ENOMEM, "Gram matrix");
    sid_ctx_set_memory_limit(ctx, 200000);
    for (int i = 0; i < 10; i++)
        TEST_OK(sid__pca(ctx, x, 64, 64, 2, 42, v, err));
    for (int after = 0; after < 3; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__pca(ctx, x, 64, 64, 2, 42, v, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__pca(ctx, x, 64, 64, 2, 42, v, err), SID_ECANCELED, "interrupted");
    sid__free(x);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_finds_axes), cmocka_unit_test(test_memory_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
