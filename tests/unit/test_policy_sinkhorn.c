/* test_policy_sinkhorn.c: items of a SID spread by optimal transport. */
#include "policy_case.h"

static int count_unique(const policy_case *c)
{
    int unique = 0;
    for (int i = 0; i < c->count; i++)
        unique += case_holders(c, i) == 1;
    return unique;
}

static void test_spreads(void **state)
{
    /* Fails when items that could be spread are not, a prefix changes, or rows or threads matter. */
    (void)state;
    policy_case *c = case_create(60, 3, 90, 2);
    sid__moving m;
    memcpy(c->after, c->before, sizeof c->after);
    assert_true(count_unique(c) < 55);
    TEST_OK(case_move(c, "sinkhorn", NULL, &m, err));
    assert_true(count_unique(c) >= 58);
    assert_int_equal(count_unique(c) + m.left, 60);
    for (int i = 0; i < c->count; i++)
        assert_int_equal(c->after[2 * i], c->before[2 * i]);
    sid__moving_drop(&m);
    case_check_order_free(c, "sinkhorn", NULL);
    case_free(c);
}

static void make_equal(policy_case *c, int from, int to)
{
    for (int i = from; i < to; i++)
        memcpy(c->x + i * CASE_DIM, c->x + from * CASE_DIM, CASE_DIM * sizeof *c->x);
    case_encode(c);
}

static void test_equal_vectors_stay_together(void **state)
{
    /* Fails when equal vectors are separated or not counted. */
    (void)state;
    policy_case *c = case_create(40, 1, 90, 5);
    sid__moving m;
    make_equal(c, 10, 14);
    TEST_OK(case_move(c, "sinkhorn", NULL, &m, err));
    for (int i = 11; i < 14; i++)
        assert_int_equal(c->after[2 * i + 1], c->after[2 * 10 + 1]);
    assert_int_equal(m.left_equal, 3);
    assert_non_null(strstr(c->log, "3 of them with the vector of another, which it never separates"));
    sid__moving_drop(&m);
    case_check_order_free(c, "sinkhorn", NULL);
    case_free(c);
}

static void test_all_equal(void **state)
{
    /* Fails when a catalogue of equal rows is moved about, or sinkhorn does not say that it cannot help. */
    (void)state;
    policy_case *c = case_create(30, 1, 16, 5);
    sid__moving m;
    make_equal(c, 0, 30);
    TEST_OK(case_move(c, "sinkhorn", NULL, &m, err));
    assert_int_equal(m.moved, 0);
    assert_int_equal(m.left, 30);
    assert_non_null(strstr(c->log, "sinkhorn cannot help: all 30 vectors are equal"));
    assert_non_null(strstr(c->log, "digit does"));
    sid__moving_drop(&m);
    case_free(c);
}

static void test_then_reassign(void **state)
{
    /* Fails when what sinkhorn leaves is not settled by the policy after it. */
    (void)state;
    policy_case *c = case_create(80, 2, 60, 6);
    sid__moving m;
    make_equal(c, 3, 9);
    TEST_OK(case_move(c, "sinkhorn", "then=reassign", &m, err));
    assert_int_equal(count_unique(c), 80);
    assert_int_equal(m.left, 0);
    sid__moving_drop(&m);
    case_free(c);
}

static void test_faults(void **state)
{
    /* Fails when memory or a read that fails is lost or leaks (under ASan). */
    (void)state;
    policy_case *c = case_create(24, 1, 16, 4);
    case_check_faults(c, "sinkhorn", "then=reassign,overflow=digit");
    case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spreads),   cmocka_unit_test(test_equal_vectors_stay_together),
        cmocka_unit_test(test_all_equal), cmocka_unit_test(test_then_reassign),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
