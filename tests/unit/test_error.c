/* test_error.c: what a failing call leaves in the caller's sid_error. */
#include "base/error.h"

#include <errno.h>

#include "test.h"

/* Fails when a failure without a place keeps an older place, or the status is not given back. */
static void test_plain(void **state)
{
    (void)state;
    sid_error err;
    memset(&err, 0x55, sizeof err);
    assert_int_equal(sid__fail(&err, SID_EUSAGE, "levels is %d; 1 to %d are possible", 65, 64), SID_EUSAGE);
    assert_int_equal(err.status, SID_EUSAGE);
    assert_string_equal(err.message, "levels is 65; 1 to 64 are possible");
    assert_string_equal(err.file, "");
    assert_int_equal(err.row, -1);
    assert_int_equal(err.byte, -1);
}

/* Fails when the form of places changes, which editors and tests of the CLI parse. */
static void test_places(void **state)
{
    (void)state;
    sid_error err;
    assert_int_equal(sid__fail_at(&err, SID_EDATA, (sid__place){"items.tsv", 1041, -1}, "empty item_id"), SID_EDATA);
    assert_string_equal(err.message, "items.tsv:1041: empty item_id");
    assert_string_equal(err.file, "items.tsv");
    assert_int_equal(err.row, 1041);
    assert_int_equal(err.byte, -1);
    (void)sid__fail_at(&err, SID_EDATA, (sid__place){"x.npy", 0, 0}, "not an npy file");
    assert_string_equal(err.message, "x.npy: not an npy file (byte 0)");
    assert_int_equal(err.row, -1);
    assert_int_equal(err.byte, 0);
    (void)sid__fail_at(&err, SID_EDATA, (sid__place){NULL, 3, 9}, "bad");
    assert_string_equal(err.message, "bad (byte 9)");
    assert_int_equal(err.row, 3);
}

/* Fails when a call with err NULL crashes or loses its status. */
static void test_null(void **state)
{
    (void)state;
    assert_int_equal(sid__fail(NULL, SID_EDATA, "x %s", "y"), SID_EDATA);
    assert_int_equal(sid__fail_at(NULL, SID_ECORRUPT, (sid__place){"f", 1, 1}, "x"), SID_ECORRUPT);
    assert_int_equal(sid__fail_errno(NULL, "f", "cannot read", EIO), SID_EIO);
    assert_int_equal(sid__fail_memory(NULL, "a row", 5), SID_ENOMEM);
}

/* Fails when a long path pushes the reason out of the message, overruns, or its end (the file's name) is lost. */
static void test_long_paths(void **state)
{
    (void)state;
    sid_error err;
    static char path[5000];
    for (size_t length = 240; length < 4500; length += length < 270 ? 1 : 977) {
        memset(path, 'd', length);
        memcpy(path + length - 9, "/last.tsv", 10);
        (void)sid__fail_at(&err, SID_EDATA, (sid__place){path, 7, 99}, "what is wrong");
        assert_true(strlen(err.file) < sizeof err.file);
        assert_non_null(strstr(err.message, "/last.tsv:7: what is wrong (byte 99)"));
        assert_non_null(strstr(err.file, "/last.tsv"));
        assert_int_equal(strncmp(err.file, length < sizeof err.file ? "dddd" : "...d", 4), 0);
        if (length < sizeof err.file)
            assert_string_equal(err.file, path);
    }
}

/* Fails when a long message overruns its buffer, or a cut leaves half a UTF-8 character in message or file. */
static void test_long_messages(void **state)
{
    (void)state;
    sid_error err;
    static char text[3000], path[1001];
    memset(text, 'm', sizeof text - 1);
    (void)sid__fail_at(&err, SID_EDATA, (sid__place){"f", 1, 5}, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_int_equal(err.byte, 5);
    for (size_t shift = 0; shift < 4; shift++) {
        for (size_t i = 0; i < 2000; i++)
            text[i] = i < shift ? 'a' : "\xf0\x9f\x8d\x8e"[(i - shift) % 4];
        text[2000] = 0;
        (void)sid__fail(&err, SID_EDATA, "%s", text);
        size_t length = strlen(err.message);
        assert_in_range(length, sizeof err.message - 4, sizeof err.message - 1);
        assert_int_equal((length - shift) % 4, 0);
        memcpy(path, text, 1000);
        (void)sid__fail_at(&err, SID_EDATA, (sid__place){path, 0, -1}, "bad");
        assert_memory_equal(err.file, "...\xf0\x9f", 5);
    }
}

static void expect_mended(const char *text, const char *wanted)
{
    char copy[32];
    (void)snprintf(copy, sizeof copy, "%s", text);
    sid__utf8_mend(copy);
    assert_string_equal(copy, wanted);
}

/* Fails when a whole character is dropped, or part of one stays. */
static void test_utf8_mend(void **state)
{
    (void)state;
    expect_mended("", "");
    expect_mended("a", "a");
    expect_mended("a\xc3\xa9", "a\xc3\xa9");
    expect_mended("a\xc3", "a");
    expect_mended("a\xe2\x82\xac", "a\xe2\x82\xac");
    expect_mended("a\xe2\x82", "a");
    expect_mended("a\xe2", "a");
    expect_mended("a\xf0\x9f\x8d\x8e", "a\xf0\x9f\x8d\x8e");
    expect_mended("a\xf0\x9f\x8d", "a");
    expect_mended("a\xf0\x9f", "a");
    expect_mended("\xf0", "");
    expect_mended("\x80\x80", "\x80\x80"); /* never was a character; not made by a cut */
}

/* Fails when the system's reason or the advice for a full disk is missing. */
static void test_errno(void **state)
{
    (void)state;
    sid_error err;
    assert_int_equal(sid__fail_errno(&err, "out.npy", "cannot write", ENOSPC), SID_EIO);
    assert_string_equal(err.message, "out.npy: cannot write: No space left on device; free some space and try again");
    (void)sid__fail_errno(&err, "out.npy", "cannot write", EDQUOT);
    assert_non_null(strstr(err.message, "free some space"));
    (void)sid__fail_errno(&err, "in.npy", "cannot open", ENOENT);
    assert_string_equal(err.message, "in.npy: cannot open: No such file or directory");
    (void)sid__fail_errno(&err, "in.npy", "cannot open", 99999);
    assert_non_null(strstr(err.message, "99999"));
}

/* Fails when the message does not say what needed how much. */
static void test_memory(void **state)
{
    (void)state;
    sid_error err;
    assert_int_equal(sid__fail_memory(&err, "the tree", 4096), SID_ENOMEM);
    assert_string_equal(err.message, "out of memory: the tree needs 4096 bytes");
}

static sid_status tried(sid_status inner, int *passed, sid_error *err)
{
    SID_TRY(inner == SID_OK ? SID_OK : sid__fail(err, inner, "inner"));
    ++*passed;
    return SID_OK;
}

/* Fails when SID_TRY goes on after a failure, or evaluates its expression twice. */
static void test_try(void **state)
{
    (void)state;
    int passed = 0;
    TEST_OK(tried(SID_OK, &passed, err));
    TEST_FAILS(tried(SID_ELOCKED, &passed, err), SID_ELOCKED, "inner");
    assert_int_equal(passed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),      cmocka_unit_test(test_places),        cmocka_unit_test(test_null),
        cmocka_unit_test(test_long_paths), cmocka_unit_test(test_long_messages), cmocka_unit_test(test_utf8_mend),
        cmocka_unit_test(test_errno),      cmocka_unit_test(test_memory),        cmocka_unit_test(test_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
