/* test_rqkmeans_plus.c: the family `rqkmeans-plus`: it starts from residual k-means, and gets better from there. */
#include "quant/families.h"
#include "quant_help.h"

enum { ROWS = 500, DIM = 12, LEVELS = 2 };
#define QUICK "batch=64,hidden=(16),watch_every=20,settle=0,tune_steps=0,warmup=5"

static sid_status fit(sid_ctx *ctx, const char *family, const char *options, const float *x, int dim, sid_quantizer **q,
                      sid_error *err)
{
    return sid_quantizer_fit(
        ctx, &(sid_quantizer_options){.quantizer = family, .levels = LEVELS, .codes = "16", .options = options}, x,
        ROWS, dim, q, err);
}

static double error_of(const char *family, const char *options, const float *x)
{
    float *y = new_floats(ROWS * DIM);
    uint16_t *codes = new_codes(ROWS * LEVELS);
    double error = 0;
    sid_quantizer *q = NULL;
    sid_ctx *ctx = new_ctx(2, NULL);
    TEST_OK(fit(ctx, family, options, x, DIM, &q, err));
    TEST_OK(sid_quantizer_encode(ctx, q, x, ROWS, codes, NULL, err));
    TEST_OK(sid_quantizer_decode(q, codes, ROWS, 0, y, err));
    for (int i = 0; i < ROWS * DIM; i++)
        error += (double)(x[i] - y[i]) * (double)(x[i] - y[i]);
    sid_quantizer_free(q);
    sid__free(y);
    sid__free(codes);
    sid_ctx_free(ctx);
    return error;
}

/* Fails when the first step is not residual k-means itself, or training does not lower its error. */
static void it_starts_from_kmeans(void **state)
{
    float *x = new_floats(ROWS * DIM);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    for (int i = 0; i < ROWS * DIM; i++)
        x[i] = x[i] * 0.2f + x[i / DIM % 40 * DIM + i % DIM]; /* around centres */
    double kmeans = error_of("rkmeans", "", x);
    assert_near(error_of("rqkmeans-plus", QUICK ",steps=1,lr=0,revive_every=0", x) / kmeans, 1, 1e-3);
    assert_true(error_of("rqkmeans-plus", QUICK ",steps=200,lr=0.003", x) < kmeans);
    sid__free(x);
}

/* Fails when an option is not taken to where it belongs: each must give another error than the default. */
static void every_option_works(void **state)
{
    static const char *const extra[] = {",start=balanced",
                                        ",estimator=rotation",
                                        ",estimator=gumbel",
                                        ",estimator=dense",
                                        ",codebook=ema",
                                        ",beta=2",
                                        ",hidden=(20,10)",
                                        ",lr=0.01",
                                        ",wd=3",
                                        ",clip=0.01",
                                        ",warmup=2",
                                        ",settle=4",
                                        ",tune_steps=5",
                                        ",batch=32",
                                        ",revive_every=1"};
    float *x = new_floats(ROWS * DIM);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    double usual = error_of("rqkmeans-plus", QUICK ",steps=40,lr=0.001", x);
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        char options[300];
        (void)snprintf(options, sizeof options, QUICK ",steps=40,lr=0.001%s", extra[i]);
        double seen = error_of("rqkmeans-plus", options, x);
        if (seen <= usual && seen >= usual)
            fail_msg("%s changes nothing", extra[i]);
    }
    sid__free(x);
}

/* Fails when what cannot be is taken without a word that names it. */
static void bad_options_are_named(void **state)
{
    enum { WIDE = 4100 };
    float *x = new_floats((int64_t)ROWS * WIDE);
    sid_quantizer *q = NULL;
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    TEST_FAILS(fit(ctx, "rqkmeans-plus", "hidden=(12,x)", x, DIM, &q, err), SID_EUSAGE, "hidden is \"12,x\"");
    TEST_FAILS(fit(ctx, "rqkmeans-plus", "codebook=simvq", x, DIM, &q, err), SID_EUSAGE, "grad|ema");
    TEST_FAILS(fit(ctx, "rqkmeans-plus", "", x, WIDE, &q, err), SID_EUSAGE, "at most 4096: lower them by pca");
    sid__free(x);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_starts_from_kmeans), cmocka_unit_test(every_option_works),
                                       cmocka_unit_test(bad_options_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
