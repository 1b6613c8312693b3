/* test_leaders.c: the best few of many. */
#include "retrieve/leaders.h"

#include "retrieve_case.h"

/* Fails when one of the best is missing, ties do not go by number, or the order in which they come matters. */
static void test_as_sorted(void **state)
{
    enum { ALL = 200 };
    (void)state;
    for (int64_t most = 0; most < 30; most += 7)
        for (uint64_t seed = 0; seed < 5; seed++) {
            sid__leader row[32], one[ALL];
            sid__leaders best = {.row = row, .most = most};
            for (int64_t i = 0; i < ALL; i++) {
                one[i] = (sid__leader){(float)floor(drawn(seed, i) * 20), (i * 37) % ALL, i, -i};
                sid__leaders_add(&best, &one[i]);
            }
            sid__leaders_sort(&best);
            assert_int_equal(best.count, most);
            for (int64_t i = 0; i < best.count; i++) {
                int64_t before = 0; /* of all that go before it there are i */
                for (int64_t j = 0; j < ALL; j++)
                    before += one[j].score > row[i].score ||
                              (!(one[j].score < row[i].score) && one[j].number < row[i].number);
                assert_int_equal(before, i);
                assert_int_equal(row[i].from, -row[i].of);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_sorted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
