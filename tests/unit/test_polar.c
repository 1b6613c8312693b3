/* test_polar.c: nearest rotations against matrices whose polar factor is known, and the properties that make them so. */
#include "linalg_case.h"

#include "linalg/linalg.h"

/* A random orthogonal matrix. */
static double *case_rotation(sid_ctx *ctx, int n, uint64_t seed)
{
    double *q = case_gaussians((int64_t)n * n, seed);
    TEST_OK(sid__orthonormalize(ctx, q, n, n, NULL, err));
    return q;
}

static void set_identity(double *r, int n)
{
    for (int64_t i = 0; i < (int64_t)n * n; i++)
        r[i] = i % (n + 1) == 0;
}

/* a (n, n) = left diag(value) right^T */
static double *compose(const double *left, const double *value, const double *right, int n)
{
    double *a = case_alloc((int64_t)n * n, sizeof *a);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            for (int k = 0; k < n; k++)
                a[i * n + j] += left[i * n + k] * value[k] * right[j * n + k];
    return a;
}

/* Fails when the result is not U V^T: made from singular values of 1 to 1e-4, so that U V^T is known. */
static void test_known_factor(void **state)
{
    (void)state;
    enum { N = 60 };
    double value[N], ones[N], r[N * N];
    sid_ctx *ctx = case_ctx(2, SID__ISA_PORTABLE);
    double *left = case_rotation(ctx, N, 1), *right = case_rotation(ctx, N, 2);
    for (int i = 0; i < N; i++) {
        value[i] = 1e3 * pow(10, -4.0 * i / (N - 1));
        ones[i] = 1;
    }
    double *a = compose(left, value, right, N), *wanted = compose(left, ones, right, N);
    bool is_found = false;
    memcpy(r, wanted, sizeof r);
    TEST_OK(sid__nearest_rotation(ctx, a, N, r, &is_found, err));
    assert_true(is_found);
    assert_true(case_unorthonormality(r, N, N) < 1e-12);
    for (int i = 0; i < N * N; i++)
        assert_true(fabs(r[i] - wanted[i]) < 1e-9);
    set_identity(r, N); /* the former rotation may weigh a little: 1e-6 of the largest singular value */
    TEST_OK(sid__nearest_rotation(ctx, a, N, r, &is_found, err));
    for (int i = 0; i < N * N; i++)
        assert_true(fabs(r[i] - wanted[i]) < 0.05);
    sid__free(left);
    sid__free(right);
    sid__free(a);
    sid__free(wanted);
    sid_ctx_free(ctx);
}

/* Fails when a missing rank gives no orthogonal matrix, or turns directions that `a` says nothing about. */
static void test_missing_rank_keeps_the_former(void **state)
{
    (void)state;
    enum { N = 24 };
    double r[N * N], value[N] = {0};
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    bool is_found = false;
    for (int i = 0; i < N; i++)
        value[i] = i < 5 ? 3 : 0;
    double *identity = case_alloc(N * N, sizeof *identity);
    set_identity(identity, N);
    double *a = compose(identity, value, identity, N);
    set_identity(r, N);
    TEST_OK(sid__nearest_rotation(ctx, a, N, r, &is_found, err));
    assert_true(is_found);
    assert_true(case_unorthonormality(r, N, N) < 1e-12);
    for (int i = 0; i < N * N; i++)
        assert_true(fabs(r[i] - identity[i]) < 1e-9);
    sid__free(identity);
    sid__free(a);
    sid_ctx_free(ctx);
}

/* Fails when a matrix of nothing, or one that cancels the former rotation, changes it or never ends. */
static void test_nothing_changes_nothing(void **state)
{
    (void)state;
    double zero[9] = {0}, r[9], against[9];
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    bool is_found = true;
    set_identity(r, 3);
    TEST_OK(sid__nearest_rotation(ctx, zero, 3, r, &is_found, err));
    assert_false(is_found);
    assert_true(r[0] == 1 && r[1] == 0);
    zero[4] = (double)INFINITY;
    TEST_OK(sid__nearest_rotation(ctx, zero, 3, r, &is_found, err));
    assert_false(is_found);
    for (int i = 0; i < 9; i++) /* singular whatever share of r is added: one row is -2^-20 r, scaled by the norm 1 */
        against[i] = i == 0 ? 1 : i == 4 ? -0x1p-20 * (1 + 0x1p-40) : 0;
    TEST_OK(sid__nearest_rotation(ctx, against, 3, r, &is_found, err));
    assert_true(!is_found || case_unorthonormality(r, 3, 3) < 1e-12);
    assert_true(case_unorthonormality(r, 3, 3) < 1e-12);
    sid_ctx_free(ctx);
}

/* Fails when threads or kernel paths reach a bit, when memory that is not there is not reported, or cancelling is not. */
static void test_same_bits_and_failures(void **state)
{
    (void)state;
    enum { N = 70 };
    double *a = case_gaussians(N * N, 3), first[N * N], r[N * N];
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        sid_ctx *ctx = case_ctx(1 + 3 * isa, (sid__isa)isa);
        if (!ctx)
            continue;
        set_identity(r, N);
        TEST_OK(sid__nearest_rotation(ctx, a, N, r, NULL, err));
        if (isa == 0)
            memcpy(first, r, sizeof r);
        assert_memory_equal(first, r, sizeof r);
        sid__mem_fail(0, 1);
        assert_int_equal(sid__nearest_rotation(ctx, a, N, r, NULL, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
        sid_ctx_cancel(ctx);
        assert_int_equal(sid__nearest_rotation(ctx, a, N, r, NULL, NULL), SID_ECANCELED);
        assert_memory_equal(first, r, sizeof r);
        sid_ctx_free(ctx);
    }
    sid__free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_factor), cmocka_unit_test(test_missing_rank_keeps_the_former),
        cmocka_unit_test(test_nothing_changes_nothing), cmocka_unit_test(test_same_bits_and_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
