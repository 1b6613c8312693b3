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
    fixture_fit(f, &(sid_fit_options){.quantizer = "pq", .levels = 2, .codes = "4"}, NULL);
    TEST_FAILS(sid_catalog_fit(f->ctx, &(sid_fit_options){.init_from = f->path}, vectors, path, NULL, err), SID_EUSAGE,
               "quantizer pq cannot start from another catalogue");
    sid_vectors_free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_new_version_goes_on_from_the_old),
        FIXTURE_TEST(another_shape_is_refused),
        FIXTURE_TEST(some_families_cannot_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
