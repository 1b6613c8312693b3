/* test_jsonl.c: objects by line and their values as text. */
#include "io/jsonl.h"
#include "io_help.h"

static sid_status last_object(const char *text, json_t **out, sid_error *err)
{
    sid__source source;
    sid__row_reader reader;
    *out = NULL;
    SID_TRY(sid__source_memory(text, strlen(text), "t.jsonl", &source, err));
    sid__row_reader_init(&reader, &source, SID__ROWS_LINES);
    sid_status status = SID_OK;
    for (bool has_row = true; status == SID_OK;) {
        status = sid__row_next(&reader, &has_row, err);
        if (!has_row)
            break;
        json_decref(*out);
        *out = NULL;
        if (status == SID_OK)
            status = sid__jsonl_object(&reader, out, err);
    }
    sid__row_reader_drop(&reader);
    sid__source_close(&source);
    return status;
}

/* Fails when a line is joined with another, or a good one is refused. */
static void test_good(void **state)
{
    (void)state;
    json_t *object = NULL;
    TEST_OK(last_object("{\"a\":1}\r\n{\"a\":2}\n{\"a\":3}", &object, err));
    assert_int_equal(json_integer_value(json_object_get(object, "a")), 3);
    json_decref(object);
}

/* Fails when the line or the byte of an error is off. */
static void test_bad(void **state)
{
    (void)state;
    json_t *object = NULL;
    TEST_FAILS(last_object("{}\n\n{}", &object, err), SID_EDATA, "t.jsonl:2: an empty line");
    TEST_FAILS(last_object("{}\n[1]\n", &object, err), SID_EDATA, "t.jsonl:2: the line is no JSON object");
    TEST_FAILS(last_object("{}\n{\"a\":x}\n", &object, err), SID_EDATA,
               "t.jsonl:2: byte 0x78 is not JSON here (byte 8)");
    TEST_FAILS(last_object("{\n\"a\":1}\n", &object, err), SID_EDATA, "t.jsonl:1: ");
    assert_null(object);
}

/* Fails when a value's text changes: it reaches titles and metadata. */
static void test_text(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"\"a\\u00e9\\n\"", "a\xc3\xa9\n"},
        {"12", "12"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"1.10", "1.1"},
        {"4.0", "4"},
        {"1e100", "1e+100"},
        {"0.1234567890123456789", "0.12345678901234568"},
        {"true", "true"},
        {"false", "false"},
        {"null", ""},
        {"[\"a\",\"b\",\"c\"]", "a > b > c"},
        {"[\"a\"]", "a"},
        {"[]", "[]"},
        {"[\"a\", 1]", "[\"a\",1]"},
        {"{\"x\": [true]}", "{\"x\":[true]}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sid__strbuf out = {0};
        json_t *value = json_loads(cases[i][0], JSON_DECODE_ANY, NULL);
        assert_non_null(value);
        TEST_OK(sid__strbuf_append(&out, "", 0, err));
        TEST_OK(sid__jsonl_text(value, &out, err));
        assert_string_equal(out.text, cases[i][1]);
        json_decref(value);
        sid__strbuf_drop(&out);
    }
    json_t *list = json_pack("[i]", 1);
    sid__strbuf out = {0};
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__jsonl_text(list, &out, err), SID_ENOMEM, "text");
    }
    sid__mem_fail(-1, 0);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
                                       cmocka_unit_test(test_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
