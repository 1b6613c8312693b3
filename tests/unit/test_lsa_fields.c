/* test_lsa_fields.c: which columns are text. */
#include "items_case.h"
#include "linalg_case.h"

#include "embed/lsa_fields.h"

static const char table[] = "item_id\tname\ttitle\tpath\n"
                            "1\ta\tb > c\tX > Y\n"
                            "2\ta\td\tX\n"
                            "3\ta\te\t\n";

static void check(const char *tsv, const char *text, const char *wanted, int title)
{
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, tsv);
    sid__fields fields = {0}, again = {0};
    sid__strbuf written = {0};
    TEST_OK(sid__fields_choose(items, text, &fields, err));
    TEST_OK(sid__fields_write(&fields, &written, err));
    assert_string_equal(written.text, wanted);
    assert_int_equal(fields.title, title);
    TEST_OK(sid__fields_parse(written.text, written.length, &again, err));
    assert_int_equal(again.title, title);
    assert_int_equal(again.count, fields.count);
    for (int i = 0; i < fields.count; i++) {
        assert_string_equal(again.field[i].name, fields.field[i].name);
        assert_int_equal(again.field[i].weight, fields.field[i].weight);
        assert_int_equal(again.field[i].is_path, fields.field[i].is_path);
    }
    sid__fields_drop(&fields);
    sid__fields_drop(&again);
    sid__strbuf_drop(&written);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

/* Fails when the default weights change, the title is not found, or one path makes a column a category column. */
static void test_choices(void **state)
{
    (void)state;
    check(table, "", "1\ttext\tname\n2\ttext\ttitle\n1\tpath\tpath\n", 1);
    check(table, "path:3,name", "3\tpath\tpath\n1\ttext\tname\n", 0);
    check("item_id\tname\tmore\n1\ta\tb\n", "", "2\ttext\tname\n1\ttext\tmore\n", 0);
    check("item_id\ta:2\ta\n1\tx\ty\n", "a:2,a:7", "1\ttext\ta:2\n7\ttext\ta\n", 0);
}

/* Fails when a mistake in `fields` is taken silently or the way out is not named. */
static void test_usage(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, table), *bare = case_items(ctx, "item_id\n1\n");
    sid__fields fields = {0};
    TEST_FAILS(sid__fields_choose(items, "titel:2", &fields, err), SID_EUSAGE,
               "no column \"titel\"; did you mean \"title\"?; the columns are name, title, path");
    TEST_FAILS(sid__fields_choose(items, "zzzzzzz", &fields, err), SID_EUSAGE, "\"zzzzzzz\"; the columns are");
    TEST_FAILS(sid__fields_choose(items, "title:0", &fields, err), SID_EUSAGE, "a whole weight from 1 to 1000");
    TEST_FAILS(sid__fields_choose(items, "title:1.5", &fields, err), SID_EUSAGE, "a whole weight");
    TEST_FAILS(sid__fields_choose(items, "title:1001", &fields, err), SID_EUSAGE, "a whole weight");
    TEST_FAILS(sid__fields_choose(items, "title,title:2", &fields, err), SID_EUSAGE, "named twice");
    TEST_FAILS(sid__fields_choose(items, ",title", &fields, err), SID_EUSAGE, "separated by commas");
    TEST_FAILS(sid__fields_choose(bare, "", &fields, err), SID_EDATA, "no column beside item_id");
    assert_null(fields.field);
    sid_items_free(items);
    sid_items_free(bare);
    sid_ctx_free(ctx);
}

/* Fails when the number of columns is not held against the limit. */
static void test_too_many(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    char tsv[8192];
    int used = snprintf(tsv, 16, "item_id");
    for (int i = 0; i <= SID__FIELDS_MAX; i++)
        used += snprintf(tsv + used, 16, "\tc%d", i);
    used += snprintf(tsv + used, 16, "\n1");
    for (int i = 0; i <= SID__FIELDS_MAX; i++)
        used += snprintf(tsv + used, 16, "\tx");
    (void)snprintf(tsv + used, 16, "\n");
    sid_items *items = case_items(ctx, tsv);
    sid__fields fields = {0};
    TEST_FAILS(sid__fields_choose(items, "", &fields, err), SID_EUSAGE, "more than 256 text columns");
    sid_items_free(items);
    sid_ctx_free(ctx);
}

/* Fails when columns of other items are matched by place instead of name, or none at all is accepted. */
static void test_columns(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, table), *other = case_items(ctx, "item_id\tpath\tname\n1\ta\tb\n");
    sid_items *foreign = case_items(ctx, "item_id\ttext\n1\ta\n");
    sid__fields fields = {0};
    int column[3];
    TEST_OK(sid__fields_choose(items, "", &fields, err));
    TEST_OK(sid__fields_columns(&fields, other, column, err));
    assert_int_equal(column[0], 1);
    assert_int_equal(column[1], -1);
    assert_int_equal(column[2], 0);
    TEST_FAILS(sid__fields_columns(&fields, foreign, column, err), SID_EDATA,
               "none of the encoder's text columns (the first is \"name\"); their columns are: text");
    sid__fields_drop(&fields);
    sid_items_free(items);
    sid_items_free(other);
    sid_items_free(foreign);
    sid_ctx_free(ctx);
}

/* Fails when a damaged list of fields is taken. */
static void test_parse(void **state)
{
    (void)state;
    static const char *const bad[] = {"1 text\tname\n",
                                      "0\ttext\tname\n",
                                      "1\tword\tname\n",
                                      "1\ttext\t\n",
                                      "x1\ttext\tname\n",
                                      "1\ttext\n",
                                      "\n",
                                      "1001\ttext\tname\n",
                                      "1\ttext\ta\n1\tpath\ta\n"};
    sid__fields fields = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        TEST_FAILS(sid__fields_parse(bad[i], (int64_t)strlen(bad[i]), &fields, err), SID_EDATA, "is not a field");
    TEST_FAILS(sid__fields_parse("", 0, &fields, err), SID_EDATA, "names no field");
    TEST_FAILS(sid__fields_parse("1\ttext\tname", 11, &fields, err), SID_EDATA, "names no field");
}

/* Fails when lack of memory leaks. */
static void test_out_of_memory(void **state)
{
    (void)state;
    sid_ctx *ctx = case_ctx(1, SID__ISA_PORTABLE);
    sid_items *items = case_items(ctx, table);
    sid__fields fields = {0};
    for (int after = 0; after < 4; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__fields_choose(items, "", &fields, err), SID_ENOMEM, "out of memory");
        sid__mem_fail(after / 2, 1);
        TEST_FAILS(sid__fields_parse("1\ttext\ta\n", 9, &fields, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__fields_choose(items, "nome", &fields, err), SID_ENOMEM, "column names");
    sid__mem_fail(-1, 0);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choices), cmocka_unit_test(test_usage), cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_columns), cmocka_unit_test(test_parse), cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
