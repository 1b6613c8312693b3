/* test_mem.c: allocation, growth, and the failures that other tests inject. */
#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "base/checked.h"
#include "test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SLOW_BUILD 1 /* its own memory grows too */
#elif defined(__has_feature)
#define IS_SLOW_BUILD (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define IS_SLOW_BUILD 0
#endif

/* Fails when memory is not zeroed or not aligned, or when an empty buffer is NULL. */
static void test_alloc(void **state)
{
    (void)state;
    for (size_t count = 0; count < 200; count += 1 + count / 3) {
        unsigned char *bytes = NULL;
        TEST_OK(sid__alloc(&bytes, count, 3, "bytes", err));
        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % 64, 0);
        for (size_t i = 0; i < 3 * count; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xff, 3 * count); /* the next one gets the same dirty memory */
        sid__free(bytes);
    }
    sid__free(NULL);
}

/* Fails when memory that is not to be zeroed is written before it is used: untouched pages of a large one take nothing. */
static void test_unset(void **state)
{
    (void)state;
    enum { SIZE = 256 << 20 };
    struct rusage before, after;
    char *bytes = NULL;
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    TEST_OK(sid__alloc_unset(&bytes, SIZE, 1, "bytes", err));
    bytes[0] = bytes[SIZE - 1] = 1;
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_true(IS_SLOW_BUILD || after.ru_maxrss - before.ru_maxrss < (SIZE >> 10) / 4);
    assert_int_equal((uintptr_t)bytes % 64, 0);
    sid__free(bytes);
    TEST_FAILS(sid__alloc_unset(&bytes, SIZE_MAX / 2, 3, "a step", err), SID_ENOMEM, "a step of");
}

/* Fails when count x size wraps to a small allocation, or the message lacks the numbers. */
static void test_overflow(void **state)
{
    (void)state;
    char *bytes = (char *)state;
    TEST_FAILS(sid__alloc(&bytes, SIZE_MAX / 2, 3, "a codebook", err), SID_ENOMEM, "a codebook of");
    TEST_FAILS(sid__alloc(&bytes, SIZE_MAX, 1, "a row", err), SID_ENOMEM, "18446744073709551615 x 1 bytes");
    TEST_FAILS(sid__alloc(&bytes, SIZE_MAX - 63, 1, "a row", err), SID_ENOMEM, "too large");
    assert_ptr_equal(bytes, state);
    assert_int_equal(sid__alloc(&bytes, SIZE_MAX, 2, "a row", NULL), SID_ENOMEM);
}

/* Fails when a size or product that does not fit is passed on, or one that fits is refused. */
static void test_checked(void **state)
{
    (void)state;
    size_t size = 7;
    int64_t number = 7;
    assert_false(sid__mul_size(SIZE_MAX / 2, 3, &size));
    assert_false(sid__add_size(SIZE_MAX, 1, &size));
    assert_int_equal(size, 7);
    assert_true(sid__mul_size(SIZE_MAX / 2, 2, &size));
    assert_true(size == SIZE_MAX - 1);
    assert_true(sid__add_size(size, 1, &size));
    assert_true(size == SIZE_MAX);
    assert_false(sid__mul_i64(INT64_MAX, 2, &number));
    assert_false(sid__mul_i64(INT64_MIN, -1, &number));
    assert_int_equal(number, 7);
    assert_true(sid__mul_i64(-3, 5, &number));
    assert_int_equal(number, -15);
}

/* Fails when growing loses elements, grows by less than doubling, or touches a buffer that is large enough. */
static void test_grow(void **state)
{
    (void)state;
    int64_t *number = NULL, capacity = 0;
    int moves = 0;
    for (int64_t i = 0; i < 10000; i++) {
        const int64_t *before = number;
        TEST_OK(sid__grow(&number, &capacity, i + 1, sizeof *number, "numbers", err));
        assert_true(capacity >= i + 1);
        moves += number != before;
        number[i] = i;
    }
    for (int64_t i = 0; i < 10000; i++)
        assert_int_equal(number[i], i);
    assert_in_range(moves, 1, 11); /* 16 doubled ten times is enough */
    const int64_t *before = number;
    TEST_OK(sid__grow(&number, &capacity, 5, sizeof *number, "numbers", err));
    assert_ptr_equal(number, before);
    sid__free(number);
}

/* Fails when a failed growth loses the old buffer, or a size near the limit makes doubling run for ever. */
static void test_grow_fails(void **state)
{
    (void)state;
    char *text = NULL;
    int64_t capacity = 0;
    TEST_OK(sid__grow(&text, &capacity, 3, 1, "a text", err));
    memcpy(text, "abc", 3);
    const char *before = text;
    const int64_t capacity_before = capacity;
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__grow(&text, &capacity, 1000, 1, "a text", err), SID_ENOMEM, "a text needs 1024 bytes");
    sid__mem_fail(-1, 0);
    TEST_FAILS(sid__grow(&text, &capacity, INT64_MAX, 16, "a text", err), SID_ENOMEM, "too large");
    assert_ptr_equal(text, before);
    assert_int_equal(capacity, capacity_before);
    assert_memory_equal(text, "abc", 3);
    sid__free(text);
}

/* Fails when a copy is not one's own, or a failed one leaves something behind. */
static void test_strdup(void **state)
{
    (void)state;
    char text[] = "12-153-87", *copy = NULL;
    TEST_OK(sid__strdup(&copy, text, err));
    text[0] = 'x';
    assert_string_equal(copy, "12-153-87");
    sid__free(copy);
    copy = NULL;
    sid__mem_fail(0, 1);
    TEST_FAILS(sid__strdup(&copy, text, err), SID_ENOMEM, "a copy of a text needs 10 bytes");
    sid__mem_fail(-1, 0);
    assert_null(copy);
    TEST_OK(sid__strdup(&copy, "", err));
    assert_string_equal(copy, "");
    sid__free(copy);
}

/* Which of ten allocations fail, as a bit mask. */
static unsigned failed_of_ten(int64_t after, int64_t times)
{
    unsigned failed = 0;
    sid__mem_fail(after, times);
    for (unsigned i = 0; i < 10; i++) {
        char *bytes = NULL;
        failed |= (unsigned)(sid__alloc(&bytes, 1, 1, "bytes", NULL) != SID_OK) << i;
        sid__free(bytes);
    }
    sid__mem_fail(-1, 0);
    return failed;
}

/* Fails when the wrong allocation fails: fault tests would then walk past the points they mean to test. */
static void test_injected_failures(void **state)
{
    (void)state;
    assert_int_equal(failed_of_ten(-1, -1), 0x000);
    assert_int_equal(failed_of_ten(0, 1), 0x001);
    assert_int_equal(failed_of_ten(3, 1), 0x008);
    assert_int_equal(failed_of_ten(3, 2), 0x018);
    assert_int_equal(failed_of_ten(8, -1), 0x300);
    assert_int_equal(failed_of_ten(0, -1), 0x3ff);
    assert_int_equal(failed_of_ten(2, 0), 0x000);
    assert_int_equal(failed_of_ten(10, -1), 0x000);
}

static _Atomic int thread_failures;

static void *allocate_many(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        char *bytes = NULL;
        if (sid__alloc(&bytes, 1, 1, "bytes", NULL) != SID_OK)
            atomic_fetch_add(&thread_failures, 1);
        sid__free(bytes);
    }
    return arg;
}

/* Fails when two threads that allocate at one time share a number: exactly `times` allocations must fail. */
static void test_injected_failures_among_threads(void **state)
{
    (void)state;
    pthread_t thread[4];
    sid__mem_fail(500, 3000);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, allocate_many, NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    sid__mem_fail(-1, 0);
    assert_int_equal(atomic_load(&thread_failures), 3000);
}

/* Fails when pages are not aligned, not zero, cannot be made to fail, or are kept when freed. */
static void test_pages(void **state)
{
    char *pages = NULL;
    sid_error err = {0};
    (void)state;
    for (size_t count = 1; count <= 3; count++) {
        assert_int_equal(sid__pages_alloc(&pages, count * SID__PAGE_SIZE, "pages", &err), SID_OK);
        assert_int_equal((uintptr_t)pages % SID__PAGE_SIZE, 0);
        assert_true(pages[0] == 0 && pages[count * SID__PAGE_SIZE - 1] == 0);
        pages[count * SID__PAGE_SIZE - 1] = 1;
        sid__pages_free(pages, count * SID__PAGE_SIZE);
    }
    sid__mem_fail(0, 1);
    assert_int_equal(sid__pages_alloc(&pages, SID__PAGE_SIZE, "pages", &err), SID_ENOMEM);
    sid__mem_fail(-1, 0);
    assert_non_null(strstr(err.message, "pages needs 2097152 bytes"));
    sid__pages_free(NULL, SID__PAGE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc),
        cmocka_unit_test(test_unset),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_checked),
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_grow_fails),
        cmocka_unit_test(test_strdup),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_injected_failures),
        cmocka_unit_test(test_injected_failures_among_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
