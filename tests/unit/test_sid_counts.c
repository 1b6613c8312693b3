/* test_sid_counts.c: counts of SIDs in a hash table. */
#include "test.h"

#include "base/mem.h"
#include "sid/sid_counts.h"

static void test_counts(void **state)
{
    /* Fails when two SIDs share a count, or a count is lost when the table is as full as it may be. */
    (void)state;
    enum { SIDS = 1000 };
    sid__sid_counts counts;
    TEST_OK(sid__sid_counts_init(SIDS, 3, &counts, err));
    for (int round = 0; round < 3; round++)
        for (uint16_t i = 0; i < SIDS; i++) {
            int64_t *count = sid__sid_count(&counts, (const uint16_t[]){(uint16_t)(i % 10), (uint16_t)(i / 10), i});
            assert_int_equal(*count, round * (i + 1));
            *count += i + 1;
        }
    sid__sid_counts_drop(&counts);
}

static void test_faults(void **state)
{
    /* Fails when an allocation that fails is not reported, or leaks (under ASan). */
    (void)state;
    sid__sid_counts counts;
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__sid_counts_init(4, 2, &counts, err), SID_ENOMEM, "SIDs");
        sid__mem_fail(-1, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
