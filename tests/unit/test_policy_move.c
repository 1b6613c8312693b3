/* test_policy_move.c: equal vectors and what is told. */
#include "policy_case.h"

static policy_case *with_equal_rows(void)
{
    policy_case *c = case_create(40, 2, 60, 8);
    for (int i = 30; i < 34; i++)
        memcpy(c->x + i * CASE_DIM, c->x + 7 * CASE_DIM, CASE_DIM * sizeof *c->x);
    memcpy(c->x + 20 * CASE_DIM, c->x + 5 * CASE_DIM, CASE_DIM * sizeof *c->x);
    case_encode(c);
    return c;
}

static void test_merge(void **state)
{
    /* Fails when merged rows do not share the SID of their first, or take part in the matching. */
    (void)state;
    policy_case *c = with_equal_rows();
    sid__moving m;
    TEST_OK(case_move(c, "reassign", "duplicates=merge", &m, err));
    assert_int_equal(m.equal, 5);
    for (int i = 30; i < 34; i++) {
        assert_int_equal(m.first[i], 7);
        assert_memory_equal(c->after + 2 * i, c->after + 2 * 7, 2 * sizeof *c->after);
    }
    assert_int_equal(case_holders(c, 7), 5);
    assert_int_equal(case_holders(c, 5), 2);
    assert_non_null(strstr(c->log, "merge: 5 items have the vector of another"));
    sid__moving_drop(&m);
    case_check_order_free(c, "reassign", "duplicates=merge");
    case_free(c);
}

static void test_keep_and_error(void **state)
{
    /* Fails when equal rows are merged unasked, or not refused, with their names, when asked. */
    (void)state;
    policy_case *c = with_equal_rows();
    sid__moving m;
    TEST_OK(case_move(c, "reassign", NULL, &m, err));
    assert_int_equal(case_holders(c, 7), 1);
    assert_null(m.first);
    sid__moving_drop(&m);
    TEST_FAILS(case_move(c, "keep", "duplicates=error", &m, err), SID_EDATA,
               "the vectors of \"i005\" and \"i020\" are equal; items with the vector of another: 5");
    sid__moving_drop(&m);
    case_free(c);
}

static void test_nothing_to_do(void **state)
{
    /* Fails when a policy that moves nothing changes codes or looks at vectors. */
    (void)state;
    static const char *const name[] = {"keep", "digit", "suffix"};
    policy_case *c = case_create(20, 2, 8, 8);
    for (int i = 0; i < 3; i++) {
        sid__moving m;
        c->reads_left = 0;
        TEST_OK(case_move(c, name[i], NULL, &m, err));
        assert_memory_equal(c->after, c->before, sizeof c->after);
        assert_null(m.is_moved);
        sid__moving_drop(&m);
    }
    case_free(c);
}

static void test_fitted_codes_of_equal_rows(void **state)
{
    /* Fails when rows of equal vectors that came with different codes are merged in name only. */
    (void)state;
    policy_case *c = with_equal_rows();
    sid__moving m;
    c->before[2 * 31 + 1] ^= 1;
    TEST_OK(case_move(c, "keep", "duplicates=merge", &m, err));
    assert_memory_equal(c->after + 2 * 31, c->after + 2 * 7, 2 * sizeof *c->after);
    assert_int_equal(m.moved, 1);
    assert_int_equal(m.is_moved[31], 1);
    sid__moving_drop(&m);
    case_free(c);
}

static void test_canceled(void **state)
{
    /* Fails when a canceled call goes on. */
    (void)state;
    policy_case *c = case_create(20, 1, 20, 8);
    sid__moving m;
    sid_ctx_cancel(c->ctx);
    TEST_FAILS(case_move(c, "reassign", NULL, &m, err), SID_ECANCELED, "interrupted");
    sid__moving_drop(&m);
    case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),         cmocka_unit_test(test_keep_and_error),
        cmocka_unit_test(test_nothing_to_do), cmocka_unit_test(test_fitted_codes_of_equal_rows),
        cmocka_unit_test(test_canceled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
