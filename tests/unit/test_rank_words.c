/* test_rank_words.c: what is said of an arm. */
#include "rank/rank_words.h"

#include <math.h>

#include "test.h"

/* Fails when a difference is claimed whose interval holds zero, gains and losses are mixed up, or without intervals anything is said. */
static void test_words(void **state)
{
    sid_rank_arm arm[2] = {{.name = "first", .note = ""}, {.name = "second", .note = "takes 3 times the 8 rows"}};
    sid_rank_comparison c = {.arm = arm, .arm_count = 2};
    sid__strbuf text = {0};
    (void)state;
    TEST_OK(sid__rank_words(&c, 0, &text, err));
    assert_int_equal(text.length, 0);
    for (int s = 0; s < SID_RANK_SLICE_COUNT; s++)
        arm[1].mean[s].auc = .1;
    arm[1].auc[SID_RANK_SLICE_ALL] = (sid_rank_difference){.mean = .02, .low = .01, .high = .03};
    arm[1].auc[SID_RANK_SLICE_NEW] = (sid_rank_difference){.mean = -.02, .low = -.03, .high = -.01};
    TEST_OK(sid__rank_words(&c, 1, &text, err));
    assert_string_equal(text.text, "second: against first it gains 0.0200 AUC overall, loses 0.0200 AUC on new items; "
                                   "head +0.1000, torso +0.1000, tail +0.1000; it takes 3 times the 8 rows");
    arm[1].auc[SID_RANK_SLICE_ALL] = (sid_rank_difference){.mean = -.04, .low = -.05, .high = -.03};
    text.length = 0;
    TEST_OK(sid__rank_words(&c, 1, &text, err));
    assert_int_equal(
        strncmp(text.text, "second: against first it loses 0.0400 AUC overall and 0.0200 on new items;", 73), 0);
    arm[1].auc[SID_RANK_SLICE_ALL] = (sid_rank_difference){.mean = .02, .low = .01, .high = .03};
    arm[1].auc[SID_RANK_SLICE_NEW].high = .01;
    arm[1].mean[SID_RANK_SLICE_HEAD].auc = (double)NAN;
    arm[1].note = "";
    text.length = 0;
    TEST_OK(sid__rank_words(&c, 1, &text, err));
    assert_string_equal(text.text, "second: against first it gains 0.0200 AUC overall, is not told apart on new items");
    arm[1].auc[SID_RANK_SLICE_ALL].low = -.01;
    text.length = 0;
    TEST_OK(sid__rank_words(&c, 1, &text, err));
    assert_string_equal(text.text, "second: against first it is told apart neither overall nor on new items");
    arm[1].auc[SID_RANK_SLICE_ALL].low = (double)NAN;
    text.length = 0;
    TEST_OK(sid__rank_words(&c, 1, &text, err));
    assert_int_equal(text.length, 0);
    sid__strbuf_drop(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
