/* test_form_letters.c: LC-Rec's and MiniOneRec's files, out and in. */
#include "form_case.h"

/* Fails when LC-Rec's JSON, MiniOneRec's lines or the file of rows change. */
static void letters_are_as_documented(void **state)
{
    fixture *f = *state;
    sid_catalog *catalog = fit_three(f, "suffix");
    TEST_OK(export_as(f, catalog, &(sid_export_options){.form = "letters"}, ".index.json", err));
    expect_file(f, ".index.json",
                "{\n  \"0\": [\"<a_0>\"],\n  \"1\": [\"<a_0>\", \"<b_1>\"],\n  \"2\": [\"<a_1>\"]\n}\n");
    expect_file(f, ".item2id.tsv", "a\t0\nb\"\\\t1\nc\t2\n");
    TEST_OK(export_as(f, catalog, &(sid_export_options){.form = "info", .digit = "tiger"}, ".txt", err));
    expect_file(f, ".txt", "<a_0><b_0>\t\t0\n<a_0><b_1>\t\t1\n<a_1><b_0>\t\t2\n");
    sid_catalog_close(catalog);
}

/* Fails when a file of others is not read, or a fault is told without its line. */
static void letters_of_others_are_read(void **state)
{
    static const struct {
        const char *form, *text, *rows, *words;
        bool is_digit_last;
    } trial[] = {
        {"lcrec", "{\"1\":[\"<a_1>\",\"<b_2>\"],\n\"0\":[\"<a_3>\",\"<b_4>\"]}", "q=1-2 p=3-4", NULL, false},
        {"lcrec", "{\"0\":[\"<a_1>\",\"<b_2>\"],\"1\":[\"<a_1>\"]}", "p=1/2 q=1", NULL, true},
        {"lcrec", "{\"0\":[\"<a_1>\"]}", NULL, "1 rows for the 2 ids of", false},
        {"lcrec", "{\"0\":[\"<a_1>\"],\n\"2\":[\"<a_1>\"]}", NULL, ".x:2: row \"2\"; a number from 0 to 1", false},
        {"lcrec", "{\"0\":[\"<a_1>\"],\n\"0\":[\"<a_1>\"]}", NULL, ".x:2: row 0 was seen before at line 1", false},
        {"lcrec", "{\"00\":[\"<a_1>\"]}", NULL, "row \"00\"", false},
        {"lcrec", "{\"\":[\"<a_1>\"]}", NULL, "row \"\"", false},
        {"lcrec", "{\"0\":[\"<b_1>\"]}", NULL, ".x:1: \"<b_1>\": \"a\" is expected at byte 1", false},
        {"lcrec", "{\"0\":[1]}", NULL, "a token such as", false},
        {"lcrec", "{\"0\":[]}", NULL, "a token such as", false},
        {"lcrec", "{\"0\":\"<a_1>\"}", NULL, "a list of tokens", false},
        {"lcrec", "{\"0\":[\"\\u003ca_1>\"]}", NULL, "a token such as", false},
        {"lcrec", "{\"0\":[\"<a_1>\"],}", NULL, "a row number in quotes", false},
        {"lcrec", "{\"0\":[\"<a_1>\"],\"1\":[\"<a_2>\"]} x", NULL, "", false},
        {"lcrec", "{\"0\":[\"<a_1>\"],\"1\":[\"<a_2>\"]}{", NULL, "the end is expected", false},
        {"lcrec", "[]", NULL, "is expected", false},
        {"lcrec", "{}", NULL, "a row number in quotes", false},
        {"lcrec", "{\"0\":[\"<a_1>\"", NULL, ", or ]", false},
        {"info", "<a_1><b_2>\tA\ttitle\t1\r\n<a_3><b_4>\t\t0", "q=1-2 p=3-4", NULL, false},
        {"info", "<a_1>\t0\n", NULL, ".x:1: SID, title and row", false},
        {"info", "<a_1>\tt\t0\n<a_1>\tt\t9\n", NULL, ".x:2: row \"9\"", false},
        {"info", "<a_1>\tt\t0\n1-2\tt\t1\n", NULL, ".x:2: \"1-2\"", false},
        {"info", "", NULL, "no SIDs", false},
    };
    fixture *f = *state;
    char text[200];
    put_file(f, ".x.item2id.tsv", "p\t0\nq\t1\n");
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        sid__imported in;
        const sid_import_options options = {.digit_column_last = trial[i].is_digit_last};
        sid_error why = {0};
        sid_status status = read_as(f, trial[i].form, ".x", trial[i].text, &options, &in, &why);
        if (trial[i].words && (status != SID_EDATA || !strstr(why.message, trial[i].words)))
            fail_msg("%s: \"%s\" has no \"%s\"", trial[i].text, why.message, trial[i].words);
        if (trial[i].words)
            continue;
        if (status != SID_OK)
            fail_msg("%s: %s", trial[i].text, why.message);
        assert_string_equal(rows_text(&in, text, sizeof text), trial[i].rows);
        sid__imported_drop(&in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(letters_are_as_documented),
        FIXTURE_TEST(letters_of_others_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
