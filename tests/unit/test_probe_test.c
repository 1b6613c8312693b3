/* test_probe_test.c: what probing some partitions finds of the exact best. */
#include <math.h>

#include "retrieve/retriever.h"
#include "retrieve_case.h"

/* Three partitions on a line: 0 at 1, 1 at .5, 2 at 0; two items each. A request of 1 finds 0's first. */
static sid_retriever *on_a_line(bool has_vectors)
{
    static const float at[6] = {1, .9F, .5F, .4F, 0, -.1F};
    static const char *const sid[6] = {"0-0", "0-1", "1-0", "1-1", "2-0", "2-1"};
    static const char *const id[6] = {"a", "b", "c", "d", "e", "f"};
    const sid__shelf_kind kind = {
        .levels = 2, .half_life_days = 1, .tower = {has_vectors, 1, sid__kernels_for(sid__isa_best())}};
    sid__shelf_item item[6];
    sid_retriever *r = NULL;
    for (int i = 0; i < 6; i++)
        item[i] = (sid__shelf_item){id[i], sid[i], "", 1, 0, i, has_vectors ? &at[i] : NULL};
    TEST_OK(sid__retriever_of(item, 6, &kind, &r, err));
    return r;
}

/* Fails when recall or what was read are not those of this line: of the best 3, a b c, one partition has two and two have all. The
 * request of -1 finds 2's first. */
static void test_line(void **state)
{
    const float query[2] = {1, -1};
    sid_retriever *r = on_a_line(true);
    sid_probe_report report;
    sid_ctx *ctx = NULL;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    for (int threads = 1; threads <= 2; threads++) {
        TEST_OK(sid_ctx_set_threads(ctx, threads, err));
        TEST_OK(sid_probe_test(ctx, r, 3, query, 2, &report, err));
        assert_true(report.requests == 2 && report.partitions == 3 && report.items == 6 && report.k == 3);
        assert_int_equal(report.count, 3);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(report.row[i].probe, i + 1);
            assert_true(fabs(report.row[i].recall - (i == 0 ? 2. / 3 : 1)) < 1e-12);
            assert_true(fabs(report.row[i].scored - (i + 1) / 3.) < 1e-12);
            assert_true(report.row[i].request_s > 0);
        }
        sid_probe_report_drop(&report);
    }
    sid_ctx_free(ctx);
    sid_retriever_free(r);
}

/* Fails when a retriever without vectors, or no request, passes, or a fault leaks. */
static void test_refusals_and_faults(void **state)
{
    const float query[1] = {1};
    sid_retriever *plain = on_a_line(false), *r = on_a_line(true);
    sid_probe_report report;
    sid_ctx *ctx = NULL;
    (void)state;
    TEST_OK(sid_ctx_create(&ctx, err));
    TEST_FAILS(sid_probe_test(ctx, plain, 3, query, 1, &report, err), SID_EUSAGE, "0 vectors of items");
    TEST_FAILS(sid_probe_test(ctx, r, 3, query, 0, &report, err), SID_EUSAGE, "0 requests");
    for (int64_t after = 0;; after++) {
        sid__mem_fail(after, 1);
        sid_status status = sid_probe_test(ctx, r, 0, query, 1, &report, NULL);
        sid__mem_fail(-1, 0);
        sid_probe_report_drop(&report);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    sid_ctx_free(ctx);
    sid_retriever_free(plain);
    sid_retriever_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_line), cmocka_unit_test(test_refusals_and_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
