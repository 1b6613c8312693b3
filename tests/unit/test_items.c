/* test_items.c: items in memory. */
#include "io/items.h"
#include "test.h"

static sid_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    return sid_ctx_create(&ctx, NULL) == SID_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sid_ctx_free(ctx);
    return 0;
}

static const char *const columns[] = {"brand", "title"};
static const char *const rows[] = {"a", "OPI", "Red \"polish\"", "b", NULL, "", "c", "", "x\ny"};

/* Fails when a value lands in another row or column, or an absent one is not "". */
static void test_values(void **state)
{
    (void)state;
    sid_items *items = NULL;
    TEST_OK(sid__items_from_rows(ctx, columns, 2, rows, 3, &items, err));
    assert_int_equal(sid_items_count(items), 3);
    assert_int_equal(sid_items_skipped(items), 0);
    assert_int_equal(sid_items_column_count(items), 2);
    assert_string_equal(sid_items_column_name(items, 1), "title");
    assert_string_equal(sid_items_id(items, 1), "b");
    assert_string_equal(sid_items_value(items, 0, 0), "OPI");
    assert_string_equal(sid_items_value(items, 1, 0), "");
    assert_string_equal(sid_items_value(items, 1, 1), "");
    assert_string_equal(sid_items_title(items, 0), "Red \"polish\"");
    assert_int_equal(sid_items_find(items, "c"), 2);
    assert_int_equal(sid_items_find(items, "d"), -1);
    sid_items_free(items);
}

static void check_metadata(const sid_items *items, int64_t row, const char *expected)
{
    char *json = NULL;
    TEST_OK(sid_items_metadata(items, row, &json, err));
    assert_string_equal(json, expected);
    sid_text_free(json);
}

/* Fails when metadata is no JSON, holds empty columns, or leaks without memory. */
static void test_metadata(void **state)
{
    (void)state;
    sid_items *items = NULL;
    char *json = NULL;
    TEST_OK(sid__items_from_rows(ctx, columns, 2, rows, 3, &items, err));
    check_metadata(items, 0, "{\"brand\":\"OPI\",\"title\":\"Red \\\"polish\\\"\"}");
    check_metadata(items, 1, "{}");
    check_metadata(items, 2, "{\"title\":\"x\\ny\"}");
    sid__mem_fail(0, 1);
    TEST_FAILS(sid_items_metadata(items, 0, &json, err), SID_ENOMEM, "a text");
    sid__mem_fail(-1, 0);
    sid_items_free(items);
    sid_items_free(NULL);
}

/* Fails when the title is not the column `title`, else the first, else "". */
static void test_title(void **state)
{
    (void)state;
    sid_items *items = NULL;
    TEST_OK(
        sid__items_from_rows(ctx, (const char *const[]){"name"}, 1, (const char *const[]){"a", "N"}, 1, &items, err));
    assert_string_equal(sid_items_title(items, 0), "N");
    sid_items_free(items);
    TEST_OK(sid__items_from_rows(ctx, NULL, 0, (const char *const[]){"a"}, 1, &items, err));
    assert_string_equal(sid_items_title(items, 0), "");
    sid_items_free(items);
}

/* Fails when a bad id or column passes. */
static void test_refused(void **state)
{
    (void)state;
    sid_items *items = NULL;
    TEST_FAILS(sid__items_from_rows(ctx, NULL, 0, (const char *const[]){"a", "b", "a"}, 3, &items, err), SID_EDATA,
               "\"a\" of row 2 seen before at row 0");
    TEST_FAILS(sid__items_from_rows(ctx, NULL, 0, (const char *const[]){""}, 1, &items, err), SID_EDATA,
               "empty item_id");
    TEST_FAILS(sid__items_from_rows(ctx, (const char *const[]){"x", "x"}, 2, rows, 0, &items, err), SID_EDATA, "twice");
    TEST_FAILS(sid__items_from_rows(ctx, (const char *const[]){""}, 1, rows, 0, &items, err), SID_EDATA,
               "empty column name");
    assert_null(items);
}

/* Fails when more columns than the limit are kept: each row has an offset a column. */
static void test_columns_max(void **state)
{
    (void)state;
    sid_items *items = NULL;
    int64_t column = 0;
    TEST_OK(sid__items_create(ctx, "t", &items, err));
    for (int i = 0; i < SID__COLUMNS_MAX; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "c%d", i);
        TEST_OK(sid__items_column(items, name, strlen(name), &column, err));
        assert_int_equal(column, i);
    }
    TEST_OK(sid__items_column(items, "c7", 2, &column, err));
    assert_int_equal(column, 7);
    TEST_FAILS(sid__items_column(items, "more", 4, &column, err), SID_EDATA, "more than 1024 columns");
    sid_items_free(items);
}

/* Fails when the memory limit is not kept, or not given back. */
static void test_memory_limit(void **state)
{
    (void)state;
    sid_items *items = NULL;
    sid_ctx_set_memory_limit(ctx, 1 << 20);
    TEST_FAILS(sid__items_from_rows(ctx, columns, 2, rows, 3, &items, err), SID_ENOMEM, "the items");
    sid_ctx_set_memory_limit(ctx, 32 << 20);
    for (int i = 0; i < 5; i++) {
        TEST_OK(sid__items_from_rows(ctx, columns, 2, rows, 3, &items, err));
        sid_items_free(items);
    }
    sid_ctx_set_memory_limit(ctx, 0);
}

/* Fails when the public call drops a value, takes a repeated id, or a count below 0. */
static void test_create(void **state)
{
    (void)state;
    static const char *const twice[] = {"a", "a"};
    sid_items *items = NULL;
    TEST_OK(sid_items_create(ctx, columns, 2, rows, 3, &items, err));
    assert_string_equal(sid_items_value(items, 2, 1), "x\ny");
    sid_items_free(items);
    items = NULL;
    assert_int_equal(sid_items_create(ctx, NULL, 0, twice, 2, &items, NULL), SID_EDATA);
    assert_int_equal(sid_items_create(ctx, columns, -1, rows, 3, &items, NULL), SID_EUSAGE);
    assert_null(items);
}

/* Fails when a failed allocation leaks or leaves a half-added row. */
static void test_no_memory(void **state)
{
    (void)state;
    for (int after = 0;; after++) {
        sid_items *items = NULL;
        assert_in_range(after, 0, 100);
        sid__mem_fail(after, 1);
        sid_status status = sid__items_from_rows(ctx, columns, 2, rows, 3, &items, NULL);
        sid__mem_fail(-1, 0);
        if (status == SID_OK) {
            sid_items_free(items);
            break;
        }
        assert_int_equal(status, SID_ENOMEM);
        assert_null(items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),    cmocka_unit_test(test_metadata),    cmocka_unit_test(test_title),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_columns_max), cmocka_unit_test(test_memory_limit),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_create),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
