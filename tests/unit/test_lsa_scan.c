/* test_lsa_scan.c: each row once, with its own texts; failures stop the loop. */
#include "items_case.h"
#include "linalg_case.h"

#include "embed/lsa_scan.h"

enum { ROWS = 3 * SID__SCAN_CHUNK + 7 };

static sid_items *sample(sid_ctx *ctx)
{
    char *tsv = case_alloc(ROWS * 32 + 64, 1);
    int64_t used = snprintf(tsv, 64, "item_id\ttitle\tbrand\n");
    for (int i = 0; i < ROWS; i++)
        used += snprintf(tsv + used, 32, "i%d\tt%d\tb%d\n", i, i, i);
    sid_items *items = case_items(ctx, tsv);
    sid__free(tsv);
    return items;
}

static sid_status look(void *user, sid__scan_worker *worker, int64_t row, sid_error *err)
{
    int *seen = user;
    char wanted[16];
    (void)snprintf(wanted, sizeof wanted, "b%d", (int)row);
    if (strcmp(worker->text[0], wanted) != 0 || *worker->text[1])
        return sid__fail(err, SID_EDATA, "row %d has other texts", (int)row);
    seen[row]++;
    worker->zero_count += row % 2;
    worker->row.tokenizer.bad_count++;
    return row == ROWS - 1 && seen[ROWS] < 0 ? sid__fail(err, SID_EDATA, "the last row") : SID_OK;
}

/* Fails when a row is skipped, seen twice, or gets another row's or column's text. */
static void test_each_row_once(void **state)
{
    (void)state;
    sid__field field[] = {{"brand", 1, false}, {"absent", 1, false}};
    sid__fields fields = {field, 2, 0};
    for (int threads = 1; threads <= 7; threads += 3) {
        sid_ctx *ctx = case_ctx(threads, SID__ISA_PORTABLE);
        sid_items *items = sample(ctx);
        sid__scan scan = {0};
        int *seen = case_alloc(ROWS + 1, sizeof *seen);
        TEST_OK(sid__scan_init(&scan, ctx, items, &fields, 3, err));
        TEST_OK(sid__scan_run(&scan, "test", look, seen, err));
        for (int i = 0; i < ROWS; i++)
            assert_int_equal(seen[i], 1);
        assert_int_equal(sid__scan_zero_count(&scan), ROWS / 2);
        assert_int_equal(sid__scan_bad_count(&scan), ROWS);
        seen[ROWS] = -1; /* asks for a failure; no row writes it */
        TEST_FAILS(sid__scan_run(&scan, "test", look, seen, err), SID_EDATA, "the last row");
        sid__scan_drop(&scan);
        sid__free(seen);
        sid_items_free(items);
        sid_ctx_free(ctx);
    }
}

/* Fails when cancelling, lack of memory or foreign columns are not reported. */
static void test_failures(void **state)
{
    (void)state;
    sid__field field[] = {{"brand", 1, false}}, absent[] = {{"absent", 1, false}};
    sid_ctx *ctx = case_ctx(2, SID__ISA_PORTABLE);
    sid_items *items = sample(ctx);
    sid__scan scan = {0};
    TEST_FAILS(sid__scan_init(&scan, ctx, items, &(sid__fields){absent, 1, 0}, 1, err), SID_EDATA, "none of the");
    sid__scan_drop(&scan);
    for (int after = 0; after < 3; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__scan_init(&scan, ctx, items, &(sid__fields){field, 1, 0}, 1, err), SID_ENOMEM, "buffers");
        sid__scan_drop(&scan);
    }
    sid__mem_fail(-1, 0);
    TEST_OK(sid__scan_init(&scan, ctx, items, &(sid__fields){field, 1, 0}, 1, err));
    sid_ctx_cancel(ctx);
    TEST_FAILS(sid__scan_run(&scan, "test", look, NULL, err), SID_ECANCELED, "interrupted");
    sid__scan_drop(&scan);
    sid_items_free(items);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_row_once), cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
