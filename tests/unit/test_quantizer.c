/* test_quantizer.c: options, sampling by rows, codes out of range, what the manifest keeps. Families are tested in
 * test_quant_registry.c.
 */
#include "quant_help.h"

static sid_quantizer *fit(const char *options, const float *x, int64_t count, int dim)
{
    sid_quantizer *q = NULL;
    sid_ctx *ctx = new_ctx(1, NULL);
    TEST_OK(sid_quantizer_fit(ctx, &(sid_quantizer_options){.levels = 2, .codes = "2,3", .options = options}, x, count,
                              dim, &q, err));
    sid_ctx_free(ctx);
    return q;
}

/* Fails when getters or sizes a level are wrong, or a code out of range is decoded. */
static void sizes_are_per_level(void **state)
{
    const float x[] = {0, 1, 10, 11, 20, 22};
    const uint16_t good[] = {1, 2}, bad[] = {1, 3};
    float y = 0;
    sid_quantizer *q = fit("", x, 6, 1);
    (void)state;
    assert_int_equal(sid_quantizer_levels(q), 2);
    assert_int_equal(sid_quantizer_codes(q, 0), 2);
    assert_int_equal(sid_quantizer_codes(q, 1), 3);
    assert_int_equal(sid_quantizer_dim(q), 1);
    TEST_OK(sid_quantizer_decode(q, good, 1, 0, &y, err));
    TEST_FAILS(sid_quantizer_decode(q, bad, 1, 0, &y, err), SID_EDATA, "code 3 at level 2; 0 to 2");
    TEST_OK(sid_quantizer_decode(q, bad, 1, 1, &y, err)); /* the bad code is below the depth asked for */
    sid_quantizer_free(q);
}

/* Fails when what the manifest keeps does not say what was changed, or says defaults too. */
static void changed_options_are_kept(void **state)
{
    const float x[] = {0, 1, 10, 11, 20, 22};
    sid__strbuf text = {0};
    sid_quantizer *q = fit("refine=2,tol=1e-3,normalize=l2", x, 3, 2);
    (void)state;
    TEST_OK(sid__quantizer_options_text(q, &text, err));
    assert_string_equal(text.text, "normalize=l2,tol=0.001,refine=2");
    sid__strbuf_drop(&text);
    sid_quantizer_free(q);
    q = fit("", x, 3, 2);
    TEST_OK(sid__quantizer_options_text(q, &text, err));
    assert_string_equal(text.text, "");
    sid__strbuf_drop(&text);
    sid_quantizer_free(q);
}

static void keep_warning(void *user, sid_log_level level, const char *message)
{
    if (level == SID_LOG_WARNING)
        (void)snprintf(user, 256, "%s", message);
}

/* Fails when fit rows are ignored: codebooks fitted on the first half know nothing of the second. */
static void only_fit_rows_are_seen(void **state)
{
    const float x[] = {0, 1, 0, 1, 500, 501};
    const int64_t row[] = {0, 1, 2, 3};
    char warning[256] = "";
    float y = 0;
    uint16_t codes[2];
    sid_quantizer *q = NULL;
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    sid_ctx_on_log(ctx, keep_warning, warning);
    TEST_OK(sid__quantizer_create(&(sid_quantizer_options){.levels = 1, .codes = "9"}, &q, err));
    const sid__rows rows = sid__rows_of(x, 6, 1);
    TEST_OK(sid__quantizer_fit_rows(ctx, q, &rows, row, 4, err));
    assert_non_null(strstr(warning, "9 codes for 4 rows"));
    TEST_OK(sid_quantizer_encode(ctx, q, x + 5, 1, codes, NULL, err));
    TEST_OK(sid_quantizer_decode(q, codes, 1, 0, &y, err));
    assert_true(y <= 1);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Fails when margins are not those of the scalar reference, or when asking for them changes the codes. */
static void margins_do_not_change_codes(void **state)
{
    enum { ROWS = 300, DIM = 6 };
    float x[ROWS * DIM];
    uint16_t plain[ROWS * 2], with[ROWS * 2];
    double margins[ROWS * 2];
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(x, ROWS * DIM, 1);
    sid_quantizer *q = fit("", x, ROWS, DIM);
    TEST_OK(sid_quantizer_encode(ctx, q, x, ROWS, plain, NULL, err));
    TEST_OK(sid_quantizer_encode(ctx, q, x, ROWS, with, margins, err));
    assert_memory_equal(plain, with, sizeof plain);
    for (int i = 0; i < ROWS * 2; i++)
        assert_true(margins[i] >= 0);
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid_quantizer_encode(ctx, q, x, ROWS, plain, NULL, err), SID_ECANCELED, "interrupted");
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Fails when damaged tensors are taken: not finite, missing, another shape, a projection wider than the data. */
static void damaged_tensors_are_refused(void **state)
{
    const float x[] = {0, 1, 10, 11, 20, 22};
    sid__tensor_set set = {0};
    sid_quantizer *q = fit("pca=1", x, 3, 2), *loaded = NULL;
    sid_quantizer_options stored = {.levels = 2, .codes = "2,3", .options = "pca=1"};
    (void)state;
    TEST_OK(sid__quantizer_save(q, &set, err));
    float *mean = sid__tensor_find(&set, "mean")->data;
    mean[1] = NAN;
    TEST_FAILS(sid__quantizer_load(&stored, 2, &set, &loaded, err), SID_EDATA, "mean");
    mean[1] = 0;
    float *code = sid__tensor_find(&set, "codebook.2")->data;
    code[2] = INFINITY;
    TEST_FAILS(sid__quantizer_load(&stored, 2, &set, &loaded, err), SID_EDATA, "codebook.2: row 2, column 0");
    TEST_FAILS(sid__quantizer_load(&stored, 0, &set, &loaded, err), SID_EDATA, "dim is 0");
    stored.options = "";
    TEST_FAILS(sid__quantizer_load(&stored, 2, &set, &loaded, err), SID_EDATA, "codebook.1");
    stored.options = "normalize_residual,pca=1";
    code[2] = 0;
    TEST_FAILS(sid__quantizer_load(&stored, 2, &set, &loaded, err), SID_EDATA, "scale");
    sid__tensor_set_drop(&set);
    sid_quantizer_free(q);
}

/* Fails when a value that has no nearest code gets one, or the message lacks the row of a later block. */
static void bad_values_are_not_encoded(void **state)
{
    enum { MANY = 9000 };
    static float x[MANY * 2];
    static uint16_t codes[MANY * 3];
    const float bad[] = {NAN, INFINITY, -INFINITY, 2e15F};
    sid_ctx *ctx = NULL;
    sid_quantizer *q = NULL;
    (void)state;
    for (int i = 0; i < MANY * 2; i++)
        x[i] = (float)(i % 97);
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid_quantizer_fit(ctx, &(sid_quantizer_options){.codes = "4"}, x, MANY, 2, &q, err));
    TEST_OK(sid_quantizer_encode(ctx, q, x, MANY, codes, NULL, err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        x[8500 * 2 + 1] = bad[i];
        TEST_FAILS(sid_quantizer_encode(ctx, q, x, MANY, codes, NULL, err), SID_EDATA, "row 8500, column 1");
    }
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Fails when bad texts of `codes` are taken. */
static void bad_codes_are_refused(void **state)
{
    static const char *const bad[] = {"", "1", "256,", "256;3", "x", "256,256,256,256", "-4", "70000"};
    sid_quantizer *q = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        TEST_FAILS(sid__quantizer_create(&(sid_quantizer_options){.codes = bad[i]}, &q, err), SID_EUSAGE, "codes");
}

/* Fails when the estimate leaves out the Gram matrix of principal directions, or networks and their training. */
static void estimates_count_what_is_large(void **state)
{
    enum { WIDE = 1000, ROWS_MANY = 100000 };
    static const char *const wide[] = {"rkmeans", "fsq", "opq"};
    static const struct {
        const char *family, *options;
    } learned[] = {{"rqvae", ""}, {"rqkmeans-plus", ""}, {"fsq", "projection=mlp"}};
    sid_quantizer *q = NULL, *plain = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        TEST_OK(sid__quantizer_create(&(sid_quantizer_options){.quantizer = wide[i]}, &q, err));
        assert_true(sid__quantizer_fit_size(q, 0, WIDE) > sizeof(double) * WIDE * WIDE);
        sid_quantizer_free(q);
    }
    TEST_OK(sid__quantizer_create(&(sid_quantizer_options){0}, &plain, err));
    for (size_t i = 0; i < sizeof learned / sizeof *learned;
         i++) { /* seven numbers a weight of 1000 x 512 twice at least */
        TEST_OK(sid__quantizer_create(
            &(sid_quantizer_options){.quantizer = learned[i].family, .options = learned[i].options}, &q, err));
        size_t size = sid__quantizer_fit_size(q, ROWS_MANY, WIDE);
        assert_true(size > sid__quantizer_fit_size(plain, ROWS_MANY, WIDE) + (size_t)7 * 4 * 2 * 512 * WIDE);
        sid_quantizer_free(q);
    }
    sid_quantizer_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_per_level),         cmocka_unit_test(changed_options_are_kept),
        cmocka_unit_test(only_fit_rows_are_seen),      cmocka_unit_test(margins_do_not_change_codes),
        cmocka_unit_test(damaged_tensors_are_refused), cmocka_unit_test(bad_codes_are_refused),
        cmocka_unit_test(bad_values_are_not_encoded),  cmocka_unit_test(estimates_count_what_is_large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
