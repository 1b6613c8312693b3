/* test_tridiagonal.c: the direct eigensolver against its definition and against Jacobi. */
#include "linalg_case.h"

#include "linalg/eigen.h"
#include "linalg/linalg.h"

/* Fails when a reflection, a QL step or the way back is wrong, or bits depend on path or threads. */
static void test_equals_jacobi(void **state)
{
    (void)state;
    static const int size[] = {1, 2, 3, 17, 80, 300};
    for (size_t s = 0; s < sizeof size / sizeof *size; s++) {
        int n = size[s], rank = n > 8 ? n / 2 : n;
        double *a = case_spd(n, 3, s + 1), *first = NULL;
        double *value = case_alloc(n, sizeof *value), *v = case_alloc((int64_t)n * rank, sizeof *v);
        for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
            sid_ctx *ctx = case_ctx(1 + 3 * isa, (sid__isa)isa);
            if (!ctx)
                continue;
            TEST_OK(sid__eigen_direct(ctx, a, n, rank, value, v, err));
            if (first)
                assert_memory_equal(first, v, (size_t)n * (size_t)rank * sizeof *v);
            else
                first = case_copy(v, (int64_t)n * rank);
            sid_ctx_free(ctx);
        }
        assert_true(case_eigen_error(a, n, value, v, rank) < 1e-12 * value[0]);
        assert_true(case_unorthonormality(v, n, rank) < 1e-13);
        double *all = case_alloc(n, sizeof *all), *vectors = case_alloc((int64_t)n * n, sizeof *vectors);
        if (n <= 80) {
            sid__eigen_jacobi(a, n, all, vectors);
            for (int i = 0; i < rank; i++)
                assert_true(fabs(all[i] - value[i]) < 1e-13 * all[0]);
        }
        sid__free(first);
        sid__free(a);
        sid__free(value);
        sid__free(v);
        sid__free(all);
        sid__free(vectors);
    }
}

/* Fails when equal or zero eigenvalues stop QL from ending, or vectors lose orthogonality. */
static void test_degenerate(void **state)
{
    (void)state;
    enum { N = 40 };
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    double *a = case_alloc(N * N, sizeof *a), value[N], v[N * N];
    TEST_OK(sid__eigen_direct(ctx, a, N, N, value, v, err));
    assert_true(value[0] == 0 && case_unorthonormality(v, N, N) == 0);
    for (int i = 0; i < N * N; i++)
        a[i] = 1; /* one eigenvalue N, the others 0 */
    TEST_OK(sid__eigen_direct(ctx, a, N, N, value, v, err));
    assert_true(fabs(value[0] - N) < 1e-12 && fabs(value[1]) < 1e-13);
    assert_true(case_unorthonormality(v, N, N) < 1e-13);
    for (int i = 0; i < N * N; i++)
        a[i] = i % (N + 1) == 0 ? 3 : 0;
    TEST_OK(sid__eigen_direct(ctx, a, N, N, value, v, err));
    for (int i = 0; i < N; i++)
        assert_true(value[i] == 3);
    sid__free(a);
    sid_ctx_free(ctx);
}

/* Fails when products of tiny entries vanish or reflectors overflow: the Gram matrix of deep residuals near fp32's
 * denormals, and one whose entries fall from 1 to 1e-300. */
static void test_tiny(void **state)
{
    (void)state;
    enum { N = 30 };
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    double *a = case_alloc(N * N, sizeof *a), plain[N], value[N], v[N * N], w[N * N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i * N + j] = 1.0 / (1 + i + j);
    TEST_OK(sid__eigen_direct(ctx, a, N, N, plain, v, err));
    for (int i = 0; i < N * N; i++)
        a[i] *= 0x1p-300;
    TEST_OK(sid__eigen_direct(ctx, a, N, N, value, w, err));
    assert_memory_equal(v, w, sizeof v); /* a power of two changes no mantissa */
    for (int i = 0; i < N; i++)
        assert_true(value[i] == plain[i] * 0x1p-300);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i * N + j] = (i > j ? i : j) < 25 ? 0x1p-30 / (1 + (i ^ j)) / (1 + (double)(1ull << (i + j))) : 1e-300;
    a[0] = 1;
    TEST_OK(sid__eigen_direct(ctx, a, N, N, value, v, err));
    assert_true(case_unorthonormality(v, N, N) < 1e-12);
    sid__free(a);
    sid_ctx_free(ctx);
}

/* Fails when zero eigenvalues that rounding left at 1e-16 of the largest stop QL from ending: covariances of fewer rows than
 * dimensions. */
static void test_rank_deficient(void **state)
{
    (void)state;
    enum { N = 128, ROWS = 64, SEEDS = 12 };
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    double value[N], *v = case_alloc((int64_t)N * N, sizeof *v);
    for (int seed = 0; seed < SEEDS; seed++) {
        double *a = case_spd(N, ROWS - N, (uint64_t)seed);
        TEST_OK(sid__eigen_direct(ctx, a, N, N, value, v, err));
        assert_true(case_eigen_error(a, N, value, v, N) < 1e-12 * value[0]);
        assert_true(case_unorthonormality(v, N, N) < 1e-13);
        assert_true(value[ROWS - 1] > 1e-3 * value[0] && value[ROWS] < 1e-13 * value[0]);
        sid__free(a);
    }
    sid__free(v);
    sid_ctx_free(ctx);
}

/* Fails when NaN is accepted or loops for ever; when memory or cancelling is not looked at. */
static void test_failures(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    double a[] = {1, (double)NAN, (double)NAN, 1}, value[2], v[4];
    TEST_FAILS(sid__eigen_direct(ctx, a, 2, 2, value, v, err), SID_EINTERNAL, "does not converge");
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__eigen_direct(ctx, a, 2, 2, value, v, err), SID_ENOMEM, "eigenvectors");
    }
    sid__mem_fail(-1, 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__eigen_direct(ctx, a, 2, 2, value, v, err), SID_ECANCELED, "interrupted");
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_jacobi),  cmocka_unit_test(test_degenerate), cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_rank_deficient), cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
