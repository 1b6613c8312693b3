/* test_top_items.c: the best of many scores. */
#include <math.h>

#include "base/philox.h"
#include "model/top_items.h"
#include "test.h"

/* Fails when the list is not what sorting all items by (score, row) gives. */
static void test_against_sorting(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    for (uint64_t seed = 1; seed < 40; seed++) {
        float score[COUNT];
        int32_t item[COUNT];
        int k = 1 + (int)(seed * 5), candidates = 0;
        for (int i = 0; i < COUNT; i++) {
            score[i] = (float)sid__philox_below(seed, SID__STREAM_TEST, (uint64_t)i, 2 + seed);
            if (i % 9 == 0)
                score[i] = -INFINITY;
            candidates += i % 9 != 0;
        }
        int n = sid__top_items(score, COUNT, k, item);
        assert_int_equal(n, k < candidates ? k : candidates);
        for (int r = 0; r < n; r++) {
            int before = 0;
            for (int i = 0; i < COUNT; i++)
                before += score[i] > score[item[r]] || (score[i] == score[item[r]] && i < item[r]);
            assert_int_equal(before, r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_sorting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
