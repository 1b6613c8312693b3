/* test_strbuf.c: text that grows. */
#include "base/strbuf.h"

#include <wchar.h>

#include "test.h"

/* Fails when text is lost at a growth, the end is not written, or bytes after a zero are dropped. */
static void test_append(void **state)
{
    (void)state;
    sid__strbuf buffer = {0};
    for (int i = 0; i < 3000; i++) {
        TEST_OK(sid__strbuf_append(&buffer, i % 2 ? "b\0c" : "a", i % 2 ? 3 : 1, err));
        assert_int_equal(buffer.text[buffer.length], 0);
        assert_true(buffer.length < buffer.capacity);
    }
    assert_int_equal(buffer.length, 1500 * 4);
    for (int i = 0; i < 1500; i++)
        assert_memory_equal(buffer.text + i * 4, "ab\0c", 4);
    TEST_OK(sid__strbuf_append(&buffer, NULL, 0, err));
    assert_int_equal(buffer.length, 1500 * 4);
    sid__strbuf_drop(&buffer);
    assert_null(buffer.text);
    sid__strbuf_drop(&buffer);
}

/* Fails when a long result is cut, or printing does not continue where the text ended. */
static void test_printf(void **state)
{
    (void)state;
    sid__strbuf buffer = {0};
    for (int i = 0; i < 100; i++)
        TEST_OK(sid__strbuf_printf(&buffer, err, "%s%d", i ? "-" : "", i % 10));
    assert_int_equal(buffer.length, 199);
    assert_int_equal(strlen(buffer.text), 199);
    assert_memory_equal(buffer.text, "0-1-2-3-4-5-6-7-8-9-0", 21);
    TEST_OK(sid__strbuf_printf(&buffer, err, "%5000d", 7));
    assert_int_equal(strlen(buffer.text), 5199);
    assert_int_equal(buffer.text[5198], '7');
    TEST_OK(sid__strbuf_printf(&buffer, err, "%s", ""));
    assert_int_equal(buffer.length, 5199);
    sid__strbuf_drop(&buffer);
}

/* Fails when a taken text still belongs to the buffer. */
static void test_take(void **state)
{
    (void)state;
    sid__strbuf buffer = {0};
    assert_null(sid__strbuf_take(&buffer));
    TEST_OK(sid__strbuf_append(&buffer, "taken", 5, err));
    char *text = sid__strbuf_take(&buffer);
    assert_null(buffer.text);
    assert_int_equal(buffer.length + buffer.capacity, 0);
    TEST_OK(sid__strbuf_append(&buffer, "other", 5, err));
    assert_string_equal(text, "taken");
    sid__free(text);
    sid__strbuf_drop(&buffer);
}

/* Fails when a failed append changes or leaks the text, or a size wraps. */
static void test_failures(void **state)
{
    (void)state;
    sid__strbuf buffer = {0};
    TEST_OK(sid__strbuf_append(&buffer, "kept", 4, err));
    sid__mem_fail(0, 2);
    TEST_FAILS(sid__strbuf_printf(&buffer, err, "%100d", 1), SID_ENOMEM, "a text");
    TEST_FAILS(sid__strbuf_append(&buffer, "0123456789abcdef", 16, err), SID_ENOMEM, "a text");
    sid__mem_fail(-1, 0);
    TEST_FAILS(sid__strbuf_append(&buffer, "x", SIZE_MAX, err), SID_ENOMEM, "a text");
    TEST_FAILS(sid__strbuf_printf(&buffer, err, "%lc", (wint_t)0x123456), SID_EINTERNAL, "not valid");
    assert_string_equal(buffer.text, "kept");
    assert_int_equal(buffer.length, 4);
    sid__strbuf_drop(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_printf),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
