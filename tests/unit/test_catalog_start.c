#include "catalog_fixture.h"

#include "catalog/catalog.h"

/* Fails when a new version does not keep the numbering, its shape and its parent, or the same data move much. */
static void a_new_version_goes_on_from_the_old(void **state)
{
    fixture *f = *state;
    sid_catalog *old = NULL, *new = NULL;
    sid_catalog_info before, after;
    sid_comparison c;
    char path[PATH_MAX];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS + 40, 7, "i");
    fixture_fit(f, &(sid_fit_options){.levels = 2, .codes = "8,4", .collisions = "digit", .options = "pca=4"}, &old);
    (void)snprintf(path, sizeof path, "%s/second", f->root);
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.init_from = f->path}, vectors, path, &new, err));
    sid_catalog_get_info(old, &before);
    sid_catalog_get_info(new, &after);
    assert_string_equal(after.parent, before.id);
    assert_string_equal(after.collisions, "digit");
    assert_int_equal(after.levels, 2);
    assert_int_equal(after.codes[0], 8);
    assert_memory_equal(new->quantizer->mean, old->quantizer->mean, FIXTURE_DIM * sizeof(float));
    assert_null(new->quantizer->start);
    TEST_OK(sid_catalog_compare(old, new, NULL, &c, err));
    assert_true(c.is_child);
    assert_int_equal(c.added, 40);
    assert_true(c.level[0].raw < .2);
    assert_true(c.level[0].level >= c.level[0].raw - 1e-12); /* the names are the best ones already */
    sid_comparison_drop(&c);
    sid_catalog_close(new);
    sid_catalog_close(old);
    sid_vectors_free(vectors);
}

/* Fails when another shape, family or dimension is taken for one to go on from. */
static void another_shape_is_refused(void **state)
{
    fixture *f = *state;
    char path[PATH_MAX];
    float x[] = {1, 2, 3, 4};
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i"), *narrow = NULL;
    (void)snprintf(path, sizeof path, "%s/second", f->root);
    fixture_fit(f, NULL, NULL);
    TEST_OK(sid_vectors_create(f->ctx, x, 2, 2, NULL, &narrow, err));
    const struct {
        sid_fit_options options;
        const char *part;
    } wrong[] = {{{.init_from = f->path, .levels = 2}, "has 3 levels of 4,4,4 codes"},
                 {{.init_from = f->path, .codes = "8"}, "leave out levels, codes"},
                 {{.init_from = f->path, .options = "pca=2"}, "leave out levels, codes"},
                 {{.init_from = f->path, .quantizer = "pq"}, "quantizer pq cannot start from"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        TEST_FAILS(sid_catalog_fit(f->ctx, &wrong[i].options, vectors, path, NULL, err), SID_EUSAGE, wrong[i].part);
    const sid_fit_options options = {.init_from = f->path};
    TEST_FAILS(sid_catalog_fit(f->ctx, &options, narrow, path, NULL, err), SID_EDATA, "2 dimensions");
    TEST_FAILS(sid_catalog_fit(f->ctx, &(sid_fit_options){.init_from = "/no/such"}, vectors, path, NULL, err),
               SID_ENOTFOUND, "/no/such");
    assert_int_equal(count_entries(f->root), 1);
    sid_vectors_free(narrow);
    sid_vectors_free(vectors);
}

/* Fails when a family that cannot go on from another says so without its name. */
static void some_families_cannot_start(void **state)
{
    fixture *f = *state;
    char path[PATH_MAX];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    (void)snprintf(path, sizeof path, "%s/second", f->root);
    const sid_fit_options first = {
        .quantizer = "rvq", .levels = 2, .codes = "4", .options = "steps=2,batch=32,watch_every=2"};
    fixture_fit(f, &first, NULL);
    TEST_FAILS(sid_catalog_fit(f->ctx, &(sid_fit_options){.init_from = f->path}, vectors, path, NULL, err), SID_EUSAGE,
               "quantizer rvq cannot start from another catalogue");
    sid_vectors_free(vectors);
}

/* Fails when slices or a grid are numbered or turned anew, or do not move to fit. */
static void parallel_codes_and_grids_go_on(void **state)
{
    fixture *f = *state;
    static const sid_fit_options tried[] = {
        {.quantizer = "pq", .levels = 3, .codes = "8"},
        {.quantizer = "opq", .levels = 2, .codes = "8", .options = "rounds=4"},
        {.quantizer = "opq", .levels = 2, .codes = "8", .options = "rounds=4,whiten"},
        {.quantizer = "fsq", .levels = 2, .codes = "12"},
        {.quantizer = "fsq", .levels = 2, .codes = "12", .options = "residual"},
        {.quantizer = "fsq", .levels = 2, .codes = "12", .options = "kmeans_levels=1"}};
    char path[PATH_MAX];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS + 40, 7, "i");
    (void)snprintf(path, sizeof path, "%s/second", f->root);
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        sid_catalog *old = NULL, *new = NULL;
        sid_comparison c = {0};
        sid_report report = {0}, before = {0};
        sid_fit_options first = tried[i];
        first.force = true;
        fixture_fit(f, &first, &old);
        TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.init_from = f->path, .force = true, .seed = 9}, vectors,
                                path, &new, err));
        TEST_OK(sid_catalog_compare(old, new, NULL, &c, err));
        TEST_OK(sid_catalog_report(old, &before, err));
        TEST_OK(sid_catalog_report(new, &report, err));
        assert_true(c.is_child && c.common == FIXTURE_ITEMS);
        if (!(c.sid_changed < .3 && report.relative_mse < 1.2 * before.relative_mse + .01))
            fail_msg("%s %s: %g of the SIDs changed, error %g after %g", tried[i].quantizer,
                     tried[i].options ? tried[i].options : "", c.sid_changed, report.relative_mse, before.relative_mse);
        sid_report_drop(&before);
        sid_report_drop(&report);
        sid_comparison_drop(&c);
        sid_catalog_close(new);
        sid_catalog_close(old);
    }
    sid_vectors_free(vectors);
}

/* Fails when another rotation or grid is taken for the one to go on from, or the message does not name what differs. */
static void another_rotation_or_grid_is_refused(void **state)
{
    fixture *f = *state;
    static const struct {
        sid_fit_options first;
        const char *options, *part;
    } wrong[] = {
        {{.quantizer = "opq", .levels = 2, .codes = "4"}, "whiten", "whiten is given"},
        {{.quantizer = "opq", .levels = 2, .codes = "4", .options = "whiten"}, "rounds=3", "whiten is left out"},
        {{.quantizer = "fsq", .levels = 2, .codes = "12"}, "shift=tan", "shift is not that"},
        {{.quantizer = "fsq", .levels = 2, .codes = "12"}, "residual", "residual is not that"},
        {{.quantizer = "fsq", .levels = 2, .codes = "12"}, "kmeans_levels=1", "kmeans_levels is not that"},
        {{.quantizer = "fsq", .levels = 2, .codes = "12"}, "fsq_levels=(3,4;3,4)", "fsq_levels is not that"}};
    char path[PATH_MAX];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    (void)snprintf(path, sizeof path, "%s/second", f->root);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        sid_fit_options first = wrong[i].first;
        first.force = true;
        fixture_fit(f, &first, NULL);
        const sid_fit_options next = {.init_from = f->path, .options = wrong[i].options};
        TEST_FAILS(sid_catalog_fit(f->ctx, &next, vectors, path, NULL, err), SID_EUSAGE, wrong[i].part);
    }
    assert_int_equal(count_entries(f->root), 1);
    sid_vectors_free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_new_version_goes_on_from_the_old),  FIXTURE_TEST(another_shape_is_refused),
        FIXTURE_TEST(some_families_cannot_start),          FIXTURE_TEST(parallel_codes_and_grids_go_on),
        FIXTURE_TEST(another_rotation_or_grid_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
