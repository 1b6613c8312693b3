/* test_residual_refine.c: all codebooks at once by least squares. */
#include "quant/residual.h"
#include "quant_help.h"

enum { ROWS = 1200, DIM = 16 };

static double relative_error(const char *options, const float *x, int *dead)
{
    sid_ctx *ctx = new_ctx(2, NULL);
    sid_quantizer *q = NULL;
    float *y = new_floats(ROWS * DIM);
    uint16_t *codes = new_codes(ROWS * 3);
    double error = 0, total = 0;
    TEST_OK(sid_quantizer_fit(ctx, &(sid_quantizer_options){.codes = "24", .options = options}, x, ROWS, DIM, &q, err));
    TEST_OK(sid_quantizer_encode(ctx, q, x, ROWS, codes, NULL, err));
    TEST_OK(sid_quantizer_decode(q, codes, ROWS, 0, y, err));
    for (int i = 0; i < ROWS * DIM; i++) {
        error += (double)(x[i] - y[i]) * (double)(x[i] - y[i]);
        total += (double)x[i] * (double)x[i];
    }
    *dead = 0;
    for (int l = 0; l < 3; l++) {
        int used[24] = {0};
        for (int i = 0; i < ROWS; i++)
            used[codes[i * 3 + l]] = 1;
        for (int k = 0; k < 24; k++)
            *dead += !used[k];
    }
    sid__free(y);
    sid__free(codes);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
    return error / total;
}

/* Fails when the normal equations are wrong: rounds must lower the error, and leave no code unused. */
static void rounds_lower_the_error(void **state)
{
    float *x = new_floats(ROWS * DIM);
    int dead = 0;
    (void)state;
    fill_uniform(x, ROWS * DIM, 1);
    double before = relative_error("", x, &dead), after = relative_error("refine=4", x, &dead);
    print_message("relative error %.5f before, %.5f after\n", before, after);
    assert_true(after < before);
    assert_int_equal(dead, 0);
    after = relative_error("refine=4,init=greedy", x, &dead);
    assert_int_equal(dead, 0);
    sid__free(x);
}

/* Fails when unused codes are not given the rows with most error: two of three codes start far from all data. */
static void unused_codes_are_revived(void **state)
{
    const float first[] = {0, 900, 901}, second[] = {0, 0.5f, 700}, x[] = {-1, -1.2f, 3, 3.3f, 8, 8.4f, 20, 21};
    const float *const book[] = {first, second};
    const int codes[] = {3, 3};
    int64_t counted = 0;
    sid_quantizer *q = NULL;
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    TEST_OK(sid__quantizer_from_codebooks(book, codes, 2, 1, NULL, &q, err));
    TEST_OK(sid__residual_refine(ctx, q->state, x, 8, 3, err));
    sid__residual *r = q->state;
    for (int l = 0; l < 2; l++)
        for (int k = 0; k < 3; k++) {
            assert_true(r->count[l][k] > 0);
            counted += r->count[l][k];
        }
    assert_int_equal(counted, 16);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Fails when too many unknowns are tried, when it does not stop when told, or leaks. */
static void limits_are_named(void **state)
{
    const float x[] = {1, 2, 3, 4};
    sid_quantizer *q = NULL;
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    TEST_FAILS(
        sid_quantizer_fit(ctx, &(sid_quantizer_options){.codes = "5000", .options = "refine=1"}, x, 4, 1, &q, err),
        SID_EUSAGE, "15000 codes");
    const float code[] = {1, 4};
    const float *const book[] = {code};
    const int codes[] = {2};
    TEST_OK(sid__quantizer_from_codebooks(book, codes, 1, 1, NULL, &q, err));
    for (int after = 0; after < 8; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__residual_refine(ctx, q->state, x, 4, 1, err), SID_ENOMEM, "bytes");
    }
    sid__mem_fail(-1, 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__residual_refine(ctx, q->state, x, 4, 1, err), SID_ECANCELED, "interrupted");
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rounds_lower_the_error),
                                       cmocka_unit_test(unused_codes_are_revived), cmocka_unit_test(limits_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
