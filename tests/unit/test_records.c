/* test_records.c: rows of named columns. */
#include "io/records.h"
#include "test.h"

static const sid__record_columns columns = {.name = {"user_id", "item_id", "when"}, .count = 3, .required_count = 2};

/* All records as text, "a|b|c;", "-" for what is not there, "!" for a bad row. */
static sid_status read_text(const char *text, const char *path, char *out, size_t size, sid_error *err)
{
    static const sid_read_options skip = {.on_error = SID_ON_ERROR_SKIP};
    sid_ctx *ctx = NULL;
    sid__source source;
    sid__records records = {0};
    sid_error why = {0};
    bool has_record = true;
    size_t n = 0;
    out[0] = 0;
    assert_int_equal(sid_ctx_create(&ctx, err), SID_OK);
    sid_status status = sid__source_memory(text, strlen(text), path, &source, err);
    assert_int_equal(status, SID_OK);
    status = sid__records_open(ctx, &source, path, &columns, &skip, &records, err);
    while (status == SID_OK && has_record) {
        if (sid__records_next(&records, &has_record, &why) != SID_OK) {
            status = sid__records_pass(&records, &why, err);
            has_record = true;
            n += (size_t)snprintf(out + n, size - n, "!");
            continue;
        }
        for (int c = 0; has_record && c < 3; c++)
            n += sid__records_has(&records, c)
                     ? (size_t)snprintf(out + n, size - n, "%.*s%c", (int)records.value[c].size, records.value[c].text,
                                        c < 2 ? '|' : ';')
                     : (size_t)snprintf(out + n, size - n, "-%c", c < 2 ? '|' : ';');
    }
    status = sid__records_close(&records, status, err);
    sid_ctx_free(ctx);
    return status;
}

static void check(const char *text, const char *path, const char *wanted)
{
    char out[512];
    TEST_OK(read_text(text, path, out, sizeof out, err));
    assert_string_equal(out, wanted);
}

/* Fails when a form, the order of columns, other columns or absent ones are read wrongly. */
static void test_forms(void **state)
{
    (void)state;
    check("user_id\titem_id\twhen\na\tb\t1\nc\td\t2\n", "x.tsv", "a|b|1;c|d|2;");
    check("rating\twhen\titem_id\tuser_id\n5\t1\tb\ta\n", "x", "a|b|1;");
    check("item_id,user_id\n\"b,\"\"\",a\n", "x.CSV", "a|b,\"|-;");
    check("user_id:token\titem_id:token\trating:float\na\tb\t3\n", "x.inter", "a|b|-;");
    check("user_id:token\titem_id:token\twhen:float\na\tb\t3\n", "x.tsv", "a|b|3;");
    check("{\"user_id\":1,\"item_id\":\"b\",\"when\":1.5}\n{\"item_id\":\"d\",\"user_id\":\"c\",\"when\":null}\n",
          "x.jsonl", "1|b|1.5;c|d|-;");
}

/* Fails when a bad row is read, or takes others with it. */
static void test_bad_rows(void **state)
{
    (void)state;
    check("user_id\titem_id\na\nb\tc\n\n", "x.tsv", "!b|c|-;!");
    check("{\"user_id\":1}\nx\n{\"user_id\":1,\"item_id\":2}\n", "x.jsonl", "!!1|2|-;");
}

/* Fails when a header that cannot be used is, or the message does not say what is wrong with it. */
static void test_bad_headers(void **state)
{
    (void)state;
    char out[512];
    TEST_FAILS(read_text("", "x.tsv", out, sizeof out, err), SID_EDATA, "the file is empty");
    TEST_FAILS(read_text("1\t2\t3\n", "x.tsv", out, sizeof out, err), SID_EDATA, "x.tsv:1: the header has no column");
    TEST_FAILS(read_text("user_id\tx\n", "x.tsv", out, sizeof out, err), SID_EDATA, "no column item_id");
    TEST_FAILS(read_text("user_id\titem_id\titem_id\n", "x.tsv", out, sizeof out, err), SID_EDATA, "there twice");
    TEST_FAILS(read_text("{\"user_id\":1}\n", "x.tsv", out, sizeof out, err), SID_EDATA, "ends in .jsonl");
    TEST_FAILS(read_text("user_id:token\titem_id:text\n", "x.inter", out, sizeof out, err), SID_EDATA, "name:type");
    TEST_FAILS(read_text("user_id:token\titem_id\n", "x.tsv", out, sizeof out, err), SID_EDATA, "name:type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_bad_rows),
                                       cmocka_unit_test(test_bad_headers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
