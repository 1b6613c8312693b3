/* test_bad_rows.c: rows that cannot be used. test_items_read.c tests the same through items. */
#include "io/bad_rows.h"
#include "io_help.h"

static int warnings;

static void count_warning(void *user, sid_log_level level, const char *message)
{
    (void)user;
    warnings += level == SID_LOG_WARNING && message[0] != 0;
}

static void read_all(sid_ctx *ctx, sid__bad_rows *bad, const char *text)
{
    sid__source source;
    sid__row_reader rows;
    const sid_error why = {.status = SID_EDATA, .message = "no good"};
    bool has_row = true;
    (void)ctx;
    TEST_OK(sid__source_memory(text, strlen(text), "x.tsv", &source, err));
    sid__row_reader_init(&rows, &source, SID__ROWS_TSV);
    TEST_OK(sid__row_next(&rows, &has_row, err));
    TEST_OK(sid__bad_rows_header(bad, &rows, err));
    for (;;) {
        TEST_OK(sid__row_next(&rows, &has_row, err));
        if (!has_row)
            break;
        TEST_OK(sid__bad_rows_pass(bad, &rows, &why, err));
    }
    sid__row_reader_drop(&rows);
}

/* Fails when more than five rows are warned of, or rows are not counted. */
static void test_skip(void **state)
{
    (void)state;
    sid_ctx *ctx = NULL;
    sid__bad_rows bad;
    TEST_OK(sid_ctx_create(&ctx, err));
    sid_ctx_on_log(ctx, count_warning, NULL);
    TEST_OK(sid__bad_rows_open(ctx, &(sid_read_options){.on_error = SID_ON_ERROR_SKIP}, &bad, err));
    read_all(ctx, &bad, "h\n1\n2\n3\n4\n5\n6\n7\n");
    assert_int_equal(bad.skipped, 7);
    assert_int_equal(warnings, 5);
    TEST_OK(sid__bad_rows_close(&bad, SID_OK, err));
    sid_ctx_free(ctx);
}

/* Fails when a quarantine is no file that can be read again, lacks a reason, or stays after a failure. */
static void test_quarantine(void **state)
{
    (void)state;
    sid_ctx *ctx = NULL;
    sid__bad_rows bad;
    char path[512];
    size_t size = 0;
    (void)snprintf(path, sizeof path, "%s", temporary_path("bad.tsv"));
    TEST_OK(sid_ctx_create(&ctx, err));
    const sid_read_options options = {.on_error = SID_ON_ERROR_QUARANTINE, .quarantine_path = path};
    TEST_OK(sid__bad_rows_open(ctx, &options, &bad, err));
    read_all(ctx, &bad, "h\n1\n2");
    TEST_OK(sid__bad_rows_close(&bad, SID_OK, err));
    char *bytes = read_bytes(path, &size);
    assert_int_equal(size, 6);
    assert_memory_equal(bytes, "h\n1\n2\n", 6);
    free(bytes);
    bytes = read_bytes(temporary_path("bad.tsv.why"), &size);
    assert_int_equal(size, 16);
    assert_memory_equal(bytes, "no good\nno good\n", 16);
    free(bytes);

    (void)snprintf(path, sizeof path, "%s", temporary_path("none.tsv"));
    TEST_OK(sid__bad_rows_open(ctx, &options, &bad, err));
    assert_int_equal(sid__bad_rows_close(&bad, SID_EIO, NULL), SID_EIO);
    assert_false(sid__path_exists(path));
    const sid_read_options nowhere = {.on_error = SID_ON_ERROR_QUARANTINE, .quarantine_path = "-"};
    TEST_FAILS(sid__bad_rows_open(ctx, &nowhere, &bad, err), SID_EUSAGE, "quarantine=FILE");
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_skip), cmocka_unit_test(test_quarantine)};
    return cmocka_run_group_tests(tests, NULL, remove_temporary);
}
