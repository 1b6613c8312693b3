/* test_sinkhorn.c: the transport plan, against the specification and numpy (tests/oracle/policy_oracle.py). */
#include "policy_case.h"

#include <math.h>

#include "linalg/sinkhorn.h"

enum { ROWS_MAX = 8, CODES_MAX = 8 };
static const int64_t ones[ROWS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1};

static void check_near(double seen, double wanted)
{
    if (!(fabs(seen - wanted) <= 1e-9))
        fail_msg("%.15g, but %.15g is expected", seen, wanted);
}

static void test_specification(void **state)
{
    /* Fails when the plan (times B) is not that of spec/quantizers.md §8, or ties do not go to the lowest code. */
    (void)state;
    double soft[] = {0, 1, .2, 1}, sharp[] = {0, 1, .2, 1}, equal[] = {0, 1, 0, 1};
    sid__sinkhorn(soft, ones, 2, 2, .5);
    check_near(2 * soft[0], .598685738);
    check_near(2 * soft[1], .401314262);
    check_near(2 * soft[2], .401314262);
    check_near(2 * soft[3], .598685738);
    sid__sinkhorn(sharp, ones, 2, 2, .003);
    check_near(2 * sharp[0], .99);
    check_near(2 * sharp[3], 1);
    assert_int_equal(sid__sinkhorn_code(sharp, 2), 0);
    assert_int_equal(sid__sinkhorn_code(sharp + 2, 2), 1);
    sid__sinkhorn(equal, ones, 2, 2, .5);
    for (int i = 0; i < 4; i++)
        check_near(2 * equal[i], .5);
    assert_int_equal(sid__sinkhorn_code(equal, 2), 0);
    assert_int_equal(sid__sinkhorn_code(equal + 2, 2), 0);
}

static void test_numpy(void **state)
{
    /* Fails when a scaling, its order or the number of rounds is another; .003 is where e^333 beats float32. */
    (void)state;
    static const struct {
        int rows;
        double first[6];
        int code[5];
    } wanted[] = {
        {2, {.328571226459, .286398133969, .0516487446229, 2.87222256042e-05, .333333321686, 6.41e-09}, {4, 5}},
        {3, {.5, 0, 0, 0, 0, .5}, {0, 2, 1}},
        {4, {2.649e-07, 1.938e-06, .397767534022, 4.85e-08, .586331096581, .00270165206468}, {4, 0, 3, 5}},
        {5, {.833333333333, 0, 0, 0, 0, .814638435529}, {0, 1, 2, 3, 4}},
        {2, {.333333332461, .333333333013, .0127555350449, 0, .332858053396, 0}, {1, 5}},
        {3, {0, 0, .5, .25, 0, .5}, {2, 0, 4}},
    };
    for (uint32_t s = 0; s < 6; s++) {
        double q[ROWS_MAX * CODES_MAX];
        int rows = wanted[s].rows;
        for (int i = 0; i < rows; i++)
            for (int k = 0; k < 6; k++)
                q[i * 6 + k] = hash_uniform(200 + s, (uint32_t)i, (uint32_t)k);
        sid__sinkhorn(q, ones, rows, 6, s % 2 ? .003 : .05);
        for (int k = 0; k < 6; k++)
            check_near(rows * q[k], wanted[s].first[k]);
        for (int i = 0; i < rows && s != 1; i++) /* problem 1: two codes are equally good */
            assert_int_equal(sid__sinkhorn_code(q + i * 6, 6), wanted[s].code[i]);
    }
}

static void test_weights_are_copies(void **state)
{
    /* Fails when a row with weight 2 is not what two equal rows are. */
    (void)state;
    static const uint32_t copied[] = {0, 1, 1, 2};
    double q[3 * 4], copies[4 * 4];
    for (uint32_t i = 0; i < 4; i++)
        for (uint32_t k = 0; k < 4; k++) {
            copies[i * 4 + k] = hash_uniform(300, copied[i], k);
            q[copied[i] * 4 + k] = copies[i * 4 + k];
        }
    sid__sinkhorn(q, (const int64_t[]){1, 2, 1}, 3, 4, .1);
    sid__sinkhorn(copies, ones, 4, 4, .1);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++)
            check_near(4 * q[copied[i] * 4 + (uint32_t)k], 4 * copies[i * 4 + k]);
    check_near(4 * q[4 + 1], .486099268365);
    check_near(4 * q[4 + 2], .499999221296);
}

static void test_extremes(void **state)
{
    /* Fails when far or equal distances give NaN, infinity or an empty row. */
    (void)state;
    double all[] = {1e30, 1e30, 1e30, 1e30}, far[] = {0, 1e30, 1e30, 1e30, 1e30, 0};
    sid__sinkhorn(all, ones, 2, 2, .003);
    for (int i = 0; i < 4; i++)
        check_near(2 * all[i], .5);
    sid__sinkhorn(far, ones, 2, 3, .003);
    for (int i = 0; i < 6; i++)
        assert_true(far[i] >= 0 && far[i] <= 1);
    assert_int_equal(sid__sinkhorn_code(far, 3), 0);
    assert_int_equal(sid__sinkhorn_code(far + 3, 3), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_specification),
        cmocka_unit_test(test_numpy),
        cmocka_unit_test(test_weights_are_copies),
        cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
