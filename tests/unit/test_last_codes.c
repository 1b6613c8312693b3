/* test_last_codes.c: distances to the SIDs of a prefix, and the nearest SIDs of all. */
#include "policy_case.h"

#include <math.h>

#include "sid/last_codes.h"

static void test_distances(void **state)
{
    /* Fails when a distance is not that to what prefix and code decode to. */
    (void)state;
    policy_case *c = case_create(10, 4, 20, 1);
    sid__last_codes last;
    double distance[20];
    TEST_OK(sid__last_codes_init(c->quantizer, &last, err));
    for (uint16_t first = 0; first < CASE_FIRST; first++) {
        sid__last_codes_set(&last, &first);
        for (int i = 0; i < c->count; i++) {
            sid__last_codes_distances(&last, c->x + i * CASE_DIM, distance);
            for (uint16_t k = 0; k < 20; k++)
                assert_true(fabs(distance[k] - case_distance(c, i, (const uint16_t[]){first, k})) <=
                            1e-12 * (1 + distance[k]));
        }
    }
    sid__last_codes_drop(&last);
    case_free(c);
}

static void test_nearest(void **state)
{
    /* Fails when the beam misses a nearer SID of its prefixes, is not sorted, or ties are not by codes. */
    (void)state;
    policy_case *c = case_create(20, 1, 60, 1);
    uint16_t nearest[SID__NEAREST_SIDS * 2], all[4 * 2];
    int count = 0;
    for (int i = 0; i < c->count; i++) {
        TEST_OK(sid__nearest_sids(c->quantizer, c->x + i * CASE_DIM, SID__NEAREST_SIDS, nearest, &count, err));
        assert_int_equal(count, SID__NEAREST_SIDS);
        assert_memory_equal(nearest, c->before + 2 * i, 2 * sizeof *nearest);
        int nearer = 0;
        double last = case_distance(c, i, nearest + 2 * (SID__NEAREST_SIDS - 1));
        for (int k = 1; k < count; k++)
            assert_true(case_distance(c, i, nearest + 2 * k - 2) <= case_distance(c, i, nearest + 2 * k));
        for (uint16_t first = 0; first < CASE_FIRST; first++)
            for (uint16_t k = 0; k < 60; k++)
                nearer += case_distance(c, i, (const uint16_t[]){first, k}) < last;
        assert_int_equal(nearer, SID__NEAREST_SIDS - 1);
    }
    case_free(c);
    c = case_create(1, 1, 2, 1);
    TEST_OK(sid__nearest_sids(c->quantizer, c->x, 4, all, &count, err));
    assert_int_equal(count, 4);
    case_free(c);
    /* two codes at one distance: the lower first */
    const float book[] = {1, -1, 3};
    const float *books[] = {book};
    sid_quantizer *q = NULL;
    TEST_OK(sid__quantizer_from_codebooks(books, (const int[]){3}, 1, 1, NULL, &q, err));
    TEST_OK(sid__nearest_sids(q, (const float[]){0}, 4, all, &count, err));
    assert_int_equal(count, 3);
    assert_int_equal(all[0], 0);
    assert_int_equal(all[1], 1);
    assert_int_equal(all[2], 2);
    sid_quantizer_free(q);
}

static void test_faults(void **state)
{
    /* Fails when an allocation that fails is not reported, or leaks (under ASan). */
    (void)state;
    policy_case *c = case_create(1, 1, 4, 1);
    sid__last_codes last;
    uint16_t codes[4];
    int count;
    for (int after = 0; after < 3; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__last_codes_init(c->quantizer, &last, err), SID_ENOMEM, "out of memory");
    }
    for (int after = 0; after < 5; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__nearest_sids(c->quantizer, c->x, 2, codes, &count, err), SID_ENOMEM, "out of memory");
    }
    sid__mem_fail(-1, 0);
    case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
