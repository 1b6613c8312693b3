/* vfs.c: thin, checked wrappers over POSIX files. EINTR is retried, short reads and writes are continued. */
#define _GNU_SOURCE
#include "base/vfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/io_fault.h"

enum { IO_STEP = 1 << 30, READ_STEP = 1 << 20 };

/* Never 0, 1 or 2: where a program runs with these closed, its next message would land in our file. */
static int open_file(const char *path, int flags)
{
    int fd;
    do
        fd = sid__sys_open(path, flags | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR); /* a pipe waits for its other end */
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), why = errno;
    (void)close(fd);
    errno = why;
    return above;
}

sid_status sid__file_open(const char *path, sid__file *out, int64_t *size, sid_error *err)
{
    struct stat info;
    int fd = open_file(path, O_RDONLY);
    if (fd < 0)
        return sid__fail_errno(err, path, "cannot open", errno);
    int why = fstat(fd, &info) != 0 ? errno : S_ISDIR(info.st_mode) ? EISDIR : 0;
    if (why) {
        (void)close(fd);
        return sid__fail_errno(err, path, "cannot read", why);
    }
    *out = (sid__file){.fd = fd, .path = path};
    if (size)
        *size = info.st_size;
    return SID_OK;
}

sid_status sid__file_size(const sid__file *file, int64_t *size, sid_error *err)
{
    struct stat info;
    if (fstat(file->fd, &info) != 0)
        return sid__fail_errno(err, file->path, "cannot read", errno);
    *size = info.st_size;
    return SID_OK;
}

sid_status sid__file_create(const char *path, sid__file *out, sid_error *err)
{
    int fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0)
        return sid__fail_errno(err, path, "cannot create", errno);
    *out = (sid__file){.fd = fd, .path = path};
    return SID_OK;
}

sid_status sid__file_read(const sid__file *file, void *bytes, size_t size, int64_t offset, sid_error *err)
{
    char *at = bytes;
    while (size > 0) {
        ssize_t n = sid__sys_pread(file->fd, at, size < IO_STEP ? size : IO_STEP, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sid__fail_errno(err, file->path, "cannot read", errno);
        if (n == 0)
            return sid__fail_at(err, SID_EDATA, (sid__place){.file = file->path, .byte = offset},
                                "the file ends here; %zu more bytes are expected", size);
        at += n;
        size -= (size_t)n;
        offset += n;
    }
    return SID_OK;
}

sid_status sid__file_next(const sid__file *file, void *bytes, size_t size, size_t *got, sid_error *err)
{
    ssize_t n;
    do
        n = sid__sys_read(file->fd, bytes, size < IO_STEP ? size : IO_STEP);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return sid__fail_errno(err, file->path, "cannot read", errno);
    *got = (size_t)n;
    return SID_OK;
}

sid_status sid__file_write(const sid__file *file, const void *bytes, size_t size, sid_error *err)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t n = sid__sys_write(file->fd, at, size < IO_STEP ? size : IO_STEP);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sid__fail_errno(err, file->path, "cannot write", errno);
        at += n;
        size -= (size_t)n;
    }
    return SID_OK;
}

sid_status sid__file_sync(const sid__file *file, sid_error *err)
{
    if (sid__sys_fsync(file->fd) != 0)
        return sid__fail_errno(err, file->path, "cannot write to the disk", errno);
    return SID_OK;
}

void sid__file_close(sid__file *file)
{
    if (file->fd > 0)
        (void)close(file->fd);
    file->fd = -1;
}

static sid_status fail_too_large(const char *path, int64_t size_max, sid_error *err)
{
    return sid__fail_at(err, SID_EDATA, (sid__place){.file = path, .byte = -1},
                        "larger than the limit of %" PRId64 " bytes", size_max);
}

/* Reads a pipe, or a file whose size is not to be believed, to its end. */
static sid_status read_to_end(const sid__file *file, int64_t size_max, sid__strbuf *out, sid_error *err)
{
    size_t got = 0;
    do {
        SID_TRY(sid__grow(&out->text, &out->capacity, out->length + READ_STEP + 1, 1, "a file's bytes", err));
        SID_TRY(sid__file_next(file, out->text + out->length, READ_STEP, &got, err));
        out->length += (int64_t)got;
        if (out->length > size_max)
            return fail_too_large(file->path, size_max, err);
    } while (got > 0);
    out->text[out->length] = 0;
    return SID_OK;
}

sid_status sid__read_whole(const char *path, int64_t size_max, char **bytes, int64_t *size, sid_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    sid__file file = {.fd = STDIN_FILENO, .path = "standard input"};
    int64_t told_size = 0;
    if (!is_stdin)
        SID_TRY(sid__file_open(path, &file, &told_size, err));
    sid__strbuf buffer = {0};
    sid_status status = told_size > size_max ? fail_too_large(path, size_max, err) : SID_OK;
    if (status == SID_OK && told_size > 0)
        status = sid__grow(&buffer.text, &buffer.capacity, told_size + READ_STEP + 1, 1, "a file's bytes", err);
    if (status == SID_OK)
        status = read_to_end(&file, size_max, &buffer, err);
    if (!is_stdin)
        sid__file_close(&file);
    if (status != SID_OK) {
        sid__strbuf_drop(&buffer);
        return status;
    }
    *size = buffer.length;
    *bytes = sid__strbuf_take(&buffer);
    return SID_OK;
}

sid_status sid__write_whole(const char *path, const void *bytes, int64_t size, sid_error *err)
{
    sid__file file = {.fd = -1};
    SID_TRY(sid__file_create(path, &file, err));
    sid_status status = sid__file_write(&file, size > 0 ? bytes : "", (size_t)size, err);
    if (status == SID_OK)
        status = sid__file_sync(&file, err);
    sid__file_close(&file);
    return status;
}

static sid_status parent_of(const char *path, char *out, size_t size, sid_error *err)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') /* "dir/" lies where "dir" lies */
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    while (length > 1 && path[length - 1] == '/')
        length--;
    const char *parent = length > 0 ? path : ".";
    length = length > 0 ? length : 1;
    if (length >= size)
        return sid__fail(err, SID_EUSAGE, "path is too long: %s", path);
    memcpy(out, parent, length);
    out[length] = 0;
    return SID_OK;
}

/* Renaming over a device or a pipe would remove it. */
static bool is_written_in_place(const char *path)
{
    struct stat info;
    return strcmp(path, "-") == 0 || (stat(path, &info) == 0 && !S_ISREG(info.st_mode));
}

static sid_status open_in_place(const char *path, sid__output *out, sid_error *err)
{
    *out = (sid__output){.path = path, .file = {.fd = STDOUT_FILENO, .path = "standard output"}};
    return strcmp(path, "-") == 0 ? SID_OK : sid__file_create(path, &out->file, err);
}

/* A file that nobody else has open, with the permissions of the one it will replace. */
static int create_temporary(const char *temporary, const char *target)
{
    struct stat old;
    (void)unlink(temporary); /* of a process that died */
    int fd = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (fd >= 0 && stat(target, &old) == 0)
        (void)fchmod(fd, old.st_mode & 0777); /* not every file system can */
    return fd;
}

sid_status sid__output_open(const char *path, sid__output *out, sid_error *err)
{
    sid__strbuf temporary = {0};
    char real[PATH_MAX], *target = NULL;
    if (is_written_in_place(path))
        return open_in_place(path, out, err);
    /* What a link points to is replaced, not the link. */
    SID_TRY(sid__strdup(&target, realpath(path, real) ? real : path, err));
    /* The thread's number, for two threads may write one path. */
    sid_status status = sid__strbuf_printf(&temporary, err, "%s.tmp-%ld", target, (long)gettid());
    int fd = status == SID_OK ? create_temporary(temporary.text, target) : -1;
    if (status == SID_OK && fd < 0)
        status = sid__fail_errno(err, path, "cannot create", errno);
    if (status != SID_OK) {
        sid__strbuf_drop(&temporary);
        sid__free(target);
        return status;
    }
    *out = (sid__output){.file = {.fd = fd, .path = path}, /* the path that messages shall name */
                         .path = path,
                         .target = target,
                         .temporary = sid__strbuf_take(&temporary)};
    return SID_OK;
}

static sid_status put_in_place(const sid__output *output, sid_error *err)
{
    char parent[PATH_MAX];
    SID_TRY(parent_of(output->target, parent, sizeof parent, err));
    if (sid__sys_rename(output->temporary, output->target, 0) != 0)
        return sid__fail_errno(err, output->path, "cannot replace", errno);
    return sid__directory_sync(parent, err);
}

sid_status sid__output_finish(sid__output *output, sid_status status, sid_error *err)
{
    if (status == SID_OK && output->temporary)
        status = sid__file_sync(&output->file, err);
    if (output->file.fd != STDOUT_FILENO)
        sid__file_close(&output->file);
    if (status == SID_OK && output->temporary)
        status = put_in_place(output, err);
    if (status != SID_OK && output->temporary)
        (void)unlink(output->temporary);
    sid__free(output->temporary);
    sid__free(output->target);
    *output = (sid__output){.file = {.fd = -1}};
    return status;
}

sid_status sid__replace_whole(const char *path, const void *bytes, size_t size, sid_error *err)
{
    sid__output output;
    SID_TRY(sid__output_open(path, &output, err));
    sid_status status = sid__file_write(&output.file, bytes, size, err);
    return sid__output_finish(&output, status, err);
}

bool sid__path_exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

bool sid__path_is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

sid_status sid__directory_create(const char *path, sid_error *err)
{
    if (mkdir(path, 0777) != 0)
        return sid__fail_errno(err, path, "cannot create the directory", errno);
    return SID_OK;
}

sid_status sid__directory_sync(const char *path, sid_error *err)
{
    int fd = open_file(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return sid__fail_errno(err, path, "cannot open the directory", errno);
    int failed = sid__sys_fsync(fd) != 0 && errno != EINVAL ? errno : 0;
    (void)close(fd);
    return failed ? sid__fail_errno(err, path, "cannot write the directory to the disk", failed) : SID_OK;
}

sid_status sid__remove_tree(const char *path, sid_error *err)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return SID_OK;
    int why = errno; /* of a plain file; a directory is opened next */
    DIR *directory = opendir(path);
    if (!directory)
        return sid__fail_errno(err, path, "cannot remove", errno == ENOTDIR ? why : errno);
    why = 0;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(dirfd(directory), entry->d_name, 0) != 0)
            why = errno == EISDIR ? ENOTEMPTY : errno;
    (void)closedir(directory);
    if (rmdir(path) != 0)
        return sid__fail_errno(err, path, "cannot remove", why ? why : errno);
    return SID_OK;
}

sid_status sid__rename(const char *from, const char *to, bool exchange, sid_error *err)
{
    if (sid__sys_rename(from, to, exchange ? RENAME_EXCHANGE : RENAME_NOREPLACE) == 0)
        return SID_OK;
    int why = errno;
    bool knows_flags = why != EINVAL && why != ENOSYS;
    if (!knows_flags && exchange)
        return sid__fail_at(err, SID_EIO, (sid__place){.file = to, .byte = -1},
                            "this file system cannot swap two names at once; remove the old one, then try again");
    if (why == EEXIST || (!knows_flags && sid__path_exists(to)))
        return sid__fail_at(err, SID_EEXISTS, (sid__place){.file = to, .byte = -1}, "exists already");
    /* Some file systems know no flags; without exchange a plain rename after a look is the best there is. */
    if (!knows_flags && sid__sys_rename(from, to, 0) == 0)
        return SID_OK;
    return sid__fail_errno(err, to, "cannot rename to it", knows_flags ? why : errno);
}

sid_status sid__path_join(char *out, size_t size, const char *directory, const char *name, sid_error *err)
{
    int n = snprintf(out, size, "%s/%s", directory, name);
    if (n < 0 || (size_t)n >= size)
        return sid__fail(err, SID_EUSAGE, "path is too long: %s/%s", directory, name);
    return SID_OK;
}

int64_t sid__space_free(const char *path)
{
    struct statvfs info;
    char parent[PATH_MAX];
    if (statvfs(path, &info) != 0 &&
        (parent_of(path, parent, sizeof parent, NULL) != SID_OK || statvfs(parent, &info) != 0))
        return -1;
    return (int64_t)(info.f_bavail * info.f_frsize);
}
