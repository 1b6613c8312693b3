/* test_export_rows.c: the rows of an export and their digits. */
#include "form_case.h"

static void digits_of(const sid__exported *e, char *text, size_t size)
{
    size_t used = 0;
    for (int64_t i = 0; i < e->count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%d", i ? " " : "", e->digit[i]);
}

/* Fails when a digit is counted wrongly, or stored digits of the same style are counted anew: a is gone from the bucket of
 * a, b, d, so that b keeps 1 where the catalogue's own policy gave it. */
static void digits_are_given_or_kept(void **state)
{
    static const struct {
        const char *policy, *digit, *wanted;
    } trial[] = {{"keep", NULL, "-1 -1 -1"},     {"keep", "none", "-1 -1 -1"},   {"keep", "tiger", "0 0 1"},
                 {"keep", "grid", "1 0 2"},      {"keep", "suffix", "-1 -1 1"},  {"suffix", NULL, "1 -1 2"},
                 {"suffix", "suffix", "1 -1 2"}, {"suffix", "tiger", "0 0 1"},   {"digit", "tiger", "1 0 2"},
                 {"digit", "grid", "1 0 2"},     {"digit", "suffix", "-1 -1 1"}, {"digit", "none", "-1 -1 -1"}};
    fixture *f = *state;
    const char *const ids[] = {"a", "b", "c", "d"}, *const gone[] = {"a"};
    sid_vectors *vectors = NULL;
    char text[64];
    TEST_OK(sid_vectors_create(f->ctx, (const float[]){0, 0, 9, 0}, 4, 1, ids, &vectors, err));
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        sid_catalog *catalog = NULL;
        sid__exported e;
        const sid_fit_options fit = {.levels = 1, .codes = "2", .collisions = trial[i].policy, .force = true};
        TEST_OK(sid_catalog_fit(f->ctx, &fit, vectors, f->path, &catalog, err));
        TEST_OK(sid_catalog_remove(catalog, gone, 1, err));
        TEST_OK(sid__catalog_enter(catalog, err));
        TEST_OK(
            sid__exported_collect(catalog, &(sid_export_options){.digit = trial[i].digit}, SID__FORM_INFO, &e, err));
        sid__catalog_leave(catalog);
        digits_of(&e, text, sizeof text);
        assert_string_equal(text, trial[i].wanted);
        assert_int_equal(e.digit_codes > 0, strchr(trial[i].wanted, '0') || strchr(trial[i].wanted, '2') ||
                                                (trial[i].digit && strcmp(trial[i].digit, "suffix") == 0));
        assert_string_equal(e.title[0], "");
        sid__exported_drop(&e);
        sid_catalog_close(catalog);
    }
    sid_vectors_free(vectors);
}

/* Fails when a shared SID reaches a form that needs one an item, the two items are not named, or the way out is shut. */
static void shared_sids_are_refused(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = fit_three(f, "keep");
    TEST_FAILS(export_as(f, catalog, &(sid_export_options){.form = "letters"}, ".index.json", err), SID_EUSAGE,
               "letters needs a SID an item, but 0 is that of both \"a\" and \"b\"\\\" (1 of 3 items have "
               "none of their own); pass --digit");
    TEST_FAILS(export_as(f, catalog, &(sid_export_options){.form = "grid"}, ".safetensors", err), SID_EUSAGE,
               "grid needs");
    TEST_FAILS(export_as(f, catalog, &(sid_export_options){.form = "info"}, ".txt", err), SID_EUSAGE, "info needs");
    TEST_OK(export_as(f, catalog, &(sid_export_options){.form = "letters", .digit = "none"}, ".index.json", err));
    expect_file(f, ".index.json", "{\n  \"0\": [\"<a_0>\"],\n  \"1\": [\"<a_0>\"],\n  \"2\": [\"<a_1>\"]\n}\n");
    TEST_OK(export_as(f, catalog, &(sid_export_options){.form = "letters", .digit = "suffix"}, ".index.json", err));
    sid_catalog_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(digits_are_given_or_kept),
        FIXTURE_TEST(shared_sids_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
