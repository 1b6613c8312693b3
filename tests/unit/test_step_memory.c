/* test_step_memory.c: memory of a step. */
#include "tensor_case.h"

/* Fails when a piece is not aligned, overlaps another, or the second step allocates or moves. */
static void the_second_step_allocates_nothing(void **state)
{
    sid__memory memory = {0};
    char *first[40], *again = NULL;
    (void)state;
    for (int step = 0; step < 2; step++) {
        sid__mem_fail(1000, 1);
        for (int i = 0; i < 40; i++) {
            size_t size = i == 7 ? 9u << 20 : 200000u + (size_t)i;
            TEST_OK(sid__memory_push(&memory, 1, size, &again, err));
            assert_int_equal((uintptr_t)again % 64, 0);
            if (step == 0)
                first[i] = again;
            assert_ptr_equal(first[i], again);
            memset(again, i, size);
        }
        for (int i = 0; i < 40; i++)
            assert_int_equal(first[i][200000 - 1], i);
        assert_true(step == 0 ? sid__mem_calls() > 2 : sid__mem_calls() == 0);
        sid__mem_fail(-1, 0);
        sid__memory_reset(&memory);
    }
    sid__memory_drop(&memory);
    sid__memory_drop(&memory);
}

/* Fails when steps of growing pieces pile up blocks that nothing fits into. */
static void blocks_do_not_pile_up(void **state)
{
    sid__memory memory = {0};
    (void)state;
    for (size_t step = 0; step < 60; step++) {
        for (int i = 0; i < 4; i++) {
            char *piece = NULL;
            TEST_OK(sid__memory_push(&memory, 1, (5u << 20) + step * 50000, &piece, err));
            piece[0] = piece[(5 << 20) - 1] = 1;
        }
        sid__memory_reset(&memory);
        assert_true(memory.blocks_size <= memory.most_size + memory.most_size / 2 + (1 << 26));
    }
    sid__memory_drop(&memory);
}

/* Fails when a step whose pieces come in another order takes nearly as much again. */
static void another_order_fits(void **state)
{
    sid__memory memory = {0};
    (void)state;
    for (size_t step = 0; step < 4; step++) {
        for (size_t i = 0; i < 20; i++) {
            char *piece = NULL;
            TEST_OK(sid__memory_push(&memory, 5 + (step % 2 ? 19 - i : i), 1 << 20, &piece, err));
            piece[0] = 1;
        }
        assert_true(memory.blocks_size < memory.step_size * 16 / 10);
        sid__memory_reset(&memory);
    }
    sid__memory_drop(&memory);
}

/* Fails when a size wraps, or lack of memory goes unsaid. */
static void impossible_sizes_are_refused(void **state)
{
    sid__memory memory = {0};
    void *piece = NULL;
    (void)state;
    TEST_FAILS(sid__memory_push(&memory, SIZE_MAX / 2, 3, &piece, err), SID_ENOMEM, "memory of a step");
    TEST_FAILS(sid__memory_push(&memory, SIZE_MAX - 70, 1, &piece, err), SID_ENOMEM, "memory of a step");
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__memory_push(&memory, 10, 1, &piece, err), SID_ENOMEM, "memory of a step");
    sid__mem_fail(-1, 0);
    sid__memory_drop(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_second_step_allocates_nothing),
                                       cmocka_unit_test(blocks_do_not_pile_up), cmocka_unit_test(another_order_fits),
                                       cmocka_unit_test(impossible_sizes_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
