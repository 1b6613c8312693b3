/* test_sort_rows.c: the merge sort of row numbers. */
#include "test.h"

#include "base/mem.h"
#include "base/philox.h"
#include "sid/sort_rows.h"

static int compare_keys(const void *context, int64_t a, int64_t b)
{
    const int *key = context;
    return key[a] < key[b] ? -1 : key[a] > key[b];
}

static void test_sorts_and_keeps_ties(void **state)
{
    /* Fails when a size (run borders, odd merges) sorts wrongly or equal keys change their order. */
    (void)state;
    static const int64_t sizes[] = {0, 1, 2, 11, 12, 13, 24, 25, 47, 100, 1000, 4097};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int64_t count = sizes[s];
        int *key = calloc((size_t)count + 1, sizeof *key);
        int64_t *order = calloc((size_t)count + 1, sizeof *order);
        for (int64_t i = 0; i < count; i++)
            key[i] = (int)sid__philox_below(3, SID__STREAM_TEST, (uint64_t)i, 1 + (uint64_t)count / 4);
        TEST_OK(sid__sort_rows(order, count, compare_keys, key, err));
        for (int64_t i = 1; i < count; i++)
            assert_true(key[order[i - 1]] < key[order[i]] ||
                        (key[order[i - 1]] == key[order[i]] && order[i - 1] < order[i]));
        free(key);
        free(order);
    }
}

static void test_out_of_memory(void **state)
{
    /* Fails when a failed allocation is not reported. */
    (void)state;
    int64_t order[2];
    int key[2] = {1, 0};
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__sort_rows(order, 2, compare_keys, key, err), SID_ENOMEM, "rows to sort");
    sid__mem_fail(-1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorts_and_keeps_ties),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
