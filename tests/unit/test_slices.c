/* test_slices.c: how dimensions are cut, wide slices, counting, what is saved with a rotation. */
#include "quant/slices.h"
#include "quant_help.h"

static sid_quantizer *make_quantizer(const char *family, int levels, const char *codes, const char *options, int dim)
{
    sid_quantizer *q = NULL;
    TEST_OK(sid__quantizer_create(
        &(sid_quantizer_options){.quantizer = family, .levels = levels, .codes = codes, .options = options}, &q, err));
    q->dim = q->prepared_dim = dim;
    return q;
}

/* Fails when the dimensions left over do not go to the first slices, one each. */
static void first_slices_get_what_is_left(void **state)
{
    sid_quantizer *q = make_quantizer("pq", 4, "2", "", 11);
    sid__slices *s = NULL;
    const int expected[] = {0, 3, 6, 9, 11};
    (void)state;
    TEST_OK(sid__slices_create(q, &s, err));
    for (int l = 0; l <= 4; l++)
        assert_int_equal(s->begin[l], expected[l]);
    assert_int_equal(s->book[0].dim, 3);
    assert_int_equal(s->book[3].dim, 2);
    sid__slices_free(s);
    sid_quantizer_free(q);
}

/* Fails when slices too wide for kernel/narrow.h, or a mix of both, get other codes than the scalar reference gives, or a
 * block's last rows are lost. */
static void wide_slices_encode(void **state)
{
    enum { DIM = 2 * SID__NARROW_DIM_MAX + 1, ROWS = 401, CODES = 9 };
    sid_quantizer *q = make_quantizer("pq", 2, "9", "", DIM);
    sid__slices *s = NULL;
    float *x = new_floats(ROWS * DIM);
    uint16_t *codes = new_codes(ROWS * 2), *expected = new_codes(ROWS * 2);
    double *margins = NULL;
    sid_ctx *ctx = new_ctx(3, NULL);
    (void)state;
    TEST_OK(sid__alloc(&margins, ROWS * 2, sizeof *margins, "margins", err));
    TEST_OK(sid__slices_create(q, &s, err));
    assert_int_equal(sid__slice_dim(s, 0), SID__NARROW_DIM_MAX + 1);
    assert_int_equal(sid__slice_dim(s, 1), SID__NARROW_DIM_MAX);
    fill_uniform(x, ROWS * DIM, 1);
    for (int l = 0; l < 2; l++) {
        fill_uniform(sid__codebook_code(&s->book[l]), (int64_t)CODES * s->book[l].dim, 2 + (uint64_t)l);
        sid__codebook_pack(&s->book[l]);
    }
    sid__slices_pack(s);
    TEST_OK(sid__slices_encode(ctx, s, x, ROWS, expected, margins, err));
    TEST_OK(sid__slices_encode(ctx, s, x, ROWS, codes, NULL, err));
    assert_memory_equal(codes, expected, ROWS * 2 * sizeof *codes);
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(codes[2 * i + 1],
                         sid__assign_reference(&s->book[1], x + (int64_t)i * DIM + s->begin[1], NULL));
    sid__free(x);
    sid__free(codes);
    sid__free(expected);
    sid__free(margins);
    sid__slices_free(s);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Fails when codes are not numbered by falling count, or the counts do not follow. */
static void codes_are_numbered_by_count(void **state)
{
    const uint16_t label[] = {2, 2, 0, 2, 0, 1};
    sid_quantizer *q = make_quantizer("pq", 2, "3", "", 2);
    sid__slices *s = NULL;
    (void)state;
    TEST_OK(sid__slices_create(q, &s, err));
    for (int k = 0; k < 3; k++)
        sid__codebook_code(&s->book[1])[k] = (float)k;
    TEST_OK(sid__slices_number(s, 1, label, 6, err));
    assert_true(s->count[1][0] == 3 && s->count[1][1] == 2 && s->count[1][2] == 1);
    assert_true(s->book[1].code[0] == 2 && s->book[1].code[1] == 0 && s->book[1].code[2] == 1);
    sid__slices_free(s);
    sid_quantizer_free(q);
}

/* Fails when encoding does not turn rows by the rotation, or decoding does not turn them back: axes swapped by hand. */
static void rotations_turn_there_and_back(void **state)
{
    const float swap[] = {0, 1, 1, 0}, stretch[] = {0, .5f, 2, 0}, unstretch[] = {0, .5f, 2, 0}, x[] = {10, 1};
    sid_quantizer *q = make_quantizer("pq", 2, "2", "", 2);
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    for (int test = 0; test < 2; test++) {
        sid__slices *s = NULL;
        uint16_t codes[2];
        float y[2];
        TEST_OK(sid__slices_create(q, &s, err));
        TEST_OK(sid__slices_rotate(s, test ? stretch : swap, test ? unstretch : NULL, err));
        for (int l = 0; l < 2; l++) { /* slice 0 sees 1 (stretched 2), slice 1 sees 10 (5) */
            sid__codebook_code(&s->book[l])[0] = test ? 2 : 1;
            sid__codebook_code(&s->book[l])[1] = test ? 5 : 10;
            sid__codebook_pack(&s->book[l]);
        }
        sid__slices_pack(s);
        TEST_OK(sid__slices_encode(ctx, s, x, 1, codes, NULL, err));
        assert_int_equal(codes[0], 0);
        assert_int_equal(codes[1], 1);
        sid__slices_decode(s, codes, 1, 2, y);
        assert_true(y[0] == 10 && y[1] == 1);
        sid__slices_free(s);
    }
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
}

/* Fails when a rotation of the wrong size or with impossible entries is loaded, or one that is not there is not missed. */
static void wrong_rotations_are_named(void **state)
{
    sid_quantizer *q = make_quantizer("opq", 2, "2", "", 3);
    sid__slices *s = NULL, *loaded = NULL;
    sid__tensor_set set = {0};
    const float turn[9] = {0, 1, 0, 0, 0, 1, 1, 0, 0};
    (void)state;
    TEST_OK(sid__slices_create(q, &s, err));
    TEST_OK(sid__slices_rotate(s, turn, turn, err));
    sid__slices_pack(s);
    TEST_OK(sid__slices_save(s, &set, err));
    TEST_OK(sid__slices_load(q, &set, true, true, &loaded, err));
    assert_memory_equal(loaded->rotation, turn, sizeof turn);
    assert_memory_equal(loaded->back, turn, sizeof turn);
    sid__slices_free(loaded);
    float *data = sid__tensor_find(&set, "rotation")->data;
    data[5] = NAN;
    TEST_FAILS(sid__slices_load(q, &set, true, true, &loaded, err), SID_EDATA, "rotation: row 1, column 2");
    data[5] = 1e6f;
    TEST_FAILS(sid__slices_load(q, &set, true, true, &loaded, err), SID_EDATA, "at most 2048");
    sid__tensor_set_drop(&set);
    sid__slices_free(s);
    s = NULL;
    TEST_OK(sid__slices_create(q, &s, err));
    TEST_OK(sid__slices_save(s, &set, err));
    TEST_FAILS(sid__slices_load(q, &set, true, false, &loaded, err), SID_EDATA, "rotation");
    sid__tensor_set_drop(&set);
    sid__slices_free(s);
    sid_quantizer_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_slices_get_what_is_left), cmocka_unit_test(wide_slices_encode),
        cmocka_unit_test(codes_are_numbered_by_count), cmocka_unit_test(rotations_turn_there_and_back),
        cmocka_unit_test(wrong_rotations_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
