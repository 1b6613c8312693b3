/* test_fsq_mlp.c: fsq's learned projection. Its gradients are gradcheck's, its model test_rqvae_model.c's; here it is as users
 * get it: better than components, the same on any machine, kept and gone on from.
 */
#include "quant/fsq_mlp.h"

#include "quant_help.h"

enum { ROWS = 1500, DIM = 10, LEVELS = 2 };
#define QUICK "fsq_levels=(5,4),projection=mlp,hidden=(32),batch=128,watch_every=100,warmup=10,tune_steps=50"

/* Points on a curved surface: three numbers a row, bent into ten. */
static float *curved(uint64_t seed)
{
    float *x = new_floats((int64_t)ROWS * DIM), hidden[ROWS * 3];
    fill_uniform(hidden, (int64_t)ROWS * 3, seed);
    for (int i = 0; i < ROWS; i++)
        for (int d = 0; d < DIM; d++) {
            const float *h = hidden + i * 3;
            float bend = d % 2 ? h[d % 3] * h[(d + 1) % 3] : h[d % 3] * fabsf(h[(d / 3) % 3]);
            x[i * DIM + d] = h[d % 3] * (float)(1 + d % 4) + 2 * bend;
        }
    return x;
}

static sid_status try_fit(const char *options, int threads, const sid_quantizer *start, const float *x, int dim,
                          sid_quantizer **out, sid_error *error)
{
    sid_ctx *ctx = new_ctx(threads, threads == 1 ? "portable" : NULL);
    sid_quantizer *q = NULL;
    const sid__rows rows = sid__rows_of(x, ROWS * DIM / dim, dim);
    sid_status status = sid__quantizer_create(
        &(sid_quantizer_options){.quantizer = "fsq", .levels = LEVELS, .options = options}, &q, error);
    if (status == SID_OK) {
        q->start = start;
        status = sid__quantizer_fit_rows(ctx, q, &rows, NULL, 0, error);
        q->start = NULL;
    }
    if (status == SID_OK)
        *out = q;
    else
        sid_quantizer_free(q);
    sid_ctx_free(ctx);
    return status;
}

static sid_quantizer *fit(const char *options, int threads, const sid_quantizer *start, const float *x)
{
    sid_quantizer *q = NULL;
    TEST_OK(try_fit(options, threads, start, x, DIM, &q, err));
    return q;
}

static double error_at(const sid_quantizer *q, const float *x, int depth, uint16_t *codes)
{
    float *y = new_floats((int64_t)ROWS * DIM);
    double error = 0;
    sid_ctx *ctx = new_ctx(2, NULL);
    TEST_OK(sid_quantizer_encode(ctx, q, x, ROWS, codes, NULL, err));
    TEST_OK(sid_quantizer_decode(q, codes, ROWS, depth, y, err));
    for (int i = 0; i < ROWS * DIM; i++)
        error += (double)(x[i] - y[i]) * (double)(x[i] - y[i]);
    sid__free(y);
    sid_ctx_free(ctx);
    return error;
}

/* Fails when training does not get below components, or a level says nothing. */
static void it_gets_better_than_components(void **state)
{
    float *x = curved(3);
    uint16_t *codes = new_codes((int64_t)ROWS * LEVELS);
    (void)state;
    sid_quantizer *pca = fit("fsq_levels=(5,4)", 2, NULL, x), *mlp = fit(QUICK ",steps=400,lr=0.003", 2, NULL, x);
    double expected = error_at(pca, x, 0, codes), seen = error_at(mlp, x, 0, codes);
    print_message("components %.1f, learned %.1f\n", expected, seen);
    assert_true(seen < 0.9 * expected);
    assert_true(error_at(mlp, x, 1, codes) > seen);
    sid_quantizer_free(pca);
    sid_quantizer_free(mlp);
    sid__free(x);
    sid__free(codes);
}

/* Fails when threads, kernel paths, batches or a file change a code; margins differ from codes. */
static void same_codes_everywhere(void **state)
{
    static const char *const options[] = {QUICK ",steps=40", QUICK ",steps=40,kmeans_levels=1"};
    float *x = curved(4);
    uint16_t *expected = new_codes((int64_t)ROWS * LEVELS), *codes = new_codes((int64_t)ROWS * LEVELS);
    double margins[LEVELS];
    sid_ctx *ctx = new_ctx(7, NULL);
    (void)state;
    for (int i = 0; i < 2; i++) {
        sid__tensor_set set = {0};
        sid__strbuf text = {0};
        sid_quantizer *loaded = NULL, *q = fit(options[i], 1, NULL, x), *other = fit(options[i], 7, NULL, x);
        (void)error_at(q, x, 0, expected);
        (void)error_at(other, x, 0, codes);
        assert_memory_equal(expected, codes, sizeof *codes * ROWS * LEVELS);
        TEST_OK(sid__quantizer_save(q, &set, err));
        TEST_OK(sid__quantizer_options_text(q, &text, err));
        const sid_quantizer_options stored = {
            .quantizer = "fsq", .levels = LEVELS, .codes = q->options.codes_text, .options = text.text};
        TEST_OK(sid__quantizer_load(&stored, DIM, &set, &loaded, err));
        for (int64_t r = 0; r < ROWS; r += 37) { /* one by one, after loading */
            TEST_OK(sid_quantizer_encode(ctx, loaded, x + r * DIM, 1, codes, margins, err));
            assert_memory_equal(expected + r * LEVELS, codes, sizeof *codes * LEVELS);
            assert_true(margins[LEVELS - 1] >= 0);
        }
        ((double *)sid__tensor_find(&set, "fsq.center")->data)[1] = 2;
        sid_quantizer_free(loaded);
        TEST_FAILS(sid__quantizer_load(&stored, DIM, &set, &loaded, err), SID_EDATA, "fsq.center: element 1");
        sid__strbuf_drop(&text);
        sid__tensor_set_drop(&set);
        sid_quantizer_free(q);
        sid_quantizer_free(other);
    }
    sid_ctx_free(ctx);
    sid__free(x);
    sid__free(expected);
    sid__free(codes);
}

/* Fails when a quantizer that goes on from another one gives its rows other codes, or contradictions pass. */
static void a_start_is_kept(void **state)
{
    float *x = curved(5), *other = curved(6);
    uint16_t *expected = new_codes((int64_t)ROWS * LEVELS), *codes = new_codes((int64_t)ROWS * LEVELS);
    (void)state;
    sid_quantizer *start = fit(QUICK ",steps=40", 2, NULL, x), *q = fit(QUICK ",steps=40", 2, start, other),
                  *none = NULL;
    (void)error_at(start, x, 0, expected);
    (void)error_at(q, x, 0, codes);
    assert_memory_equal(expected, codes, sizeof *codes * ROWS * LEVELS);
    TEST_FAILS(try_fit("fsq_levels=(5,4)", 1, start, x, DIM, &none, err), SID_EUSAGE, "projection is not that");
    TEST_FAILS(try_fit(QUICK ",residual", 1, NULL, x, DIM, &none, err), SID_EUSAGE, "projection is mlp with residual");
    TEST_FAILS(try_fit("projection=mlp,hidden=(0)", 1, NULL, x, DIM, &none, err), SID_EUSAGE, "hidden is \"0\"");
    TEST_FAILS(try_fit(QUICK, 1, NULL, x, 5000, &none, err), SID_EUSAGE, "at most 4096: lower them by pca");
    sid_quantizer_free(start);
    sid_quantizer_free(q);
    sid__free(x);
    sid__free(other);
    sid__free(expected);
    sid__free(codes);
}

/* Fails when a training is estimated as nothing. */
static void it_takes_what_it_takes(void **state)
{
    const sid__fsq_mlp_options options = {.hidden = "8", .steps = 10, .batch = 4, .tune_steps = 20};
    (void)state;
    assert_near(sid__fsq_mlp_flop(&options, 10, 2), 6.0 * 2 * (80 + 16) * 4 * 20, 1);
    assert_true(sid__fsq_mlp_size(&options, 10, 2, 100) > 7 * 4 * 2 * (80 + 16));
    assert_near(sid__fsq_mlp_value(&(sid__fsq_channel){.lowest = -2, .h = 2, .o = 0.5}, 3), 0.75, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_gets_better_than_components),
                                       cmocka_unit_test(same_codes_everywhere), cmocka_unit_test(a_start_is_kept),
                                       cmocka_unit_test(it_takes_what_it_takes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
