#include "catalog_fixture.h"

#include "io/items.h"

/* SIDs of all items as one text a line. */
static char *all_sids(sid_catalog *catalog, int64_t only_below)
{
    sid__strbuf text = {0};
    sid_hits all = {0};
    TEST_OK(sid_catalog_items(catalog, &all, err));
    for (int64_t i = 0; i < all.count; i++)
        if (all.row[i].row < only_below)
            TEST_OK(sid__strbuf_printf(&text, err, "%s %s\n", all.row[i].item_id, all.row[i].sid));
    sid_hits_drop(&all);
    return sid__strbuf_take(&text);
}

/* Fails when adding moves an old SID, repeats a digit or loses an item, under any policy. */
static void a_thousand_new_items_move_no_old_sid(void **state)
{
    fixture *f = *state;
    static const char *const policy[][2] = {{"keep", NULL}, {"digit", "tiger"}, {"digit", "grid"}, {"suffix", NULL}};
    sid_vectors *more = fixture_vectors(f, 1000, 9, "n");
    for (size_t p = 0; p < sizeof policy / sizeof *policy; p++) {
        sid_catalog *catalog = NULL;
        sid_catalog_info info;
        sid_hits added = {0};
        sid_verify_result result;
        const sid_fit_options options = {
            .codes = "32", .collisions = policy[p][0], .digit_style = policy[p][1], .force = true};
        fixture_fit(f, &options, &catalog);
        char *before = all_sids(catalog, FIXTURE_ITEMS);
        TEST_OK(sid_catalog_add(catalog, more, NULL, &added, err));
        assert_int_equal(added.count, 1000);
        assert_int_equal(added.row[0].row, FIXTURE_ITEMS);
        sid_catalog_get_info(catalog, &info);
        assert_int_equal(info.items, FIXTURE_ITEMS + 1000);
        assert_int_equal(info.version, 2);
        char *after = all_sids(catalog, FIXTURE_ITEMS);
        assert_string_equal(before, after);
        sid__free(before);
        sid__free(after);
        sid_hits_drop(&added);
        sid_catalog_close(catalog);
        TEST_OK(sid_catalog_verify(f->ctx, f->path, true, &result, err));
        assert_int_equal(result.items_walked, info.items);
    }
    sid_vectors_free(more);
}

/* Fails when new items in the three digit policies share a SID, or an old SID moves, while there is room. */
static void digits_stay_unique(void **state)
{
    fixture *f = *state;
    static const char *const policy[][2] = {{"digit", "tiger"}, {"digit", "grid"}, {"suffix", NULL}};
    sid_vectors *more = fixture_vectors(f, 60, 9, "n");
    for (size_t p = 0; p < sizeof policy / sizeof *policy; p++) {
        sid_catalog *catalog = NULL;
        sid_hits all = {0};
        const sid_fit_options options = {
            .codes = "8", .collisions = policy[p][0], .digit_style = policy[p][1], .force = true};
        fixture_fit(f, &options, &catalog);
        TEST_OK(sid_catalog_add(catalog, more, NULL, NULL, err));
        TEST_OK(sid_catalog_items(catalog, &all, err));
        assert_int_equal(all.count, FIXTURE_ITEMS + 60);
        for (int64_t i = 0; i < all.count; i++)
            for (int64_t j = 0; j < i; j++)
                assert_string_not_equal(all.row[i].sid, all.row[j].sid);
        sid_hits_drop(&all);
        sid_catalog_close(catalog);
    }
    sid_vectors_free(more);
}

/* A catalogue of `count` equal items under `options`, all in one bucket. */
static sid_catalog *fit_equal(fixture *f, int64_t count, const sid_fit_options *options)
{
    float same[64] = {0};
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    TEST_OK(sid_vectors_create(f->ctx, same, count, 1, NULL, &vectors, err));
    TEST_OK(sid_catalog_fit(f->ctx, options, vectors, f->path, &catalog, err));
    sid_vectors_free(vectors);
    return catalog;
}

static sid_vectors *equal_vectors(fixture *f, int64_t count, const char *const *ids)
{
    float same[64] = {0};
    sid_vectors *vectors = NULL;
    TEST_OK(sid_vectors_create(f->ctx, same, count, 1, ids, &vectors, err));
    return vectors;
}

/* Fails when a removed item's digit is given again, or its id cannot come back. */
static void removed_digits_are_not_reused(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = fit_equal(f, 3, &(sid_fit_options){.codes = "2", .levels = 1, .collisions = "digit"});
    sid_hits hits = {0};
    sid_catalog_info info;
    const char *const two[] = {"2"}, *const unknown[] = {"1", "nobody"};
    sid_vectors *again = equal_vectors(f, 1, two);
    TEST_OK(sid_catalog_remove(catalog, two, 1, err));
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.items, 2);
    assert_int_equal(info.version, 2);
    TEST_FAILS(sid_catalog_show(catalog, "2", &hits, err), SID_ENOTFOUND, "\"2\"");
    TEST_FAILS(sid_catalog_remove(catalog, unknown, 2, err), SID_ENOTFOUND, "nobody");
    TEST_OK(sid_catalog_show(catalog, "1", &hits, err));
    assert_int_equal(hits.count, 2);
    sid_hits_drop(&hits);
    TEST_OK(sid_catalog_add(catalog, again, NULL, &hits, err));
    assert_int_equal(hits.count, 1);
    assert_string_equal(hits.row[0].sid, "0-3");
    assert_int_equal(hits.row[0].row, 3);
    sid_hits_drop(&hits);
    TEST_OK(sid_catalog_remove(catalog, NULL, 0, err));
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.version, 3);
    sid_vectors_free(again);
    sid_catalog_close(catalog);
}

/* Fails when a digit beyond the digit codes is given, or a failed add leaves some of its items. */
static void full_prefixes_are_named(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = fit_equal(f, 8, &(sid_fit_options){.codes = "2", .levels = 1, .collisions = "digit"});
    const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    sid_vectors *nine = equal_vectors(f, 9, ids);
    sid_hits hits = {0};
    sid_catalog_info info;
    TEST_FAILS(sid_catalog_add(catalog, nine, NULL, &hits, err), SID_EDATA, "0 is full: 16 items had it");
    assert_null(hits.row);
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.items, 8);
    TEST_OK(sid_catalog_items(catalog, &hits, err));
    assert_int_equal(hits.count, 8);
    sid_hits_drop(&hits);
    /* In groups, the ones before the failure stay. */
    TEST_FAILS(sid_catalog_add(catalog, nine, &(sid_add_options){.commit_every = 3}, NULL, err), SID_EDATA,
               "fit again with more levels or codes, or with collisions keep; 6 items were stored before (version 3)");
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.items, 14);
    assert_int_equal(info.version, 3);
    sid_vectors_free(nine);
    sid_catalog_close(catalog);
}

static void cancel_when_adding(void *user, const sid_progress *progress)
{
    if (strcmp(progress->stage, "adding items") == 0)
        sid_ctx_cancel(user);
}

/* Fails when an interrupted add claims that nothing was changed although groups were stored, or does not stop. */
static void interrupts_say_what_was_stored(void **state)
{
    fixture *f = *state;
    sid_ctx *ctx = NULL;
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    sid_vectors *more = fixture_vectors(f, 2000, 9, "n");
    fixture_fit(f, &(sid_fit_options){.codes = "32"}, &catalog);
    sid_catalog_close(catalog);
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_OK(sid_catalog_open(ctx, f->path, SID_OPEN_WRITE, &catalog, err));
    sid_ctx_on_progress(ctx, cancel_when_adding, ctx);
    TEST_FAILS(sid_catalog_add(catalog, more, &(sid_add_options){.commit_every = 500}, NULL, err), SID_ECANCELED,
               "interrupted; 1000 items were stored before (version 3)");
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.items, FIXTURE_ITEMS + 1000);
    sid_catalog_close(catalog);
    sid_ctx_free(ctx);
    sid_vectors_free(more);
}

/* Fails when if_exists does not do what its name says. */
static void existing_ids_fail_are_skipped_or_replaced(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = fit_equal(f, 3, &(sid_fit_options){.codes = "2", .levels = 1, .collisions = "digit"});
    const char *const ids[] = {"new", "1"};
    const char *const rows[] = {"1", "A title", "x", "zzz", "Other", "y"};
    const char *const columns[] = {"title", "brand"};
    sid_vectors *vectors = equal_vectors(f, 2, ids);
    sid_items *items = NULL;
    sid_hits hits = {0};
    sid_catalog_info info;
    TEST_OK(sid__items_from_rows(f->ctx, columns, 2, rows, 2, &items, err));
    TEST_FAILS(sid_catalog_add(catalog, vectors, NULL, &hits, err), SID_EDATA, "\"1\" is in the catalogue already");
    TEST_OK(sid_catalog_add(catalog, vectors, &(sid_add_options){.if_exists = SID_IF_EXISTS_SKIP}, &hits, err));
    assert_int_equal(hits.count, 1);
    assert_string_equal(hits.row[0].item_id, "new");
    sid_hits_drop(&hits);
    TEST_OK(sid_catalog_add(catalog, vectors, &(sid_add_options){.if_exists = SID_IF_EXISTS_SKIP}, &hits, err));
    assert_int_equal(hits.count, 0);
    sid_hits_drop(&hits);
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.version, 2);
    const sid_add_options replace = {.if_exists = SID_IF_EXISTS_REPLACE, .items = items};
    TEST_OK(sid_catalog_add(catalog, vectors, &replace, &hits, err));
    assert_int_equal(hits.count, 2);
    assert_string_equal(hits.row[1].sid, "0-5");
    assert_string_equal(hits.row[1].title, "A title");
    assert_non_null(strstr(hits.row[1].metadata, "\"brand\""));
    assert_string_equal(hits.row[0].title, "");
    sid_hits_drop(&hits);
    sid_catalog_get_info(catalog, &info);
    assert_int_equal(info.items, 4);
    sid_items_free(items);
    sid_vectors_free(vectors);
    sid_catalog_close(catalog);
}

/* Fails when a reading handle or a wrong size changes anything. */
static void wrong_calls_change_nothing(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    const char *const ids[] = {"i1"};
    sid_vectors *one = equal_vectors(f, 1, NULL);
    fixture_fit(f, NULL, &catalog);
    TEST_FAILS(sid_catalog_add(catalog, one, NULL, NULL, err), SID_EDATA, "1 numbers, the catalogue takes 6");
    sid_catalog_close(catalog);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &catalog, err));
    TEST_FAILS(sid_catalog_add(catalog, one, NULL, NULL, err), SID_EREADONLY, "opened for reading");
    TEST_FAILS(sid_catalog_remove(catalog, ids, 1, err), SID_EREADONLY, "opened for reading");
    sid_catalog_close(catalog);
    sid_vectors_free(one);
}

/* Fails when a reader does not see a commit at its next call, or keeps an index of another version. */
static void readers_see_commits_at_the_next_call(void **state)
{
    fixture *f = *state;
    sid_catalog *writer = NULL, *reader = NULL;
    sid_catalog_info info;
    sid_hits hits = {0};
    sid_vectors *more = fixture_vectors(f, 10, 9, "n");
    fixture_fit(f, NULL, &writer);
    TEST_OK(sid_catalog_open(f->ctx, f->path, SID_OPEN_READ, &reader, err));
    TEST_OK(sid_catalog_add(writer, more, NULL, NULL, err));
    sid_catalog_get_info(reader, &info);
    assert_int_equal(info.version, 1);
    TEST_OK(sid_catalog_neighbors(reader, &(sid_query){.item = "n3", .k = 500}, &hits, err));
    assert_int_equal(hits.count, FIXTURE_ITEMS + 9);
    sid_hits_drop(&hits);
    sid_catalog_get_info(reader, &info);
    assert_int_equal(info.version, 2);
    assert_int_equal(info.items, FIXTURE_ITEMS + 10);
    sid_catalog_close(reader);
    sid_catalog_close(writer);
    sid_vectors_free(more);
}

/* Fails when a failed allocation leaks (under ASan), is not reported, or leaves the catalogue changed. */
static void failing_memory_changes_nothing(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = NULL;
    sid_catalog_info info;
    sid_vectors *more = fixture_vectors(f, 5, 9, "n");
    const char *const ids[] = {"i1"};
    fixture_fit(f, NULL, &catalog);
    sid_status status = SID_ENOMEM;
    for (int64_t after = 0; status != SID_OK; after++) {
        sid_hits hits = {0};
        sid__mem_fail(after, -1);
        status = sid_catalog_add(catalog, more, NULL, &hits, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        sid_hits_drop(&hits);
        sid_catalog_get_info(catalog, &info);
        assert_int_equal(info.items, FIXTURE_ITEMS + (status == SID_OK ? 5 : 0));
        assert_true(after < 1000);
    }
    status = SID_ENOMEM;
    for (int64_t after = 0; status != SID_OK; after++) {
        sid__mem_fail(after, -1);
        status = sid_catalog_remove(catalog, ids, 1, NULL);
        sid__mem_fail(-1, 0);
        assert_true(after < 1000);
    }
    sid_catalog_close(catalog);
    sid_vectors_free(more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_thousand_new_items_move_no_old_sid), FIXTURE_TEST(digits_stay_unique),
        FIXTURE_TEST(removed_digits_are_not_reused),        FIXTURE_TEST(full_prefixes_are_named),
        FIXTURE_TEST(interrupts_say_what_was_stored),       FIXTURE_TEST(existing_ids_fail_are_skipped_or_replaced),
        FIXTURE_TEST(wrong_calls_change_nothing),           FIXTURE_TEST(readers_see_commits_at_the_next_call),
        FIXTURE_TEST(failing_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
