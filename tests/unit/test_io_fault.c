/* test_io_fault.c: the injector counts right, fails what it was told to and nothing else. */
#include "base/io_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/vfs.h"
#include "io_help.h"

/* Fails when a call of another kind is counted, the wrong one fails, or the injector stays on. */
static void test_the_nth_call_fails(void **state)
{
    (void)state;
    const char *path = write_temporary("faulted", "0123456789", 10);
    sid__file file = {.fd = -1};
    char bytes[16] = "";
    TEST_OK(sid__file_open(path, &file, NULL, err));
    sid__io_fail(&(sid__io_fault){.kinds = SID__IO_READ, .after = 1, .times = 1, .error = EIO});
    TEST_OK(sid__file_read(&file, bytes, 4, 0, err));
    TEST_OK(sid__file_sync(&file, err));
    TEST_FAILS(sid__file_read(&file, bytes, 4, 0, err), SID_EIO, "faulted: cannot read: Input/output error");
    TEST_OK(sid__file_read(&file, bytes, 4, 0, err));
    assert_int_equal(sid__io_calls(), 3);
    sid__io_fail(&(sid__io_fault){.kinds = SID__IO_ANY, .times = -1, .error = EMFILE});
    for (int i = 0; i < 3; i++)
        TEST_FAILS(sid__file_open(path, &(sid__file){.fd = -1}, NULL, err), SID_EIO, "Too many open files");
    TEST_FAILS(sid__file_sync(&file, err), SID_EIO, "cannot write to the disk");
    TEST_FAILS(sid__rename(path, "nowhere", false, err), SID_EIO, "cannot rename");
    TEST_FAILS(sid__file_next(&file, bytes, 4, &(size_t){0}, err), SID_EIO, "cannot read");
    sid__io_fail(NULL);
    assert_int_equal(sid__io_calls(), 0);
    TEST_OK(sid__file_sync(&file, err));
    sid__file_close(&file);
    assert_int_equal(unlink(path), 0);
}

/* Fails when a short read or write loses bytes, or EINTR reaches a caller. */
static void test_short_and_interrupted_calls_are_continued(void **state)
{
    (void)state;
    const char *path = temporary_path("short");
    char written[1000], bytes[1000];
    sid__file file = {.fd = -1};
    for (size_t i = 0; i < sizeof written; i++)
        written[i] = (char)(i * 7);
    for (int error = 0; error <= EINTR; error += EINTR) {
        sid__io_fail(&(sid__io_fault){.kinds = SID__IO_WRITE | SID__IO_READ, .times = 8, .error = error});
        TEST_OK(sid__replace_whole(path, written, sizeof written, err));
        sid__io_fail(&(sid__io_fault){.kinds = SID__IO_READ, .times = 8, .error = error});
        TEST_OK(sid__file_open(path, &file, NULL, err));
        TEST_OK(sid__file_read(&file, bytes, sizeof bytes, 0, err));
        assert_true(sid__io_calls() >= 8);
        sid__io_fail(NULL);
        sid__file_close(&file);
        assert_memory_equal(bytes, written, sizeof written);
    }
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_nth_call_fails),
        cmocka_unit_test(test_short_and_interrupted_calls_are_continued),
    };
    return cmocka_run_group_tests(tests, NULL, remove_temporary);
}
