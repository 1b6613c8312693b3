/* test_gemm.c: fp32 products against the plain chain, bit by bit, in every arrangement, on every path and thread count. */
#include "linalg_case.h"

#include "linalg/gemm.h"

static float element(const sid__gemm_factor *x, int64_t p, int64_t i)
{
    return x->is_by_depth ? x->data[p * x->step + i] : x->data[i * x->step + p];
}

static void plain_product(const sid__gemm_product *product, float *c)
{
    for (int64_t i = 0; i < product->rows; i++)
        for (int j = 0; j < product->columns; j++) {
            float sum = product->is_added ? c[i * product->c_step + j] : 0;
            for (int p = 0; p < product->depth; p++)
                sum = fmaf(element(&product->a, p, i), element(&product->b, p, j), sum);
            c[i * product->c_step + j] = sum;
        }
}

/* On every path with 1, 2 and 7 threads, b packed and not. */
static void check_product(sid__gemm_product product)
{
    int64_t count = product.rows * product.c_step;
    float *start = case_floats(count, 9), *wanted = case_alloc(count, sizeof *wanted);
    float *got = case_alloc(count, sizeof *got);
    memcpy(wanted, start, (size_t)count * sizeof *wanted);
    plain_product(&product, wanted);
    product.c = got;
    for (int i = 0; i < SID__ISA_COUNT * 3; i++) {
        static const int threads[] = {1, 2, 7};
        sid_ctx *ctx = case_ctx(threads[i % 3], (sid__isa)(i / 3));
        if (!ctx)
            continue;
        sid__gemm_packed packed;
        TEST_OK(sid__gemm_pack(ctx, product.b, product.depth, product.columns, &packed, err));
        for (int is_packed = 0; is_packed < 2; is_packed++) {
            product.packed = is_packed ? &packed : NULL;
            memcpy(got, start, (size_t)count * sizeof *got);
            sid__gemm(ctx, &product);
            assert_memory_equal(got, wanted, (size_t)count * sizeof *got);
        }
        sid__gemm_packed_drop(&packed);
        sid_ctx_free(ctx);
    }
    sid__free(start);
    sid__free(wanted);
    sid__free(got);
}

static void check_shape(int rows, int columns, int depth, bool is_added)
{
    float *a = case_floats((int64_t)rows * (depth + 3), 1), *b = case_floats((int64_t)columns * (depth + 5), 2);
    float *at = case_floats((int64_t)depth * (rows + 3), 3), *bt = case_floats((int64_t)depth * (columns + 5), 4);
    sid__gemm_product product = {.c_step = columns + 1, .rows = rows, .columns = columns, .depth = depth};
    product.is_added = is_added;
    for (int arrangement = 0; arrangement < 4; arrangement++) {
        product.a = arrangement & 1 ? sid__gemm_by_depth(at, rows + 3) : sid__gemm_by_lane(a, depth + 3);
        product.b = arrangement & 2 ? sid__gemm_by_depth(bt, columns + 5) : sid__gemm_by_lane(b, depth + 5);
        check_product(product);
    }
    sid__free(a);
    sid__free(b);
    sid__free(at);
    sid__free(bt);
}

/* Fails when an element is not one fused chain in depth order from its start, whatever the blocks, the arrangement of
 * the factors, the threads or the path; or when anything between the rows of c is touched. */
static void equals_the_plain_chain(void **state)
{
    (void)state;
    check_shape(1, 1, 1, false);
    check_shape(20, 33, 64, true);
    check_shape(13, 130, 17, false);
    check_shape(97, 65, 530, false);  /* the depth in steps, two blocks of rows */
    check_shape(101, 259, 40, false); /* columns on several threads */
    check_shape(3, 300, 1030, true);
}

/* Fails when a product over nothing is not zero, or changes what it should be added to. */
static void sums_over_nothing(void **state)
{
    (void)state;
    check_shape(5, 20, 0, false);
    check_shape(5, 20, 0, true);
    check_shape(0, 20, 4, false);
    check_shape(5, 0, 4, false);
}

/* Fails when infinities and NaN do not go the way of the plain chain, as they would if padding met them. */
static void not_a_number_stays_in_its_place(void **state)
{
    enum { N = 21 };
    float a[N * N], b[N * N], c[N * N], wanted[N * N];
    (void)state;
    for (int i = 0; i < N * N; i++) {
        a[i] = (float)(i % 7) - 3;
        b[i] = (float)(i % 5) - 2;
    }
    a[3 * N + 4] = INFINITY;
    b[6 * N + 20] = NAN;
    sid__gemm_product product = {
        .a = sid__gemm_by_lane(a, N), .b = sid__gemm_by_depth(b, N), .c_step = N, .rows = N, .columns = N, .depth = N};
    plain_product(&product, wanted);
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        sid_ctx *ctx = case_ctx(1, (sid__isa)isa);
        if (!ctx)
            continue;
        product.c = c;
        sid__gemm(ctx, &product);
        for (int i = 0; i < N * N; i++)
            assert_true(isnan(wanted[i]) ? isnan(c[i]) : c[i] == wanted[i]);
        sid_ctx_free(ctx);
    }
}

/* Fails when a product of a batch takes another's factor, or writes into another's place. */
static void batch_is_its_products(void **state)
{
    enum { COUNT = 70, ROWS = 20, COLUMNS = 20, DEPTH = 64 };
    (void)state;
    float *a = case_floats(COUNT * ROWS * DEPTH, 5), *b = case_floats(COUNT * COLUMNS * DEPTH, 6);
    float *c = case_alloc(COUNT * ROWS * COLUMNS, sizeof *c), *wanted = case_alloc(ROWS * COLUMNS, sizeof *wanted);
    for (int i = 0; i < SID__ISA_COUNT * 2; i++) {
        sid_ctx *ctx = case_ctx(i % 2 ? 3 : 1, (sid__isa)(i / 2));
        if (!ctx)
            continue;
        sid__gemm_batch batch = {.count = COUNT, .a_stride = ROWS * DEPTH, .c_stride = ROWS * COLUMNS};
        batch.b_stride = COLUMNS * DEPTH;
        batch.first = (sid__gemm_product){.a = sid__gemm_by_lane(a, DEPTH), .c = c, .c_step = COLUMNS};
        batch.first.b = i % 3 ? sid__gemm_by_lane(b, DEPTH) : sid__gemm_by_depth(b, COLUMNS);
        batch.first.rows = ROWS;
        batch.first.columns = COLUMNS;
        batch.first.depth = DEPTH;
        sid__gemm_batched(ctx, &batch);
        for (int n = 0; n < COUNT; n++) {
            sid__gemm_product one = batch.first;
            one.a.data += n * batch.a_stride;
            one.b.data += n * batch.b_stride;
            plain_product(&one, wanted);
            assert_memory_equal(c + n * batch.c_stride, wanted, ROWS * COLUMNS * sizeof *wanted);
        }
        sid_ctx_free(ctx);
    }
    sid__free(a);
    sid__free(b);
    sid__free(c);
    sid__free(wanted);
}

/* Fails when packing leaks or leaves something behind after it ran out of memory. */
static void pack_without_memory(void **state)
{
    float b[12] = {0};
    sid__gemm_packed packed;
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__gemm_pack(ctx, sid__gemm_by_lane(b, 4), 4, 3, &packed, err), SID_ENOMEM, "packed weights");
    sid__mem_fail(-1, 0);
    assert_null(packed.panel);
    sid__gemm_packed_drop(&packed);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_plain_chain), cmocka_unit_test(sums_over_nothing),
                                       cmocka_unit_test(not_a_number_stays_in_its_place),
                                       cmocka_unit_test(batch_is_its_products), cmocka_unit_test(pack_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
