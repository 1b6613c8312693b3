/* test_delimited.c: rows, fields and their places. */
#include "base/philox.h"
#include "io/delimited.h"
#include "io_help.h"

/* Writes the rows as "a|b;c|d;" and "!" for a bad one; fields with their line:byte when `with_places`. */
static char *show_rows(const char *bytes, size_t size, sid__row_form form, int64_t column_count, bool with_places)
{
    sid__source source;
    sid__row_reader reader;
    sid__strbuf out = {0};
    char *copy = copy_bytes(bytes, size);
    TEST_OK(sid__strbuf_append(&out, "", 0, err));
    TEST_OK(sid__source_memory(copy, size, "t", &source, err));
    sid__row_reader_init(&reader, &source, form);
    reader.column_count = column_count;
    for (bool has_row = true;;) {
        sid_status status = sid__row_next(&reader, &has_row, NULL);
        if (!has_row || reader.is_stuck)
            break;
        for (int64_t i = 0; status == SID_OK && i < reader.field_count; i++) {
            const sid__field *field = &reader.field[i];
            TEST_OK(sid__strbuf_printf(&out, err, "%s%.*s", i ? "|" : "", (int)field->size, field->text));
            if (with_places)
                TEST_OK(sid__strbuf_printf(&out, err, "@%d:%d", (int)field->line, (int)field->byte));
        }
        TEST_OK(sid__strbuf_printf(&out, err, status == SID_OK ? ";" : "!;"));
    }
    sid__row_reader_drop(&reader);
    sid__source_close(&source);
    free(copy);
    return sid__strbuf_take(&out);
}

static void check(const char *text, sid__row_form form, int64_t column_count, const char *expected)
{
    char *seen = show_rows(text, strlen(text), form, column_count, false);
    assert_string_equal(seen, expected);
    sid__free(seen);
}

/* Fails when TSV gets quoting, comments or escapes, loses an empty field, or keeps the CR of CRLF. */
static void test_tsv(void **state)
{
    (void)state;
    check("a\tb\nc\td\n", SID__ROWS_TSV, 2, "a|b;c|d;");
    check("a\tb\r\n#c\t\"d\\n\r\n\t", SID__ROWS_TSV, 2, "a|b;#c|\"d\\n;|;");
    check("a\tb\nc\nd\te\tf\n\ng\th", SID__ROWS_TSV, 2, "a|b;!;!;!;g|h;");
    check("a\r\rb\n", SID__ROWS_TSV, 1, "a\r\rb;");
    check("", SID__ROWS_TSV, 2, "");
    check("\n", SID__ROWS_TSV, 1, ";");
}

/* Fails when a rule of RFC 4180 is broken: doubled quotes, separators and line breaks inside quotes. */
static void test_csv(void **state)
{
    (void)state;
    check("a,b\nc,d", SID__ROWS_CSV, 2, "a|b;c|d;");
    check("\"a,\"\"b\"\"\",\"c\r\nd\"\r\n\"\",e\r\n", SID__ROWS_CSV, 2, "a,\"b\"|c\r\nd;|e;");
    check("a,\"b\"x\nc,d\n", SID__ROWS_CSV, 2, "!;c|d;");
    check("a,\"b\"\"c\nd\"\nf,g\n", SID__ROWS_CSV, 2, "a|b\"c\nd;f|g;");
    check("a,\"b\n", SID__ROWS_CSV, 2, "!;");
    check("a,b,\n", SID__ROWS_CSV, 3, "a|b|;");
    check(",\n", SID__ROWS_CSV, 2, "|;");
}

/* Fails when a quote that no field starts with opens anything: the rows behind it would be swallowed as one. */
static void test_stray_quotes(void **state)
{
    (void)state;
    check("a,19\" rack\nb,c\nd,24\" rack\ne,f\n", SID__ROWS_CSV, 2, "!;b|c;!;e|f;");
    check("a,b\"\"c\nd,e\n", SID__ROWS_CSV, 2, "!;d|e;");
    check("a,\"b\" \"c\nd,e\n", SID__ROWS_CSV, 2, "!;d|e;");
    check("a,x\"\nb,\"c\nd\"\n", SID__ROWS_CSV, 2, "!;b|c\nd;");
}

/* Fails when lines are split, or a bad byte passes. */
static void test_lines_and_bytes(void **state)
{
    (void)state;
    check("a\tb,c\n\nd", SID__ROWS_LINES, 0, "a\tb,c;;d;");
    check("a\xff\nb\n", SID__ROWS_LINES, 0, "!;b;");
    char *seen = show_rows("a\0b\nc\n", 6, SID__ROWS_LINES, 0, false);
    assert_string_equal(seen, "!;c;");
    sid__free(seen);
}

/* Fails when the line or byte of a field is off, after line breaks inside quotes too. */
static void test_places(void **state)
{
    (void)state;
    char *seen = show_rows("a,\"x\ny\",b\r\n\"c\",d,e", 18, SID__ROWS_CSV, 3, true);
    assert_string_equal(seen, "a@1:0|x\ny@1:2|b@2:8;c@3:11|d@3:15|e@3:17;");
    sid__free(seen);
    seen = show_rows("\xef\xbb\xbf"
                     "a\tbc\td\n\te\t",
                     13, SID__ROWS_TSV, 3, true);
    assert_string_equal(seen, "a@1:3|bc@1:5|d@1:8;@2:10|e@2:11|@2:13;");
    sid__free(seen);
}

static sid_status first_error(const char *text, sid__row_form form, int64_t column_count, sid_error *err)
{
    sid__source source;
    sid__row_reader reader;
    SID_TRY(sid__source_memory(text, strlen(text), "t", &source, err));
    sid__row_reader_init(&reader, &source, form);
    reader.column_count = column_count;
    sid_status status = SID_OK;
    for (bool has_row = true; status == SID_OK && has_row;)
        status = sid__row_next(&reader, &has_row, err);
    sid__row_reader_drop(&reader);
    sid__source_close(&source);
    return status;
}

/* Fails when a message lacks the file, line, column, byte, or what was seen and expected. */
static void test_messages(void **state)
{
    (void)state;
    TEST_FAILS(first_error("a\tb\nc\n", SID__ROWS_TSV, 2, err), SID_EDATA, "t:2: 1 columns; the header has 2 (byte 4)");
    TEST_FAILS(first_error("a\tb\n\n", SID__ROWS_TSV, 2, err), SID_EDATA, "t:2: an empty line");
    TEST_FAILS(first_error("a\tb\nc\td\xc3\n", SID__ROWS_TSV, 2, err), SID_EDATA,
               "t:2: column 2: byte 0xc3 is not UTF-8; convert the file to UTF-8 (byte 7)");
    TEST_FAILS(first_error("a,\"x\n\xff\"\n", SID__ROWS_CSV, 2, err), SID_EDATA, "t:2: column 2: byte 0xff");
    TEST_FAILS(first_error("a,\"b\n", SID__ROWS_CSV, 2, err), SID_EDATA, "t:1: column 2: the quote that opens here");
    TEST_FAILS(first_error("a,\"b\"c\n", SID__ROWS_CSV, 2, err), SID_EDATA, "text after a closing quote");
    TEST_FAILS(first_error("a,b\"c\"\n", SID__ROWS_CSV, 2, err), SID_EDATA, "a quote inside a field without quotes");
}

/* Fails when a row without an end fills the memory, or when the longest row possible is refused. */
static void test_endless_row(void **state)
{
    (void)state;
    char *bytes = malloc((size_t)SID__ROW_SIZE_MAX + 2);
    memset(bytes, 'a', (size_t)SID__ROW_SIZE_MAX + 1);
    bytes[SID__ROW_SIZE_MAX + 1] = 0;
    TEST_FAILS(first_error(bytes, SID__ROWS_TSV, 1, err), SID_EDATA, "longer than 16777216 bytes");
    bytes[1] = '"';
    bytes[0] = '"';
    bytes[2] = '"';
    TEST_FAILS(first_error(bytes, SID__ROWS_CSV, 1, err), SID_EDATA, "a quote is not closed");
    memset(bytes, 'a', 3);
    bytes[SID__ROW_SIZE_MAX] = 0;
    TEST_OK(first_error(bytes, SID__ROWS_TSV, 1, err));
    free(bytes);
}

/* Fails when a row or a quote that straddles blocks of the window is read otherwise than from memory. */
static void test_file_equals_memory(void **state)
{
    (void)state;
    sid__strbuf text = {0};
    for (uint64_t i = 0; i < 40000; i++) {
        uint64_t kind = sid__philox_below(3, SID__STREAM_TEST, i, 4);
        TEST_OK(sid__strbuf_printf(&text, err,
                                   kind == 0   ? "%d,\"x\r\n\"\"y\"\"\"\n"
                                   : kind == 1 ? "\"%d\",plain\r\n"
                                               : "%d,\n",
                                   (int)i));
    }
    char *expected = show_rows(text.text, (size_t)text.length, SID__ROWS_CSV, 2, true);
    sid__source source;
    sid__row_reader reader;
    sid__strbuf seen = {0};
    TEST_OK(sid__source_open(write_temporary("f.csv", text.text, (size_t)text.length), &source, err));
    sid__row_reader_init(&reader, &source, SID__ROWS_CSV);
    reader.column_count = 2;
    for (bool has_row = true;;) {
        TEST_OK(sid__row_next(&reader, &has_row, err));
        if (!has_row)
            break;
        for (int64_t i = 0; i < 2; i++) {
            const sid__field *field = &reader.field[i];
            TEST_OK(sid__strbuf_printf(&seen, err, "%s%.*s@%d:%d", i ? "|" : "", (int)field->size, field->text,
                                       (int)field->line, (int)field->byte));
        }
        TEST_OK(sid__strbuf_append(&seen, ";", 1, err));
    }
    assert_string_equal(seen.text, expected);
    sid__row_reader_drop(&reader);
    sid__source_close(&source);
    sid__strbuf_drop(&seen);
    sid__strbuf_drop(&text);
    sid__free(expected);
}

/* Fails when a bad id passes or a good one of the greatest length does not. */
static void test_check_id(void **state)
{
    (void)state;
    char text[SID_ITEM_ID_MAX + 1];
    sid__place none = {.byte = -1};
    memset(text, 'x', sizeof text);
    TEST_OK(sid__check_id(text, SID_ITEM_ID_MAX, "item_id", none, err));
    TEST_OK(sid__check_id("a b\xc3\xa9<script>", 13, "item_id", none, err));
    TEST_FAILS(sid__check_id(text, SID_ITEM_ID_MAX + 1, "item_id", none, err), SID_EDATA,
               "item_id of 256 bytes; 1 to 255");
    TEST_FAILS(sid__check_id("", 0, "item_id", none, err), SID_EDATA, "empty item_id");
    TEST_FAILS(sid__check_id("a\x1b[0m", 5, "item_id", (sid__place){.byte = 10}, err), SID_EDATA,
               "control byte 0x1b in item_id; remove it (byte 11)");
    TEST_FAILS(sid__check_id("a\x7f", 2, "item_id", none, err), SID_EDATA, "0x7f");
    TEST_FAILS(sid__check_id("\0", 1, "item_id", none, err), SID_EDATA, "0x00");
    TEST_FAILS(sid__check_id("a\xff", 2, "item_id", none, err), SID_EDATA, "not UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tsv),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_stray_quotes),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_lines_and_bytes),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_endless_row),
        cmocka_unit_test(test_check_id),
        cmocka_unit_test(test_file_equals_memory),
    };
    return cmocka_run_group_tests(tests, NULL, remove_temporary);
}
