/* test_code_order.c: rows sorted by codes. */
#include "test.h"

#include "base/mem.h"
#include "sid/code_order.h"

static const uint16_t codes[] = {1, 2, 0, 65535, 1, 2, 1, 0, 0, 0};

static void test_order_and_runs(void **state)
{
    /* Fails when rows are not by codes then row, or a run takes a neighbour in or leaves one out. */
    (void)state;
    sid__code_order by = {0};
    const int64_t wanted[] = {4, 1, 3, 0, 2};
    TEST_OK(sid__code_order_create(codes, 5, 2, &by, err));
    for (int i = 0; i < 5; i++)
        assert_int_equal(by.order[i], wanted[i]);
    assert_int_equal(sid__code_order_run(&by, 0, 0), 5);
    assert_int_equal(sid__code_order_run(&by, 0, 1), 2);
    assert_int_equal(sid__code_order_run(&by, 2, 1), 5);
    assert_int_equal(sid__code_order_run(&by, 0, 2), 1);
    assert_int_equal(sid__code_order_run(&by, 3, 2), 5);
    sid__code_order_free(&by);
    assert_null(by.order);
}

static void test_pairs(void **state)
{
    /* Fails when the pairs of a depth are counted once, or with an item itself. */
    (void)state;
    sid__code_order by = {0};
    TEST_OK(sid__code_order_create(codes, 5, 2, &by, err));
    assert_true(sid__code_order_pairs(&by, 0) == 20);
    assert_true(sid__code_order_pairs(&by, 1) == 8);
    assert_true(sid__code_order_pairs(&by, 2) == 2);
    sid__code_order_free(&by);
}

static void test_compare_and_shared(void **state)
{
    /* Fails when codes compare as signed or as bytes, or the common prefix runs on after a difference. */
    (void)state;
    assert_true(sid__codes_compare((const uint16_t[]){256, 1}, (const uint16_t[]){1, 2}, 2) > 0);
    assert_true(sid__codes_compare((const uint16_t[]){65535}, (const uint16_t[]){0}, 1) > 0);
    assert_int_equal(sid__codes_compare((const uint16_t[]){3, 1}, (const uint16_t[]){3, 2}, 1), 0);
    assert_int_equal(sid__codes_shared((const uint16_t[]){3, 1, 7}, (const uint16_t[]){3, 2, 7}, 3), 1);
    assert_int_equal(sid__codes_shared((const uint16_t[]){3, 1}, (const uint16_t[]){3, 1}, 2), 2);
}

static void test_faults(void **state)
{
    /* Fails when a failed allocation leaks or half an order is given. */
    (void)state;
    sid__code_order by = {0};
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__code_order_create(codes, 5, 2, &by, err), SID_ENOMEM, "out of memory");
        sid__mem_fail(-1, 0);
        assert_null(by.order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_runs),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_compare_and_shared),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
