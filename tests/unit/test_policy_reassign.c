/* test_policy_reassign.c: one item a SID by the fewest moves. */
#include "policy_case.h"

#include <math.h>

static void check_unique_and_fewest(policy_case *c, const sid__moving *m)
{
    int used = 0, moved = 0;
    for (int i = 0; i < c->count; i++) {
        assert_int_equal(case_holders(c, i), 1);
        assert_int_equal(c->after[2 * i], c->before[2 * i]);
        bool is_first = true;
        for (int j = 0; j < i; j++)
            is_first = is_first && memcmp(c->before + 2 * i, c->before + 2 * j, 2 * sizeof *c->before) != 0;
        used += is_first;
        moved += c->after[2 * i + 1] != c->before[2 * i + 1];
        assert_int_equal(m->is_moved[i], c->after[2 * i + 1] != c->before[2 * i + 1]);
    }
    assert_int_equal(moved, c->count - used);
    assert_int_equal(m->moved, moved);
    assert_int_equal(m->left, 0);
}

static void test_fewest_moves(void **state)
{
    /* Fails when two items share a SID, a prefix changes, more items move than must, or rows or threads matter. */
    (void)state;
    static const int count[] = {1, 2, 20, 60, 200}, codes[] = {4, 4, 16, 40, 90};
    for (int i = 0; i < 5; i++) {
        policy_case *c = case_create(count[i], i < 2 ? 1 : 3, codes[i], (uint32_t)i);
        sid__moving m;
        TEST_OK(case_move(c, "reassign", NULL, &m, err));
        check_unique_and_fewest(c, &m);
        sid__moving_drop(&m);
        case_check_order_free(c, "reassign", NULL);
        case_free(c);
    }
}

/* The least cost of giving each of the rows from `row` on a code of its own, all in one prefix. */
static double least_cost(const policy_case *c, int row, unsigned taken, int moves)
{
    double best = HUGE_VAL;
    if (row == c->count)
        return moves == 0 ? 0 : HUGE_VAL;
    for (int k = 0; k < c->codes; k++) {
        int is_move = k != c->before[2 * row + 1];
        if (taken & 1U << k || is_move > moves)
            continue;
        double rest = least_cost(c, row + 1, taken | 1U << k, moves - is_move);
        double cost = case_distance(c, row, (const uint16_t[]){0, (uint16_t)k}) + rest;
        best = cost < best ? cost : best;
    }
    return best;
}

static void test_least_cost(void **state)
{
    /* Fails when another matching with as few moves is nearer: all of them are tried. */
    (void)state;
    for (uint32_t s = 0; s < 30; s++) {
        policy_case *c = case_create(5, 1, 7, 50 + s);
        sid__moving m;
        double cost = 0;
        TEST_OK(case_move(c, "reassign", NULL, &m, err));
        for (int i = 0; i < c->count; i++)
            cost += case_distance(c, i, c->after + 2 * i);
        double best = least_cost(c, 0, 0, (int)m.moved);
        assert_true(cost <= best + 1e-6);
        sid__moving_drop(&m);
        case_free(c);
    }
}

static void test_many_free_codes(void **state)
{
    /* Fails when rows bring too few free codes: 100 equal rows need the 99 nearest, of which 32 are brought at first. */
    (void)state;
    policy_case *c = case_create(100, 1, 250, 3);
    sid__moving m;
    double farthest_taken = 0, nearest_free = HUGE_VAL;
    bool is_taken[250] = {false};
    for (int i = 0; i < c->count; i++)
        memcpy(c->x + i * CASE_DIM, c->x, CASE_DIM * sizeof *c->x);
    case_encode(c);
    TEST_OK(case_move(c, "reassign", NULL, &m, err));
    check_unique_and_fewest(c, &m);
    for (int i = 0; i < c->count; i++) {
        double d = case_distance(c, 0, c->after + 2 * i);
        farthest_taken = d > farthest_taken ? d : farthest_taken;
        is_taken[c->after[2 * i + 1]] = true;
    }
    for (int k = 0; k < 250; k++) {
        double d = case_distance(c, 0, (const uint16_t[]){c->before[0], (uint16_t)k});
        nearest_free = !is_taken[k] && d < nearest_free ? d : nearest_free;
    }
    assert_true(farthest_taken <= nearest_free);
    sid__moving_drop(&m);
    case_free(c);
}

static void test_full_prefix(void **state)
{
    /* Fails when a prefix with more items than codes is not named, or its ways out do not hold what they promise. */
    (void)state;
    policy_case *c = case_create(30, 1, 16, 4);
    sid__moving m;
    int left = 0;
    TEST_FAILS(case_move(c, "reassign", NULL, &m, err), SID_EDATA,
               "prefix 0 is full: 30 items for 16 last codes of 1 each");
    sid__moving_drop(&m);
    TEST_OK(case_move(c, "reassign", "overflow=digit", &m, err));
    assert_int_equal(m.left, 14);
    for (int i = 0; i < c->count; i++)
        left += m.is_left[i] && c->after[2 * i + 1] == c->before[2 * i + 1];
    assert_int_equal(left, 14);
    sid__moving_drop(&m);
    TEST_OK(case_move(c, "reassign", "overflow=beam", &m, err));
    for (int i = 0; i < c->count; i++)
        assert_int_equal(case_holders(c, i), 1);
    sid__moving_drop(&m);
    case_check_order_free(c, "reassign", "overflow=beam");
    case_free(c);
    c = case_create(40, 1, 16, 4); /* more than the 32 SIDs that are looked at */
    TEST_FAILS(case_move(c, "reassign", "overflow=beam", &m, err), SID_EDATA, "no SID is free for \"i0");
    sid__moving_drop(&m);
    case_free(c);
}

static void test_faults(void **state)
{
    /* Fails when memory or a read that fails is lost or leaks (under ASan). */
    (void)state;
    policy_case *c = case_create(24, 1, 16, 4);
    case_check_faults(c, "reassign", "overflow=beam,duplicates=merge");
    case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fewest_moves), cmocka_unit_test(test_least_cost), cmocka_unit_test(test_many_free_codes),
        cmocka_unit_test(test_full_prefix),  cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
