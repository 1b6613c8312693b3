/* test_rqvae_codec.c: a learned quantizer as it is kept: its scaler, its blocks, its tensors. */
#include "quant/rqvae_codec.h"

#include "quant_help.h"

enum { ROWS = 2100, DIM = 5, LATENT = 3 }; /* more rows than a block has */

static const sid__mlp_shape shape = {.layers = 2, .width = {DIM, 7, LATENT}};

static sid__rqvae_codec *create(const float *x, sid__scaling kind)
{
    sid__rqvae_codec *codec = NULL;
    TEST_OK(sid__rqvae_codec_create(&shape, &codec, err));
    fill_uniform(codec->params.data, codec->params.size, 7);
    sid__rqvae_codec_fit_scaler(codec, kind, x, ROWS);
    TEST_OK(sid__rqvae_codec_pack(codec, err));
    return codec;
}

/* Fails when columns are not scaled as the option says, or a column without spread is divided by 0. */
static void columns_are_scaled(void **state)
{
    float *x = new_floats(ROWS * DIM), *y = new_floats(ROWS * DIM);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    for (int i = 0; i < ROWS * DIM; i++)
        x[i] = i % DIM == 4 ? 2 : x[i] * (float)(1 + i % DIM) + 10;
    for (int kind = SID__SCALE_COLUMNS; kind <= SID__SCALE_NONE; kind++) {
        double square[DIM] = {0}, all = 0;
        sid__rqvae_codec *codec = create(x, (sid__scaling)kind);
        sid__rqvae_codec_standardize(codec, x, ROWS, y);
        for (int i = 0; i < ROWS * DIM; i++)
            square[i % DIM] += (double)y[i] * (double)y[i] / ROWS;
        for (int d = 0; d < DIM; d++)
            all += square[d] / DIM;
        assert_near(square[1], kind == SID__SCALE_COLUMNS ? 1 : square[1], 1e-5);
        assert_near(all, kind == SID__SCALE_ALL ? 1 : all, 1e-5);
        assert_true(kind == SID__SCALE_NONE ? memcmp(x, y, ROWS * DIM * sizeof *x) == 0 : square[4] == 0);
        sid__rqvae_codec_free(codec);
    }
    sid__free(x);
    sid__free(y);
}

static sid_status keep(sid_ctx *ctx, void *user, int64_t begin, int64_t rows, float *z, sid_error *err)
{
    (void)ctx;
    (void)err;
    memcpy((float *)user + begin * LATENT, z, (size_t)rows * LATENT * sizeof *z);
    return SID_OK;
}

static void latents_equal(const sid__rqvae_codec *a, const sid__rqvae_codec *b, const float *x)
{
    float *left = new_floats(ROWS * LATENT), *right = new_floats(ROWS * LATENT), first[DIM], second[DIM];
    sid_ctx *ctx = new_ctx(2, NULL);
    TEST_OK(sid__rqvae_codec_visit(ctx, a, false, x, ROWS, keep, left, err));
    for (int64_t i = 0; i < ROWS; i += 700) /* other blocks */
        TEST_OK(sid__rqvae_codec_visit(ctx, b, false, x + i * DIM, 700, keep, right + i * LATENT, err));
    assert_memory_equal(left, right, ROWS * LATENT * sizeof *left);
    sid__rqvae_codec_decode_latent(a, left, first);
    sid__rqvae_codec_decode_latent(b, left, second);
    assert_memory_equal(first, second, sizeof first);
    sid__free(left);
    sid__free(right);
    sid_ctx_free(ctx);
}

/* Fails when blocks change a latent vector, or what is saved is not what is loaded. */
static void saved_and_loaded_is_equal(void **state)
{
    float *x = new_floats(ROWS * DIM);
    const sid_quantizer q = {.prepared_dim = DIM, .options = {.levels = 1, .codes = {4}}};
    sid__tensor_set set = {0};
    sid__rqvae_codec *loaded = NULL;
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    sid__rqvae_codec *codec = create(x, SID__SCALE_COLUMNS);
    TEST_OK(sid__rqvae_codec_save(codec, &set, err));
    TEST_OK(sid__rqvae_codec_load(&q, &shape, false, &set, &loaded, err));
    latents_equal(codec, loaded, x);
    sid__rqvae_codec_free(loaded);
    loaded = NULL;
    TEST_FAILS(sid__rqvae_codec_load(&q, &shape, true, &set, &loaded, err), SID_EDATA, "codebook.1");
    assert_null(loaded);
    sid__tensor_set_drop(&set);
    sid__rqvae_codec_free(codec);
    sid__free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(columns_are_scaled),
                                       cmocka_unit_test(saved_and_loaded_is_equal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
