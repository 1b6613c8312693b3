/* test_policy_digits.c: the added code, against the table of spec/quantizers.md §4. */
#include "test.h"

#include "base/mem.h"
#include "base/philox.h"
#include "sid/policy.h"

static sid__policy policy_of(const char *name, const char *style)
{
    sid__policy policy;
    TEST_OK(sid__policy_create(name, style, NULL, &policy, err));
    return policy;
}

static sid__policy policy_with(const char *name, const char *options)
{
    sid__policy policy;
    TEST_OK(sid__policy_create(name, NULL, options, &policy, err));
    return policy;
}

static void test_digit_codes(void **state)
{
    /* Fails when K of the added level is not max(2 x largest bucket, 16), or is over what a code can be. */
    (void)state;
    assert_int_equal(sid__digit_codes(0), 16);
    assert_int_equal(sid__digit_codes(8), 16);
    assert_int_equal(sid__digit_codes(9), 18);
    assert_int_equal(sid__digit_codes(32768), 65536);
    assert_int_equal(sid__digit_codes(32769), 65536);
    assert_int_equal(sid__digit_codes(INT64_MAX), 65536);
}

/* Buckets: 1-1 holds rows 1, 3, 4, 6; 1-2 row 0; 2-0 rows 2, 5. Ranks in 1-1: 4 (0.5), 1 and 6 (1, ids b < c), 3 (2);
 * in 2-0: 5 (id "a"), 2 (id "z") at one distance. */
static const uint16_t small_codes[] = {1, 2, 1, 1, 2, 0, 1, 1, 1, 1, 2, 0, 1, 1};
static const double small_distance[] = {9, 1, 3, 2, 0.5, 3, 1};
static const char *const small_id[] = {"q", "b", "z", "a", "d", "a2", "c"};
enum { SMALL = 7 };

static void check_digits(const char *name, const char *style, const int32_t *wanted)
{
    int32_t digit[SMALL];
    int64_t largest = 0;
    sid__policy policy = policy_of(name, style);
    TEST_OK(sid__policy_assign(&policy, small_codes, SMALL, 2, small_distance, small_id, NULL, digit, &largest, err));
    assert_int_equal(largest, 4);
    for (int i = 0; i < SMALL; i++)
        assert_int_equal(digit[i], wanted[i]);
}

static void test_assign_golden(void **state)
{
    /* Fails when the rank is not by distance then id, or a policy gives other digits than the table says. */
    (void)state;
    check_digits("keep", NULL, (const int32_t[]){-1, -1, -1, -1, -1, -1, -1});
    check_digits("digit", "tiger", (const int32_t[]){0, 1, 1, 3, 0, 0, 2});
    check_digits("digit", "grid", (const int32_t[]){0, 2, 2, 4, 1, 1, 3});
    check_digits("suffix", NULL, (const int32_t[]){-1, 1, 1, 3, -1, -1, 2});
}

static void test_other_rules(void **state)
{
    /* Fails when a moving policy gives digits unasked, or gives one to an item that its SID has room for. */
    (void)state;
    sid__policy cap = policy_with("capacity", "cap=3,overflow=digit"),
                later = policy_with("sinkhorn", "overflow=digit");
    sid__policy all = policy_with("sinkhorn", "then=digit"), none = policy_with("reassign", NULL);
    assert_int_equal(sid__digit_first(&cap, 2, 9), SID__DIGIT_NONE);
    assert_int_equal(sid__digit_first(&cap, 3, 9), 1);
    assert_int_equal(sid__digit_first(&later, 3, 9), SID__DIGIT_NONE);
    assert_int_equal(sid__digit_next(&later, 4, SID__DIGIT_NONE), 1);
    assert_int_equal(sid__digit_first(&all, 0, 1), 0);
    assert_int_equal(sid__digit_first(&none, 3, 9), SID__DIGIT_NONE);
    assert_int_equal(sid__digit_next(&none, 3, 2), SID__DIGIT_NONE);
}

static void test_next_golden(void **state)
{
    /* Fails when a new item gets a digit that was given before, or not the one of the table. */
    (void)state;
    sid__policy tiger = policy_of("digit", "tiger"), grid = policy_of("digit", "grid");
    sid__policy suffix = policy_of("suffix", NULL), keep = policy_of("keep", NULL);
    assert_int_equal(sid__digit_next(&keep, 0, SID__DIGIT_NONE), SID__DIGIT_NONE);
    assert_int_equal(sid__digit_next(&keep, 7, SID__DIGIT_NONE), SID__DIGIT_NONE);
    assert_int_equal(sid__digit_next(&tiger, 0, SID__DIGIT_NONE), 0);
    assert_int_equal(sid__digit_next(&tiger, 3, 2), 3);
    assert_int_equal(sid__digit_next(&grid, 0, SID__DIGIT_NONE), 0);
    assert_int_equal(sid__digit_next(&grid, 1, 0), 1);
    assert_int_equal(sid__digit_next(&grid, 3, 3), 4);
    assert_int_equal(sid__digit_next(&suffix, 0, SID__DIGIT_NONE), SID__DIGIT_NONE);
    assert_int_equal(sid__digit_next(&suffix, 1, SID__DIGIT_NONE), 1);
    assert_int_equal(sid__digit_next(&suffix, 4, 3), 4);
}

static void test_merged_rows(void **state)
{
    /* Fails when a merged row counts in a rank, or does not get the digit of its first. */
    (void)state;
    static const uint16_t codes[] = {1, 1, 1, 1, 1};
    static const double distance[] = {3, 1, 1, 2, 0.5};
    static const char *const id[] = {"a", "b", "c", "d", "e"};
    static const int64_t first[] = {0, 1, 1, 3, 1};
    sid__policy tiger = policy_of("digit", NULL);
    int32_t digit[5];
    int64_t largest = 0;
    TEST_OK(sid__policy_assign(&tiger, codes, 5, 1, distance, id, first, digit, &largest, err));
    assert_int_equal(largest, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(digit[i], ((const int32_t[]){2, 0, 0, 1, 0})[i]);
}

enum { MANY = 3000, LEVELS = 3 };

static void test_unique_and_order_free(void **state)
{
    /* Fails when two items of a bucket share a digit, or when the order of the rows matters. */
    (void)state;
    static uint16_t codes[MANY * LEVELS], turned_codes[MANY * LEVELS];
    static double distance[MANY], turned_distance[MANY];
    static char text[MANY][8];
    static const char *id[MANY], *turned_id[MANY];
    static int32_t digit[MANY], turned_digit[MANY];
    for (int i = 0; i < MANY; i++) {
        for (int l = 0; l < LEVELS; l++)
            codes[i * LEVELS + l] = (uint16_t)sid__philox_below(5, SID__STREAM_TEST, (uint64_t)(i * LEVELS + l), 8);
        distance[i] = (double)sid__philox_below(6, SID__STREAM_TEST, (uint64_t)i, 4);
        (void)snprintf(text[i], sizeof text[i], "i%d", i);
        id[i] = text[i];
    }
    for (int i = 0; i < MANY; i++) {
        memcpy(turned_codes + i * LEVELS, codes + (MANY - 1 - i) * LEVELS, LEVELS * sizeof *codes);
        turned_distance[i] = distance[MANY - 1 - i];
        turned_id[i] = id[MANY - 1 - i];
    }
    static const char *const styled[][2] = {{"keep", NULL}, {"digit", "tiger"}, {"digit", "grid"}, {"suffix", NULL}};
    for (size_t p = 0; p < sizeof styled / sizeof *styled; p++) {
        sid__policy of = policy_of(styled[p][0], styled[p][1]), *policy = &of;
        int64_t largest = 0, turned_largest = 0;
        TEST_OK(sid__policy_assign(policy, codes, MANY, LEVELS, distance, id, NULL, digit, &largest, err));
        TEST_OK(sid__policy_assign(policy, turned_codes, MANY, LEVELS, turned_distance, turned_id, NULL, turned_digit,
                                   &turned_largest, err));
        assert_int_equal(largest, turned_largest);
        for (int i = 0; i < MANY; i++)
            assert_int_equal(digit[i], turned_digit[MANY - 1 - i]);
        for (int i = 0; sid__policy_adds_code(policy) && i < MANY; i++)
            for (int j = i + 1; j < MANY; j++)
                if (digit[i] == digit[j])
                    assert_memory_not_equal(codes + i * LEVELS, codes + j * LEVELS, LEVELS * sizeof *codes);
    }
}

static void test_too_large_bucket(void **state)
{
    /* Fails when a digit beyond 65535 wraps; 65,536 equal items are the most for tiger, one less for grid. */
    (void)state;
    enum { COUNT = SID_CODES_MAX + 1 };
    uint16_t *codes = calloc(COUNT, sizeof *codes);
    double *distance = calloc(COUNT, sizeof *distance);
    const char **id = calloc(COUNT, sizeof *id);
    int32_t *digit = calloc(COUNT, sizeof *digit);
    int64_t largest = -3;
    sid__policy tiger = policy_of("digit", NULL), grid = policy_of("digit", "grid"), keep = policy_of("keep", NULL);
    for (int i = 0; i < COUNT; i++)
        id[i] = "";
    TEST_FAILS(sid__policy_assign(&tiger, codes, COUNT, 1, distance, id, NULL, digit, &largest, err), SID_EDATA,
               "65537 items share the codes 0");
    TEST_FAILS(sid__policy_assign(&grid, codes, COUNT - 1, 1, distance, id, NULL, digit, &largest, err), SID_EDATA,
               "65536 items share the codes 0");
    assert_int_equal(largest, -3);
    assert_int_equal(digit[1], 0);
    TEST_OK(sid__policy_assign(&tiger, codes, COUNT - 1, 1, distance, id, NULL, digit, &largest, err));
    assert_int_equal(digit[COUNT - 2], 65535);
    TEST_OK(sid__policy_assign(&keep, codes, COUNT, 1, distance, id, NULL, digit, &largest, err));
    assert_int_equal(largest, COUNT);
    free(codes);
    free(distance);
    free(id);
    free(digit);
}

static void test_empty_and_faults(void **state)
{
    /* Fails when no items are an error, or a failed allocation is lost or changes the result. */
    (void)state;
    int32_t digit[SMALL] = {7};
    sid__policy suffix = policy_of("suffix", NULL);
    int64_t largest = 5;
    TEST_OK(sid__policy_assign(&suffix, NULL, 0, 2, NULL, NULL, NULL, digit, &largest, err));
    assert_int_equal(largest, 0);
    for (int after = 0; after < 2; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(
            sid__policy_assign(&suffix, small_codes, SMALL, 2, small_distance, small_id, NULL, digit, &largest, err),
            SID_ENOMEM, "out of memory");
        sid__mem_fail(-1, 0);
        assert_int_equal(digit[0], 7);
        assert_int_equal(largest, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digit_codes),      cmocka_unit_test(test_assign_golden),
        cmocka_unit_test(test_next_golden),      cmocka_unit_test(test_other_rules),
        cmocka_unit_test(test_merged_rows),      cmocka_unit_test(test_unique_and_order_free),
        cmocka_unit_test(test_too_large_bucket), cmocka_unit_test(test_empty_and_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
