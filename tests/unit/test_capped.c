/* test_capped.c: which row goes first. */
#include "table/capped.h"

#include "base/mem.h"
#include "quant_help.h"

/* Fails when the heap gives entries out of order, or equal scores not by the lower key. */
static void the_least_comes_first(void **state)
{
    enum { ROWS = 500 };
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__capped capped;
    (void)state;
    TEST_OK(sid__capped_init(ctx, ROWS, 100, &capped, err));
    assert_null(sid__capped_least(&capped));
    for (uint32_t i = 0; i < ROWS; i++)
        sid__capped_push(&capped, (double)(i * 7919 % 50), (uint64_t)(i * 104729 % ROWS), i);
    double score = -1;
    uint64_t key = 0;
    for (int i = 0; i < ROWS; i++) {
        const sid__capped_entry *least = sid__capped_least(&capped);
        assert_true(least->score > score || (least->score == score && least->key > key));
        score = least->score;
        key = least->key;
        sid__capped_pop(&capped);
    }
    sid__capped_drop(&capped);
    assert_int_equal(atomic_load(&ctx->reserved_size), 0);
    sid_ctx_free(ctx);
}

/* Fails when a score is not count * 2^(-age / half-life): a half-life more of age is worth half the count. */
static void a_half_life_halves(void **state)
{
    const sid__capped capped = {.half_life_s = 100};
    (void)state;
    assert_true(sid__capped_score(&capped, 8, 1000) - sid__capped_score(&capped, 4, 1100) < 1e-12);
    assert_true(sid__capped_score(&capped, 4, 1100) - sid__capped_score(&capped, 8, 1000) < 1e-12);
    assert_true(sid__capped_score(&capped, 5, 1100) > sid__capped_score(&capped, 8, 1000));
    assert_true(sid__capped_score(&capped, 3, 1100) < sid__capped_score(&capped, 8, 1000));
}

/* Fails when an entry whose score has risen stays on top. */
static void a_raised_entry_sinks(void **state)
{
    sid_ctx *ctx = new_ctx(1, NULL);
    sid__capped capped;
    (void)state;
    for (int after = 0; after < 3; after++) {
        sid__mem_fail(after, 1);
        assert_int_equal(sid__capped_init(ctx, 3, 1, &capped, NULL), SID_ENOMEM);
        sid__mem_fail(-1, 0);
    }
    TEST_OK(sid__capped_init(ctx, 3, 1, &capped, err));
    for (uint32_t i = 0; i < 3; i++)
        sid__capped_push(&capped, i, i, i);
    sid__capped_raise(&capped, 1.5);
    assert_int_equal(sid__capped_least(&capped)->row, 1);
    sid__capped_pop(&capped);
    assert_int_equal(sid__capped_least(&capped)->row, 0);
    sid__capped_drop(&capped);
    sid_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_comes_first),
        cmocka_unit_test(a_half_life_halves),
        cmocka_unit_test(a_raised_entry_sinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
