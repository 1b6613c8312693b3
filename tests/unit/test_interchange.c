#include "catalog_fixture.h"

#include "catalog/interchange.h"

/* Two items of one bucket and one alone; digits as the policy says. */
static sid_catalog *fit_three(fixture *f, const char *collisions)
{
    const float x[] = {0, 0, 9};
    const char *const ids[] = {"a", "b\"\\", "c"};
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    TEST_OK(sid_vectors_create(f->ctx, x, 3, 1, ids, &vectors, err));
    const sid_fit_options options = {.levels = 1, .codes = "2", .collisions = collisions};
    TEST_OK(sid_catalog_fit(f->ctx, &options, vectors, f->path, &catalog, err));
    sid_vectors_free(vectors);
    return catalog;
}

static void expect_text(const char *path, const char *wanted)
{
    char *text = NULL;
    int64_t size = 0;
    TEST_OK(sid__read_whole(path, 1 << 16, &text, &size, err));
    assert_string_equal(text, wanted);
    sid__free(text);
}

/* Fails when a column, separator, escape or row of the text forms changes. */
static void text_forms_are_as_documented(void **state)
{
    fixture *f = *state;
    char out[PATH_MAX + 16];
    const char *const gone[] = {"c"};
    (void)snprintf(out, sizeof out, "%s.out", f->path);
    sid_catalog *catalog = fit_three(f, "suffix");
    TEST_OK(sid_catalog_export(catalog, "tsv", out, err));
    expect_text(out, "item_id\tsid\tc1\tdigit\na\t0\t0\t\nb\"\\\t0-1\t0\t1\nc\t1\t1\t\n");
    TEST_OK(sid_catalog_export(catalog, "jsonl", out, err));
    expect_text(out, "{\"item_id\":\"a\",\"sid\":\"0\",\"codes\":[0]}\n"
                     "{\"item_id\":\"b\\\"\\\\\",\"sid\":\"0-1\",\"codes\":[0],\"digit\":1}\n"
                     "{\"item_id\":\"c\",\"sid\":\"1\",\"codes\":[1]}\n");
    TEST_OK(sid_catalog_remove(catalog, gone, 1, err));
    TEST_OK(sid_catalog_export(catalog, "tsv", out, err));
    expect_text(out, "item_id\tsid\tc1\tdigit\na\t0\t0\t\nb\"\\\t0-1\t0\t1\n");
    sid_catalog_close(catalog);
    TEST_OK(sid__remove_tree(f->path, err));
    catalog = fit_three(f, "keep");
    TEST_OK(sid_catalog_export(catalog, "tsv", out, err));
    expect_text(out, "item_id\tsid\tc1\na\t0\t0\nb\"\\\t0\t0\nc\t1\t1\n");
    sid_catalog_close(catalog);
}

/* Fails when the array is not (N, L) uint16, or its ids are not beside it. */
static void arrays_have_their_ids_beside_them(void **state)
{
    fixture *f = *state;
    char out[PATH_MAX + 16], ids[PATH_MAX + 16], *bytes = NULL;
    int64_t size = 0;
    (void)snprintf(out, sizeof out, "%s.npy", f->path);
    (void)snprintf(ids, sizeof ids, "%s.ids.txt", f->path);
    sid_catalog *catalog = fit_three(f, "digit");
    TEST_OK(sid_catalog_export(catalog, "npy", out, err));
    expect_text(ids, "a\nb\"\\\nc\n");
    TEST_OK(sid__read_whole(out, 1 << 16, &bytes, &size, err));
    assert_non_null(strstr(bytes + 10, "'<u2'"));
    assert_non_null(strstr(bytes + 10, "(3, 1)"));
    assert_memory_equal(bytes + size - 6, "\0\0\0\0\1\0", 6);
    sid__free(bytes);
    TEST_OK(sid__remove_tree(out, err)); /* ids first: an array never stands without them */
    TEST_OK(sid__remove_tree(ids, err));
    TEST_OK(sid__directory_create(ids, err));
    assert_int_not_equal(sid_catalog_export(catalog, "npy", out, NULL), SID_OK);
    assert_false(sid__path_exists(out));
    TEST_FAILS(sid_catalog_export(catalog, "npy", "-", err), SID_EUSAGE, "npy needs a path");
    TEST_FAILS(sid_catalog_export(catalog, "tsv", "/nowhere/x", err), SID_EIO, "/nowhere/x");
    sid_catalog_close(catalog);
}

/* Fails when a form is guessed wrongly, or an unknown one has no help. */
static void forms_are_found_by_name_or_ending(void **state)
{
    (void)state;
    sid__form form = SID__FORM_NPY;
    TEST_OK(sid__form_find("tsv", "x.npy", &form, err));
    assert_int_equal(form, SID__FORM_TSV);
    TEST_OK(sid__form_find(NULL, "x.npy", &form, err));
    assert_int_equal(form, SID__FORM_NPY);
    TEST_OK(sid__form_find(NULL, "a.b.jsonl", &form, err));
    assert_int_equal(form, SID__FORM_JSONL);
    TEST_OK(sid__form_find(NULL, "x.csv", &form, err));
    assert_int_equal(form, SID__FORM_TSV);
    TEST_OK(sid__form_find("csv", "x", &form, err));
    assert_int_equal(form, SID__FORM_TSV);
    TEST_OK(sid__form_find(NULL, "-", &form, err));
    assert_int_equal(form, SID__FORM_TSV);
    TEST_FAILS(sid__form_find("jsnol", "x", &form, err), SID_EUSAGE, "did you mean \"jsonl\"");
    TEST_FAILS(sid__form_find(NULL, "x.bin", &form, err), SID_EUSAGE, "tsv, jsonl, npy");
    char path[16];
    TEST_OK(sid__ids_path("a.npy", path, sizeof path, err));
    assert_string_equal(path, "a.ids.txt");
    TEST_FAILS(sid__ids_path("0123456789.npy", path, sizeof path, err), SID_EUSAGE, "too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(text_forms_are_as_documented),
        FIXTURE_TEST(arrays_have_their_ids_beside_them),
        FIXTURE_TEST(forms_are_found_by_name_or_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
