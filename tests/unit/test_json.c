/* test_json.c: bounds, places of errors, and what is written. */
#include "io/json.h"
#include "io_help.h"

static sid_status parse(const char *text, sid_error *err)
{
    json_t *tree = NULL;
    sid_status status = sid__json_parse(text, strlen(text), "t.json", &tree, err);
    json_decref(tree);
    return status;
}

/* Fails when good JSON is refused or read wrongly. */
static void test_good(void **state)
{
    (void)state;
    json_t *tree = NULL;
    const char *text = " {\"a\": [1, -2.5e3, true, false, null, {}], \"b\\u00e9\\\"\": \"\xc3\xa9\"}\r\n";
    TEST_OK(sid__json_parse(text, strlen(text), "t.json", &tree, err));
    assert_int_equal(json_array_size(json_object_get(tree, "a")), 6);
    assert_string_equal(json_string_value(json_object_get(tree, "b\xc3\xa9\"")), "\xc3\xa9");
    json_decref(tree);
}

/* Fails when something that is not JSON passes, or the line or byte of the error is off. */
static void test_bad(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
        int line, byte; /* byte -1: not checked */
    } cases[] = {
        {"{\"a\":1,\n\"a\":2}", "t.json:2: bad JSON: duplicate object key", 2, -1},
        {"{\"a\":\n\xff}", "byte 0xff is not UTF-8", 2, 6},
        {"{\"a\":\"\xed\xa0\x80\"}", "byte 0xed is not UTF-8", 1, 6},
        {"{\"a\":\n\n x}", "byte 0x78 is not JSON here", 3, 8},
        {"[\"abc", "has no end", 1, 1},
        {"[\"a\tb\"]", "control byte 0x09", 1, 3},
        {"{\"a\" 1}", "bad JSON", 1, -1},
        {"{} {}", "bad JSON", 1, -1},
        {"", "bad JSON", 1, -1},
        {"[1", "bad JSON", 1, 2},
        {"[1e999]", "bad JSON", 1, -1},
        {"[123456789012345678901234567890]", "bad JSON", 1, -1},
        {"[\"\\ud800\"]", "bad JSON", 1, -1},
        {"[\"\\u0000\"]", "bad JSON", 1, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sid_error seen = {0};
        TEST_FAILS(parse(cases[i].text, err), SID_EDATA, cases[i].part);
        assert_int_equal(parse(cases[i].text, &seen), SID_EDATA);
        assert_int_equal(seen.row, cases[i].line);
        if (cases[i].byte >= 0)
            assert_int_equal(seen.byte, cases[i].byte);
        assert_in_range(seen.byte, 0, strlen(cases[i].text));
    }
}

static char *repeat(const char *before, const char *part, int times, const char *after)
{
    sid__strbuf text = {0};
    TEST_OK(sid__strbuf_append(&text, before, strlen(before), err));
    for (int i = 0; i < times; i++)
        TEST_OK(sid__strbuf_append(&text, part, strlen(part), err));
    TEST_OK(sid__strbuf_append(&text, after, strlen(after), err));
    return sid__strbuf_take(&text);
}

static void check_repeat(const char *before, const char *part, int times, const char *after, const char *wanted)
{
    char *text = repeat(before, part, times, after);
    if (wanted)
        TEST_FAILS(parse(text, err), SID_EDATA, wanted);
    else
        TEST_OK(parse(text, err));
    sid__free(text);
}

/* Fails when a limit is off by one, or checked only after the tree was built. */
static void test_limits(void **state)
{
    (void)state;
    check_repeat("", "[", SID__JSON_DEPTH_MAX, "1]]]]]]]]]]]]]]]]", NULL);
    check_repeat("", "[", SID__JSON_DEPTH_MAX + 1, "", "16 levels deep");
    check_repeat("", "[", 1000000, "", "16 levels deep");
    check_repeat("[{}", ",{}", SID__JSON_CONTAINERS_MAX - 2, "]", NULL);
    check_repeat("[{}", ",{}", SID__JSON_CONTAINERS_MAX - 1, "]", "16384 objects and arrays");
    check_repeat("[1", ",1", SID__JSON_VALUES_MAX - 2, "]", NULL);
    check_repeat("[1", ",1", SID__JSON_VALUES_MAX - 1, "]", "262144 values");
    check_repeat("[{\"a\":1}", ",{\"a\":1}", SID__JSON_CONTAINERS_MAX - 2, "]", NULL); /* names are no values */
}

/* Fails when a part of a file is reported by its own line and byte. */
static void test_part_of_a_file(void **state)
{
    (void)state;
    json_t *tree = NULL;
    sid__place start = {.file = "f.jsonl", .row = 7, .byte = 100};
    TEST_FAILS(sid__json_parse_at("{\"a\" x", 6, start, &tree, err), SID_EDATA, "f.jsonl:7: ");
    TEST_FAILS(sid__json_parse_at("{\"a\" x", 6, start, &tree, err), SID_EDATA, "(byte 105)");
}

/* Fails when a text does not survive jansson reading it back, or bytes that are no text reach the output. */
static void test_append_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "plain", "q\"b\\s/n\nt\tr\rb\bf\f\x01\x1f\x7f",
                                        "h\xc3\xa9llo \xf0\x9f\x92\x84", "<script>"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        sid__strbuf out = {0};
        TEST_OK(sid__json_append_text(&out, texts[i], err));
        json_t *tree = json_loadb(out.text, (size_t)out.length, JSON_DECODE_ANY, NULL);
        assert_non_null(tree);
        assert_string_equal(json_string_value(tree), texts[i]);
        json_decref(tree);
        sid__strbuf_drop(&out);
    }
    sid__strbuf out = {0};
    TEST_OK(sid__json_append_text(&out, "a\xff\xc3", err));
    assert_string_equal(out.text, "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
    sid__mem_fail(0, -1);
    TEST_FAILS(sid__json_append_text(&out, "a text that is longer than what is left in the buffer", err), SID_ENOMEM,
               "a text");
    sid__mem_fail(-1, 0);
    assert_string_equal(out.text, "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
    sid__strbuf_drop(&out);
}

/* Fails when NaN gets into JSON, or a number is written with other digits. */
static void test_append_number(void **state)
{
    (void)state;
    sid__strbuf out = {0};
    const double zero = 0, numbers[] = {1, 0.1, 1.0 / 3, -2.5e-300, zero / zero, 1 / zero};
    for (int i = 0; i < 6; i++) {
        TEST_OK(sid__json_append_number(&out, numbers[i], err));
        TEST_OK(sid__strbuf_append(&out, " ", 1, err));
    }
    assert_string_equal(out.text, "1 0.1 0.333333333 -2.5e-300 null null ");
    sid__strbuf_drop(&out);
    for (int i = 0; i < 6; i++) {
        TEST_OK(sid__json_append_exact(&out, numbers[i], err));
        TEST_OK(sid__strbuf_append(&out, " ", 1, err));
    }
    assert_string_equal(out.text, "1 0.1 0.3333333333333333 -2.5e-300 null null ");
    sid__strbuf_drop(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good),        cmocka_unit_test(test_bad),
                                       cmocka_unit_test(test_limits),      cmocka_unit_test(test_part_of_a_file),
                                       cmocka_unit_test(test_append_text), cmocka_unit_test(test_append_number)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
