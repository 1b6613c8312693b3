/* test_form_table.c: tsv, csv and jsonl, out and in. */
#include "form_case.h"

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

/* Reads `text` as a file of that ending. */
static sid_status read_text(fixture *f, const char *ending, const char *text, const sid_import_options *options,
                            sid__imported *out, sid_error *err)
{
    return read_as(f, NULL, ending, text, options, out, err);
}

/* Fails when a spelling of the same SIDs reads differently. */
static void spellings_read_alike(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *ending, *text;
        bool is_digit_last;
    } trial[] = {
        {".tsv", "item_id\tsid\tc1\tc2\tdigit\na\t1-2-0\t1\t2\t0\nb\t1-2\t1\t2\t\n", false},
        {".tsv", "item_id\tc1\tc2\tx\na\t1\t2\t0\nb\t1\t2\t\n", true},
        {".csv", "item_id,c1,c2,digit\r\na,1,2,0\r\nb,1,2,\r\n", false},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[1,2],\"digit\":0}\n{\"item_id\":\"b\",\"codes\":[1,2]}", false},
        {".jsonl", "{\"item_id\":\"a\",\"sid\":\"1-2\",\"digit\":0}\n\n{\"item_id\":\"b\",\"sid\":\"1-2\"}\n", false},
    };
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        sid__imported in;
        const sid_import_options options = {.digit_column_last = trial[i].is_digit_last};
        TEST_OK(read_text(f, trial[i].ending, trial[i].text, &options, &in, err));
        assert_int_equal(in.count, 2);
        assert_int_equal(in.levels, 2);
        assert_memory_equal(in.codes, ((const uint16_t[]){1, 2, 1, 2}), 8);
        assert_string_equal(in.id[0], "a");
        assert_string_equal(in.id[1], "b");
        assert_non_null(in.digit);
        assert_int_equal(in.digit[0], 0);
        assert_int_equal(in.digit[1], SID__DIGIT_NONE);
        sid__imported_drop(&in);
    }
}

/* Fails when a sid column alone is not enough, or a digit appears from nowhere. */
static void a_sid_column_is_enough(void **state)
{
    fixture *f = *state;
    sid__imported in;
    const sid_import_options plain = {0}, last = {.digit_column_last = true};
    TEST_OK(read_text(f, ".tsv", "item_id\tsid\na\t1-65535\n", &plain, &in, err));
    assert_int_equal(in.levels, 2);
    assert_int_equal(in.codes[1], 65535);
    assert_null(in.digit);
    sid__imported_drop(&in);
    TEST_OK(read_text(f, ".tsv", "item_id\tsid\na\t1-7\n", &last, &in, err));
    assert_int_equal(in.levels, 1);
    assert_int_equal(in.digit[0], 7);
    sid__imported_drop(&in);
    TEST_OK(read_text(f, ".jsonl", "{\"item_id\":\"b\",\"codes\":[3]}\n{\"item_id\":\"a\",\"codes\":[1],\"digit\":4}\n",
                      &plain, &in, err));
    assert_int_equal(in.digit[0], SID__DIGIT_NONE); /* filled up */
    assert_int_equal(in.digit[1], 4);
    sid__imported_drop(&in);
    TEST_OK(read_text(f, ".jsonl", "{\"item_id\":\"b\",\"codes\":[3,4]}\n", &last, &in, err));
    assert_int_equal(in.digit[0], 4);
    sid__imported_drop(&in);
}

/* Fails when a bad row is taken, or its file, line or column is not told. */
static void bad_rows_are_named(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *ending, *text, *part;
    } trial[] = {
        {".tsv", "item_id\tc1\na\t1\nb\t65536\n", ".tsv:3: c1 is \"65536\"; a code from 0 to 65535"},
        {".tsv", "item_id\tc1\na\t-1\n", ".tsv:2: c1 is \"-1\""},
        {".tsv", "item_id\tc1\na\t\n", "c1 is \"\""},
        {".tsv", "item_id\tc1\na\t1.0\n", "c1 is \"1.0\""},
        {".tsv", "item_id\tsid\na\t1--2\n", ".tsv:2: not a SID"},
        {".tsv", "item_id\tsid\na\t1-2\nb\t1-2-3\n", ".tsv:3: 3 codes, the rows before have 2"},
        {".tsv", "item_id\n", ""},
        {".tsv", "item_id\tc1\tdigit\na\t1\tx\n", "digit is \"x\""},
        {".tsv", "item_id\tc1\na\t1\na\t2\n", "\"a\""},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[1]}\n{\"item_id\":\"b\"}\n", ".jsonl:2: \"codes\""},
        {".jsonl", "{\"codes\":[1]}\n", "\"item_id\""},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[]}\n", "0 codes"},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[1.5]}\n", "a code is not"},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[1],\"digit\":-1}\n", "a code is not"},
        {".jsonl", "{\"item_id\":\"a\\u001b[1m\",\"codes\":[1]}\n", "control byte 0x1b in item_id"},
        {".jsonl", "{\"item_id\":\"a\",\"codes\":[1]}\n{nonsense\n", ".jsonl:2: "},
        {".jsonl", "{\"item_id\":\"a\",\"sid\":\"x\"}\n", "not a SID"},
        {".jsonl", "", "no SIDs"},
    };
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        sid__imported in;
        const sid_import_options options = {0};
        TEST_FAILS(read_text(f, trial[i].ending, trial[i].text, &options, &in, err), SID_EDATA, trial[i].part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(text_forms_are_as_documented),
        FIXTURE_TEST(spellings_read_alike),
        FIXTURE_TEST(a_sid_column_is_enough),
        FIXTURE_TEST(bad_rows_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
