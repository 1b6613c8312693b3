/* test_attention_look.c: where attention goes, by hand. */
#include <math.h>

#include "rank/attention_look.h"
#include "rank_case.h"

static const int64_t begin[] = {0, 2, 2, 3, 6};
static const sid__ragged lists = {.begin = begin, .count = 4};
static const int32_t click[] = {7, 8, 9, 1, 2, 1}, shown[] = {8, 1, 9, 1};

/* Fails when signs matter, when a list of one click or of no weight counts, or the item shown is not found among the clicks. */
static void test_weights(void **state)
{
    static const sid__real weight[] = {-3, 1, 5, 2, 2, 2};
    sid__attention_look look = {.click = click, .shown = shown};
    (void)state;
    sid__attention_look_at(&look, &lists, weight);
    assert_int_equal(look.count, 2);
    double entropy = -(.75 * log(.75) + .25 * log(.25)) / log(2);
    assert_true(fabs(look.entropy - (entropy + 1)) < 1e-6);
    assert_true(fabs(look.self - (.25 + 2. / 3)) < 1e-6);
    sid__attention_look_at(&look, &lists, (sid__real[6]){0});
    assert_int_equal(look.count, 2);
}

/* Fails when keys are not the first half of a row, the root of the width is left out, or lists share a softmax. */
static void test_softmax(void **state)
{
    sid__real seeds[] = {1, 0, 0, 1, 2, 0, 0, 0}, rows[6 * 8] = {0};
    sid__value q = sid__value_of(seeds, 2, 4), kv = sid__value_of(rows, 6, 8);
    sid__attention_look look = {.click = click, .shown = shown};
    sid__memory memory = {0};
    sid_ctx *ctx = NULL;
    (void)state;
    for (int j = 0; j < 6; j++)
        rows[j * 8 + 4] = 100; /* values are not looked at */
    rows[0] = (sid__real)log(9.);
    TEST_OK(sid_ctx_create(&ctx, err));
    sid__tape tape = sid__tape_begin(ctx, &memory, false);
    assert_true(sid__attention_look_softmax(&look, &tape, &lists, &q, &kv));
    assert_int_equal(look.count, 4);
    /* list 0: seed 0 has odds of sqrt 9 to 1, seed 1 of 9 to 1; list 3: equal weights */
    double entropy = -(.75 * log(.75) + .25 * log(.25) + .9 * log(.9) + .1 * log(.1)) / log(2);
    assert_true(fabs(look.entropy - (entropy + 2)) < 1e-5);
    assert_true(fabs(look.self - (.25 + .1 + 4. / 3)) < 1e-5);
    sid__memory_drop(&memory);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_weights), cmocka_unit_test(test_softmax)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
