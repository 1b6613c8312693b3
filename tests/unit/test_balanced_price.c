/* test_balanced_price.c: prices that even sizes out. */
#include "balanced_case.h"

enum { ROWS = 3000, DIM = 7, CODES = 24 };

/* Uneven clouds: most rows near the origin, fewer and fewer along the diagonal. */
static float *make_rows(float scale)
{
    float *x = new_floats(ROWS * DIM);
    fill_uniform(x, ROWS * DIM, 1);
    for (int i = 0; i < ROWS * DIM; i++)
        x[i] = (x[i] + (float)(i / DIM % 64 * (i / DIM % 64) / 200)) * scale;
    return x;
}

static void fit(sid_ctx *ctx, const float *x, sid__lloyd *lloyd, double *price)
{
    const sid__kmeans_options kmeans = {.init = SID__INIT_GREEDY, .iters = 20, .tol = 1e-4, .n_init = 1, .stage = ""};
    TEST_OK(sid__lloyd_create(ctx, x, ROWS, DIM, CODES, lloyd, err));
    TEST_OK(sid__kmeans_fit(ctx, &kmeans, x, ROWS, DIM, &lloyd->book, lloyd->label, err));
    TEST_OK(sid__price_fit(ctx, lloyd, "level 1", price, err));
}

/* Fails when prices do not even sizes out, are not at least 0, or the labels are not those of encoding: from 3 : 1 and
 * more by plain k-means to within 40 % of the mean. Magnitudes whose squares leave float32 must not matter. */
static void sizes_are_near(void **state)
{
    static const float scale[] = {1, 1e-24f, 1e12f};
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    for (int i = 0; i < 3; i++) {
        float *x = make_rows(scale[i]);
        uint16_t label[ROWS];
        double price[CODES], least_price = 1e300;
        int64_t least, most;
        sid__lloyd lloyd;
        fit(ctx, x, &lloyd, price);
        level_sizes(&lloyd, &least, &most);
        assert_true(least * 5 > ROWS / CODES * 3 && most * 5 < ROWS / CODES * 7);
        for (int k = 0; k < CODES; k++)
            least_price = price[k] < least_price ? price[k] : least_price;
        assert_near(least_price, 0, 0);
        memcpy(label, lloyd.label, sizeof label);
        sid__codebook_pack(&lloyd.book);
        sid__price_assign(ctx, &lloyd, (double[CODES]){0});
        level_sizes(&lloyd, &least, &most);
        assert_true(most > 2 * least);
        sid__price_assign(ctx, &lloyd, price);
        assert_memory_equal(lloyd.label, label, sizeof label);
        for (int row = 0; row < ROWS; row++)
            assert_int_equal(sid__assign_reference(&lloyd.book, x + row * DIM, NULL), label[row]);
        sid__lloyd_drop(&lloyd);
        sid__free(x);
    }
    sid_ctx_free(ctx);
}

/* Fails when threads, kernel paths or the memory limit (then no table of products is kept) reach a price or centroid. */
static void same_bits_with_and_without_a_table(void **state)
{
    float *x = make_rows(1), code[CODES * DIM];
    double expected[CODES], price[CODES];
    (void)state;
    for (int i = 0; i < 4; i++) {
        sid_ctx *ctx = new_ctx(i == 0 ? 1 : i == 1 ? 7 : 2, i == 0 ? "portable" : NULL);
        sid__lloyd lloyd;
        if (i > 1)
            sid_ctx_set_memory_limit(ctx, 1 << 12);
        fit(ctx, x, &lloyd, i ? price : expected);
        if (i == 0)
            memcpy(code, lloyd.book.code, sizeof code);
        assert_memory_equal(code, lloyd.book.code, sizeof code);
        if (i)
            assert_memory_equal(price, expected, sizeof price);
        sid__lloyd_drop(&lloyd);
        sid_ctx_free(ctx);
    }
    sid__free(x);
}

/* Fails when rows of which most are ties, or all, end in no number: prices stay finite. */
static void ties_are_survived(void **state)
{
    const float code[] = {0, 1, 2, 3};
    float x[200];
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    for (int few = 0; few < 2; few++) {
        double price[4];
        sid__lloyd lloyd;
        for (int i = 0; i < 200; i++)
            x[i] = few && i < 20 ? (float)i / 7 : 0.5f;
        make_level(ctx, &lloyd, x, 200, 1, code, 4);
        TEST_OK(sid__price_fit(ctx, &lloyd, "level 1", price, err));
        for (int k = 0; k < 4; k++)
            assert_true(price[k] >= 0 && price[k] < 1e6);
        sid__lloyd_drop(&lloyd);
    }
    sid_ctx_free(ctx);
}

/* Fails when a failed allocation leaks or is reported as something else, or cancelling is not seen. */
static void failures_are_reported(void **state)
{
    const float x[] = {0, 1, 2, 5, 6, 8}, code[] = {1, 6};
    double price[2];
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__lloyd lloyd;
    int failures = 0;
    (void)state;
    make_level(ctx, &lloyd, x, 6, 1, code, 2);
    for (sid_status status = SID_ENOMEM; status != SID_OK; failures++) {
        sid__mem_fail(failures, 1);
        status = sid__price_fit(ctx, &lloyd, "level 1", price, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
    }
    assert_true(failures > 6);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__price_fit(ctx, &lloyd, "level 1", price, err), SID_ECANCELED, "interrupted");
    sid__lloyd_drop(&lloyd);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sizes_are_near),
                                       cmocka_unit_test(same_bits_with_and_without_a_table),
                                       cmocka_unit_test(ties_are_survived), cmocka_unit_test(failures_are_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
