#include "test.h"

#include <math.h>

#include "base/mem.h"
#include "base/philox.h"
#include "sid/partition.h"

static sid__agreement agree(const int32_t *a, const int32_t *b, int64_t count)
{
    sid__agreement out;
    TEST_OK(sid__agreement_find(a, 64, b, 64, count, &out, err));
    return out;
}

/* Golden values of spec/quantizers.md §8; fails when a formula is another. */
static void figures_are_those_of_the_specification(void **state)
{
    (void)state;
    const int32_t prefix[] = {0, 0, 0, 1, 1, 1, 1, 2}, category[] = {0, 0, 0, 1, 1, 1, 2, 2};
    sid__agreement seen = agree(prefix, category, 8);
    assert_int_equal(seen.count, 8);
    assert_float_equal(seen.purity, .875, 1e-12);
    assert_float_equal(seen.nmi, .779017, 6e-7);
    assert_float_equal(seen.ami, .666115, 6e-7);
}

/* scikit-learn 1.9.1: adjusted_mutual_info_score and normalized_mutual_info_score of a[i] = i % 7, b[i] = i * i % 11 % 5 for
 * 200 items. Fails when the sum outwards from the mode misses terms. */
static void figures_are_those_of_scikit_learn(void **state)
{
    (void)state;
    int32_t a[200], b[200];
    for (int32_t i = 0; i < 200; i++) {
        a[i] = i % 7;
        b[i] = i * i % 11 % 5;
    }
    sid__agreement seen = agree(a, b, 200);
    assert_float_equal(seen.nmi, 0.004166968669705563, 1e-9);
    assert_float_equal(seen.ami, -0.02509565505032971, 1e-9);
    for (int32_t i = 0; i < 200; i++)
        b[i] = i % 7 / 2;
    seen = agree(a, b, 200);
    assert_float_equal(seen.nmi, 0.8191102183760027, 1e-9);
    assert_float_equal(seen.ami, 0.8137941520483539, 1e-9);
}

/* Fails when equal partitions are not 1 whatever their names, chance is not near 0, or items without a part count. */
static void equal_is_one_and_chance_is_zero(void **state)
{
    (void)state;
    enum { ITEMS = 3000 };
    int32_t a[ITEMS], b[ITEMS];
    for (int32_t i = 0; i < ITEMS; i++) {
        a[i] = (int32_t)sid__philox_below(1, SID__STREAM_TEST, (uint64_t)i, 40);
        b[i] = 39 - a[i];
    }
    sid__agreement seen = agree(a, b, ITEMS);
    assert_float_equal(seen.purity, 1, 0);
    assert_float_equal(seen.nmi, 1, 1e-12);
    assert_float_equal(seen.ami, 1, 1e-12);
    for (int32_t i = 0; i < ITEMS; i++)
        b[i] = (int32_t)sid__philox_below(2, SID__STREAM_TEST, (uint64_t)i, 40);
    seen = agree(a, b, ITEMS);
    assert_true(seen.nmi > .04 && fabs(seen.ami) < .01);
    for (int32_t i = 0; i < ITEMS; i++)
        b[i] = i < 10 ? a[i] : -1;
    seen = agree(a, b, ITEMS);
    assert_int_equal(seen.count, 10);
    assert_float_equal(seen.purity, 1, 0);
}

/* Fails at a division by nothing: no items, one part each, parts of one item. */
static void small_cases_have_figures_or_none(void **state)
{
    (void)state;
    const int32_t none[] = {-1, -1}, one[] = {3, 3}, two[] = {0, 1};
    sid__agreement seen = agree(none, one, 2);
    assert_int_equal(seen.count, 0);
    assert_true(isnan(seen.purity) && isnan(seen.nmi) && isnan(seen.ami));
    seen = agree(one, one, 2);
    assert_float_equal(seen.nmi, 1, 0);
    assert_float_equal(seen.ami, 1, 0);
    seen = agree(two, two, 2);
    assert_float_equal(seen.nmi, 1, 1e-12);
    assert_true(isnan(seen.ami)); /* by chance it is the same */
    seen = agree(two, one, 2);
    assert_float_equal(seen.purity, 1, 0);
    assert_float_equal(seen.nmi, 0, 1e-12);
    assert_float_equal(seen.ami, 0, 1e-12);
}

/* Fails when a lack of memory leaks. */
static void memory_may_lack_anywhere(void **state)
{
    (void)state;
    const int32_t a[] = {0, 1, 1}, b[] = {0, 0, 1};
    for (int fail = 0; fail < 12; fail++) {
        sid__agreement out;
        sid__mem_fail(fail, -1);
        sid_status status = sid__agreement_find(a, 2, b, 2, 3, &out, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_the_specification),
        cmocka_unit_test(figures_are_those_of_scikit_learn),
        cmocka_unit_test(equal_is_one_and_chance_is_zero),
        cmocka_unit_test(small_cases_have_figures_or_none),
        cmocka_unit_test(memory_may_lack_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
