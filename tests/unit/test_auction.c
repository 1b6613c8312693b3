#include "test.h"

#include "base/mem.h"
#include "base/philox.h"
#include "linalg/auction.h"

enum { SIDE = 7 };

/* The largest worth by trying all: row after row, each free column or none. */
static double best_of(const double worth[SIDE][SIDE], int row, unsigned taken)
{
    if (row == SIDE)
        return 0;
    double best = best_of(worth, row + 1, taken);
    for (int j = 0; j < SIDE; j++)
        if (worth[row][j] > 0 && !(taken & 1u << j)) {
            double with = worth[row][j] + best_of(worth, row + 1, taken | 1u << j);
            best = with > best ? with : best;
        }
    return best;
}

/* Fails when a column has two rows, a pair is none of those given, or the worth is further from the best than said. */
static void the_worth_is_near_the_best(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        double worth[SIDE][SIDE] = {{0}}, sum = 0;
        sid__bidding pair[SIDE * SIDE];
        int32_t column[SIDE];
        int64_t count = 0;
        unsigned taken = 0;
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++) {
                uint64_t draw = sid__philox_below(seed, SID__STREAM_TEST, (uint64_t)(i * SIDE + j), 12);
                worth[i][j] = draw > 5 ? (double)(draw - 5) : 0;
                if (worth[i][j] > 0)
                    pair[count++] = (sid__bidding){i, j, worth[i][j]};
            }
        TEST_OK(sid__auction(pair, count, SIDE, SIDE, column, err));
        for (int i = 0; i < SIDE; i++) {
            if (column[i] < 0)
                continue;
            assert_false(taken & 1u << column[i]);
            taken |= 1u << column[i];
            assert_true(worth[i][column[i]] > 0);
            sum += worth[i][column[i]];
        }
        assert_true(sum >= best_of(worth, 0, 0) - SIDE / 16.);
    }
}

/* Fails when rows without pairs, or none at all, are no case; or a lack of memory leaks. */
static void nothing_is_a_case(void **state)
{
    (void)state;
    int32_t column[3] = {7, 7, 7};
    const sid__bidding one = {1, 0, 5};
    TEST_OK(sid__auction(NULL, 0, 0, 0, column, err));
    TEST_OK(sid__auction(&one, 1, 3, 1, column, err));
    assert_int_equal(column[0], -1);
    assert_int_equal(column[1], 0);
    assert_int_equal(column[2], -1);
    for (int fail = 0; fail < 4; fail++) {
        sid__mem_fail(fail, -1);
        assert_int_equal(sid__auction(&one, 1, 3, 1, column, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_worth_is_near_the_best),
                                       cmocka_unit_test(nothing_is_a_case)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
