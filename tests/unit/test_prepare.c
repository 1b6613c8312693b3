/* test_prepare.c: sampling, centring, length and principal directions. */
#include "quant/prepare.h"
#include "quant_help.h"

static sid_quantizer *make(const char *options, int dim)
{
    sid_quantizer *q = NULL;
    TEST_OK(sid__quantizer_create(&(sid_quantizer_options){.codes = "2", .options = options}, &q, err));
    q->dim = dim;
    return q;
}

/* Fails when the sample repeats a row, is not ascending, ignores the seed or the default size. */
static void samples_are_seeded_and_distinct(void **state)
{
    int64_t *row = NULL, *other = NULL, count = 0;
    sid_quantizer *q = make("sample=50", 1), *again = make("sample=50,seed=43", 1), *all = make("", 1);
    (void)state;
    TEST_OK(sid__sample_rows(q, NULL, 1000, &row, &count, err));
    assert_int_equal(count, 50);
    for (int64_t i = 1; i < count; i++)
        assert_true(row[i] > row[i - 1] && row[i] < 1000);
    TEST_OK(sid__sample_rows(again, NULL, 1000, &other, &count, err));
    assert_memory_not_equal(row, other, 50 * sizeof *row);
    sid__free(other);
    TEST_OK(sid__sample_rows(q, row, 50, &other, &count, err));
    assert_memory_equal(row, other, 50 * sizeof *row);
    sid__free(other);
    TEST_OK(sid__sample_rows(all, NULL, 70000, &other, &count, err));
    assert_int_equal(count, 65536); /* min(N, max(65536, 256 K)) */
    sid__free(other);
    sid__free(row);
    sid_quantizer_free(q);
    sid_quantizer_free(again);
    sid_quantizer_free(all);
}

/* Fails when the mean is wrong or subtracted otherwise than elementwise in fp32. */
static void rows_are_centred(void **state)
{
    float x[] = {1, 10, 3, 20, 8, 60}, out[6], back[2], scratch[2];
    const float raw[] = {1, 10, 3, 20, 8, 60}, expected[] = {-3, -20, -1, -10, 4, 30};
    sid_ctx *ctx = new_ctx(2, NULL);
    sid_quantizer *q = make("", 2);
    (void)state;
    TEST_OK(sid__prepare_fit(ctx, q, x, 3, err));
    assert_memory_equal(x, expected, sizeof expected);
    sid__prepare_rows(q, raw, 3, scratch, out);
    assert_memory_equal(out, expected, sizeof expected);
    sid__unprepare_row(q, out + 2, back);
    assert_memory_equal(back, raw + 2, sizeof back);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Fails when l2 does not give unit length, or moves a zero vector. */
static void l2_gives_unit_length(void **state)
{
    const float raw[] = {3, 4, 0, 0};
    float out[4], scratch[2];
    sid_quantizer *q = make("normalize=l2,no_center", 2);
    (void)state;
    q->prepared_dim = 2;
    sid__prepare_rows(q, raw, 2, scratch, out);
    const float expected[] = {0.6f, 0.8f, 0, 0};
    assert_memory_equal(out, expected, sizeof expected);
    sid_quantizer_free(q);
}

/* Fails when fitted rows and encoded rows are prepared to different bits, or when the inverse is not the projection: data
 * in a plane of 5 dimensions comes back whole from 2 directions. */
static void pca_is_the_same_in_fit_and_encode(void **state)
{
    enum { ROWS = 60, DIM = 5 };
    float raw[ROWS * DIM], x[ROWS * DIM], out[ROWS * DIM], back[DIM], scratch[DIM];
    sid_ctx *ctx = new_ctx(2, NULL);
    sid_quantizer *q = make("pca=2", DIM);
    (void)state;
    for (int i = 0; i < ROWS; i++)
        for (int d = 0; d < DIM; d++)
            raw[i * DIM + d] = (float)((i % 7) * (d + 1) + (i % 5) * (d * d - 3)) / 8;
    memcpy(x, raw, sizeof x);
    TEST_OK(sid__prepare_fit(ctx, q, x, ROWS, err));
    assert_int_equal(q->prepared_dim, 2);
    sid__prepare_rows(q, raw, ROWS, scratch, out);
    assert_memory_equal(x, out, ROWS * 2 * sizeof(float));
    for (int i = 0; i < ROWS; i++) {
        sid__unprepare_row(q, out + i * 2, back);
        for (int d = 0; d < DIM; d++)
            assert_near(back[d], raw[i * DIM + d], 1e-5);
    }
    sid_quantizer_free(q);
    q = make("pca=99", DIM);
    memcpy(x, raw, sizeof x);
    TEST_OK(sid__prepare_fit(ctx, q, x, ROWS, err));
    assert_int_equal(q->prepared_dim, DIM); /* lowered, with a warning */
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(samples_are_seeded_and_distinct),
                                       cmocka_unit_test(rows_are_centred), cmocka_unit_test(l2_gives_unit_length),
                                       cmocka_unit_test(pca_is_the_same_in_fit_and_encode)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
