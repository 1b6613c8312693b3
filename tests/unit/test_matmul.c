/* test_matmul.c: products against the plain loop, bit by bit, in every arrangement of the factors. */
#include "linalg_case.h"

#include "linalg/matmul.h"

static double element(const sid__operand *x, int64_t p, int64_t i)
{
    int64_t at = p * x->depth_step + i * x->lane_step;
    double value = x->f32 ? (double)x->f32[at] : x->f64[at];
    return x->is_negated ? -value : value;
}

static void check_product(sid__product product, const double *start)
{
    int64_t count = product.m * product.n;
    double *wanted = case_copy(start, count), *got = case_alloc(count, sizeof *got);
    for (int64_t i = 0; i < product.m; i++)
        for (int64_t j = 0; j < product.n; j++) {
            double sum = product.is_added ? start[i * product.n + j] : 0;
            for (int64_t p = 0; p < product.depth; p++)
                sum += element(&product.a, p, i) * element(&product.b, p, j);
            wanted[i * product.n + j] = sum;
        }
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        sid_ctx *ctx = case_ctx(1 + isa * 3, (sid__isa)isa);
        if (!ctx)
            continue;
        memcpy(got, start, (size_t)count * sizeof *got);
        product.c = got;
        product.c_step = product.n;
        sid__multiply(ctx, &product);
        for (int64_t i = 0; i < count; i++)
            if (!product.is_upper || i % product.n >= i / product.n)
                assert_memory_equal(&got[i], &wanted[i], sizeof *got);
        sid_ctx_free(ctx);
    }
    sid__free(wanted);
    sid__free(got);
}

/* Fails when a stride, the negation, the starting value or an edge is mishandled. */
static void test_equals_plain_loop(void **state)
{
    (void)state;
    enum { M = 70, N = 90, DEPTH = 140 };
    double *a = case_gaussians(M * DEPTH, 1), *b = case_gaussians(N * DEPTH, 2), *start = case_gaussians(N * N, 3);
    float *a32 = case_floats(M * DEPTH, 4);
    sid__operand rows = {.f64 = b, .depth_step = N, .lane_step = 1};
    sid__operand columns = {.f64 = a, .depth_step = 1, .lane_step = DEPTH};
    check_product((sid__product){.a = columns, .b = rows, .m = M, .n = N, .depth = DEPTH}, start);
    check_product((sid__product){.a = columns, .b = rows, .m = M, .n = N, .depth = DEPTH, .is_added = true}, start);
    columns.is_negated = true;
    check_product((sid__product){.a = columns, .b = rows, .m = 1, .n = 1, .depth = 3, .is_added = true}, start);
    sid__operand floats = {.f32 = a32, .depth_step = M, .lane_step = 1};
    check_product((sid__product){.a = floats, .b = rows, .m = M, .n = N, .depth = DEPTH}, start);
    floats = (sid__operand){.f32 = a32, .depth_step = 1, .lane_step = DEPTH};
    check_product((sid__product){.a = floats, .b = rows, .m = M, .n = N, .depth = DEPTH}, start);
    check_product((sid__product){.a = rows, .b = rows, .m = N, .n = N, .depth = DEPTH, .is_upper = true}, start);
    sid__free(a);
    sid__free(b);
    sid__free(start);
    sid__free(a32);
}

/* Fails when a block overwrites columns that a block to its left still needs. */
static void test_triangular_in_place(void **state)
{
    (void)state;
    enum { ROWS = 150, N = 131 };
    double *a = case_gaussians(ROWS * N, 5), *r = case_gaussians(N * N, 6);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++)
            r[i * N + j] = 0;
    double *got = case_copy(a, ROWS * N);
    sid_ctx *ctx = case_ctx(2, sid__isa_best());
    sid__multiply_triangular(ctx, got, ROWS, r, N);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k <= j; k++)
                sum += a[i * N + k] * r[k * N + j];
            assert_true(fabs(got[i * N + j] - sum) < 1e-12);
        }
    sid_ctx_free(ctx);
    sid__free(a);
    sid__free(r);
    sid__free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_plain_loop),
        cmocka_unit_test(test_triangular_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
