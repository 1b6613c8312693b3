#include "catalog_fixture.h"

static char *all_sids(sid_catalog *catalog)
{
    sid__strbuf text = {0};
    sid_hits all = {0};
    TEST_OK(sid_catalog_items(catalog, &all, err));
    for (int64_t i = 0; i < all.count; i++)
        TEST_OK(sid__strbuf_printf(&text, err, "%s %s\n", all.row[i].item_id, all.row[i].sid));
    sid_hits_drop(&all);
    return sid__strbuf_take(&text);
}

/* Fails when a form loses a code, a digit, an id or the policy on its way out and in. */
static void export_then_import_gives_the_same_sids(void **state)
{
    fixture *f = *state;
    static const char *const form[] = {"tsv", "jsonl", "npy"};
    static const char *const policy[][2] = {{"keep", NULL}, {"digit", "tiger"}, {"digit", "grid"}, {"suffix", NULL}};
    char file[PATH_MAX + 16], other[PATH_MAX + 16];
    sid_vectors *vectors = fixture_vectors(f, FIXTURE_ITEMS, 7, "i");
    (void)snprintf(other, sizeof other, "%s2", f->path);
    for (size_t i = 0; i < 3; i++) {
        for (size_t p = 0; p < 4; p++) {
            sid_catalog *first = NULL, *second = NULL;
            sid_catalog_info info;
            sid_verify_result result;
            (void)snprintf(file, sizeof file, "%s.%s", f->path, form[i]);
            const sid_fit_options fit = {
                .codes = "4", .collisions = policy[p][0], .digit_style = policy[p][1], .force = true};
            TEST_OK(sid_catalog_fit(f->ctx, &fit, vectors, f->path, &first, err));
            TEST_OK(sid_catalog_export(first, form[i], file, err));
            const sid_import_options options = {.vectors = vectors, .force = true};
            TEST_OK(sid_catalog_import(f->ctx, file, &options, other, &second, err));
            sid_catalog_get_info(second, &info);
            if (i == 2 && p > 0) { /* an array holds base codes alone */
                assert_string_equal(info.collisions, "keep");
            } else {
                assert_string_equal(info.collisions, policy[p][0]);
                assert_true(!policy[p][1] || strcmp(info.digit_style, policy[p][1]) == 0);
                char *a = all_sids(first), *b = all_sids(second);
                assert_string_equal(a, b);
                sid__free(a);
                sid__free(b);
            }
            sid_catalog_close(first);
            sid_catalog_close(second);
            TEST_OK(sid_catalog_verify(f->ctx, other, true, &result, err));
        }
    }
    sid_vectors_free(vectors);
}

static sid_status import_text(fixture *f, const char *text, sid_vectors *vectors, sid_catalog **out, sid_error *err)
{
    char file[PATH_MAX + 16];
    (void)snprintf(file, sizeof file, "%s.tsv", f->path);
    SID_TRY(sid__replace_whole(file, text, strlen(text), err));
    const sid_import_options options = {.vectors = vectors, .force = true};
    return sid_catalog_import(f->ctx, file, &options, f->path, out, err);
}

/* Fails when codes that the rebuilt codebooks would not choose are called argmin, or are changed. */
static void foreign_codes_stay_and_are_fit(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 1, 10, 11};
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    sid_hits all = {0};
    TEST_OK(sid_vectors_create(f->ctx, x, 4, 1, NULL, &vectors, err));
    /* Code 1 is of 1, 10 and 11, mean 7.33: the vector 1 is nearer to code 0, whose mean is 0. */
    TEST_OK(import_text(f, "item_id\tc1\n3\t1\n0\t0\n1\t1\n2\t1\n", vectors, &catalog, err));
    TEST_OK(sid_catalog_items(catalog, &all, err));
    assert_string_equal(all.row[0].item_id, "3");
    assert_string_equal(all.row[0].assigned, "argmin");
    assert_string_equal(all.row[2].item_id, "1");
    assert_string_equal(all.row[2].assigned, "fit");
    assert_string_equal(all.row[2].sid, "1");
    sid_hits_drop(&all);
    TEST_OK(sid_catalog_neighbors(catalog, &(sid_query){.item = "2", .k = 1}, &all, err));
    assert_string_equal(all.row[0].item_id, "3");
    assert_true(all.row[0].distance == 1);
    sid_hits_drop(&all);
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
}

/* Fails when ids or digits that cannot be are taken, or a failed import leaves anything. */
static void bad_files_are_refused(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 1, 10};
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    TEST_OK(sid_vectors_create(f->ctx, x, 3, 1, NULL, &vectors, err));
    TEST_FAILS(import_text(f, "item_id\tc1\n0\t1\n9\t0\n", vectors, &catalog, err), SID_EDATA,
               ".tsv:3: no vector has the id \"9\"");
    TEST_FAILS(import_text(f, "item_id\tc1\tdigit\n0\t1\t0\n1\t1\t0\n", vectors, &catalog, err), SID_EDATA,
               "\"0\" and \"1\" have the same codes and digit");
    TEST_FAILS(sid_catalog_import(f->ctx, "x.tsv", NULL, f->path, NULL, err), SID_EUSAGE, "--vectors");
    TEST_FAILS(sid_catalog_import(f->ctx, "x.bin", &(sid_import_options){.vectors = vectors}, f->path, NULL, err),
               SID_EUSAGE, "tsv, jsonl, npy");
    assert_null(catalog);
    assert_false(sid__path_exists(f->path));
    char file[PATH_MAX + 16];
    (void)snprintf(file, sizeof file, "%s.jsonl", f->path);
    const char *twice = "{\"item_id\":\"1\",\"codes\":[1]}\n{\"item_id\":\"1\",\"codes\":[0]}\n";
    TEST_OK(sid__replace_whole(file, twice, strlen(twice), err));
    TEST_FAILS(sid_catalog_import(f->ctx, file, &(sid_import_options){.vectors = vectors}, f->path, NULL, err),
               SID_EDATA, ".jsonl:2: item_id \"1\" was seen before");
    TEST_OK(import_text(f, "item_id\tc1\n0\t1\n2\t0\n", vectors, NULL, err));
    assert_non_null(strstr(f->warning, "1 of 3 vectors have no SID"));
    sid_vectors_free(vectors);
}

/* Fails when a large digit is out of the digit's range afterwards: new items must find room. */
static void imported_digits_have_room(void **state)
{
    fixture *f = *state;
    const float x[] = {0, 0, 10};
    const char *const ids[] = {"new"};
    sid_vectors *vectors = NULL, *more = NULL;
    sid_catalog *catalog = NULL;
    sid_hits hits = {0};
    TEST_OK(sid_vectors_create(f->ctx, x, 3, 1, NULL, &vectors, err));
    TEST_OK(sid_vectors_create(f->ctx, x, 1, 1, ids, &more, err));
    TEST_OK(import_text(f, "item_id\tc1\tdigit\n0\t0\t3\n1\t0\t7\n2\t1\t0\n", vectors, &catalog, err));
    TEST_OK(sid_catalog_add(catalog, more, NULL, &hits, err));
    assert_string_equal(hits.row[0].sid, "0-8");
    sid_hits_drop(&hits);
    sid_catalog_close(catalog);
    TEST_OK(import_text(f, "item_id\tc1\tdigit\n0\t0\t3\n1\t0\t700\n2\t1\t0\n", vectors, &catalog, err));
    TEST_FAILS(sid_catalog_add(catalog, more, NULL, &hits, err), SID_EDATA, "0 is full");
    sid_catalog_close(catalog);
    sid_vectors_free(vectors);
    sid_vectors_free(more);
}

/* Fails when memory that fails leaks (under ASan), goes unreported, or leaves a directory. */
static void failing_memory_leaves_nothing(void **state)
{
    fixture *f = *state;
    char file[PATH_MAX + 16];
    const char *text = "item_id\tc1\tdigit\n0\t0\t0\n1\t0\t1\n2\t1\t0\n";
    sid_vectors *vectors = NULL;
    sid_status status = SID_ENOMEM;
    TEST_OK(sid_vectors_create(f->ctx, (const float[]){0, 0, 10}, 3, 1, NULL, &vectors, err));
    (void)snprintf(file, sizeof file, "%s.tsv", f->path);
    TEST_OK(sid__replace_whole(file, text, strlen(text), err));
    for (int64_t after = 0; status != SID_OK; after += 2) {
        sid__mem_fail(after, -1);
        status = sid_catalog_import(f->ctx, file, &(sid_import_options){.vectors = vectors}, f->path, NULL, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        assert_int_equal(count_entries(f->root), status == SID_OK ? 2 : 1);
        assert_true(after < 3000);
    }
    sid_vectors_free(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(export_then_import_gives_the_same_sids),
        FIXTURE_TEST(foreign_codes_stay_and_are_fit),
        FIXTURE_TEST(bad_files_are_refused),
        FIXTURE_TEST(imported_digits_have_room),
        FIXTURE_TEST(failing_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
