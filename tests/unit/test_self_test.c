/* test_self_test.c: doctor's self-test passes here, on every path, and reports its progress. */
#include "quant_help.h"

static void count_calls(void *user, const sid_progress *progress)
{
    assert_string_equal(progress->stage, "self-test");
    (*(int *)user)++;
}

/* Fails when a kernel path gives a label that the scalar reference does not, or when the portable path is left out. */
static void all_paths_agree(void **state)
{
    int calls = 0;
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    sid_ctx_on_progress(ctx, count_calls, &calls);
    TEST_OK(sid_self_test(ctx, err));
    assert_true(calls >= 1);
    sid_ctx_free(ctx);
}

/* Fails when a failed allocation leaks or is not reported. */
static void lack_of_memory_is_reported(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    (void)state;
    for (int after = 0; after < 9; after++) {
        sid__mem_fail(after, 1);
        TEST_FAILS(sid_self_test(ctx, err), SID_ENOMEM, "self-test");
    }
    sid__mem_fail(-1, 0);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_paths_agree), cmocka_unit_test(lack_of_memory_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
