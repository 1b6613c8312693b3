/* test_fsq_state.c: what a fitted fsq quantizer is kept as. */
#include "fsq_help.h"

/* Fails when a level of a mode is not saved, or its margins are missing or negative; codes are the same with and without
 * margins. */
static void every_mode_is_saved_and_has_margins(void **state)
{
    static const char *const mode[] = {"fsq_levels=(5,5;4,4;3)", "residual,shift=tan",
                                       "kmeans_levels=1,codes=(16,27,27)", "no_center,pca=5,normalize=l2"};
    float *x = new_floats((int64_t)ROWS * DIM), *y = new_floats((int64_t)ROWS * DIM),
          *z = new_floats((int64_t)ROWS * DIM);
    uint16_t *codes = new_codes((int64_t)ROWS * 3), *again = new_codes((int64_t)ROWS * 3);
    double *margins = NULL;
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    TEST_OK(sid__alloc(&margins, (size_t)ROWS * 3, sizeof *margins, "margins", err));
    fill_axes(x, 3);
    for (size_t m = 0; m < sizeof mode / sizeof *mode; m++) {
        sid__tensor_set set = {0};
        sid_quantizer *loaded = NULL, *q = fit_axes(ctx, x, mode[m], codes);
        TEST_OK(sid__quantizer_save(q, &set, err));
        TEST_OK(sid__quantizer_load(&(sid_quantizer_options){.quantizer = "fsq", .options = mode[m]}, DIM, &set,
                                    &loaded, err));
        TEST_OK(sid_quantizer_encode(ctx, loaded, x, ROWS, again, margins, err));
        assert_memory_equal(codes, again, (size_t)ROWS * 3 * sizeof *codes);
        for (int i = 0; i < ROWS * 3; i++)
            assert_true(margins[i] >= 0);
        TEST_OK(sid_quantizer_decode(q, codes, ROWS, 0, y, err));
        TEST_OK(sid_quantizer_decode(loaded, codes, ROWS, 0, z, err));
        assert_memory_equal(y, z, (size_t)ROWS * DIM * sizeof *y);
        sid__tensor_set_drop(&set);
        sid_quantizer_free(loaded);
        sid_quantizer_free(q);
    }
    sid_ctx_free(ctx);
    sid__free(margins);
    sid__free(x);
    sid__free(y);
    sid__free(z);
    sid__free(codes);
    sid__free(again);
}

/* Fails when a damaged tensor is trusted: values that are no numbers or out of all proportion, and a missing one. */
static void damaged_tensors_are_named(void **state)
{
    static const char *const name[] = {"fsq.direction", "fsq.spread", "fsq.value"};
    float *x = new_floats((int64_t)ROWS * DIM);
    uint16_t *codes = new_codes((int64_t)ROWS * 3);
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__tensor_set set = {0};
    sid_quantizer *loaded = NULL;
    const sid_quantizer_options options = {.quantizer = "fsq"};
    (void)state;
    fill_axes(x, 4);
    sid_quantizer *q = fit_axes(ctx, x, NULL, codes);
    TEST_OK(sid__quantizer_save(q, &set, err));
    for (int i = 0; i < 3; i++) {
        char *data = sid__tensor_find(&set, name[i])->data;
        char kept[8];
        memcpy(kept, data, sizeof kept);
        memset(data, 0x7f, sizeof kept);
        TEST_FAILS(sid__quantizer_load(&options, DIM, &set, &loaded, err), SID_EDATA, name[i]);
        memset(data, 0xff, sizeof kept); /* NaN */
        TEST_FAILS(sid__quantizer_load(&options, DIM, &set, &loaded, err), SID_EDATA, name[i]);
        memcpy(data, kept, sizeof kept);
    }
    TEST_FAILS(
        sid__quantizer_load(&(sid_quantizer_options){.quantizer = "fsq", .codes = "256"}, DIM, &set, &loaded, err),
        SID_EDATA, "fsq.value");
    TEST_OK(sid__quantizer_load(&options, DIM, &set, &loaded, err));
    sid_quantizer_free(loaded);
    sid_quantizer_free(q);
    sid__tensor_set_drop(&set);
    sid_ctx_free(ctx);
    sid__free(x);
    sid__free(codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_mode_is_saved_and_has_margins),
                                       cmocka_unit_test(damaged_tensors_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
