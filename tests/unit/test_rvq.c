/* test_rvq.c: the family `rvq`. What every family promises is asked in test_quant_registry.c. */
#include "quant/families.h"
#include "quant_help.h"

enum { ROWS = 900, DIM = 10, LEVELS = 3 };

static double error_of(sid_ctx *ctx, const char *quantizer, const char *options, const float *x, double scale)
{
    float *scaled = new_floats(ROWS * DIM), *y = new_floats(ROWS * DIM);
    uint16_t *codes = new_codes(ROWS * LEVELS);
    sid_quantizer *q = NULL;
    double error = 0;
    for (int i = 0; i < ROWS * DIM; i++)
        scaled[i] = (float)((double)x[i] * scale);
    TEST_OK(sid_quantizer_fit(
        ctx, &(sid_quantizer_options){.quantizer = quantizer, .levels = LEVELS, .codes = "16", .options = options},
        scaled, ROWS, DIM, &q, err));
    TEST_OK(sid_quantizer_encode(ctx, q, scaled, ROWS, codes, NULL, err));
    TEST_OK(sid_quantizer_decode(q, codes, ROWS, 0, y, err));
    for (int i = 0; i < ROWS * DIM; i++)
        error += ((double)y[i] - (double)scaled[i]) * ((double)y[i] - (double)scaled[i]);
    sid_quantizer_free(q);
    sid__free(scaled);
    sid__free(y);
    sid__free(codes);
    return error / scale / scale;
}

/* Fails when training makes codes worse than the k-means they start from, or much worse than rkmeans's. */
static void training_gains(void **state)
{
    float *x = new_floats(ROWS * DIM);
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    double kmeans = error_of(ctx, "rkmeans", "", x, 1);
    double little = error_of(ctx, "rvq", "steps=1,batch=200,init_sample=60,watch_every=1,lr=0", x, 1);
    for (int ema = 0; ema < 2; ema++) {
        double much = error_of(ctx, "rvq",
                               ema ? "steps=600,batch=200,init_sample=60,lr=0.01,update=ema"
                                   : "steps=600,batch=200,init_sample=60,lr=0.01",
                               x, 1);
        assert_true(much < 0.8 * little && much < 1.15 * kmeans);
    }
    sid_ctx_free(ctx);
    sid__free(x);
}

/* Fails when the data's unit reaches what is learned: a power of two changes nothing but the unit. */
static void the_unit_does_not_matter(void **state)
{
    float *x = new_floats(ROWS * DIM);
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(x, ROWS * DIM, 4);
    double first = error_of(ctx, "rvq", "steps=50,batch=200,watch_every=25", x, 1);
    assert_true(first == error_of(ctx, "rvq", "steps=50,batch=200,watch_every=25", x, 0x1p40));
    assert_true(first == error_of(ctx, "rvq", "steps=50,batch=200,watch_every=25", x, 0x1p-40));
    sid_ctx_free(ctx);
    sid__free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(training_gains), cmocka_unit_test(the_unit_does_not_matter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
