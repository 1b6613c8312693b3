/* test_balanced.c: the family `balanced`: its methods as users get them, quantizer and catalogue. What every family
 * promises is asked of the default method in test_quant_registry.c, of the others here.
 */
#include "catalog_fixture.h"

#include "quant/families.h"
#include "quant_help.h"

enum { ROWS = 700, DIM = 12, LEVELS = 3, CODES = 16 };

static const char *const methods[] = {"method=greedy", "method=price", "method=flow", "method=greedy,order=random"};
enum { GREEDY, PRICE, FLOW, METHODS = 4 };

static sid_quantizer *fit(sid_ctx *ctx, const char *options, const float *x, int64_t count, int dim)
{
    sid_quantizer *q = NULL;
    TEST_OK(sid_quantizer_fit(
        ctx, &(sid_quantizer_options){.quantizer = "balanced", .levels = LEVELS, .codes = "16", .options = options}, x,
        count, dim, &q, err));
    return q;
}

/* The codes of the fit: encoded, then those that fitting gave. Gives how many differ. */
static int64_t fitted(sid_ctx *ctx, const sid_quantizer *q, const float *x, int64_t count, uint16_t *codes)
{
    uint8_t is_fit[ROWS] = {0};
    int64_t differ = 0;
    TEST_OK(sid_quantizer_encode(ctx, q, x, count, codes, NULL, err));
    sid__quantizer_fit_codes(q, codes, is_fit);
    for (int64_t i = 0; i < count; i++)
        differ += is_fit[i];
    return differ;
}

static void size_range(const uint16_t *codes, int64_t count, int level, int *least, int *most)
{
    int size[CODES] = {0};
    for (int64_t i = 0; i < count; i++)
        size[codes[i * LEVELS + level]]++;
    *least = *most = size[0];
    for (int k = 1; k < CODES; k++) {
        *least = size[k] < *least ? size[k] : *least;
        *most = size[k] > *most ? size[k] : *most;
    }
}

/* Fails when a method does not keep its word: greedy and flow sizes differ by one at most at every level, price within
 * half of the mean; price and flow encode every row to its fitted codes, greedy does not; flow's error is below greedy's. */
static void methods_keep_their_word(void **state)
{
    float *x = new_floats(ROWS * DIM), *y = new_floats(ROWS * DIM);
    uint16_t *codes = new_codes(ROWS * LEVELS);
    double error[METHODS] = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(x, ROWS * DIM, 1);
    for (int i = 0; i < ROWS * DIM; i++)
        x[i] *= x[i] * x[i]; /* crowded in the middle */
    for (int m = 0; m < METHODS; m++) {
        sid_quantizer *q = fit(ctx, methods[m], x, ROWS, DIM);
        int64_t differ = fitted(ctx, q, x, ROWS, codes);
        assert_true(m == PRICE || m == FLOW ? differ == 0 : differ > ROWS / 10);
        for (int l = 0; l < LEVELS; l++) {
            int least, most;
            size_range(codes, ROWS, l, &least, &most);
            assert_true(m == PRICE ? least > ROWS / CODES / 2 && most < ROWS / CODES * 3 / 2 : most - least <= 1);
        }
        TEST_OK(sid_quantizer_decode(q, codes, ROWS, 0, y, err));
        for (int i = 0; i < ROWS * DIM; i++)
            error[m] += (double)(x[i] - y[i]) * (double)(x[i] - y[i]);
        sid_quantizer_free(q);
    }
    assert_true(error[PRICE] < error[FLOW] && error[FLOW] < error[GREEDY]);
    sid_ctx_free(ctx);
    sid__free(x);
    sid__free(y);
    sid__free(codes);
}

/* Fails when threads or kernel paths reach a fitted code. */
static void same_codes_everywhere(void **state)
{
    float *x = new_floats(ROWS * DIM);
    uint16_t *expected = new_codes(ROWS * LEVELS), *codes = new_codes(ROWS * LEVELS);
    (void)state;
    fill_uniform(x, ROWS * DIM, 2);
    for (int m = 0; m < METHODS; m++) {
        for (int threads = 1; threads < 8; threads += 3) {
            sid_ctx *ctx = new_ctx(threads, threads == 1 ? "portable" : NULL);
            sid_quantizer *q = fit(ctx, methods[m], x, ROWS, DIM);
            (void)fitted(ctx, q, x, ROWS, threads == 1 ? expected : codes);
            assert_memory_equal(threads == 1 ? expected : codes, expected, ROWS * LEVELS * sizeof *codes);
            sid_quantizer_free(q);
            sid_ctx_free(ctx);
        }
    }
    sid__free(x);
    sid__free(expected);
    sid__free(codes);
}

/* Fails when prices are not saved, are not paid after loading, or a wrong tensor is believed. */
static void prices_are_kept(void **state)
{
    float *x = new_floats(ROWS * DIM);
    uint16_t *expected = new_codes(ROWS * LEVELS), *codes = new_codes(ROWS * LEVELS);
    const sid_quantizer_options stored = {
        .quantizer = "balanced", .levels = LEVELS, .codes = "16", .options = "method=flow,beam=3"};
    sid_quantizer *q = NULL, *loaded = NULL;
    sid__tensor_set set = {0};
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(x, ROWS * DIM, 3);
    q = fit(ctx, stored.options, x, ROWS, DIM);
    TEST_OK(sid_quantizer_encode(ctx, q, x, ROWS, expected, NULL, err));
    TEST_OK(sid__quantizer_save(q, &set, err));
    TEST_OK(sid__quantizer_load(&stored, DIM, &set, &loaded, err));
    TEST_OK(sid_quantizer_encode(ctx, loaded, x, ROWS, codes, NULL, err));
    assert_memory_equal(expected, codes, ROWS * LEVELS * sizeof *codes);
    assert_int_equal(fitted(ctx, loaded, x, ROWS, codes), 0);
    sid_quantizer_free(loaded);
    double *price = sid__tensor_find(&set, "price.2")->data;
    static const double wrong[] = {-1, 2e36, (double)NAN};
    for (int i = 0; i < 3; i++) {
        price[4] = wrong[i];
        TEST_FAILS(sid__quantizer_load(&stored, DIM, &set, &loaded, err), SID_EDATA, "price.2: element 4");
    }
    sid__tensor_set_drop(&set);
    sid_quantizer_free(q);
    q = fit(ctx, "method=greedy", x, ROWS, DIM);
    TEST_OK(sid__quantizer_save(q, &set, err));
    TEST_FAILS(sid__quantizer_load(&stored, DIM, &set, &loaded, err), SID_EDATA, "price.1");
    sid__tensor_set_drop(&set);
    sid_quantizer_free(q);
    sid_ctx_free(ctx);
    sid__free(x);
    sid__free(expected);
    sid__free(codes);
}

/* Fails when odd but valid data is refused, crashes, or levels of too few distinct rows are split at random: one row, fewer
 * rows than codes, equal rows (one code), equal but a few, one dimension, denormals, huge values. */
static void odd_data_works(void **state)
{
    static const struct {
        int rows, dim, distinct;
        float scale;
    } odd[] = {{1, 1, 1, 1},        {5, 1, 5, 1},       {40, 3, 1, 1},  {40, 3, 20, 1},     {40, 1, 40, 1},
               {40, 4, 40, 1e-42f}, {40, 4, 40, 1e15f}, {48, 2, 48, 1}, {47, 2, 47, 1e-20f}};
    float x[48 * 4], y[48 * 4];
    uint16_t codes[48 * LEVELS];
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        fill_uniform(x, 48 * 4, 5);
        for (int row = 0; row < odd[i].rows; row++)
            for (int d = 0; d < odd[i].dim; d++)
                x[row * odd[i].dim + d] =
                    x[row % odd[i].distinct * odd[i].dim + d] * (row < odd[i].distinct ? odd[i].scale : 1.0f);
        for (int m = 0; m < METHODS; m++) {
            int least, most;
            sid_quantizer *q = fit(ctx, methods[m], x, odd[i].rows, odd[i].dim);
            (void)fitted(ctx, q, x, odd[i].rows, codes);
            TEST_OK(sid_quantizer_decode(q, codes, odd[i].rows, 0, y, err));
            for (int j = 0; j < odd[i].rows * odd[i].dim; j++)
                assert_true(isfinite(y[j]));
            size_range(codes, odd[i].rows, 0, &least, &most);
            if (odd[i].distinct == 1)
                assert_int_equal(most, odd[i].rows);
            else if (odd[i].distinct >= CODES && m == FLOW)
                assert_true(most - least <= 1);
            sid_quantizer_free(q);
        }
    }
    sid_ctx_free(ctx);
}

/* Fails when a failed allocation leaks or is reported as something else. */
static void allocation_fails(void **state)
{
    float x[60 * 4];
    uint16_t codes[60 * LEVELS];
    sid_ctx *ctx = new_ctx(2, NULL);
    (void)state;
    fill_uniform(x, 60 * 4, 6);
    for (int m = 0; m < METHODS; m++) {
        int failures = 0;
        for (sid_status status = SID_ENOMEM; status != SID_OK; failures++) {
            sid_quantizer *q = NULL;
            sid__mem_fail(failures, 1);
            status = sid_quantizer_fit(
                ctx, &(sid_quantizer_options){.quantizer = "balanced", .codes = "8", .options = methods[m]}, x, 60, 4,
                &q, NULL);
            if (status == SID_OK)
                status = sid_quantizer_encode(ctx, q, x, 60, codes, NULL, NULL);
            sid_quantizer_free(q);
            sid__mem_fail(-1, 0);
            assert_true(status == SID_OK || status == SID_ENOMEM);
        }
        assert_true(failures > 30);
    }
    sid_ctx_free(ctx);
}

/* Fails when flow's table is not refused before the work, without the size and what would work, or its memory is not given
 * back; when options that exclude each other are taken. */
static void impossible_wishes_are_named(void **state)
{
    float *x = new_floats(ROWS * DIM);
    sid_quantizer *q = NULL;
    sid_ctx *ctx = new_ctx(1, NULL);
    sid_quantizer_options options = {.quantizer = "balanced", .codes = "128", .options = "method=flow"};
    (void)state;
    fill_uniform(x, ROWS * DIM, 7);
    sid_ctx_set_memory_limit(ctx, 700 << 10);
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, ROWS, DIM, &q, err), SID_ENOMEM, "700 rows by 128 codes, 1 MiB");
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, ROWS, DIM, &q, err), SID_ENOMEM, "method price");
    options.codes = "16";
    for (int i = 0; i < 4; i++) {
        TEST_OK(sid_quantizer_fit(ctx, &options, x, ROWS, DIM, &q, err));
        sid_quantizer_free(q);
    }
    options.options = "order=random";
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, ROWS, DIM, &q, err), SID_EUSAGE,
               "order is random with method price");
    options.options = "method=flow,order=random";
    TEST_FAILS(sid_quantizer_fit(ctx, &options, x, ROWS, DIM, &q, err), SID_EUSAGE, "method flow");
    sid_ctx_free(ctx);
    sid__free(x);
}

/* Fails when a catalogue encodes rows that were fitted another code: greedy's items then are uneven, or verify finds them
 * wrong. Fitted rows keep their codes, marked `fit`; rows that were not fitted on, and new ones, are `argmin`. */
static void catalogues_keep_fitted_codes(void **state)
{
    fixture *f = *state;
    char rows_path[PATH_MAX];
    sid_hits all = {0};
    sid_verify_result result;
    sid_catalog *catalog = NULL;
    int fit_count = 0, size[4] = {0};
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i"), *more = fixture_vectors(f, 30, 8, "n");
    (void)snprintf(rows_path, sizeof rows_path, "%s/rows", f->root);
    FILE *rows = fopen(rows_path, "w");
    assert_non_null(rows);
    for (int i = 0; i < 160; i++)
        (void)fprintf(rows, "i%d\n", i + 20);
    assert_int_equal(fclose(rows), 0);
    const sid_fit_options options = {
        .quantizer = "balanced", .codes = "4", .options = "method=greedy", .fit_rows_path = rows_path};
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, &catalog, err));
    TEST_OK(sid_catalog_add(catalog, more, NULL, NULL, err));
    TEST_OK(sid_catalog_items(catalog, &all, err));
    assert_int_equal(all.count, FIXTURE_ITEMS + 30);
    for (int64_t i = 0; i < all.count; i++) {
        bool is_fit = strcmp(all.row[i].assigned, "fit") == 0, is_fitted_on = i >= 20 && i < 180;
        assert_true(is_fitted_on || !is_fit);
        fit_count += is_fit;
        if (is_fitted_on)
            size[all.row[i].sid[0] - '0']++;
    }
    assert_true(fit_count > 10);
    for (int k = 0; k < 4; k++)
        assert_int_equal(size[k], 40);
    sid_hits_drop(&all);
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_verify(f->ctx, f->path, true, &result, err));
    assert_int_equal(result.items_reencoded, FIXTURE_ITEMS + 30 - fit_count);
    sid_vectors_free(vectors);
    sid_vectors_free(more);
}

/* Fails when a fit that goes on from another numbers its codes anew, or does not balance: the same data again keep nearly
 * every code (not by greedy, which drifts from round to round); greedy's and flow's sizes stay within one. */
static void new_versions_keep_the_numbering(void **state)
{
    fixture *f = *state;
    char path[PATH_MAX];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    for (int m = 0; m < 3; m++) {
        sid_hits before = {0}, after = {0};
        sid_catalog *catalog = NULL;
        int same = 0, size[4] = {0};
        const sid_fit_options options = {
            .quantizer = "balanced", .levels = 1, .codes = "4", .options = methods[m], .force = true};
        TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, &catalog, err));
        TEST_OK(sid_catalog_items(catalog, &before, err));
        sid_catalog_close(catalog);
        (void)snprintf(path, sizeof path, "%s/second", f->root);
        TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.init_from = f->path, .force = true}, vectors, path,
                                &catalog, err));
        TEST_OK(sid_catalog_items(catalog, &after, err));
        sid_catalog_close(catalog);
        for (int i = 0; i < FIXTURE_ITEMS; i++) {
            same += strcmp(before.row[i].sid, after.row[i].sid) == 0;
            size[after.row[i].sid[0] - '0']++;
        }
        assert_true(m == GREEDY || same > FIXTURE_ITEMS * 9 / 10);
        for (int k = 0; k < 4 && m != PRICE; k++)
            assert_int_equal(size[k], 50);
        sid_hits_drop(&before);
        sid_hits_drop(&after);
    }
    sid_vectors_free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_keep_their_word),  cmocka_unit_test(same_codes_everywhere),
        cmocka_unit_test(prices_are_kept),          cmocka_unit_test(odd_data_works),
        cmocka_unit_test(allocation_fails),         cmocka_unit_test(impossible_wishes_are_named),
        FIXTURE_TEST(catalogues_keep_fitted_codes), FIXTURE_TEST(new_versions_keep_the_numbering)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
