/* test_click_model_dense.c: numeric columns on numbers worked out by hand. */
#include "click_model_case.h"

static const char features[] =
    "{\"format\":1,\"tables\":{\"t\":{\"dim\":2}},\"features\":["
    "{\"name\":\"u\",\"kind\":\"id\",\"column\":\"user_id\",\"table\":\"t\"},"
    "{\"name\":\"i\",\"kind\":\"id\",\"column\":\"item_id\",\"table\":\"t\"},"
    "{\"name\":\"a\",\"kind\":\"dense\",\"columns\":[\"a\"]},"
    "{\"name\":\"b\",\"kind\":\"dense\",\"columns\":[\"b\",\"c\"],\"transform\":\"standard\"},"
    "{\"name\":\"d\",\"kind\":\"dense\",\"columns\":[\"d\"],\"transform\":\"log1p\"},"
    "{\"name\":\"e\",\"kind\":\"dense\",\"columns\":[\"e\"],\"transform\":\"buckets\",\"buckets\":4}],"
    "\"model\":{\"family\":\"deepfm\"}}";

/* Fails when a transform takes another column's numbers, a constant column divides by zero, or a value beyond what was seen falls
 * out of the buckets. */
static void test_transforms(void **state)
{
    sid__feature_plan plan;
    sid__dense_state frozen = {.is_frozen = false};
    float dense[4 * 5];
    const float row[] = {-3, 5, 7, 1, 2.5F}, low[] = {0, 2, 7, -1, -99}, high[] = {0, 2, 8, 0, 99};
    float out[8];
    (void)state;
    for (int i = 0; i < 4; i++) {
        const float values[] = {1, (float)(2 * i), 7, 0, (float)(i + 1)}; /* b: 0 2 4 6, e: 1 2 3 4 */
        memcpy(dense + 5L * i, values, sizeof values);
    }
    const sid_impressions im = {.dense = dense, .dense_count = 5, .count = 4};
    TEST_OK(sid__feature_plan_parse(features, sizeof features - 1, "f", &plan, err));
    assert_int_equal(sid__dense_width(&plan), 8);
    sid__dense_row(&plan, &frozen, row, out);
    assert_true(out[1] == 0); /* nothing known yet */
    TEST_OK(sid__dense_freeze(&plan, &im, 0, 4, &frozen, err));
    sid__dense_row(&plan, &frozen, row, out);
    const float expected[] = {-3, (float)(2 / sqrt(5)), 0, (float)log(2), 0, 1, 0, 0};
    for (int i = 0; i < 8; i++)
        assert_true(fabsf(out[i] - expected[i]) < 1e-6F);
    sid__dense_row(&plan, &frozen, low, out);
    assert_true(out[4] == 1 && out[7] == 0 && fabsf(out[3] + logf(2)) < 1e-6F);
    sid__dense_row(&plan, &frozen, high, out);
    assert_true(out[4] == 0 && out[7] == 1 && out[2] == 1);
    sid__feature_plan_drop(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_transforms)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
