/* test_equal_vectors.c: rows whose vectors are equal bit by bit. */
#include "policy_case.h"

static void test_classes(void **state)
{
    /* Fails when equal rows are told apart, different ones are not, or their first is not the least id. */
    (void)state;
    policy_case *c = case_create(60, 1, 4, 1);
    int64_t first[CASE_MAX], equal = 0;
    for (int i = 0; i < 60; i++)
        for (int d = 0; d < CASE_DIM; d++)
            c->x[i * CASE_DIM + d] = (float)(i % 7);
    c->id[21] = "a"; /* of the class of 0, 7, 14, .. the least id */
    c->x[30 * CASE_DIM + 2] = 1e-30F;
    TEST_OK(sid__equal_vectors(case_read, c, 60, CASE_DIM, c->id, first, &equal, err));
    for (int i = 0; i < 60; i++)
        assert_int_equal(first[i], i == 30 ? 30 : i % 7 == 0 ? 21 : i % 7);
    assert_int_equal(equal, 60 - 8);
    TEST_OK(sid__equal_vectors(case_read, c, 0, CASE_DIM, c->id, first, &equal, err));
    assert_int_equal(equal, 0);
    case_free(c);
}

static void test_faults(void **state)
{
    /* Fails when memory or a read that fails is lost, or leaks (under ASan). */
    (void)state;
    policy_case *c = case_create(3, 1, 4, 1);
    int64_t first[CASE_MAX], equal = -1;
    memcpy(c->x + CASE_DIM, c->x, CASE_DIM * sizeof *c->x);
    for (int after = 0; after < 5; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid__equal_vectors(case_read, c, 3, CASE_DIM, c->id, first, &equal, err), SID_ENOMEM,
                   "out of memory");
        sid__mem_fail(-1, 0);
    }
    for (int reads = 0; reads < 5; reads++) {
        c->reads_left = reads;
        TEST_FAILS(sid__equal_vectors(case_read, c, 3, CASE_DIM, c->id, first, &equal, err), SID_ENOMEM, "of the test");
    }
    case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_classes), cmocka_unit_test(test_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
