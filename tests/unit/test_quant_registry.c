/* test_quant_registry.c: the table of families, and the conformance loop over it: what every family promises
 * (spec/quantizers.md §8, properties and the table of bad input). A new family arrives tested.
 */
#include <math.h>

#include "quant_help.h"

enum { ROWS = 700, DIM = 24, LEVELS = 3 };

typedef void family_test(const sid__family_class *family);

static void for_each_family(family_test *test)
{
    for (int i = 0; i < sid__quantizer_registry_count; i++)
        test(sid__quantizer_registry[i]);
}

/* Options that make a family quick enough for a test: families that learn train few steps of a narrow network. */
static const char *quick(const char *family, const char *options, char text[512])
{
    static const struct {
        const char *family, *options;
    } learned[] = {
        {"rqvae", "steps=120,warm_steps=20,batch=128,hidden=(24),dim=10,watch_every=50,lr=0.005,warmup=5,settle=3,"
                  "tune_steps=50"},
        {"rqkmeans-plus", "steps=20,batch=64,hidden=(16),watch_every=10,warmup=5,settle=1,tune_steps=5,lr=0.001"},
        {"rvq", "steps=60,batch=128,watch_every=20"}};
    (void)snprintf(text, 512, "%s", options);
    for (size_t i = 0; i < sizeof learned / sizeof *learned; i++)
        if (strcmp(family, learned[i].family) == 0)
            (void)snprintf(text, 512, "%s%s%s", options, *options ? "," : "", learned[i].options);
    return text;
}

static sid_quantizer *fit(const char *family, const char *given, const float *x, int64_t count, int dim, int threads,
                          const char *isa)
{
    char options[512];
    sid_quantizer *q = NULL;
    sid_ctx *ctx = new_ctx(threads, isa);
    (void)quick(family, given, options);
    TEST_OK(sid_quantizer_fit(
        ctx, &(sid_quantizer_options){.quantizer = family, .levels = LEVELS, .codes = "16", .options = options}, x,
        count, dim, &q, err));
    sid_ctx_free(ctx);
    return q;
}

static void encode(const sid_quantizer *q, const float *x, int64_t count, int threads, const char *isa, uint16_t *codes)
{
    sid_ctx *ctx = new_ctx(threads, isa);
    TEST_OK(sid_quantizer_encode(ctx, q, x, count, codes, NULL, err));
    sid_ctx_free(ctx);
}

static void tensors_equal(const sid_quantizer *a, const sid_quantizer *b)
{
    sid__tensor_set left = {0}, right = {0};
    TEST_OK(sid__quantizer_save(a, &left, err));
    TEST_OK(sid__quantizer_save(b, &right, err));
    assert_int_equal(left.count, right.count);
    for (int64_t i = 0; i < left.count; i++) {
        size_t size = sid__dtype_size(left.tensor[i].dtype);
        for (int d = 0; d < left.tensor[i].rank; d++)
            size *= (size_t)left.tensor[i].shape[d];
        assert_string_equal(left.tensor[i].name, right.tensor[i].name);
        assert_memory_equal(left.tensor[i].data, right.tensor[i].data, size);
    }
    sid__tensor_set_drop(&left);
    sid__tensor_set_drop(&right);
}

/* Fails when threads, batch size or kernel path reach a codebook or a SID. */
static void same_bits_everywhere(const sid__family_class *family)
{
    float *x = new_floats(ROWS * DIM);
    uint16_t *expected = new_codes(ROWS * LEVELS), *codes = new_codes(ROWS * LEVELS);
    fill_uniform(x, ROWS * DIM, 1);
    sid_quantizer *first = fit(family->info.name, "", x, ROWS, DIM, 1, "portable");
    encode(first, x, ROWS, 1, "portable", expected);
    static const int threads[] = {2, 7};
    for (int t = 0; t < 2; t++) {
        sid_quantizer *other = fit(family->info.name, "", x, ROWS, DIM, threads[t], NULL);
        tensors_equal(first, other);
        encode(other, x, ROWS, threads[t], NULL, codes);
        assert_memory_equal(expected, codes, ROWS * LEVELS * sizeof *codes);
        for (int64_t begin = 0; begin < ROWS; begin += 97)
            encode(other, x + begin * DIM, ROWS - begin < 97 ? ROWS - begin : 97, threads[t], NULL,
                   codes + begin * LEVELS);
        assert_memory_equal(expected, codes, ROWS * LEVELS * sizeof *codes);
        for (int64_t i = 0; i < ROWS; i += 53) { /* one by one */
            encode(other, x + i * DIM, 1, threads[t], NULL, codes);
            assert_memory_equal(expected + i * LEVELS, codes, LEVELS * sizeof *codes);
        }
        sid_quantizer_free(other);
    }
    sid_quantizer_free(first);
    sid__free(x);
    sid__free(expected);
    sid__free(codes);
}

/* Fails when something that encoding depends on is not saved, or loading trusts a wrong tensor. */
static void saved_and_loaded_is_equal(const sid__family_class *family)
{
    const char *const options[] = {"", family->no_beam ? "normalize=l2,pca=10" : "normalize=l2,pca=10,beam=3",
                                   "no_center,sample=300"};
    float *x = new_floats(ROWS * DIM);
    uint16_t *expected = new_codes(ROWS * LEVELS), *codes = new_codes(ROWS * LEVELS);
    fill_uniform(x, ROWS * DIM, 2);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        sid_quantizer *q = fit(family->info.name, options[i], x, ROWS, DIM, 2, NULL), *loaded = NULL;
        sid__tensor_set set = {0};
        sid__strbuf text = {0};
        TEST_OK(sid__quantizer_save(q, &set, err));
        TEST_OK(sid__quantizer_options_text(q, &text, err));
        sid_quantizer_options stored = {
            .quantizer = family->info.name, .levels = LEVELS, .codes = "16,16,16", .options = text.text};
        TEST_OK(sid__quantizer_load(&stored, DIM, &set, &loaded, err));
        encode(q, x, ROWS, 2, NULL, expected);
        encode(loaded, x, ROWS, 1, NULL, codes);
        assert_memory_equal(expected, codes, ROWS * LEVELS * sizeof *codes);
        tensors_equal(q, loaded);
        sid_quantizer_free(loaded);
        TEST_FAILS(sid__quantizer_load(&stored, DIM + 1, &set, &loaded, err), SID_EDATA, "");
        stored.codes = "17";
        assert_true(sid__quantizer_load(&stored, DIM, &set, &loaded, NULL) != SID_OK);
        sid__strbuf_drop(&text);
        sid__tensor_set_drop(&set);
        sid_quantizer_free(q);
    }
    sid__free(x);
    sid__free(expected);
    sid__free(codes);
}

/* Fails when reconstruction does not get better level by level on the rows fitted. */
static void error_falls_by_level(const sid__family_class *family)
{
    float *x = new_floats(ROWS * DIM), *y = new_floats(ROWS * DIM);
    uint16_t *codes = new_codes(ROWS * LEVELS);
    double before = (double)INFINITY;
    fill_uniform(x, ROWS * DIM, 3);
    sid_quantizer *q = fit(family->info.name, "", x, ROWS, DIM, 2, NULL);
    encode(q, x, ROWS, 2, NULL, codes);
    for (int depth = 1; depth <= LEVELS; depth++) {
        double error = 0;
        TEST_OK(sid_quantizer_decode(q, codes, ROWS, depth, y, err));
        for (int i = 0; i < ROWS * DIM; i++)
            error += (double)(x[i] - y[i]) * (double)(x[i] - y[i]);
        assert_true(error < before);
        before = error;
    }
    sid_quantizer_free(q);
    sid__free(x);
    sid__free(y);
    sid__free(codes);
}

/* Slices need a dimension each; test_pq.c has the refusal. */
static bool is_too_narrow(const sid__family_class *family, int dim)
{
    return dim < LEVELS && (strcmp(family->info.name, "pq") == 0 || strcmp(family->info.name, "opq") == 0);
}

/* Fails when odd but valid data is refused, crashes or gives codes out of range: constant rows, equal rows, one row, one
 * dimension, zero vectors with l2, denormals, fewer rows than codes. */
static void odd_data_works(const sid__family_class *family)
{
    static const struct {
        int64_t rows;
        int dim;
        float scale;
        bool equal;
    } odd[] = {{1, 1, 1, false},   {5, 1, 1, false},       {40, DIM, 0, false},     {40, DIM, 1, true},
               {3, DIM, 1, false}, {40, 2, 1e-42f, false}, {40, DIM, 1e15f, false}, {40, DIM, 1e-42f, false}};
    float *x = new_floats(40 * DIM), *y = new_floats(40 * DIM);
    uint16_t *codes = new_codes(40 * LEVELS);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        fill_uniform(x, 40 * DIM, 4);
        for (int j = 0; j < 40 * DIM; j++)
            x[j] = (odd[i].equal ? 0.5f : x[j]) * odd[i].scale;
        for (int l2 = 0; l2 < 2; l2++) {
            if (is_too_narrow(family, odd[i].dim))
                continue;
            sid_quantizer *q = fit(family->info.name, l2 ? "normalize=l2" : "", x, odd[i].rows, odd[i].dim, 2, NULL);
            encode(q, x, odd[i].rows, 2, NULL, codes);
            TEST_OK(sid_quantizer_decode(q, codes, odd[i].rows, 0, y, err));
            for (int64_t j = 0; j < odd[i].rows * odd[i].dim; j++)
                assert_true(isfinite(y[j]));
            sid_quantizer_free(q);
        }
    }
    sid__free(x);
    sid__free(y);
    sid__free(codes);
}

/* Fails when impossible data or options are taken without a word that names them. */
static void bad_input_is_named(const sid__family_class *family)
{
    float x[] = {1, 2, 3, NAN, 5, 6};
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_quantizer *q = NULL;
    sid_quantizer_options options = {.quantizer = family->info.name};
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, 3, 2, &q, err), SID_EDATA, "row 1, column 1");
    x[3] = 2e15f;
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, 3, 2, &q, err), SID_EDATA, "1e+15");
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, 0, 2, &q, err), SID_EDATA, "no vectors");
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, 1, 0, &q, err), SID_EDATA, "dimensions");
    x[3] = 4;
    options.codes = "65537";
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, 3, 2, &q, err), SID_EUSAGE, "65536");
    options.codes = "8,8";
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, 3, 2, &q, err), SID_EUSAGE, "2 numbers for 3 levels");
    options.codes = NULL;
    options.levels = 65;
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, 3, 2, &q, err), SID_EUSAGE, "64");
    options.levels = 0;
    options.options = "itres=3";
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, 3, 2, &q, err), SID_EUSAGE, "\"itres\"");
    sid_ctx_free(ctx);
}

/* Fails when any allocation that fails on the way leaks, crashes or is reported as something else. */
static void allocation_fails(const sid__family_class *family)
{
    bool is_opq = strcmp(family->info.name, "opq") == 0; /* each round allocates the same again */
    bool is_rqvae = strcmp(family->info.name, "rqvae") == 0, is_rvq = strcmp(family->info.name, "rvq") == 0;
    const char *options = family->no_beam ? "pca=12" : "pca=12,beam=2";
    if (is_opq)
        options = "pca=12,rounds=2";
    if (is_rvq)
        options = "pca=12,beam=2,steps=3,batch=32,watch_every=2,settle=1";
    if (strcmp(family->info.name, "rqkmeans-plus") == 0)
        options = "pca=12,beam=2,steps=2,batch=32,hidden=(8),watch_every=2,settle=1,tune_steps=1,warmup=1";
    if (is_rqvae)
        options =
            "pca=12,beam=2,steps=3,warm_steps=1,batch=32,hidden=(8),dim=4,watch_every=2,settle=1,tune_steps=1,warmup=1";
    float *x = new_floats(60 * DIM);
    uint16_t *codes = new_codes(60 * LEVELS);
    fill_uniform(x, 60 * DIM, 5);
    sid_ctx *ctx = new_ctx(2, NULL);
    int failures = 0;
    for (int after = 0; after < 2000; after++) {
        sid_quantizer *q = NULL;
        sid__tensor_set set = {0};
        sid__mem_fail(after, 1);
        sid_status status =
            sid_quantizer_fit(ctx,
                              &(sid_quantizer_options){
                                  .quantizer = family->info.name, .levels = LEVELS, .codes = "8", .options = options},
                              x, 60, DIM, &q, NULL);
        if (status == SID_OK)
            status = sid_quantizer_encode(ctx, q, x, 60, codes, NULL, NULL);
        if (status == SID_OK)
            status = sid__quantizer_save(q, &set, NULL);
        sid__tensor_set_drop(&set);
        sid_quantizer_free(q);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
        failures++;
    }
    sid__mem_fail(-1, 0);
    assert_true(failures > 20 && failures < 2000); /* the loop ended by a success, and there were points to fail at */
    sid_ctx_free(ctx);
    sid__free(x);
    sid__free(codes);
}

#define FAMILY_TEST(name)                                                                                              \
    static void every_##name(void **state)                                                                             \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        for_each_family(name);                                                                                         \
    }
FAMILY_TEST(same_bits_everywhere)
FAMILY_TEST(saved_and_loaded_is_equal)
FAMILY_TEST(error_falls_by_level)
FAMILY_TEST(odd_data_works)
FAMILY_TEST(bad_input_is_named)
FAMILY_TEST(allocation_fails)

/* Fails when a family cannot be found, or a typo is not helped. */
static void families_are_found_by_name(void **state)
{
    const sid__family_class *family = NULL;
    (void)state;
    for (int i = 0; i < sid_quantizer_family_count(); i++) {
        TEST_OK(sid__quantizer_family_find(sid_quantizer_family(i)->name, &family, err));
        assert_ptr_equal(&family->info, sid_quantizer_family(i));
    }
    assert_null(sid_quantizer_family(-1));
    assert_null(sid_quantizer_family(1000));
    TEST_FAILS(sid__quantizer_family_find("rkmean", &family, err), SID_EUSAGE, "did you mean \"rkmeans\"");
    TEST_FAILS(sid__quantizer_family_find("zzz", &family, err), SID_EUSAGE, "known are rkmeans");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_same_bits_everywhere), cmocka_unit_test(every_saved_and_loaded_is_equal),
        cmocka_unit_test(every_error_falls_by_level), cmocka_unit_test(every_odd_data_works),
        cmocka_unit_test(every_bad_input_is_named),   cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(families_are_found_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
