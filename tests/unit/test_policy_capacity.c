/* test_policy_capacity.c: at most `cap` items a SID. */
#include "policy_case.h"

static void test_cap_holds(void **state)
{
    /* Fails when a SID holds more than cap, an item moves without need, or rows or threads matter. */
    (void)state;
    static const char *const options[] = {"cap=1", "cap=3", NULL};
    static const int cap[] = {1, 3, 5};
    for (int o = 0; o < 3; o++) {
        policy_case *c = case_create(180, 3, 80, (uint32_t)o);
        sid__moving m;
        TEST_OK(case_move(c, "capacity", options[o], &m, err));
        for (int i = 0; i < c->count; i++) {
            int before = 0;
            assert_true(case_holders(c, i) <= cap[o]);
            assert_int_equal(c->after[2 * i], c->before[2 * i]);
            for (int j = 0; j < c->count; j++)
                before += memcmp(c->before + 2 * i, c->before + 2 * j, 2 * sizeof *c->before) == 0;
            if (before <= cap[o])
                assert_int_equal(c->after[2 * i + 1], c->before[2 * i + 1]);
        }
        sid__moving_drop(&m);
        case_check_order_free(c, "capacity", options[o]);
        case_free(c);
    }
}

static void test_farthest_go_nearest(void **state)
{
    /* Fails when another than the farthest of a crowded SID goes, or not to the nearest code with room. */
    (void)state;
    policy_case *c = case_create(3, 1, 8, 9);
    sid__moving m;
    for (int i = 0; i < 3; i++)
        memcpy(c->x + i * CASE_DIM, c->x, CASE_DIM * sizeof *c->x);
    c->x[CASE_DIM] += .001F; /* row 1 is farther or nearer than the two equal ones */
    case_encode(c);
    int leaves = c->distance[1] > c->distance[0] ? 1 : 2; /* of equal ones the greater id */
    TEST_OK(case_move(c, "capacity", "cap=2", &m, err));
    assert_int_equal(m.moved, 1);
    assert_int_equal(m.is_moved[leaves], 1);
    for (int k = 0; k < 8; k++)
        if (k != c->before[1])
            assert_true(case_distance(c, leaves, c->after + 2 * leaves) <=
                        case_distance(c, leaves, (const uint16_t[]){c->before[0], (uint16_t)k}));
    sid__moving_drop(&m);
    case_free(c);
}

static void test_full_prefix(void **state)
{
    /* Fails when a prefix over cap times K is not named, or its ways out do not hold. */
    (void)state;
    policy_case *c = case_create(50, 1, 16, 4);
    sid__moving m;
    TEST_FAILS(case_move(c, "capacity", "cap=3", &m, err), SID_EDATA,
               "prefix 0 is full: 50 items for 16 last codes of 3 each");
    sid__moving_drop(&m);
    TEST_OK(case_move(c, "capacity", "cap=3,overflow=digit", &m, err));
    assert_int_equal(m.left, 2);
    sid__moving_drop(&m);
    TEST_OK(case_move(c, "capacity", "cap=3,overflow=beam", &m, err));
    for (int i = 0; i < c->count; i++)
        assert_true(case_holders(c, i) <= 3);
    sid__moving_drop(&m);
    case_free(c);
}

static void test_faults(void **state)
{
    /* Fails when memory or a read that fails is lost or leaks (under ASan). */
    (void)state;
    policy_case *c = case_create(24, 2, 8, 4);
    case_check_faults(c, "capacity", "cap=1,overflow=beam");
    case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cap_holds),
        cmocka_unit_test(test_farthest_go_nearest),
        cmocka_unit_test(test_full_prefix),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
