/* test_jacobi.c: eigenvalues of small symmetric matrices. */
#include "linalg_case.h"

#include "linalg/linalg.h"

/* Fails when the rotation's angle or the order of values is wrong: [[2, 1], [1, 2]] has 3 and 1. */
static void test_two_by_two(void **state)
{
    (void)state;
    double a[] = {2, 1, 1, 2}, value[2], v[4];
    sid__eigen_jacobi(a, 2, value, v);
    assert_true(fabs(value[0] - 3) < 1e-15 && fabs(value[1] - 1) < 1e-15);
    assert_true(fabs(v[0] - v[2]) < 1e-15 && fabs(v[1] + v[3]) < 1e-15);
}

/* Fails when sweeps stop early: residuals and orthogonality at rounding. */
static void test_residual_is_small(void **state)
{
    (void)state;
    enum { N = 60 };
    double *a = case_spd(N, 5, 1), *work = case_copy(a, N * N), value[N], v[N * N];
    sid__eigen_jacobi(work, N, value, v);
    assert_true(case_eigen_error(a, N, value, v, N) < 1e-11);
    assert_true(case_unorthonormality(v, N, N) < 1e-13);
    for (int i = 1; i < N; i++)
        assert_true(value[i - 1] >= value[i]);
    sid__free(a);
    sid__free(work);
}

/* Fails when the threshold is absolute: graded values keep their relative accuracy. */
static void test_small_values_are_accurate(void **state)
{
    (void)state;
    double a[] = {1, 1e-9, 1e-9, 1e-14}, value[2], v[4];
    sid__eigen_jacobi(a, 2, value, v);
    assert_true(fabs(value[1] / (1e-14 - 1e-18) - 1) < 1e-12);
}

/* Fails when zero, diagonal or 1x1 matrices rotate by NaN; ties keep their order. */
static void test_degenerate(void **state)
{
    (void)state;
    double zero[9] = {0}, value[3], v[9];
    sid__eigen_jacobi(zero, 3, value, v);
    for (int i = 0; i < 9; i++)
        assert_true(v[i] == (i % 4 == 0));
    double one[] = {-5}, diagonal[] = {1, 0, 0, 0, 7, 0, 0, 0, 7};
    sid__eigen_jacobi(one, 1, value, v);
    assert_true(value[0] == -5 && v[0] == 1);
    sid__eigen_jacobi(diagonal, 3, value, v);
    assert_true(value[0] == 7 && value[2] == 1 && v[3] == 1 && v[7] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_by_two),
        cmocka_unit_test(test_residual_is_small),
        cmocka_unit_test(test_small_values_are_accurate),
        cmocka_unit_test(test_degenerate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
