/* test_admission.c: sights are counted until they are too old. */
#include "table/admission.h"

#include "base/mem.h"
#include "base/mix.h"
#include "quant_help.h"

/* Fails when a count is lost among few keys, or shared between shards. */
static void few_keys_are_counted_exactly(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__filter filter;
    (void)state;
    TEST_OK(sid__filter_init(ctx, 2, 4096, &filter, err));
    for (int round = 1; round <= 3; round++)
        for (uint64_t key = 0; key < 300; key++) {
            assert_int_equal(sid__filter_count(&filter, 1, sid__mix64(key)), 2 * (round - 1));
            sid__filter_add(&filter, 1, sid__mix64(key), 2);
            assert_int_equal(sid__filter_count(&filter, 1, sid__mix64(key)), 2 * round);
            assert_int_equal(sid__filter_count(&filter, 0, sid__mix64(key)), 0);
        }
    sid__filter_forget(&filter, 1, sid__mix64(7));
    assert_int_equal(sid__filter_count(&filter, 1, sid__mix64(7)), 0);
    assert_int_equal(sid__filter_count(&filter, 1, sid__mix64(8)), 6);
    sid__filter_add(&filter, 1, sid__mix64(8), 1000);
    assert_int_equal(sid__filter_count(&filter, 1, sid__mix64(8)), 255);
    sid__filter_drop(&filter);
    assert_int_equal(atomic_load(&ctx->reserved_size), 0);
    sid_ctx_free(ctx);
}

/* Fails when the oldest generation is not cleared, or when what is seen again does not move to the newest: seven generations,
 * each half full before the next begins, remember at least the last three halves and at most seven. */
static void old_sights_are_forgotten(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__filter filter;
    (void)state;
    TEST_OK(sid__filter_init(ctx, 1, 1024, &filter, err));
    assert_int_equal(filter.cells, 1024);
    for (uint64_t key = 1; key <= 10000; key++) {
        sid__filter_add(&filter, 0, sid__mix64(key), 1);
        if (key % 100 == 0)
            sid__filter_add(&filter, 0, sid__mix64(1), 1);
    }
    assert_int_equal(sid__filter_count(&filter, 0, sid__mix64(1)), 101);
    int known = 0;
    for (uint64_t key = 2; key <= 5000; key++)
        known += sid__filter_count(&filter, 0, sid__mix64(key)) > 0;
    assert_true(known <= 5); /* a place and 24 bits agree by chance */
    for (uint64_t key = 10000 - 1500; key <= 10000; key++)
        assert_true(sid__filter_count(&filter, 0, sid__mix64(key)) > 0);
    sid__filter_recount(&filter);
    for (int g = 0; g < SID__GENERATIONS; g++)
        assert_true(filter.used[g] <= 513);
    sid__filter_drop(&filter);
    sid_ctx_free(ctx);
}

/* Fails when the least filter overflows, or when one without cells counts. */
static void the_smallest_filter_holds(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__filter filter, none;
    (void)state;
    TEST_OK(sid__filter_init(ctx, 3, 1, &filter, err));
    TEST_OK(sid__filter_init(ctx, 3, 0, &none, err));
    assert_int_equal(filter.cells, SID__FILTER_CELLS_LEAST);
    for (uint64_t key = 0; key < 1000; key++) {
        sid__filter_add(&filter, (int)(key % 3), sid__mix64(key), 1);
        assert_int_equal(sid__filter_count(&filter, (int)(key % 3), sid__mix64(key)), 1);
        sid__filter_add(&none, 0, sid__mix64(key), 1);
        assert_int_equal(sid__filter_count(&none, 0, sid__mix64(key)), 0);
    }
    sid__filter_forget(&none, 0, 1);
    sid__filter_drop(&filter);
    sid__filter_drop(&none);
    sid__mem_fail(1, 1);
    assert_int_equal(sid__filter_init(ctx, 3, 1, &filter, NULL), SID_ENOMEM);
    sid__mem_fail(-1, 0);
    assert_int_equal(atomic_load(&ctx->reserved_size), 0);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_keys_are_counted_exactly),
        cmocka_unit_test(old_sights_are_forgotten),
        cmocka_unit_test(the_smallest_filter_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
