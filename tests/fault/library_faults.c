/* library_faults.c: see fault.h. SQLite lets its system calls be replaced, all but fdatasync, for which this program's own
 * stands before libc's; its memory, and jansson's, come from functions that we hand over.
 */
#include "fault.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include <jansson.h>
#include <sqlite3.h>

int fdatasync(int fd);
long syscall(long number, ...);

/* ---- Files -------------------------------------------------------------------------------------------------------- */

static bool fails(sid__io_kind kind, size_t *size)
{
    int error = sid__io_hit(kind, size);
    if (error)
        errno = error;
    return error != 0;
}

static int hooked_open(const char *path, int flags, int mode)
{
    return fails(SID__IO_OPEN, NULL) ? -1 : open(path, flags, mode);
}

static ssize_t hooked_read(int fd, void *bytes, size_t size)
{
    return fails(SID__IO_READ, &size) ? -1 : read(fd, bytes, size);
}

static ssize_t hooked_pread(int fd, void *bytes, size_t size, off_t offset)
{
    return fails(SID__IO_READ, &size) ? -1 : pread(fd, bytes, size, offset);
}

static ssize_t hooked_write(int fd, const void *bytes, size_t size)
{
    return fails(SID__IO_WRITE, &size) ? -1 : write(fd, bytes, size);
}

static ssize_t hooked_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    return fails(SID__IO_WRITE, &size) ? -1 : pwrite(fd, bytes, size, offset);
}

static int hooked_ftruncate(int fd, off_t size)
{
    return fails(SID__IO_WRITE, NULL) ? -1 : ftruncate(fd, size);
}

int fdatasync(int fd)
{
    return fails(SID__IO_SYNC, NULL) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

void sqlite_faults_install(void)
{
    const struct {
        const char *name;
        sqlite3_syscall_ptr call;
    } hook[] = {
        {"open", (sqlite3_syscall_ptr)(void (*)(void))hooked_open},
        {"read", (sqlite3_syscall_ptr)(void (*)(void))hooked_read},
        {"pread", (sqlite3_syscall_ptr)(void (*)(void))hooked_pread},
        {"pread64", (sqlite3_syscall_ptr)(void (*)(void))hooked_pread},
        {"write", (sqlite3_syscall_ptr)(void (*)(void))hooked_write},
        {"pwrite", (sqlite3_syscall_ptr)(void (*)(void))hooked_pwrite},
        {"pwrite64", (sqlite3_syscall_ptr)(void (*)(void))hooked_pwrite},
        {"ftruncate", (sqlite3_syscall_ptr)(void (*)(void))hooked_ftruncate},
    };
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    assert_non_null(vfs);
    for (size_t i = 0; i < sizeof hook / sizeof *hook; i++)
        if (vfs->xGetSystemCall(vfs, hook[i].name)) /* pread and pread64: what this build of SQLite has */
            assert_int_equal(vfs->xSetSystemCall(vfs, hook[i].name, hook[i].call), SQLITE_OK);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------- */

static _Atomic int64_t fail_after = -1, fail_times, call_index;
static _Atomic library failing;
static sqlite3_mem_methods plain;

void library_memory_fail(library which, int64_t after, int64_t times)
{
    atomic_store(&failing, which);
    atomic_store(&fail_after, -1);
    atomic_store(&fail_times, times);
    atomic_store(&call_index, 0);
    atomic_store(&fail_after, after);
}

int64_t library_memory_calls(void)
{
    return atomic_load(&call_index);
}

static bool is_out_of_memory(library which)
{
    int64_t after = atomic_load(&fail_after);
    if (after < 0 || atomic_load(&failing) != which)
        return false;
    int64_t index = atomic_fetch_add(&call_index, 1), times = atomic_load(&fail_times);
    return index >= after && (times < 0 || index - after < times);
}

static void *sqlite_malloc(int size)
{
    return is_out_of_memory(SQLITE) ? NULL : plain.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
    return is_out_of_memory(SQLITE) ? NULL : plain.xRealloc(old, size);
}

static void *jansson_malloc(size_t size)
{
    return is_out_of_memory(JANSSON) ? NULL : malloc(size);
}

void library_memory_install(void)
{
    sqlite3_mem_methods counted;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain), SQLITE_OK);
    counted = plain;
    counted.xMalloc = sqlite_malloc;
    counted.xRealloc = sqlite_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &counted), SQLITE_OK);
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK); /* its slots would hide allocations */
    json_set_alloc_funcs(jansson_malloc, free);
}
