/* io_fault.c: see io_fault.h. One count that only grows, so that calls of many threads at a time get different numbers. */
#define _GNU_SOURCE
#include "base/io_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static _Atomic unsigned fail_kinds;
static _Atomic int64_t fail_after, fail_times, call_index;
static _Atomic int fail_error;

void sid__io_fail(const sid__io_fault *fault)
{
    static const sid__io_fault off = {0};
    const sid__io_fault *now = fault ? fault : &off;
    atomic_store(&fail_kinds, 0);
    atomic_store(&fail_after, now->after);
    atomic_store(&fail_times, now->times);
    atomic_store(&fail_error, now->error);
    atomic_store(&call_index, 0);
    atomic_store(&fail_kinds, now->kinds);
}

int64_t sid__io_calls(void)
{
    return atomic_load(&call_index);
}

int sid__io_hit(sid__io_kind kind, size_t *size)
{
    if ((atomic_load_explicit(&fail_kinds, memory_order_relaxed) & (unsigned)kind) == 0)
        return 0;
    int64_t index = atomic_fetch_add(&call_index, 1), after = atomic_load(&fail_after),
            times = atomic_load(&fail_times);
    int error = atomic_load(&fail_error);
    bool is_hit = index >= after && (times < 0 || index - after < times);
    if (is_hit && error == 0 && size && *size > 1)
        *size /= 2;
    return is_hit ? error : 0;
}

/* True when the call must fail; errno says how. */
static bool fails(sid__io_kind kind, size_t *size)
{
    int error = sid__io_hit(kind, size);
    if (error)
        errno = error;
    return error != 0;
}

int sid__sys_open(const char *path, int flags, mode_t mode)
{
    return fails(SID__IO_OPEN, NULL) ? -1 : open(path, flags, mode);
}

ssize_t sid__sys_read(int fd, void *bytes, size_t size)
{
    return fails(SID__IO_READ, &size) ? -1 : read(fd, bytes, size);
}

ssize_t sid__sys_pread(int fd, void *bytes, size_t size, off_t offset)
{
    return fails(SID__IO_READ, &size) ? -1 : pread(fd, bytes, size, offset);
}

ssize_t sid__sys_write(int fd, const void *bytes, size_t size)
{
    return fails(SID__IO_WRITE, &size) ? -1 : write(fd, bytes, size);
}

int sid__sys_fsync(int fd)
{
    return fails(SID__IO_SYNC, NULL) ? -1 : fsync(fd);
}

int sid__sys_rename(const char *from, const char *to, unsigned flags)
{
    if (fails(SID__IO_RENAME, NULL))
        return -1;
    return flags ? renameat2(AT_FDCWD, from, AT_FDCWD, to, flags) : rename(from, to);
}
