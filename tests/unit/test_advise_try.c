#include "catalog_fixture.h"

#include <math.h>

#include "catalog/advise.h"
#include "io/vectors.h"

static sid__advise_data data_of(fixture *f, const sid_vectors *vectors)
{
    const sid__rows rows = sid__vectors_rows(vectors);
    return (sid__advise_data){.ctx = f->ctx, .seed = 42, .items = rows.count, .counted = rows, .sample = rows};
}

/* metrics.json holds nine digits. */
static bool is_same(double a, double b)
{
    return fabs(a - b) <= 1e-8 * fabs(b);
}

/* Fails when a trial on all rows says anything else than the health report of the catalogue that is fitted so. */
static void trial_equals_fit(void **state)
{
    fixture *f = *state;
    static const sid_trial trial[] = {{"rkmeans", 3, "4", "refine=2"},
                                      {"balanced", 2, "8", "method=greedy"},
                                      {"fsq", 2, "12", NULL},
                                      {"pq", 3, "4", NULL}};
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    const sid__advise_data data = data_of(f, vectors);
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        sid__arena arena = {0};
        sid_advice_row row;
        sid_catalog *catalog = NULL;
        sid_report report = {0};
        TEST_OK(sid__advise_try(&data, &trial[i], &arena, &row, err));
        assert_null(row.refused);
        const sid_fit_options options = {.quantizer = trial[i].quantizer,
                                         .levels = trial[i].levels,
                                         .codes = trial[i].codes,
                                         .options = trial[i].options,
                                         .force = true};
        TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, &catalog, err));
        TEST_OK(sid_catalog_report(catalog, &report, err));
        assert_string_equal(row.report.verdict, report.verdict);
        assert_true(is_same(row.report.relative_mse, report.relative_mse));
        assert_true(is_same(row.report.unique_rate, report.unique_rate));
        assert_true(is_same(row.report.level[0].perplexity, report.level[0].perplexity));
        assert_int_equal(row.report.check_count, report.check_count);
        sid_report_drop(&report);
        sid_catalog_close(catalog);
        sid_report_drop(&row.report);
        sid__arena_drop(&arena);
    }
    sid_vectors_free(vectors);
}

/* Fails when bits, bytes or texts are not those of the quantizer: 2 levels of 12 (4 bits) and codebooks of 4 and 12 x 6 floats. */
static void sizes_are_the_quantizers(void **state)
{
    fixture *f = *state;
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    const sid__advise_data data = data_of(f, vectors);
    sid__arena arena = {0};
    sid_advice_row row;
    TEST_OK(sid__advise_try(&data, &(sid_trial){"rkmeans", 2, "4,12", NULL}, &arena, &row, err));
    assert_int_equal(row.sid_bits, 2 + 4);
    /* and the mean; half the norm of each code in double */
    assert_int_equal(row.quantizer_size, (4 + 12 + 1) * FIXTURE_DIM * sizeof(float) + (4 + 12) * sizeof(double));
    assert_string_equal(row.codes, "4,12");
    assert_string_equal(row.options, "");
    assert_true(row.sample_fit_s > 0 && row.fit_s >= row.sample_fit_s && row.encode_rate > 0);
    sid_report_drop(&row.report);
    sid__arena_drop(&arena);
    sid_vectors_free(vectors);
}

/* Fails when what the data or the limit refuses ends the whole, or a mistake in the options becomes a row. */
static void refusals_are_rows(void **state)
{
    fixture *f = *state;
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    const sid__advise_data data = data_of(f, vectors);
    sid__arena arena = {0};
    sid_advice_row row;
    TEST_OK(sid__advise_try(&data, &(sid_trial){"pq", 7, "4", NULL}, &arena, &row, err));
    assert_non_null(strstr(row.refused, "7"));
    sid_ctx_set_memory_limit(f->ctx, 20000);
    TEST_OK(sid__advise_try(&data, &(sid_trial){"rkmeans", 3, "4", NULL}, &arena, &row, err));
    assert_non_null(strstr(row.refused, "memory limit"));
    sid_ctx_set_memory_limit(f->ctx, 0);
    TEST_FAILS(sid__advise_try(&data, &(sid_trial){"pk", 3, "4", NULL}, &arena, &row, err), SID_EUSAGE, "pk");
    TEST_FAILS(sid__advise_try(&data, &(sid_trial){"rkmeans", 3, "4", "refin=2"}, &arena, &row, err), SID_EUSAGE,
               "refine");
    sid__arena_drop(&arena);
    sid_vectors_free(vectors);
}

/* Fails when a fit that is over the limit, here by the matrix of a PCA, ends the whole. */
static void a_limit_that_is_met_is_a_row(void **state)
{
    enum { ROWS = 30, WIDE = 400, LIMIT = 1200000 };
    fixture *f = *state;
    float *x = calloc((size_t)ROWS * WIDE, sizeof *x);
    sid_vectors *vectors = NULL;
    sid__arena arena = {0};
    sid_advice_row row;
    assert_non_null(x);
    for (int i = 0; i < ROWS * WIDE; i++)
        x[i] = (float)(i * 37 % 101);
    TEST_OK(sid_vectors_create(f->ctx, x, ROWS, WIDE, NULL, &vectors, err));
    const sid__advise_data data = data_of(f, vectors);
    sid_ctx_set_memory_limit(f->ctx, LIMIT);
    TEST_OK(sid__advise_try(&data, &(sid_trial){"rkmeans", 2, "4", NULL}, &arena, &row, err));
    assert_non_null(strstr(row.refused, "memory limit"));
    sid_ctx_set_memory_limit(f->ctx, 0);
    sid_report_drop(&row.report);
    sid__arena_drop(&arena);
    sid_vectors_free(vectors);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(trial_equals_fit), FIXTURE_TEST(sizes_are_the_quantizers),
                                       FIXTURE_TEST(refusals_are_rows), FIXTURE_TEST(a_limit_that_is_met_is_a_row)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
