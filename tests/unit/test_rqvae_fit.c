/* test_rqvae_fit.c: what the learned residual families share: going on from another quantizer, and what a fit takes. */
#include "quant/rqvae_fit.h"

#include "quant_help.h"

enum { ROWS = 600, DIM = 8, LEVELS = 2, CODES = 16 };

static const struct learned {
    const char *family, *options, *other;
} learned[] = {
    {"rqvae",
     "steps=80,warm_steps=20,batch=128,hidden=(16),dim=6,watch_every=40,warmup=5,settle=3,tune_steps=10,lr=0.005",
     "steps=80,warm_steps=20,hidden=(17),dim=6"},
    {"rqkmeans-plus", "steps=80,batch=128,hidden=(16),watch_every=40,warmup=5,settle=3,tune_steps=10", "hidden=(17)"}};

/* Rows around centres, those of the second half moved by `shift`. */
static float *rows_of(float shift)
{
    float *x = new_floats(ROWS * DIM), center[20 * DIM];
    fill_uniform(center, 20 * DIM, 5);
    fill_uniform(x, ROWS * DIM, 6);
    for (int i = 0; i < ROWS * DIM; i++)
        x[i] = 2 * center[i / DIM % 20 * DIM + i % DIM] + 0.3f * x[i] + (i > ROWS * DIM / 2 ? shift : 0);
    return x;
}

static sid_status fit(const struct learned *of, const char *options, const sid_quantizer *start, const float *x,
                      sid_quantizer **out, sid_error *error)
{
    sid_ctx *ctx = new_ctx(2, NULL);
    sid_quantizer *q = NULL;
    const sid__rows rows = sid__rows_of(x, ROWS, DIM);
    TEST_OK(sid__quantizer_create(
        &(sid_quantizer_options){.quantizer = of->family, .levels = LEVELS, .codes = "16", .options = options}, &q,
        err));
    q->start = start;
    sid_status status = sid__quantizer_fit_rows(ctx, q, &rows, NULL, 0, error);
    q->start = NULL;
    if (status == SID_OK)
        *out = q;
    else
        sid_quantizer_free(q);
    sid_ctx_free(ctx);
    return status;
}

static int same_codes(const sid_quantizer *a, const sid_quantizer *b, const float *x)
{
    uint16_t left[ROWS * LEVELS], right[ROWS * LEVELS];
    int same = 0;
    sid_ctx *ctx = new_ctx(1, NULL);
    TEST_OK(sid_quantizer_encode(ctx, a, x, ROWS, left, NULL, err));
    TEST_OK(sid_quantizer_encode(ctx, b, x, ROWS, right, NULL, err));
    for (int i = 0; i < ROWS; i++)
        same += memcmp(left + i * LEVELS, right + i * LEVELS, LEVELS * sizeof *left) == 0;
    sid_ctx_free(ctx);
    return same;
}

/* Fails when a fit that goes on from another one numbers its codes anew, or takes other networks without a word. */
static void numbering_is_kept(void **state)
{
    float *x = rows_of(0), *moved = rows_of(0.05f);
    (void)state;
    for (size_t i = 0; i < sizeof learned / sizeof *learned; i++) {
        sid_quantizer *first = NULL, *next = NULL, *alone = NULL;
        TEST_OK(fit(&learned[i], learned[i].options, NULL, x, &first, err));
        TEST_OK(fit(&learned[i], learned[i].options, first, moved, &next, err));
        TEST_OK(fit(&learned[i], learned[i].options, NULL, moved, &alone, err));
        assert_true(same_codes(first, next, moved) > ROWS * 6 / 10);
        assert_true(same_codes(first, alone, moved) < same_codes(first, next, moved));
        const sid__rqvae_codec *codec = next->state;
        int64_t counted = 0;
        for (int k = 0; k < CODES; k++)
            counted += codec->codes->count[1][k];
        assert_int_equal(counted, ROWS);
        sid_quantizer_free(next);
        next = NULL;
        TEST_FAILS(fit(&learned[i], learned[i].other, first, moved, &next, err), SID_EUSAGE, "networks");
        sid_quantizer_free(first);
        sid_quantizer_free(alone);
    }
    sid__free(x);
    sid__free(moved);
}

/* Fails when a training is estimated as cheap as k-means: wider networks, more rows a step and more codes all count. */
static void a_fit_takes_what_it_takes(void **state)
{
    sid__rqvae_recipe recipe = {.encoder = {.layers = 2, .width = {100, 50, 10}}, .plan = {.batch = 64, .steps = 10}};
    const int codes[2] = {256, 256}, more[2] = {512, 512};
    (void)state;
    /* 100 50 + 50 10 = 5500 weights an end, 6 flop each a row */
    assert_near(sid__rqvae_flop(&recipe), 6.0 * 11000 * 64 * 10, 1);
    double size = sid__rqvae_size(&recipe, codes, 2, 1000);
    assert_true(size >= 7 * 4 * (11000 + 512 * 10));
    assert_near(sid__rqvae_size(&recipe, more, 2, 1000) - size, 7 * 4 * 512 * 10, 1);
    recipe.plan.settle = 1;
    assert_near(sid__rqvae_size(&recipe, codes, 2, 1000) - size, 1000 * 10 * 4, 1);
    recipe.plan.batch = 128;
    assert_true(sid__rqvae_size(&recipe, codes, 2, 1000) > size + 64 * 4 * 4 * 160);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbering_is_kept),
                                       cmocka_unit_test(a_fit_takes_what_it_takes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
