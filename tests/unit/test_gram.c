/* test_gram.c: x^T x against the plain triple loop, bit by bit, on every path. */
#include "linalg_case.h"

#include "linalg/factor.h"
#include "linalg/linalg.h"

/* Each element one chain in row order: the definition. */
static void plain_gram(const double *x, int64_t count, int n, double *c)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t r = 0; r < count; r++)
                sum += x[r * n + i] * x[r * n + j];
            c[(int64_t)i * n + j] = sum;
        }
}

/* Fails when blocks, threads or vector width change the order of a sum, or an edge block is cut wrong. */
static void test_equals_plain_loop(void **state)
{
    (void)state;
    static const int shape[][2] = {{0, 3}, {1, 1}, {5, 3}, {127, 16}, {128, 17}, {300, 65}, {129, 130}};
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
        int64_t count = shape[s][0];
        int n = shape[s][1];
        float *x = case_floats(count * n, s);
        double *wide = case_alloc(count * n, sizeof *wide), *c = case_alloc(n * n, sizeof *c);
        double *wanted = case_alloc(n * n, sizeof *wanted);
        for (int64_t i = 0; i < count * n; i++)
            wide[i] = (double)x[i];
        plain_gram(wide, count, n, wanted);
        for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
            for (int threads = 1; threads <= 7; threads += 3) {
                sid_ctx *ctx = case_ctx(threads, (sid__isa)isa);
                if (!ctx)
                    continue;
                sid__gram_f32(ctx, x, count, n, c);
                assert_memory_equal(c, wanted, (size_t)n * (size_t)n * sizeof *c);
                sid__gram_f64(ctx, wide, count, n, c);
                assert_memory_equal(c, wanted, (size_t)n * (size_t)n * sizeof *c);
                sid_ctx_free(ctx);
            }
        }
        sid__free(x);
        sid__free(wide);
        sid__free(c);
        sid__free(wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_equals_plain_loop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
