/* test_form_tokens.c: the forms of tokens, out and in. */
#include "form_case.h"

/* Fails when a table of tokens is not `item_id TAB sid`, or a token changes: 2 levels, the second a digit. */
static void tables_are_as_documented(void **state)
{
    static const struct {
        sid_export_options options;
        const char *wanted;
    } trial[] = {
        {{.form = "onerec"},
         "a\t<|sid_begin|><s_a_0><|sid_end|>\nb\"\\\t<|sid_begin|><s_a_0><s_b_1><|sid_end|>\n"
         "c\t<|sid_begin|><s_a_1><|sid_end|>\n"},
        {{.form = "flat", .digit = "tiger"},
         "a\t<|sid_start|><|sid_0|><|sid_0|><|sid_end|>\nb\"\\\t<|sid_start|><|sid_0|><|sid_1|><|sid_end|>\n"
         "c\t<|sid_start|><|sid_1|><|sid_0|><|sid_end|>\n"},
        {{.form = "offset"}, "a\t1 0\nb\"\\\t1 4\nc\t2 0\n"},
        {{.form = "offset", .digit = "none"}, "a\t1\nb\"\\\t1\nc\t2\n"},
        {{.form = "template", .template_text = "{level}{letter}{code} ", .digit = "grid"},
         "a\t1a0 2b1 \nb\"\\\t1a0 2b2 \nc\t1a1 2b0 \n"},
    };
    fixture *f = *state;
    char wanted[400];
    sid_catalog *catalog = fit_three(f, "suffix");
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        TEST_OK(export_as(f, catalog, &trial[i].options, ".out", err));
        (void)snprintf(wanted, sizeof wanted, "item_id\tsid\n%s", trial[i].wanted);
        expect_file(f, ".out", wanted);
    }
    TEST_OK(export_as(f, catalog, &(sid_export_options){.form = "recbole"}, ".item", err));
    expect_file(f, ".item", "item_id:token\ttitle:token_seq\tsid:token_seq\na\t\t1_0\nb\"\\\t\t1_0 2_1\nc\t\t1_1\n");
    TEST_OK(export_as(f, catalog, &(sid_export_options){.form = "tokens"}, ".txt", err));
    expect_file(f, ".txt", "<a_0>\n<a_0> <b_1>\n<a_1>\n");
    expect_file(f, ".ids.txt", "a\nb\"\\\nc\n");
    TEST_OK(export_as(f, catalog, &(sid_export_options){.form = "tokens", .token_form = "onerec"}, ".txt", err));
    expect_file(f, ".txt",
                "<|sid_begin|> <s_a_0> <|sid_end|>\n<|sid_begin|> <s_a_0> <s_b_1> <|sid_end|>\n"
                "<|sid_begin|> <s_a_1> <|sid_end|>\n");
    sid_catalog_close(catalog);
}

/* Fails when a spelling that others use is not read, or a fault is told without its line. */
static void files_of_others_are_read(void **state)
{
    static const struct {
        const char *form, *ending, *text, *rows, *words;
        sid_import_options options;
    } trial[] = {
        {"recbole", ".item", "item_id:token\tsid:token_seq\n7\t1_3 2_4\n8\t5 6\n", "7=3-4 8=5-6", NULL, {0}},
        {"recbole", ".item", "item_id:token\tsid:token_seq\n7\t1_3 3_4\n", NULL, ".item:2: \"1_3 3_4\": \"2\"", {0}},
        {"recbole", ".item", "item_id:token\ttitle:token\n7\tx\n", NULL, ".item:1: a column \"sid\"", {0}},
        {"flat", ".x", "item_id\tsid\n7\t<|sid_start|><|sid_3|>\n", "7=3", NULL, {0}},
        {"offset",
         ".x",
         "item_id\tsid\n7\t4 261 0\n8\t1 257 515\n",
         "7=3-4 8=0-0/2",
         NULL,
         {.codes = "256,256,16", .digit_column_last = true}},
        {"offset",
         ".x",
         "item_id\tsid\n7\t4 5\n",
         NULL,
         ".x:2: \"4 5\": a number of level 2, 257 to 512,",
         {.codes = "256"}},
        {"offset", ".x", "item_id\tsid\n7\t4\n", NULL, "pass --codes", {0}},
        {"offset", ".x", "item_id\tsid\n7\t4\n", NULL, "codes is \"25x\"", {.codes = "25x"}},
        {"template", ".x", "item_id\tsid\n7\tL1C3;L2C4;\n", "7=3-4", NULL, {.template_text = "L{level}C{code};"}},
        {"tokens", ".x", "<a_3> <b_4>\r\n<a_5><b_6>", "p=3-4 q=5-6", NULL, {0}},
        {"tokens", ".x", "<a_3>\n<a_5>\n<a_5>\n", NULL, "3 rows for the 2 ids of", {0}},
        {"tokens", ".x", "<a_3>\n\n", NULL, ".x:2: \"\": a code is expected at byte 0", {0}},
        {"tokens", ".x", "", NULL, "", {0}},
        {"onerec", ".x", "item_id\tsid\n7\t<|sid_begin|><s_a_3><s_b_70000>\n", NULL, "a number from 0 to 65535", {0}},
        {"onerec", ".x", "item_id\tsid\n7\t<|sid_begin|><s_a_3><s_b_7>\n", NULL, "\"<|sid_end|>\" is expected", {0}},
    };
    fixture *f = *state;
    char text[200];
    put_file(f, ".x.ids.txt", "p\nq\n");
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        sid__imported in;
        if (trial[i].words) {
            sid_error why = {0};
            sid_status status = read_as(f, trial[i].form, trial[i].ending, trial[i].text, &trial[i].options, &in, &why);
            if (status == SID_OK || !strstr(why.message, trial[i].words))
                fail_msg("%s: \"%s\" has no \"%s\"", trial[i].text, why.message, trial[i].words);
            continue;
        }
        TEST_OK(read_as(f, trial[i].form, trial[i].ending, trial[i].text, &trial[i].options, &in, err));
        assert_string_equal(rows_text(&in, text, sizeof text), trial[i].rows);
        sid__imported_drop(&in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(tables_are_as_documented),
        FIXTURE_TEST(files_of_others_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
