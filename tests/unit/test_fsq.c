/* test_fsq.c: the family fsq beyond what test_quant_registry.c asks of all: principal components, cells, k-means levels. */
#include "fsq_help.h"

static double relative_error(const sid_quantizer *q, const float *x, const uint16_t *codes, int depth, float *y)
{
    double error = 0, total = 0;
    TEST_OK(sid_quantizer_decode(q, codes, ROWS, depth, y, err));
    for (int i = 0; i < ROWS * DIM; i++) {
        error += (double)(x[i] - y[i]) * (double)(x[i] - y[i]);
        total += (double)x[i] * (double)x[i];
    }
    return error / total;
}

/* Fails when channels are not the components in falling order, at unit variance: on axes, the digits of row 0 are those of
 * x / spread computed here with libm. */
static void channels_are_components(void **state)
{
    float *x = new_floats((int64_t)ROWS * DIM);
    uint16_t *codes = new_codes((int64_t)ROWS * 3);
    sid_ctx *ctx = new_ctx(2, NULL);
    int differing = 0;
    (void)state;
    fill_axes(x, 1);
    sid_quantizer *q = fit_axes(ctx, x, "fsq_levels=(8,5;5,5;7)", codes);
    assert_int_equal(sid_quantizer_codes(q, 0), 40);
    assert_int_equal(sid_quantizer_codes(q, 2), 7);
    for (int64_t i = 0; i < ROWS; i++) {
        double h = 3.5 * 1.001, u = h * tanh((double)x[i * DIM] + atanh(0.5 / h)) - 0.5;
        differing += codes[i * 3] % 8 != (int)nearbyint(u) + 4;
    }
    print_message("%d of %d rows have another first digit than on the true axis\n", differing, ROWS);
    assert_true(differing < ROWS / 10); /* the sampled spread and direction are near the true ones */
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
    sid__free(x);
    sid__free(codes);
}

/* Fails when levels stop refining: error falls at every depth, plain, residual (as far as there are cells) and after
 * k-means. */
static void error_falls_in_every_mode(void **state)
{
    static const struct {
        const char *options;
        int levels;
        double most;
    } mode[] = {{"fsq_levels=(5,5,5,5)", 3, 0.25},
                {"fsq_levels=(5,5,5,5;4,4,4,4;3,3,3)", 3, 0.25},
                {"fsq_levels=(5,5,5,5,5),residual", 3, 0.5},
                {"fsq_levels=(16,16),residual,levels=5", 5, 0.8},
                {"kmeans_levels=1,codes=(32,625,625)", 3, 0.25},
                {"kmeans_levels=2,residual,codes=(32,32,4096,4096)", 4, 0.25}};
    float *x = new_floats((int64_t)ROWS * DIM), *y = new_floats((int64_t)ROWS * DIM);
    uint16_t *codes = new_codes((int64_t)ROWS * 5);
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_axes(x, 2);
    for (size_t m = 0; m < sizeof mode / sizeof *mode; m++) {
        char options[200];
        (void)snprintf(options, sizeof options, "%s%s", mode[m].options, mode[m].levels == 4 ? ",levels=4" : "");
        sid_quantizer *q = fit_axes(ctx, x, options, codes);
        double before = 1.0001;
        assert_int_equal(sid_quantizer_levels(q), mode[m].levels);
        for (int depth = 1; depth <= mode[m].levels; depth++) {
            double error = relative_error(q, x, codes, depth, y);
            assert_true(depth > 3 ? error <= before : error < before); /* 16^3 cells are all there are */
            before = error;
        }
        print_message("%s: relative error %.4f\n", options, before);
        assert_true(before < mode[m].most);
        sid_quantizer_free(q);
    }
    sid_ctx_free(ctx);
    sid__free(x);
    sid__free(y);
    sid__free(codes);
}

/* Fails when an allocation that fails in the k-means mode leaks or is reported as something else. */
static void allocation_fails_after_kmeans(void **state)
{
    float x[60 * 4];
    uint16_t codes[60 * 3];
    double margins[60 * 3];
    sid_ctx *ctx = new_ctx(1, NULL);
    int failures = 0;
    (void)state;
    fill_uniform(x, 60 * 4, 5);
    for (int after = 0; after < 2000; after++, failures++) {
        sid_quantizer *q = NULL;
        sid__mem_fail(after, 1);
        sid_status status = sid_quantizer_fit(
            ctx, &(sid_quantizer_options){.quantizer = "fsq", .options = "kmeans_levels=1,codes=(4,9,9)"}, x, 60, 4, &q,
            NULL);
        if (status == SID_OK)
            status = sid_quantizer_encode(ctx, q, x, 60, codes, margins, NULL);
        sid_quantizer_free(q);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    sid__mem_fail(-1, 0);
    assert_true(failures > 10 && failures < 2000);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(channels_are_components),
                                       cmocka_unit_test(error_falls_in_every_mode),
                                       cmocka_unit_test(allocation_fails_after_kmeans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
