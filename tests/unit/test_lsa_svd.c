/* test_lsa_svd.c: the randomised SVD against a full eigendecomposition. */
#include "linalg_case.h"

#include "embed/lsa_svd.h"
#include "linalg/linalg.h"

/* A (rows, columns) of falling singular values, all entries stored. */
static sid__sparse dense_matrix(int rows, int columns, int rank)
{
    sid__sparse a = {0};
    TEST_OK(sid__sparse_init(&a, rows, columns, (int64_t)rows * columns, err));
    double *left = case_gaussians((int64_t)rows * rank, 1), *right = case_gaussians((int64_t)rank * columns, 2);
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            a.index[i * columns + j] = (int32_t)j;
            for (int k = 0; k < rank; k++)
                a.weight[i * columns + j] += left[i * rank + k] * right[k * columns + j] / (1 + k * k);
        }
        a.start[i + 1] = (i + 1) * columns;
    }
    sid__free(left);
    sid__free(right);
    return a;
}

/* Fails when a round or the projection is wrong: singular values to 1e-9, vectors span and sign. */
static void test_equals_eigenvectors(void **state)
{
    (void)state;
    enum { ROWS = 300, COLUMNS = 120, RANK = 8 };
    sid__sparse a = dense_matrix(ROWS, COLUMNS, 40);
    double *gram = case_alloc(COLUMNS * COLUMNS, sizeof *gram), *first = NULL;
    for (int64_t r = 0; r < ROWS; r++)
        for (int i = 0; i < COLUMNS; i++)
            for (int j = 0; j < COLUMNS; j++)
                gram[i * COLUMNS + j] += a.weight[r * COLUMNS + i] * a.weight[r * COLUMNS + j];
    double sigma[RANK], v[COLUMNS * RANK], value[RANK], w[COLUMNS * RANK];
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        sid_ctx *ctx = case_ctx(1 + 3 * isa, (sid__isa)isa);
        if (!ctx)
            continue;
        TEST_OK(sid__sparse_svd(ctx, &a, &(sid__svd_options){RANK, 4, 42}, sigma, v, err));
        if (first) {
            assert_memory_equal(first, v, sizeof v);
        } else {
            first = case_copy(v, COLUMNS * RANK);
            TEST_OK(sid__eigen_leading(ctx, gram, COLUMNS, RANK, 1, value, w, err));
            for (int j = 0; j < RANK; j++)
                assert_true(fabs(sigma[j] / sqrt(value[j]) - 1) < 1e-9);
            for (int i = 0; i < COLUMNS * RANK; i++)
                assert_true(fabs(v[i] - w[i]) < 1e-4);
            assert_true(case_unorthonormality(v, COLUMNS, RANK) < 1e-13);
        }
        sid_ctx_free(ctx);
    }
    sid__free(first);
    sid__free(gram);
    sid__sparse_drop(&a);
}

/* Fails when the factorisation of the specification's three items changes: sigma 1.267023, 1, .628213. */
static void test_golden(void **state)
{
    (void)state;
    static const int32_t index[] = {1, 2, 0, 1, 2, 3}; /* of blue, dress, red, shoes */
    static const double weight[] = {.50854228, .86103701, .79596054, .60534851, .60534851, .79596054};
    static const double wanted[] = {1.267023, 1, .628213};
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid__sparse a = {0};
    double sigma[3], v[4 * 3];
    TEST_OK(sid__sparse_init(&a, 3, 4, 6, err));
    memcpy(a.index, index, sizeof index);
    memcpy(a.weight, weight, sizeof weight);
    for (int i = 0; i < 3; i++)
        a.start[i + 1] = 2 * (i + 1);
    TEST_OK(sid__sparse_svd(ctx, &a, &(sid__svd_options){3, 4, 42}, sigma, v, err));
    for (int i = 0; i < 3; i++)
        assert_true(fabs(sigma[i] - wanted[i]) < 1e-6);
    assert_true(case_unorthonormality(v, 4, 3) < 1e-14);
    sid__sparse_drop(&a);
    sid_ctx_free(ctx);
}

/* Fails when a rank that the matrix lacks gives noise: those columns are zero. Also more columns than rows. */
static void test_low_rank(void **state)
{
    (void)state;
    enum { ROWS = 20, COLUMNS = 50, RANK = 6 };
    sid_ctx *ctx = case_ctx(2, sid__isa_best());
    sid__sparse a = dense_matrix(ROWS, COLUMNS, 3);
    double sigma[RANK], v[COLUMNS * RANK];
    TEST_OK(sid__sparse_svd(ctx, &a, &(sid__svd_options){RANK, 2, 42}, sigma, v, err));
    assert_true(sigma[2] > 0.1 && sigma[3] < 1e-6);
    for (int i = 0; i < COLUMNS; i++)
        for (int j = 3; j < RANK; j++)
            assert_true(v[i * RANK + j] == 0);
    TEST_OK(sid__sparse_svd(ctx, &a, &(sid__svd_options){RANK, 0, 42}, sigma, v, err));
    assert_true(case_unorthonormality(v, COLUMNS, 1) < 1e-13 || v[0] != 0);
    sid__sparse_drop(&a);
    sid_ctx_free(ctx);
}

/* Fails when memory, its limit or cancelling is not looked at. */
static void test_failures(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid__sparse a = dense_matrix(30, 20, 5);
    double sigma[4], v[20 * 4];
    sid__svd_options options = {4, 1, 42};
    for (int after = 0; after < 20; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__sparse_svd(ctx, &a, &options, sigma, v, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    sid_ctx_set_memory_limit(ctx, 1000);
    TEST_FAILS(sid__sparse_svd(ctx, &a, &options, sigma, v, err), SID_ENOMEM, "lsa: factorising");
    sid_ctx_set_memory_limit(ctx, 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__sparse_svd(ctx, &a, &options, sigma, v, err), SID_ECANCELED, "interrupted");
    sid__sparse_drop(&a);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_eigenvectors),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_low_rank),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
