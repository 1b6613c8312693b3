/* test_ranking.c: where a target stands. */
#include <math.h>

#include "eval/ranking.h"
#include "test.h"

/* Fails when seen items, ties or the target itself are counted wrongly. */
static void test_standing(void **state)
{
    (void)state;
    const float score[] = {3, 1, 2, -INFINITY, 2, 2, 0};
    static const int wanted[7][2] = {{0, 1}, {4, 1}, {1, 3}, {-1, 1}, {1, 3}, {1, 3}, {5, 1}};
    for (int i = 0; i < 7; i++) {
        sid__standing s = sid__standing_of(score, 7, i);
        assert_int_equal(s.above, wanted[i][0]);
        assert_int_equal(s.tied, wanted[i][1]);
    }
}

/* Fails when a sorted list gives another standing than its scores, or a target outside one at all. */
static void test_lists(void **state)
{
    (void)state;
    const int32_t item[] = {7, 3, 5, 1, 9};
    const double score[] = {-1, -2, -2, -2, -3};
    const int64_t above[] = {0, 1, 1, 1, 4}, tied[] = {1, 3, 3, 3, 1};
    for (int i = 0; i < 5; i++) {
        sid__standing s = sid__standing_in(item, score, 5, item[i]);
        assert_int_equal(s.above, above[i]);
        assert_int_equal(s.tied, tied[i]);
    }
    assert_int_equal(sid__standing_in(item, score, 5, 4).above, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_standing), cmocka_unit_test(test_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
