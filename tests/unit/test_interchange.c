/* test_interchange.c: the table of forms, and what export and import do for all of them. */
#include "form_case.h"

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
    TEST_FAILS(sid__form_find(NULL, "x.bin", &form, err), SID_EUSAGE, "tsv, jsonl, npy, letters, onerec");
    TEST_OK(sid__form_find("lcrec", "x", &form, err));
    assert_int_equal(form, SID__FORM_LETTERS);
    TEST_OK(sid__form_find(NULL, "Beauty.index.json", &form, err));
    assert_int_equal(form, SID__FORM_LETTERS);
    for (int i = 0; i < SID__FORM_COUNT; i++) {
        TEST_OK(sid__form_find(sid__form_name((sid__form)i), "x", &form, err));
        assert_int_equal(form, i);
    }
    char path[24];
    TEST_OK(sid__beside_path("a.npy", SID__IDS_ENDING, path, sizeof path, err));
    assert_string_equal(path, "a.ids.txt");
    TEST_OK(sid__beside_path("d/B.index.json", SID__ROWS_ENDING, path, sizeof path, err));
    assert_string_equal(path, "d/B.item2id.tsv");
    TEST_OK(sid__beside_path("b.x", SID__IDS_ENDING, path, sizeof path, err));
    assert_string_equal(path, "b.x.ids.txt");
    TEST_OK(sid_export_beside("info", "b.txt", path, sizeof path, err));
    assert_string_equal(path, "b.item2id.tsv");
    TEST_OK(sid_export_beside("tsv", "b.tsv", path, sizeof path, err));
    assert_string_equal(path, "");
    TEST_FAILS(sid_export_beside("npy", "-", path, sizeof path, err), SID_EUSAGE, "npy needs a path");
    TEST_OK(sid_export_beside("tokens", "-", path, sizeof path, err));
    assert_string_equal(path, "");
    TEST_FAILS(sid_export_beside("tvs", "b.tsv", path, sizeof path, err), SID_EUSAGE, "did you mean \"tsv\"");
    TEST_FAILS(sid__beside_path("01234567890123456789.npy", SID__IDS_ENDING, path, sizeof path, err), SID_EUSAGE,
               "too long");
}

/* Fails when options that mean nothing for a form are passed over, or a second file is forgotten on standard output. */
static void options_are_checked(void **state)
{
    static const struct {
        sid_export_options options;
        const char *path, *words;
    } bad[] = {{{.form = "tsv", .digit = "tigre"}, "x.tsv", "did you mean \"tiger\""},
               {{.form = "tsv", .token_form = "letters"}, "x.tsv", "belongs to the form tokens"},
               {{.form = "tsv", .template_text = "{code},"}, "x.tsv", "belongs to the form template"},
               {{.form = "tokens", .template_text = "{code},"}, "x.tsv", "belongs to the form template"},
               {{.form = "grid"}, "-", "grid needs a path"},
               {{.form = "letters"}, "-", "pass -o FILE.index.json"},
               {{.form = "info"}, "-", "pass -o FILE.txt"},
               {{.form = "template"}, "x", "pass --template"},
               {{.form = "tokens", .token_form = "leters"}, "x", "did you mean \"letters\""},
               {{.form = "tokens", .token_form = "template", .template_text = "{code}"}, "x", "would not read back"}};
    fixture *f = *state;
    sid_catalog *catalog = fit_three(f, "digit");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        TEST_FAILS(sid_catalog_export_as(catalog, &bad[i].options, bad[i].path, err), SID_EUSAGE, bad[i].words);
    sid_catalog_close(catalog);
}

/* Fails when allocations that fail in any form leak or are reported as something else. */
static void allocation_fails_in_every_form(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = fit_three(f, "digit");
    for (int form = 0; form < SID__FORM_COUNT; form++) {
        const char *name = sid__form_name((sid__form)form);
        const sid_export_options options = {
            .form = name, .digit = "grid", .template_text = form == SID__FORM_TEMPLATE ? "<{code}>" : NULL};
        sid_status status = SID_ENOMEM;
        for (int after = 0; status != SID_OK; after++) {
            sid__mem_fail(after, 1);
            status = export_as(f, catalog, &options, ".out", NULL);
            sid__mem_fail(-1, 0);
            assert_true(status == SID_OK || status == SID_ENOMEM);
            assert_true(after < 500);
        }
        const sid_import_options reading = {
            .template_text = options.template_text, .codes = "2,16", .digit_column_last = form > SID__FORM_JSONL};
        char path[PATH_MAX + 32];
        (void)snprintf(path, sizeof path, "%s.out", f->path);
        status = SID_ENOMEM;
        for (int after = 0; status != SID_OK; after++) {
            sid__imported in;
            sid__mem_fail(after, 1);
            status = sid__import_read(f->ctx, path, (sid__form)form, &reading, &in, NULL);
            sid__mem_fail(-1, 0);
            assert_true(status == SID_OK || status == SID_ENOMEM);
            assert_true(after < 500);
            if (status == SID_OK)
                sid__imported_drop(&in);
        }
    }
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(forms_are_found_by_name_or_ending),
        FIXTURE_TEST(options_are_checked),
        FIXTURE_TEST(allocation_fails_in_every_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
