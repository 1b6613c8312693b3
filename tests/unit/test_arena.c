/* test_arena.c: many small things of one lifetime. */
#include "base/arena.h"

#include "test.h"

/* Fails when entries overlap, are dirty, or are not aligned, within a block and across blocks. */
static void test_push(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static unsigned char *entry[COUNT];
    sid__arena arena = {0};
    for (int i = 0; i < COUNT; i++) {
        size_t size = (size_t)(i * 37 % 101);
        TEST_OK(sid__arena_push(&arena, size, &entry[i], err));
        assert_int_equal((uintptr_t)entry[i] % 16, 0);
        for (size_t b = 0; b < size; b++)
            assert_int_equal(entry[i][b], 0);
        memset(entry[i], i % 255 + 1, size);
    }
    for (int i = 0; i < COUNT; i++)
        for (int b = 0; b < i * 37 % 101; b++)
            assert_int_equal(entry[i][b], i % 255 + 1);
    sid__arena_drop(&arena);
    assert_null(arena.block);
    sid__arena_drop(&arena);
}

/* Fails when an entry larger than a block, or exactly one, runs past its end (ASan sees it) or hurts the ones before. */
static void test_large_entries(void **state)
{
    (void)state;
    static const size_t size[] = {(1 << 16) - 1, 1 << 16, (1 << 16) + 1, 1 << 20, 16, 1};
    sid__arena arena = {0};
    char *first = NULL;
    TEST_OK(sid__arena_text(&arena, "first", 5, &first, err));
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        char *entry = NULL;
        TEST_OK(sid__arena_push(&arena, size[i], &entry, err));
        memset(entry, 'x', size[i]);
    }
    assert_string_equal(first, "first");
    sid__arena_drop(&arena);
}

/* Fails when a text is not ended, or stops at a zero byte within. */
static void test_text(void **state)
{
    (void)state;
    sid__arena arena = {0};
    char *text = NULL, *empty = NULL;
    TEST_OK(sid__arena_text(&arena, "ab\0cdefgh", 5, &text, err));
    assert_memory_equal(text, "ab\0cd", 6);
    TEST_OK(sid__arena_text(&arena, NULL, 0, &empty, err));
    assert_string_equal(empty, "");
    sid__arena_drop(&arena);
}

/* Fails when a size wraps, or a failed push changes the arena: what was there must stay usable. */
static void test_failures(void **state)
{
    (void)state;
    sid__arena arena = {0};
    char *text = NULL, *none = NULL;
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__arena_push(&arena, 1, &none, err), SID_ENOMEM, "an arena block");
    assert_null(arena.block);
    TEST_OK(sid__arena_text(&arena, "kept", 4, &text, err));
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__arena_push(&arena, 1 << 20, &none, err), SID_ENOMEM, "an arena block");
    sid__mem_fail(-1, 0);
    TEST_FAILS(sid__arena_push(&arena, SIZE_MAX, &none, err), SID_ENOMEM, "an arena entry");
    TEST_FAILS(sid__arena_push(&arena, SIZE_MAX - 20, &none, err), SID_ENOMEM, "an arena block");
    TEST_FAILS(sid__arena_text(&arena, "x", SIZE_MAX, &none, err), SID_ENOMEM, "a text");
    TEST_FAILS(sid__arena_text(&arena, "x", SIZE_MAX - 1, &none, err), SID_ENOMEM, "an arena entry");
    assert_null(none);
    assert_string_equal(text, "kept");
    TEST_OK(sid__arena_push(&arena, 8, &none, err));
    assert_ptr_equal(none, text + 16);
    sid__arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push),
        cmocka_unit_test(test_large_entries),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
