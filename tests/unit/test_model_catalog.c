/* test_model_catalog.c: what models take from a catalogue. */
#include "model/model.h"

#include <math.h>

#include "sids_case.h"

/* Fails when a catalogue's vectors do not reach the model, or given ones do not win. */
static void test_vectors(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = case_catalog(f, "keep");
    sid_events *events = case_events(f, 60, 40);
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i"), *narrow = NULL;
    sid_model *by_catalog = NULL, *by_vectors = NULL, *by_narrow = NULL;
    const float x[] = {1, 2};
    const char *const id[] = {"i0"};
    TEST_OK(sid_vectors_create(f->ctx, x, 1, 2, id, &narrow, err));
    TEST_OK(sid_model_train(f->ctx, &(sid_train_options){.catalog = catalog}, events, NULL, &by_catalog, err));
    TEST_OK(sid_model_train(f->ctx, &(sid_train_options){.vectors = vectors}, events, NULL, &by_vectors, err));
    assert_string_equal(by_catalog->id, by_vectors->id);
    TEST_OK(sid_model_train(f->ctx, &(sid_train_options){.catalog = catalog, .vectors = narrow}, events, NULL,
                            &by_narrow, err));
    assert_int_equal(by_narrow->dim, 2);
    sid_model_close(by_catalog);
    sid_model_close(by_vectors);
    sid_model_close(by_narrow);
    sid_vectors_free(vectors);
    sid_vectors_free(narrow);
    sid_events_free(events);
    sid_catalog_close(catalog);
}

/* Fails when an item that was removed is still recommended, or a catalogue of other items passes. */
static void test_removed(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = case_catalog(f, "keep");
    sid_events *events = case_events(f, 60, 40);
    sid_model *m = NULL;
    sid_recommendations found = {0};
    const char *const history[] = {"i0"}, *gone[1];
    const sid_request request = {.history = history, .history_count = 1, .k = 3};
    TEST_OK(sid_model_train(f->ctx, &(sid_train_options){.family = "pop"}, events, NULL, &m, err));
    TEST_OK(sid_model_recommend(m, &request, &found, err));
    gone[0] = found.row[0].item_id;
    TEST_OK(sid_catalog_remove(catalog, gone, 1, err));
    TEST_OK(sid_model_use_catalog(m, catalog, err));
    sid_recommendations later = {0};
    TEST_OK(sid_model_recommend(m, &request, &later, err));
    assert_string_equal(later.row[0].item_id, found.row[1].item_id);
    sid_recommendations_drop(&found);
    sid_recommendations_drop(&later);
    sid_catalog_close(catalog);
    sid_vectors *strange = fixture_vectors(f, 50, 7, "x");
    TEST_OK(sid_catalog_fit(f->ctx, &(sid_fit_options){.levels = 2, .codes = "4", .force = true}, strange, f->path,
                            &catalog, err));
    TEST_FAILS(sid_model_use_catalog(m, catalog, err), SID_EDATA, "none of the 40 items");
    TEST_FAILS(sid_model_train(f->ctx, &(sid_train_options){.catalog = catalog}, events, NULL, &m, err), SID_EDATA,
               "none of the 40 items");
    sid_vectors_free(strange);
    sid_model_close(m);
    sid_events_free(events);
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_vectors), FIXTURE_TEST(test_removed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
