/* test_qr.c: orthonormal bases of ordinary, nearly dependent and dependent columns. */
#include "linalg_case.h"

#include "linalg/linalg.h"

/* Largest part of the columns of `old` that lies outside the span of the orthonormal q. */
static double outside(const double *old, const double *q, int64_t rows, int columns)
{
    double worst = 0;
    double *rest = case_copy(old, rows * columns);
    for (int j = 0; j < columns; j++)
        for (int k = 0; k < columns; k++) {
            double share = 0;
            for (int64_t i = 0; i < rows; i++)
                share += q[i * columns + k] * rest[i * columns + j];
            for (int64_t i = 0; i < rows; i++)
                rest[i * columns + j] -= share * q[i * columns + k];
        }
    for (int64_t i = 0; i < rows * columns; i++)
        worst = fmax(worst, fabs(rest[i]));
    sid__free(rest);
    return worst;
}

/* Fails when the second round goes, or a path or thread count changes bits. */
static void test_ordinary_columns(void **state)
{
    (void)state;
    enum { ROWS = 9000, N = 70 };
    double *a = case_gaussians(ROWS * N, 1), *first = NULL;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        sid_ctx *ctx = case_ctx(1 + 3 * isa, (sid__isa)isa);
        if (!ctx)
            continue;
        double *q = case_copy(a, ROWS * N);
        int rank = 0;
        TEST_OK(sid__orthonormalize(ctx, q, ROWS, N, &rank, err));
        assert_int_equal(rank, N);
        if (first) {
            assert_memory_equal(first, q, ROWS * N * sizeof *q);
        } else {
            assert_true(case_unorthonormality(q, ROWS, N) < 1e-14);
            assert_true(outside(a, q, ROWS, N) < 1e-12);
            first = case_copy(q, ROWS * N);
        }
        sid__free(q);
        sid_ctx_free(ctx);
    }
    sid__free(first);
    sid__free(a);
}

/* Fails when the fallback goes: Cholesky alone loses these columns, whose angles are 1e-9. */
static void test_nearly_dependent_columns(void **state)
{
    (void)state;
    enum { ROWS = 5000, N = 12 };
    double *a = case_gaussians(ROWS * N, 2), *first = NULL;
    for (int64_t i = 0; i < ROWS; i++)
        for (int j = 1; j < N; j++)
            a[i * N + j] = a[i * N] + 1e-9 * a[i * N + j];
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        sid_ctx *ctx = case_ctx(1 + 3 * isa, (sid__isa)isa);
        if (!ctx)
            continue;
        double *q = case_copy(a, ROWS * N);
        int rank = 0;
        TEST_OK(sid__orthonormalize(ctx, q, ROWS, N, &rank, err));
        assert_int_equal(rank, N);
        assert_true(case_unorthonormality(q, ROWS, N) < 1e-13);
        assert_true(outside(a, q, ROWS, N) < 1e-12);
        if (first)
            assert_memory_equal(first, q, ROWS * N * sizeof *q);
        else
            first = case_copy(q, ROWS * N);
        sid__free(q);
        sid_ctx_free(ctx);
    }
    sid__free(first);
    sid__free(a);
}

/* Fails when a dependent or a zero column is blown up from rounding instead of becoming zero. */
static void test_dependent_columns_become_zero(void **state)
{
    (void)state;
    enum { ROWS = 200, N = 6 };
    sid_ctx *ctx = case_ctx(2, sid__isa_best());
    double *a = case_gaussians(ROWS * N, 3);
    for (int64_t i = 0; i < ROWS; i++) {
        a[i * N + 2] = 3 * a[i * N] - a[i * N + 1];
        a[i * N + 4] = 0;
    }
    int rank = 0;
    TEST_OK(sid__orthonormalize(ctx, a, ROWS, N, &rank, err));
    assert_int_equal(rank, 4);
    for (int64_t i = 0; i < ROWS; i++)
        assert_true(a[i * N + 2] == 0 && a[i * N + 4] == 0);
    for (int64_t i = 0; i < ROWS; i++) /* put unit columns there so that all can be checked */
        a[i * N + 2] = a[i * N + 4] = 0;
    double *kept = case_alloc(ROWS * 4, sizeof *kept);
    static const int from[] = {0, 1, 3, 5};
    for (int64_t i = 0; i < ROWS; i++)
        for (int j = 0; j < 4; j++)
            kept[i * 4 + j] = a[i * N + from[j]];
    assert_true(case_unorthonormality(kept, ROWS, 4) < 1e-14);
    sid__free(kept);
    sid__free(a);
    sid_ctx_free(ctx);
}

/* Fails when the rough basis loses the span, or orthogonality beyond what was promised. */
static void test_rough_basis(void **state)
{
    (void)state;
    enum { ROWS = 3000, N = 20 };
    sid_ctx *ctx = case_ctx(2, sid__isa_best());
    double *a = case_gaussians(ROWS * N, 7), *q = case_alloc(ROWS * N, sizeof *q);
    for (int64_t i = 0; i < ROWS; i++)
        for (int j = 1; j < N; j++)
            a[i * N + j] = a[i * N] + 1e-3 * a[i * N + j];
    memcpy(q, a, ROWS * N * sizeof *q);
    TEST_OK(sid__orthonormalize_roughly(ctx, q, ROWS, N, err));
    assert_true(case_unorthonormality(q, ROWS, N) < 1e-5);
    TEST_OK(sid__orthonormalize(ctx, q, ROWS, N, NULL, err));
    assert_true(outside(a, q, ROWS, N) < 1e-12);
    sid__free(a);
    sid__free(q);
    sid_ctx_free(ctx);
}

/* Fails when lack of memory leaks or is not said. */
static void test_out_of_memory(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    double a[] = {1, 0, 0, 1, 2, 2};
    for (int after = 0; after < 5; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__orthonormalize(ctx, a, 3, 2, NULL, err), SID_ENOMEM, "orthonormal basis");
    }
    sid__mem_fail(-1, 0);
    TEST_OK(sid__orthonormalize(ctx, a, 3, 2, NULL, err));
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordinary_columns),
        cmocka_unit_test(test_nearly_dependent_columns),
        cmocka_unit_test(test_dependent_columns_become_zero),
        cmocka_unit_test(test_rough_basis),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
