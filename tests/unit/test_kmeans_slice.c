/* test_kmeans_slice.c: levels that code some of the dimensions. */
#include "quant/kmeans_slice.h"
#include "quant_help.h"

enum { ROWS = 400, DIM = 7, CODES = 6 };

static const sid__kmeans_options options = {
    .init = SID__INIT_GREEDY, .iters = 20, .stage_iters = 5, .n_init = 1, .seed = 3, .stage = "test"};

/* Fails when widths that do not add up, or levels that cannot be shared out, are taken. */
static void widths_are_read(void **state)
{
    sid__groups groups;
    (void)state;
    TEST_OK(sid__groups_parse("", 7, 3, &groups, err));
    assert_int_equal(groups.count, 0);
    TEST_OK(sid__groups_parse("4:1:2", 7, 6, &groups, err));
    assert_int_equal(groups.count, 3);
    assert_int_equal(groups.begin[1], 4);
    assert_int_equal(groups.begin[2], 5);
    assert_int_equal(groups.begin[3], 7);
    TEST_FAILS(sid__groups_parse("4:2", 7, 2, &groups, err), SID_EDATA, "6 together; the vectors have 7");
    TEST_FAILS(sid__groups_parse("4:4", 7, 2, &groups, err), SID_EDATA, "more together than the 7 dimensions");
    TEST_FAILS(sid__groups_parse("4:0:3", 7, 3, &groups, err), SID_EUSAGE, "add up to");
    TEST_FAILS(sid__groups_parse("4,3", 7, 2, &groups, err), SID_EUSAGE, "add up to");
    TEST_FAILS(sid__groups_parse("7:", 7, 1, &groups, err), SID_EUSAGE, "add up to");
    TEST_FAILS(sid__groups_parse("4:3", 7, 3, &groups, err), SID_EUSAGE, "a multiple of 2 is expected");
}

/* Fails when a slice is not fitted as if it were alone, or a code is not zero outside of it. */
static void a_slice_is_fitted_alone(void **state)
{
    sid_ctx *ctx = new_ctx(2, NULL);
    float *x = new_floats(ROWS * DIM), *part = new_floats(ROWS * 3);
    uint16_t *label = new_codes(ROWS), *alone = new_codes(ROWS), *whole = new_codes(ROWS);
    sid__codebook wide, narrow;
    (void)state;
    fill_uniform(x, ROWS * DIM, 1);
    for (int i = 0; i < ROWS; i++)
        memcpy(part + i * 3, x + i * DIM + 2, 3 * sizeof *part);
    TEST_OK(sid__codebook_create(&wide, CODES, DIM, err));
    TEST_OK(sid__codebook_create(&narrow, CODES, 3, err));
    TEST_OK(sid__kmeans_fit_slice(ctx, &options, NULL, x, ROWS, 2, 5, &wide, label, err));
    TEST_OK(sid__kmeans_fit(ctx, &options, part, ROWS, 3, &narrow, alone, err));
    assert_memory_equal(label, alone, ROWS * sizeof *label);
    for (int k = 0; k < CODES; k++)
        for (int d = 0; d < DIM; d++)
            assert_near(wide.code[k * DIM + d], d >= 2 && d < 5 ? narrow.code[k * 3 + d - 2] : 0, 0);
    for (int i = 0; i < ROWS; i++) /* and the whole rows are nearest to the same codes */
        whole[i] = sid__assign_reference(&wide, x + i * DIM, NULL);
    assert_memory_equal(label, whole, ROWS * sizeof *label);

    TEST_OK(sid__kmeans_fit_slice(ctx, &options, &wide, x, ROWS, 2, 5, &wide, alone, err)); /* goes on, moves little */
    int moved = 0;
    for (int i = 0; i < ROWS; i++)
        moved += label[i] != alone[i];
    assert_true(moved < ROWS / 10);
    sid__codebook_drop(&wide);
    sid__codebook_drop(&narrow);
    sid__free(x);
    sid__free(part);
    sid__free(label);
    sid__free(alone);
    sid__free(whole);
    sid_ctx_free(ctx);
}

/* Fails when memory is lost on a way out. */
static void lack_of_memory_is_reported(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    float *x = new_floats(ROWS * DIM);
    uint16_t *label = new_codes(ROWS);
    sid__codebook book;
    int failures = 0;
    (void)state;
    fill_uniform(x, ROWS * DIM, 1);
    TEST_OK(sid__codebook_create(&book, CODES, DIM, err));
    for (int after = 0; after < 200; after++) {
        sid__mem_fail(after, 1);
        sid_status status =
            sid__kmeans_fit_slice(ctx, &options, after % 2 ? &book : NULL, x, ROWS, 0, 4, &book, label, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        failures += status == SID_ENOMEM;
    }
    assert_true(failures > 10);
    sid__codebook_drop(&book);
    sid__free(x);
    sid__free(label);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(widths_are_read), cmocka_unit_test(a_slice_is_fitted_alone),
                                       cmocka_unit_test(lack_of_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
