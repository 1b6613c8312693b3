/* test_cholesky.c: factors, inverses and systems. */
#include "linalg_case.h"

#include "linalg/factor.h"
#include "linalg/linalg.h"

/* Fails when a pivot or a back substitution is wrong: 2x2 by hand, a = [[4, 2], [2, 5]], b = (8, 12). */
static void test_two_by_two(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    double a[] = {4, 2, 2, 5}, b[] = {8, 12};
    assert_true(sid__solve_spd(ctx, a, 2, b, 1));
    assert_true(b[0] == 1 && b[1] == 2);
    assert_true(a[0] == 2 && a[1] == 1 && a[3] == 2);
    sid_ctx_free(ctx);
}

/* Fails when the blocked update or the strips of b go wrong; also when a path or thread count changes bits. */
static void test_residual_is_small(void **state)
{
    (void)state;
    enum { N = 150, M = 70 };
    double *a = case_spd(N, 40, 1), *b = case_gaussians(N * M, 2), *first = NULL;
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        sid_ctx *ctx = case_ctx(1 + 3 * isa, (sid__isa)isa);
        if (!ctx)
            continue;
        double *factor = case_copy(a, N * N), *x = case_copy(b, N * M);
        assert_true(sid__solve_spd(ctx, factor, N, x, M));
        for (int i = 0; i < N; i++)
            for (int j = 0; j < M; j++) {
                double sum = -b[i * M + j];
                for (int k = 0; k < N; k++)
                    sum += a[i * N + k] * x[k * M + j];
                assert_true(fabs(sum) < 1e-10);
            }
        if (first)
            assert_memory_equal(first, x, N * M * sizeof *x);
        else
            first = case_copy(x, N * M);
        sid__free(factor);
        sid__free(x);
        sid_ctx_free(ctx);
    }
    sid__free(first);
    sid__free(a);
    sid__free(b);
}

/* Fails when a pivot that is not positive is let through: late in a large matrix, zero, negative, NaN. */
static void test_refuses_what_is_not_positive(void **state)
{
    (void)state;
    enum { N = 100 };
    static const double bad[] = {0, -1, (double)NAN};
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    double b[N] = {0};
    for (int i = 0; i < 3; i++) {
        double *a = case_alloc(N * N, sizeof *a);
        for (int k = 0; k < N; k++)
            a[k * N + k] = k == N - 1 ? bad[i] : 1;
        assert_false(sid__solve_spd(ctx, a, N, b, 1));
        sid__free(a);
    }
    sid_ctx_free(ctx);
}

/* Fails when the share of the diagonal that a pivot must keep is not looked at. */
static void test_pivot_floor(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    double diagonal[] = {1, 1};
    double near[] = {1, 1 - 1e-6, 1 - 1e-6, 1}; /* second pivot 2e-6 */
    assert_true(sid__cholesky(ctx, near, 2, diagonal, 1e-6));
    double again[] = {1, 1 - 1e-6, 1 - 1e-6, 1};
    assert_false(sid__cholesky(ctx, again, 2, diagonal, 1e-5));
    sid_ctx_free(ctx);
}

/* Fails when the inverse of a triangle is off: u times it is the identity. */
static void test_invert_upper(void **state)
{
    (void)state;
    enum { N = 33 };
    double *u = case_gaussians(N * N, 9), inverse[N * N];
    for (int i = 0; i < N; i++)
        u[i * N + i] = 5 + i;
    sid__invert_upper(u, N, inverse);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = i == j ? -1 : 0;
            for (int k = i; k < N; k++)
                sum += u[i * N + k] * inverse[k * N + j];
            assert_true(fabs(sum) < 1e-13);
        }
    sid__free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_by_two),   cmocka_unit_test(test_residual_is_small),
        cmocka_unit_test(test_pivot_floor),  cmocka_unit_test(test_refuses_what_is_not_positive),
        cmocka_unit_test(test_invert_upper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
