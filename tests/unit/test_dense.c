/* test_dense.c: every path of kernel/dense gives the bits of the plain loop, at every length. */
#include "linalg_case.h"

#include "kernel/dense.h"

/* Fails when a tail is skipped or a path rounds otherwise. */
static void test_vectors(void **state)
{
    (void)state;
    enum { N = 67 };
    double *x = case_gaussians(N, 1), *y = case_gaussians(N, 2);
    float narrow[N];
    for (int i = 0; i < N; i++)
        narrow[i] = (float)x[i];
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        const sid__dense *dense = sid__dense_for((sid__isa)isa);
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        for (int n = 0; n <= N; n++) {
            double p[N], q[N];
            memcpy(p, y, sizeof p);
            dense->add_scaled(n, 0.3, x, p);
            for (int i = 0; i < N; i++)
                assert_true(p[i] == (i < n ? y[i] + 0.3 * x[i] : y[i]));
            memcpy(p, x, sizeof p);
            memcpy(q, y, sizeof q);
            dense->rotate(n, 0.8, 0.6, p, q);
            for (int i = 0; i < N; i++)
                assert_true(p[i] == (i < n ? 0.8 * x[i] - 0.6 * y[i] : x[i]) &&
                            q[i] == (i < n ? 0.6 * x[i] + 0.8 * y[i] : y[i]));
            memset(p, 0, sizeof p);
            dense->widen(n, narrow, p);
            for (int i = 0; i < N; i++)
                assert_true(p[i] == (i < n ? (double)narrow[i] : 0));
        }
    }
    sid__free(x);
    sid__free(y);
}

/* Fails when a sum leaves its order or a strip its columns. */
static void test_gather_sum(void **state)
{
    (void)state;
    enum { ROWS = 9, TERMS = 5 };
    static const int32_t index[TERMS] = {0, 3, 4, 7, 8};
    static const double weight[TERMS] = {0.5, -1.25, 3, 0.1, 1e-3};
    for (int width = 1; width < 150; width += 7) {
        double *x = case_gaussians(ROWS * width, 3);
        for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
            double out[150];
            if (!sid__isa_is_supported((sid__isa)isa))
                continue;
            sid__dense_for((sid__isa)isa)->gather_sum(TERMS, weight, index, x, width, out);
            for (int i = 0; i < width; i++) {
                double sum = 0;
                for (int j = 0; j < TERMS; j++)
                    sum += weight[j] * x[index[j] * width + i];
                assert_true(out[i] == sum);
            }
            sid__dense_for((sid__isa)isa)->gather_sum(0, weight, index, x, width, out);
            assert_true(out[0] == 0 && out[width - 1] == 0);
        }
        sid__free(x);
    }
}

/* Fails when the tile's registers are dealt wrong: 16 x 16 outputs, any depth, added to what is there. */
static void test_tile(void **state)
{
    (void)state;
    enum { TILE = SID__DENSE_TILE, DEPTH = 37, STEP = 20 };
    double *a = case_gaussians(TILE * DEPTH, 4), *b = case_gaussians(TILE * DEPTH, 5),
           *c = case_gaussians(TILE * STEP, 6);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        double got[TILE * STEP];
        if (!sid__isa_is_supported((sid__isa)isa))
            continue;
        memcpy(got, c, sizeof got);
        sid__dense_for((sid__isa)isa)->tile(DEPTH, a, b, got, STEP);
        for (int i = 0; i < TILE; i++)
            for (int j = 0; j < STEP; j++) {
                double sum = c[i * STEP + j];
                for (int p = 0; p < DEPTH && j < TILE; p++)
                    sum += a[p * TILE + i] * b[p * TILE + j];
                assert_true(got[i * STEP + j] == sum);
            }
    }
    sid__free(a);
    sid__free(b);
    sid__free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_gather_sum),
        cmocka_unit_test(test_tile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
