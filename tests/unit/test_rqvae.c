/* test_rqvae.c: the family `rqvae`: its options as users get them. What every family promises is asked in
 * test_quant_registry.c, of small networks.
 */
#include "quant/families.h"
#include "quant_help.h"

enum { ROWS = 500, DIM = 12, LEVELS = 2 };
#define QUICK "steps=60,warm_steps=10,batch=64,hidden=(16),dim=6,watch_every=20,settle=3,tune_steps=10,warmup=5"

typedef struct rqvae_look {
    const char *options;
    int levels;
    const char *says;
} rqvae_look;

static sid_status fit(sid_ctx *ctx, const char *options, const float *x, int64_t count, sid_quantizer **q,
                      sid_error *err)
{
    return sid_quantizer_fit(
        ctx, &(sid_quantizer_options){.quantizer = "rqvae", .levels = LEVELS, .codes = "16", .options = options}, x,
        count, DIM, q, err);
}

/* Fails when an option is not taken to where it belongs: each must give other codes than the default, and encode, save and load
 * the same. */
static void every_option_works(void **state)
{
    static const char *const extra[] = {"",
                                        ",estimator=rotation",
                                        ",estimator=gumbel",
                                        ",estimator=dense",
                                        ",sinkhorn_eps=0.003",
                                        ",optimizer=adagrad",
                                        ",codebook=ema",
                                        ",codebook=simvq",
                                        ",beta=1",
                                        ",standardize=none",
                                        ",standardize=feature",
                                        ",reduction=mean",
                                        ",lr=0.01",
                                        ",wd=3",
                                        ",clip=0.01",
                                        ",init=equal",
                                        ",settle=0",
                                        ",warm_steps=0",
                                        ",init_sample=100",
                                        ",precision=bf16"};
    float *x = new_floats(ROWS * DIM), *y = new_floats(ROWS * DIM), *usual = new_floats(ROWS * DIM);
    uint16_t *codes = new_codes(ROWS * LEVELS);
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    for (int i = 0; i < ROWS * DIM; i++)
        x[i] *= (float)(1 + i % DIM); /* columns of other spreads */
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        char options[400];
        sid_quantizer *q = NULL;
        (void)snprintf(options, sizeof options, "%s%s", QUICK, extra[i]);
        TEST_OK(fit(ctx, options, x, ROWS, &q, err));
        TEST_OK(sid_quantizer_encode(ctx, q, x, ROWS, codes, NULL, err));
        TEST_OK(sid_quantizer_decode(q, codes, ROWS, 0, y, err));
        if (i == 0)
            memcpy(usual, y, (size_t)ROWS * DIM * sizeof *usual);
        else if (memcmp(usual, y, (size_t)ROWS * DIM * sizeof *usual) == 0)
            fail_msg("%s changes nothing", extra[i]);
        sid_quantizer_free(q);
    }
    sid__free(x);
    sid__free(y);
    sid__free(usual);
    sid__free(codes);
    sid_ctx_free(ctx);
}

static const rqvae_look looks[] = {
    {"preset=tiger", 3, "lr=0.4"},
    {"steps=30,preset=tiger,warm_steps=2", 3, "steps=30"},
    {"preset=lcrec", 4, "hidden=(2048,1024,512,256,128,64)"},
    {"preset=grid", 3, "normalize=l2"},
    {"preset=liger", 3, "codebook=ema"},
};

/* Fails when a preset is not what it stands for, wins over an option that is given, or is kept as a name beside its values. */
static void presets_are_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        sid_quantizer *q = NULL;
        sid__strbuf text = {0};
        TEST_OK(sid__quantizer_create(&(sid_quantizer_options){.quantizer = "rqvae", .options = looks[i].options}, &q,
                                      err));
        TEST_OK(sid__quantizer_options_text(q, &text, err));
        assert_int_equal(q->options.levels, looks[i].levels);
        assert_non_null(strstr(text.text, looks[i].says));
        assert_null(strstr(text.text, "preset"));
        sid__strbuf_drop(&text);
        sid_quantizer_free(q);
    }
    sid_quantizer *q = NULL;
    TEST_OK(sid__quantizer_create(
        &(sid_quantizer_options){.quantizer = "rqvae", .levels = 2, .options = "preset=lcrec"}, &q, err));
    assert_int_equal(q->options.levels, 2);
    sid_quantizer_free(q);
}

/* Fails when impossible options are taken without a word that names them. */
static void bad_options_are_named(void **state)
{
    float x[20 * DIM];
    sid_quantizer *q = NULL;
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    fill_uniform(x, 20 * DIM, 1);
    TEST_FAILS(fit(ctx, "hidden=(12,x)", x, 20, &q, err), SID_EUSAGE, "hidden is \"12,x\"");
    TEST_FAILS(fit(ctx, "steps=10,warm_steps=10", x, 20, &q, err), SID_EUSAGE, "warm_steps is 10 of 10 steps");
    TEST_FAILS(fit(ctx, "dim=0", x, 20, &q, err), SID_EUSAGE, "dim is \"0\"");
    TEST_FAILS(fit(ctx, "estimator=magic", x, 20, &q, err), SID_EUSAGE, "ste|rotation|gumbel|dense");
    TEST_FAILS(fit(ctx, "sinkhorn_eps=0.001", x, 20, &q, err), SID_EUSAGE, "sinkhorn_eps is 0.001; 0, or 0.003");
    TEST_FAILS(fit(ctx, "preset=tigre", x, 20, &q, err), SID_EUSAGE, "none|tiger|lcrec|grid|liger");
    TEST_FAILS(fit(ctx, QUICK ",lr=1e9", x, 20, &q, err), SID_EUSAGE, "lr");
    sid_ctx_free(ctx);
}

/* Fails when a tensor that is absent, of another shape or not finite is believed, or weights that overflow give codes out of
 * range or vectors that are not finite. */
static void bad_tensors_are_named(void **state)
{
    float *x = new_floats(ROWS * DIM), y[DIM];
    uint16_t codes[LEVELS];
    const sid_quantizer_options stored = {.quantizer = "rqvae", .levels = LEVELS, .codes = "16", .options = QUICK};
    const sid_quantizer_options wider = {
        .quantizer = "rqvae", .levels = LEVELS, .codes = "16", .options = QUICK ",hidden=(17)"};
    sid_quantizer *q = NULL, *loaded = NULL;
    sid__tensor_set set = {0};
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    TEST_OK(fit(ctx, QUICK, x, ROWS, &q, err));
    TEST_OK(sid__quantizer_save(q, &set, err));
    TEST_FAILS(sid__quantizer_load(&wider, DIM, &set, &loaded, err), SID_EDATA, "encoder.0.weight");
    double *scale = sid__tensor_find(&set, "scaler.scale")->data, kept = scale[3];
    scale[3] = 0;
    TEST_FAILS(sid__quantizer_load(&stored, DIM, &set, &loaded, err), SID_EDATA, "scaler.scale: element 3 is 0");
    scale[3] = kept;
    float *weight = sid__tensor_find(&set, "encoder.0.weight")->data;
    weight[5] = NAN;
    TEST_FAILS(sid__quantizer_load(&stored, DIM, &set, &loaded, err), SID_EDATA, "encoder.0.weight: element 5");
    for (int i = 0; i < 16 * DIM; i++)
        weight[i] = i % 2 ? 3e38f : -3e38f;
    weight = sid__tensor_find(&set, "decoder.2.weight")->data;
    for (int i = 0; i < 16 * DIM; i++)
        weight[i] = i % 2 ? 3e38f : -3e38f;
    TEST_OK(sid__quantizer_load(&stored, DIM, &set, &loaded, err));
    TEST_OK(sid_quantizer_encode(ctx, loaded, x, 1, codes, NULL, err));
    TEST_OK(sid_quantizer_decode(loaded, codes, 1, 0, y, err));
    for (int d = 0; d < DIM; d++)
        assert_true(isfinite(y[d]));
    sid__tensor_set_drop(&set);
    sid_quantizer_free(q);
    sid_quantizer_free(loaded);
    sid__free(x);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_option_works), cmocka_unit_test(presets_are_options),
                                       cmocka_unit_test(bad_options_are_named),
                                       cmocka_unit_test(bad_tensors_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
