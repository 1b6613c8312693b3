/* test_eigen.c: leading eigenvectors, by either method. */
#include "linalg_case.h"

#include "linalg/eigen.h"
#include "linalg/linalg.h"

/* Fails when the iteration stops early or drifts: both methods agree, on every path and thread count. */
static void test_subspace_equals_direct(void **state)
{
    (void)state;
    enum { N = 200, RANK = 12 };
    double *a = case_spd(N, 10, 1), *first = NULL;
    double value[RANK], direct[RANK], v[N * RANK], w[N * RANK];
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        sid_ctx *ctx = case_ctx(1 + 3 * isa, (sid__isa)isa);
        if (!ctx)
            continue;
        TEST_OK(sid__eigen_subspace(ctx, a, N, RANK, 42, value, v, err));
        if (first) {
            assert_memory_equal(first, v, sizeof v);
        } else {
            first = case_copy(v, N * RANK);
            TEST_OK(sid__eigen_direct(ctx, a, N, RANK, direct, w, err));
            for (int i = 0; i < RANK; i++)
                assert_true(fabs(value[i] / direct[i] - 1) < 1e-12);
            assert_true(case_eigen_error(a, N, value, v, RANK) < 1e-6 * value[0]);
            assert_true(case_unorthonormality(v, N, RANK) < 1e-13);
        }
        sid_ctx_free(ctx);
    }
    sid__free(first);
    sid__free(a);
}

/* Fails when a matrix of lower rank leaves zero vectors: the basis is completed. */
static void test_subspace_of_low_rank(void **state)
{
    (void)state;
    enum { N = 60, RANK = 8 };
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    double *g = case_gaussians(3 * N, 2), *a = case_alloc(N * N, sizeof *a), value[RANK], v[N * RANK];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            for (int r = 0; r < 3; r++)
                a[i * N + j] += g[r * N + i] * g[r * N + j];
    TEST_OK(sid__eigen_subspace(ctx, a, N, RANK, 42, value, v, err));
    assert_true(case_unorthonormality(v, N, RANK) < 1e-12);
    assert_true(case_eigen_error(a, N, value, v, RANK) < 1e-10);
    assert_true(value[2] > 1 && fabs(value[3]) < 1e-10);
    memset(a, 0, N * N * sizeof *a);
    TEST_OK(sid__eigen_subspace(ctx, a, N, RANK, 42, value, v, err));
    assert_true(value[0] == 0 && case_unorthonormality(v, N, RANK) < 1e-12);
    sid__free(g);
    sid__free(a);
    sid_ctx_free(ctx);
}

/* Fails when the sign rule changes: the largest entry positive, ties to the lowest row. */
static void test_signs(void **state)
{
    (void)state;
    double v[] = {-3, 1, 1, 2, -2, -2}; /* columns (-3, 1, -2), (1, 2, -2) */
    sid__fix_signs(v, 3, 2);
    static const double wanted[] = {3, 1, -1, 2, 2, -2};
    assert_memory_equal(v, wanted, sizeof v);
}

/* Fails when values or signs are not handed on: diag(1, 9, 4). */
static void test_leading(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    static const double a[] = {1, 0, 0, 0, 9, 0, 0, 0, 4};
    double value[2], v[6];
    static const double wanted[] = {0, 0, 1, 0, 0, 1};
    TEST_OK(sid__eigen_leading(ctx, a, 3, 2, 42, value, v, err));
    assert_true(value[0] == 9 && value[1] == 4);
    assert_memory_equal(v, wanted, sizeof v);
    TEST_OK(sid__eigen_leading(ctx, a, 3, 2, 42, NULL, v, err));
    sid_ctx_free(ctx);
}

/* Fails when a failure inside is swallowed or leaks. */
static void test_failures(void **state)
{
    (void)state;
    enum { N = 100, RANK = 2 };
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    double *a = case_spd(N, 0, 3), value[RANK], v[N * RANK];
    for (int after = 0; after < 30; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__eigen_subspace(ctx, a, N, RANK, 42, value, v, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__eigen_leading(ctx, a, N, RANK, 42, value, v, err), SID_ENOMEM, "eigenvalues");
    sid__mem_fail(-1, 0);
    sid_ctx_set_memory_limit(ctx, 1000);
    TEST_FAILS(sid__eigen_subspace(ctx, a, N, RANK, 42, value, v, err), SID_ENOMEM, "eigenvectors");
    TEST_FAILS(sid__eigen_leading(ctx, a, N, RANK, 42, value, v, err), SID_ENOMEM, "eigenvectors");
    sid_ctx_set_memory_limit(ctx, 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__eigen_subspace(ctx, a, N, RANK, 42, value, v, err), SID_ECANCELED, "interrupted");
    sid__free(a);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subspace_equals_direct),
        cmocka_unit_test(test_subspace_of_low_rank),
        cmocka_unit_test(test_signs),
        cmocka_unit_test(test_leading),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
