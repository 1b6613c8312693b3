/* test_pq.c: product quantization: the golden vector of spec/quantizers.md §8, slices, refusals. */
#include "quant_help.h"

/* The quantizer with codebooks {(0,0),(1,1)} and {(0,1),(2,0)}. */
static sid_quantizer *golden(void)
{
    static const float code[2][4] = {{0, 0, 1, 1}, {0, 1, 2, 0}};
    static const char *const name[2] = {"codebook.1", "codebook.2"};
    int64_t shape[2] = {2, 2};
    sid__tensor_set set = {0};
    sid_quantizer *q = NULL;
    for (int l = 0; l < 2; l++) {
        float *data = NULL;
        TEST_OK(sid__tensor_add(&set, name[l], SID__F32, 2, shape, &data, err));
        memcpy(data, code[l], sizeof code[l]);
    }
    TEST_OK(sid__quantizer_load(
        &(sid_quantizer_options){.quantizer = "pq", .levels = 2, .codes = "2", .options = "no_center"}, 4, &set, &q,
        err));
    sid__tensor_set_drop(&set);
    return q;
}

/* Fails when a slice takes the wrong dimensions, ties do not go to the lowest code, decoding does not concatenate, or a
 * margin is not second best minus best. */
static void golden_vectors(void **state)
{
    const float x[] = {.9f, .8f, .1f, .7f, .5f, .5f, 1, .5f};
    const uint16_t expected[] = {1, 0, 0, 0};
    const double expected_error[] = {.15, 1.75};
    uint16_t codes[4];
    double margins[4];
    float y[8];
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_quantizer *q = golden();
    (void)state;
    TEST_OK(sid_quantizer_encode(ctx, q, x, 2, codes, NULL, err));
    assert_memory_equal(codes, expected, sizeof expected);
    TEST_OK(sid_quantizer_encode(ctx, q, x, 2, codes, margins, err));
    assert_memory_equal(codes, expected, sizeof expected);
    assert_near(margins[0], 0.7, 1e-6); /* scores 0 and 1 - 1.7 */
    assert_true(margins[2] == 0 && margins[3] == 0);
    TEST_OK(sid_quantizer_decode(q, codes, 2, 0, y, err));
    for (int i = 0; i < 2; i++) {
        double error = 0;
        for (int d = 0; d < 4; d++)
            error += pow((double)x[i * 4 + d] - (double)y[i * 4 + d], 2);
        assert_near(error, expected_error[i], 1e-6);
    }
    TEST_OK(sid_quantizer_decode(q, codes, 1, 1, y, err));
    assert_true(y[0] == 1 && y[1] == 1 && y[2] == 0 && y[3] == 0);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Fails when k-means of a slice sees other dimensions: data that is a product of two lists of corners is found exactly,
 * 7 dimensions in 2 slices of 4 and 3. */
static void product_data_has_no_error(void **state)
{
    enum { DIM = 7, SIDES = 6, ROWS = SIDES * SIDES };
    float x[ROWS * DIM], corner[SIDES * DIM], y[ROWS * DIM];
    uint16_t codes[ROWS * 2];
    sid_ctx *ctx = new_ctx(2, NULL);
    sid_quantizer *q = NULL;
    (void)state;
    fill_lattice(corner, SIDES * DIM, 1, 100, 50);
    for (int i = 0; i < ROWS; i++)
        for (int d = 0; d < DIM; d++)
            x[i * DIM + d] = corner[(d < 4 ? i / SIDES : i % SIDES) * DIM + d];
    TEST_OK(sid_quantizer_fit(
        ctx, &(sid_quantizer_options){.quantizer = "pq", .levels = 2, .codes = "6", .options = "no_center"}, x, ROWS,
        DIM, &q, err));
    TEST_OK(sid_quantizer_encode(ctx, q, x, ROWS, codes, NULL, err));
    TEST_OK(sid_quantizer_decode(q, codes, ROWS, 0, y, err));
    for (int i = 0; i < ROWS * DIM; i++)
        assert_near(x[i], y[i], 1e-5);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Fails when one slice, more slices than dimensions, or more than 64 are taken. */
static void impossible_slices_are_refused(void **state)
{
    const float x[] = {1, 2, 3, 4, 5, 6};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_quantizer *q = NULL;
    (void)state;
    TEST_FAILS(sid_quantizer_fit(ctx, &(sid_quantizer_options){.quantizer = "pq", .levels = 1, .codes = "2"}, x, 3, 2,
                                 &q, err),
               SID_EUSAGE, "rkmeans");
    TEST_FAILS(sid_quantizer_fit(ctx, &(sid_quantizer_options){.quantizer = "pq", .levels = 3, .codes = "2"}, x, 3, 2,
                                 &q, err),
               SID_EUSAGE, "levels is 3 for vectors of 2 dimensions");
    TEST_FAILS(sid_quantizer_fit(ctx, &(sid_quantizer_options){.quantizer = "pq", .levels = 65}, x, 3, 2, &q, err),
               SID_EUSAGE, "64");
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_vectors), cmocka_unit_test(product_data_has_no_error),
                                       cmocka_unit_test(impossible_slices_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
