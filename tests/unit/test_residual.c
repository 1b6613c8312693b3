/* test_residual.c: additive codebooks: encode, decode, renumber. */
#include "quant/residual.h"
#include "quant_help.h"

/* e1 {(0,0),(4,0)}, e2 {(2.6,0),(0,1)} of spec/quantizers.md §8. */
static sid_quantizer *beam_example(void)
{
    const float e1[] = {0, 0, 4, 0}, e2[] = {2.6f, 0, 0, 1};
    const float *const book[] = {e1, e2};
    const int codes[] = {2, 2};
    sid_quantizer *q = NULL;
    TEST_OK(sid__quantizer_from_codebooks(book, codes, 2, 2, NULL, &q, err));
    return q;
}

/* Fails when the residual is not r - e level by level: the spec's greedy golden, 1-1 with error 4.61. */
static void greedy_golden(void **state)
{
    const float x[] = {2.1f, 0};
    uint16_t codes[2];
    float y[2];
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_quantizer *q = beam_example();
    (void)state;
    TEST_OK(sid_quantizer_encode(ctx, q, x, 1, codes, NULL, err));
    assert_int_equal(codes[0], 1);
    assert_int_equal(codes[1], 1);
    TEST_OK(sid_quantizer_decode(q, codes, 1, 0, y, err));
    assert_near((y[0] - x[0]) * (y[0] - x[0]) + (y[1] - x[1]) * (y[1] - x[1]), 4.61, 1e-5);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Fails when a normalised residual is decoded without its stored norms: s_1 (e_1 + s_2 (e_2)). */
static void normalised_decoding_scales_inside_out(void **state)
{
    const uint16_t codes[] = {1, 0};
    float y[2];
    sid_quantizer *q = beam_example();
    sid__residual *r = q->state;
    (void)state;
    r->normalize = true;
    r->norm[0] = 2;
    r->norm[1] = 0.5f;
    sid__residual_decode(r, codes, 1, 2, y);
    assert_near(y[0], 2 * (4 + 0.5 * 2.6), 1e-6);
    sid__residual_decode(r, codes, 1, 1, y);
    assert_near(y[0], 8, 0);
    sid_quantizer_free(q);
}

/* Fails when lengths are wrong or a zero residual is divided by its length. */
static void lengths_become_one(void **state)
{
    float row[] = {3, 4}, zero[] = {0, 0};
    (void)state;
    assert_near(sid__residual_normalize(row, 2), 5, 0);
    assert_near(row[0], 0.6, 1e-7);
    assert_near(sid__residual_normalize(zero, 2), 0, 0);
    assert_near(zero[0], 0, 0);
}

/* Fails when renumbering counts the wrong column. */
static void levels_are_renumbered_apart(void **state)
{
    const uint16_t codes[] = {0, 1, 1, 1, 1, 0};
    sid_quantizer *q = beam_example();
    sid__residual *r = q->state;
    (void)state;
    TEST_OK(sid__residual_renumber(r, codes, 3, err));
    assert_near(r->book[0].code[0], 4, 0); /* code 1 had two rows */
    assert_near(r->book[1].code[0], 0, 0); /* code 1 had two rows */
    assert_near(r->book[1].code[2], 2.6, 1e-6);
    assert_int_equal(r->count[0][0], 2);
    sid_quantizer_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_golden), cmocka_unit_test(normalised_decoding_scales_inside_out),
        cmocka_unit_test(lengths_become_one), cmocka_unit_test(levels_are_renumbered_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
