#include "test.h"

#include <math.h>

#include "base/mem.h"
#include "base/philox.h"
#include "sid/churn.h"

enum { ITEMS = 600, LEVELS = 3, CODES = 12 };

static sid__churn find(const uint16_t *before, const uint16_t *after, int64_t count, int levels)
{
    sid__churn out;
    const sid__churn_input in = {
        .before = before, .after = after, .count = count, .levels = levels, .is_ordered = true};
    TEST_OK(sid__churn_find(&in, &out, err));
    return out;
}

static void draw_codes(uint16_t *codes, uint64_t seed)
{
    for (int i = 0; i < ITEMS * LEVELS; i++)
        codes[i] = (uint16_t)sid__philox_below(seed, SID__STREAM_TEST, (uint64_t)i, CODES);
}

/* Golden values of spec/quantizers.md §8; fails when the renaming is not the best one. */
static void churn_is_that_of_the_specification(void **state)
{
    (void)state;
    const uint16_t before[] = {0, 0, 1, 1, 2}, after[] = {2, 2, 0, 0, 0};
    sid__churn seen = find(before, after, 5, 1);
    assert_float_equal(seen.level[0].raw, 1, 0);
    assert_float_equal(seen.level[0].level, .2, 1e-12);
    assert_float_equal(seen.level[0].prefix, .2, 1e-12);
    assert_int_equal(seen.move_count, 3);
    assert_int_equal(seen.move[0].after, 2);
    assert_int_equal(seen.move[1].after, 0);
    assert_int_equal(seen.move[1].overlap, 2);
    assert_int_equal(seen.move[2].after, -1);
    assert_int_equal(seen.move[2].items, 1);
    sid__churn_drop(&seen);
}

/* Fails when equal SIDs have churn, codes that were only renamed move, or names below a prefix are not renamed by prefix. */
static void what_is_only_renamed_did_not_move(void **state)
{
    (void)state;
    uint16_t before[ITEMS * LEVELS], after[ITEMS * LEVELS];
    draw_codes(before, 1);
    sid__churn seen = find(before, before, ITEMS, LEVELS);
    for (int l = 0; l < LEVELS; l++) {
        assert_float_equal(seen.level[l].raw, 0, 0);
        assert_float_equal(seen.level[l].level, 0, 0);
        assert_float_equal(seen.level[l].prefix, 0, 0);
        assert_float_equal(seen.level[l].ami, 1, 1e-9);
    }
    sid__churn_drop(&seen);
    for (int i = 0; i < ITEMS * LEVELS; i++) /* one renaming a level */
        after[i] = (uint16_t)((before[i] + 1 + i % LEVELS) % CODES);
    seen = find(before, after, ITEMS, LEVELS);
    assert_float_equal(seen.level[0].raw, 1, 0);
    assert_float_equal(seen.level[2].level, 0, 0);
    assert_float_equal(seen.level[2].prefix, 0, 0);
    assert_float_equal(seen.level[1].ami, 1, 1e-9);
    sid__churn_drop(&seen);
    for (int i = 0; i < ITEMS; i++) { /* names of the second level by prefix */
        memcpy(after + i * LEVELS, before + i * LEVELS, LEVELS * sizeof *after);
        after[i * LEVELS + 1] = (uint16_t)((before[i * LEVELS + 1] + before[i * LEVELS]) % CODES);
    }
    seen = find(before, after, ITEMS, LEVELS);
    assert_float_equal(seen.level[0].raw, 0, 0);
    assert_true(seen.level[1].level > .5);
    assert_float_equal(seen.level[2].prefix, 0, 0);
    assert_float_equal(seen.level[2].ami, 1, 1e-9);
    sid__churn_drop(&seen);
}

/* Fails when weights do not weigh, the order of the items shows, or unordered families get prefixes. */
static void shares_are_of_weights(void **state)
{
    (void)state;
    const uint16_t before[] = {0, 0, 1, 1, 2}, after[] = {0, 0, 1, 1, 1}, turned[] = {2, 1, 1, 0, 0},
                   turned_after[] = {1, 1, 1, 0, 0};
    const double weight[] = {1, 0, 0, 1, 6}, none[5] = {0};
    sid__churn seen, other = find(turned, turned_after, 5, 1);
    sid__churn_input in = {.before = before, .after = after, .count = 5, .levels = 1, .weight = weight};
    TEST_OK(sid__churn_find(&in, &seen, err));
    assert_float_equal(seen.level[0].raw, .75, 1e-12);
    assert_float_equal(seen.level[0].level, .75, 1e-12);
    assert_true(isnan(seen.level[0].prefix) && isnan(seen.level[0].ami));
    sid__churn_drop(&seen);
    in.weight = none;
    TEST_OK(sid__churn_find(&in, &seen, err));
    assert_true(isnan(seen.level[0].raw));
    assert_int_equal(seen.move_count, other.move_count);
    assert_memory_equal(seen.move, other.move, (size_t)seen.move_count * sizeof *seen.move);
    sid__churn_drop(&seen);
    sid__churn_drop(&other);
    in.count = 0;
    in.is_ordered = true;
    TEST_OK(sid__churn_find(&in, &seen, err));
    assert_true(isnan(seen.level[0].raw) && seen.move_count == 0);
    sid__churn_drop(&seen);
}

/* Fails when more than 4096 codes are matched worse than a renaming allows. */
static void many_codes_are_matched_too(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    uint16_t *before = test_calloc(2 * MANY, sizeof *before), *after = test_calloc(2 * MANY, sizeof *after);
    for (int i = 0; i < 2 * MANY; i++) {
        before[i] = (uint16_t)(i / 2);
        after[i] = (uint16_t)(i < 2 * MANY - 10 ? MANY - 1 - i / 2 : 0);
    }
    sid__churn seen = find(before, after, 2 * MANY, 1);
    assert_float_equal(seen.level[0].raw, 1, 2e-3);
    assert_true(seen.level[0].level <= 10. / (2 * MANY));
    assert_int_equal(seen.move_count, MANY);
    sid__churn_drop(&seen);
    test_free(before);
    test_free(after);
}

/* Fails when a lack of memory leaks. */
static void memory_may_lack_anywhere(void **state)
{
    (void)state;
    uint16_t before[40 * LEVELS], after[40 * LEVELS], all[ITEMS * LEVELS];
    draw_codes(all, 2);
    memcpy(before, all, sizeof before);
    memcpy(after, all + 40 * LEVELS, sizeof after);
    sid_status status = SID_ENOMEM;
    for (int fail = 0; status != SID_OK && fail < 2000; fail++) {
        sid__churn out;
        const sid__churn_input in = {
            .before = before, .after = after, .count = 40, .levels = LEVELS, .is_ordered = true};
        sid__mem_fail(fail, -1);
        status = sid__churn_find(&in, &out, NULL);
        sid__mem_fail(-1, 0);
        assert_true(status == SID_OK || status == SID_ENOMEM);
        sid__churn_drop(&out);
    }
    assert_int_equal(status, SID_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(churn_is_that_of_the_specification),
        cmocka_unit_test(what_is_only_renamed_did_not_move),
        cmocka_unit_test(shares_are_of_weights),
        cmocka_unit_test(many_codes_are_matched_too),
        cmocka_unit_test(memory_may_lack_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
