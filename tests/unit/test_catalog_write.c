#include "catalog_fixture.h"

#include "catalog/catalog.h"
#include "io/items.h"

/* Fails when titles or metadata go to the wrong item, or vectors without an item stop the fit. */
static void titles_are_joined_by_id(void **state)
{
    fixture *f = *state;
    static const char *const columns[] = {"title", "brand"};
    static const char *const rows[] = {"i2", "Two", "b", "unused", "x", "y", "i0", "Zero \"0\"", NULL};
    sid_items *items = NULL;
    sid_catalog *catalog = NULL;
    sid_hits all = {0};
    TEST_OK(sid__items_from_rows(f->ctx, columns, 2, rows, 3, &items, err));
    fixture_fit(f, &(sid_fit_options){.codes = "4", .items = items}, &catalog);
    TEST_OK(sid_catalog_items(catalog, &all, err));
    assert_string_equal(all.row[0].title, "Zero \"0\"");
    assert_string_equal(all.row[1].title, "");
    assert_string_equal(all.row[1].metadata, "");
    assert_string_equal(all.row[2].title, "Two");
    assert_non_null(strstr(all.row[2].metadata, "brand"));
    assert_true(f->infos > 0);
    sid_hits_drop(&all);
    sid_catalog_close(catalog);
    sid_items_free(items);
}

/* Fails when the mean of |x - reconstruction| is not what a second program gets: x 0, 1, 10, 12, two codes, centred on
 * 5.75, means -5.25 and 5.25: distances .5 .5 1 1. */
static void drafts_are_measured(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 1, 10, 12};
    sid_vectors *vectors = NULL;
    sid_quantizer *q = NULL;
    TEST_OK(sid_vectors_create(f->ctx, x, 4, 1, NULL, &vectors, err));
    TEST_OK(sid_quantizer_fit(f->ctx, &(sid_quantizer_options){.levels = 1, .codes = "2"}, x, 4, 1, &q, err));
    sid__draft draft = {.quantizer = q, .vectors = vectors, .count = 4};
    TEST_OK(sid__draft_init(f->ctx, &draft, err));
    TEST_OK(sid_quantizer_encode(f->ctx, q, x, 4, draft.codes, NULL, err));
    TEST_OK(sid__draft_measure(f->ctx, &draft, err));
    assert_true(draft.distance[0] == 0.5 && draft.distance[1] == 0.5);
    assert_true(draft.distance[2] == 1 && draft.distance[3] == 1);
    assert_true(draft.mean_residual == 0.75);
    sid__draft_drop(f->ctx, &draft);
    sid_ctx_set_memory_limit(f->ctx, 8);
    draft = (sid__draft){.quantizer = q, .vectors = vectors, .count = 4};
    TEST_FAILS(sid__draft_init(f->ctx, &draft, err), SID_ENOMEM, "memory limit");
    sid_quantizer_free(q);
    sid_vectors_free(vectors);
}

/* Fails when memory that fails anywhere in fit leaks (under ASan), goes unreported or leaves a directory. */
static void failing_memory_leaves_nothing(void **state)
{
    fixture *f = *state;
    sid_vectors *vectors = fixture_vectors(f, 20, 7, "i");
    const sid_fit_options options = {.levels = 2, .codes = "2", .collisions = "digit"};
    sid_status status = SID_ENOMEM;
    for (int64_t after = 0; status != SID_OK; after += 7) {
        sid__mem_fail(after, -1);
        status = sid_catalog_fit(f->ctx, &options, vectors, f->path, NULL, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        assert_int_equal(count_entries(f->root), status == SID_OK);
        assert_true(after < 20000);
    }
    sid_vectors_free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(titles_are_joined_by_id),
        FIXTURE_TEST(drafts_are_measured),
        FIXTURE_TEST(failing_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
