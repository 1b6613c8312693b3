/* test_code_margins.c: runner-ups, gaps and residuals of codes. */
#include "quant_help.h"

static const float first[] = {0, 0, 10, 0, 0, 20}, second[] = {0, 0, 1, 0, 0, 4};
static const float *const books[] = {first, second};
static const int sizes[] = {3, 3};

static sid_quantizer *two_levels(void)
{
    sid_quantizer *q = NULL;
    TEST_OK(sid__quantizer_from_codebooks(books, sizes, 2, 2, NULL, &q, err));
    return q;
}

/* Fails when another code than the nearest other one is named, when a level forgets those above it, or when the gap is of
 * squares. */
static void test_by_hand(void **state)
{
    (void)state;
    sid_quantizer *q = two_levels();
    const float x[] = {13, 4};
    const uint16_t codes[] = {1, 2};
    sid_margin m[2];
    TEST_OK(sid__quantizer_margins(q, x, 1, codes, m, err));
    assert_int_equal(m[0].runner_up, 0); /* (13, 4) is 5 from (10, 0), 13.60 from (0, 0), 20.62 from (0, 20) */
    assert_near(m[0].residual, 5, 1e-12);
    assert_near(m[0].gap, sqrt(185) - 5, 1e-12);
    assert_int_equal(m[1].runner_up, 1); /* 3 from (10, 4), 4.47 from (11, 0), 5 from (10, 0) */
    assert_near(m[1].residual, 3, 1e-12);
    assert_near(m[1].gap, sqrt(20) - 3, 1e-12);
    sid_quantizer_free(q);
}

/* Fails when the taken code is thought to be the nearest, or when of equal ones a later is named. */
static void test_not_the_nearest(void **state)
{
    (void)state;
    sid_quantizer *q = two_levels();
    const float x[] = {5, 0};
    const uint16_t codes[] = {2, 0};
    sid_margin m[2];
    TEST_OK(sid__quantizer_margins(q, x, 1, codes, m, err));
    assert_int_equal(m[0].runner_up, 0);
    assert_near(m[0].gap, 5 - sqrt(425), 1e-12);
    sid_quantizer_free(q);
}

/* Fails when codes or numbers are not checked. */
static void test_bad_input(void **state)
{
    (void)state;
    sid_quantizer *q = two_levels();
    const float x[] = {1, 2, 3, (float)NAN};
    const uint16_t right[] = {0, 0, 0, 0}, wrong[] = {0, 3, 0, 0};
    sid_margin m[4];
    TEST_FAILS(sid__quantizer_margins(q, x, 1, wrong, m, err), SID_EDATA, "row 0: code 3 at level 2; 0 to 2");
    TEST_FAILS(sid__quantizer_margins(q, x, 2, right, m, err), SID_EDATA, "row 1, column 2");
    sid_quantizer_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand), cmocka_unit_test(test_not_the_nearest),
                                       cmocka_unit_test(test_bad_input)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
