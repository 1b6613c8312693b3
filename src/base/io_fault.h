/* io_fault.h: the system calls of base/vfs, each of which tests can make fail, or do half of what it was asked for.
 *
 *     sid__io_fail(&(sid__io_fault){.kinds = SID__IO_SYNC, .after = 2, .times = 1, .error = EIO});   // the third fsync
 *
 * Off, which is always so outside tests, a call costs one relaxed load more. tests/fault puts SQLite's calls under the
 * same counter, so that "the n-th call" runs through all that a catalogue does.
 */
#ifndef SEMID_BASE_IO_FAULT_H
#define SEMID_BASE_IO_FAULT_H

#include <stdint.h>
#include <sys/types.h>

typedef enum sid__io_kind {
    SID__IO_OPEN = 1,
    SID__IO_READ = 2,
    SID__IO_WRITE = 4,
    SID__IO_SYNC = 8,
    SID__IO_RENAME = 16,
    SID__IO_ANY = 31
} sid__io_kind;

typedef struct sid__io_fault {
    unsigned kinds;       /* sid__io_kind together: which calls are counted */
    int64_t after, times; /* after so many calls the next `times` fail; times < 0: all later ones */
    int error;            /* errno of the failure; 0: a read or write is cut to half its size, at least a byte */
} sid__io_fault;

/* NULL turns it off. Not while other threads do I/O. */
void sid__io_fail(const sid__io_fault *fault);
/* Calls of the kinds counted since sid__io_fail; 0 when it is off. */
int64_t sid__io_calls(void);
/* Counts a call: 0, or the errno that it must fail with. *size (NULL: the call has none) may be cut. */
int sid__io_hit(sid__io_kind kind, size_t *size);

/* As the calls of the system they are named after. */
int sid__sys_open(const char *path, int flags, mode_t mode);
ssize_t sid__sys_read(int fd, void *bytes, size_t size);
ssize_t sid__sys_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t sid__sys_write(int fd, const void *bytes, size_t size);
int sid__sys_fsync(int fd);
int sid__sys_rename(const char *from, const char *to, unsigned flags); /* renameat2; flags 0: rename */

#endif
