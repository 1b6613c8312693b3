/* test_lsa_matrix.c: the sparse matrix and its products. */
#include "linalg_case.h"

#include "embed/lsa_matrix.h"

enum { ROWS = 700, COLUMNS = 90 };

/* About one entry in five; some rows and columns empty. */
static sid__sparse sample(double *dense)
{
    sid__sparse a = {0};
    TEST_OK(sid__sparse_init(&a, ROWS, COLUMNS, ROWS * COLUMNS, err));
    int64_t filled = 0;
    for (int64_t row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++) {
            uint64_t index = (uint64_t)(row * COLUMNS + column);
            if (row % 50 == 3 || column == 7 || sid__philox_below(1, SID__STREAM_TEST, index, 5))
                continue;
            dense[index] = sid__gaussian(2, SID__STREAM_TEST, index);
            a.index[filled] = column;
            a.weight[filled++] = dense[index];
        }
        a.start[row + 1] = filled;
    }
    return a;
}

/* Fails when the transpose moves an entry, or a product's bits depend on path or threads. */
static void test_products(void **state)
{
    (void)state;
    static const int width[] = {1, 3, 17, 70, 138};
    double *dense = case_alloc(ROWS * COLUMNS, sizeof *dense);
    sid__sparse a = sample(dense), transposed = {0};
    TEST_OK(sid__sparse_transpose(&a, &transposed, err));
    assert_int_equal(transposed.start[COLUMNS], a.start[ROWS]);
    for (size_t w = 0; w < sizeof width / sizeof *width; w++) {
        int n = width[w];
        double *x = case_gaussians(COLUMNS * n, 3), *y = case_gaussians(ROWS * n, 4);
        double *ax = case_alloc(ROWS * n, sizeof *ax), *aty = case_alloc(COLUMNS * n, sizeof *aty);
        double *got = case_alloc(ROWS * n, sizeof *got);
        for (int64_t i = 0; i < ROWS; i++)
            for (int64_t k = 0; k < COLUMNS; k++)
                for (int j = 0; j < n && dense[i * COLUMNS + k] != 0; j++) {
                    ax[i * n + j] += dense[i * COLUMNS + k] * x[k * n + j];
                    aty[k * n + j] += dense[i * COLUMNS + k] * y[i * n + j];
                }
        for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
            sid_ctx *ctx = case_ctx(1 + 3 * isa, (sid__isa)isa);
            if (!ctx)
                continue;
            sid__sparse_multiply(ctx, &a, x, n, got);
            assert_memory_equal(got, ax, (size_t)ROWS * (size_t)n * sizeof *got);
            sid__sparse_multiply(ctx, &transposed, y, n, got);
            assert_memory_equal(got, aty, (size_t)COLUMNS * (size_t)n * sizeof *got);
            sid_ctx_free(ctx);
        }
        sid__free(x);
        sid__free(y);
        sid__free(ax);
        sid__free(aty);
        sid__free(got);
    }
    sid__sparse_drop(&a);
    sid__sparse_drop(&transposed);
    sid__free(dense);
}

/* Fails when a failed start leaves memory behind. */
static void test_out_of_memory(void **state)
{
    (void)state;
    sid__sparse a = {0};
    for (int after = 0; after < 3; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__sparse_init(&a, 3, 3, 3, err), SID_ENOMEM, "item-by-word matrix");
        assert_null(a.start);
    }
    sid__mem_fail(-1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products), cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
