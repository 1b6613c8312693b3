/* catalog_files.c: see catalog_files.h. A new catalogue is written beside its place as `.NAME.tmp-PID`, every file and the
 * directory synced, then renamed: others see the old catalogue or the new one, also after a power cut.
 */
#define _GNU_SOURCE
#include "catalog/catalog_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/io_fault.h"
#include "base/vfs.h"

enum { HOLDER_SIZE = 128, SAME_NAME_TRIES = 100 };

/* ---- Lock --------------------------------------------------------------------------------------------------------- */

/* Start of a process in clock ticks after boot, which with the pid names one process; 0: there is none, or it cannot be
 * told. `program` (NULL allowed) gets its name. */
static unsigned long long start_of(long pid, char *program, size_t program_size)
{
    char path[64], stat[1024] = "";
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, stat, sizeof stat - 1);
    if (fd >= 0)
        (void)close(fd);
    stat[n > 0 ? n : 0] = 0;
    /* The second field is the program in parentheses and may hold anything; the start is the 20th after it. */
    char *open_mark = strchr(stat, '('), *close_mark = strrchr(stat, ')');
    if (!open_mark || !close_mark || open_mark > close_mark)
        return 0;
    if (program)
        (void)snprintf(program, program_size, "%.*s", (int)(close_mark - open_mark - 1), open_mark + 1);
    char *at = close_mark + 1;
    for (int field = 0; at && field < 20; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at, NULL, 10) : 0;
}

/* "pid 1234 (semid), start 5678" */
static void describe_self(char *text, size_t size)
{
    char program[64] = "?";
    unsigned long long start = start_of((long)getpid(), program, sizeof program);
    for (char *at = program; *at; at++)
        *at = (unsigned char)*at < ' ' ? '?' : *at;
    (void)snprintf(text, size, "pid %ld (%s), start %llu\n", (long)getpid(), program, start);
}

static sid_status fail_locked(const char *directory, int fd, sid_error *err)
{
    char holder[HOLDER_SIZE] = "";
    ssize_t n = pread(fd, holder, sizeof holder - 1, 0);
    holder[n > 0 ? n : 0] = 0;
    holder[strcspn(holder, ",\n")] = 0;
    return sid__fail_at(err, SID_ELOCKED, (sid__place){.file = directory, .byte = -1},
                        "%s is writing to this catalogue; wait until it ends, or open it for reading",
                        holder[0] ? holder : "another process");
}

/* True when the file behind fd still stands at path: a catalogue may be replaced between open and lock. */
static bool is_same_file(int fd, const char *path)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
}

static bool try_lock(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &whole) == 0;
}

sid_status sid__lock_take(const char *directory, int *lock_fd, sid_error *err)
{
    char path[PATH_MAX], self[HOLDER_SIZE];
    SID_TRY(sid__path_join(path, sizeof path, directory, SID__FILE_LOCK, err));
    for (;;) {
        int fd = sid__sys_open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0 && errno == EINTR)
            continue;
        if (fd < 0)
            return sid__fail_errno(err, path, "cannot lock", errno);
        if (!try_lock(fd)) {
            sid_status status = errno == EACCES || errno == EAGAIN ? fail_locked(directory, fd, err)
                                                                   : sid__fail_errno(err, path, "cannot lock", errno);
            (void)close(fd);
            return status;
        }
        if (is_same_file(fd, path)) {
            describe_self(self, sizeof self);
            /* Only a message depends on the text. */
            if (ftruncate(fd, 0) != 0 || pwrite(fd, self, strlen(self), 0) < 0)
                errno = 0;
            *lock_fd = fd;
            return SID_OK;
        }
        (void)close(fd);
    }
}

void sid__lock_drop(int lock_fd)
{
    if (lock_fd >= 0)
        (void)close(lock_fd);
}

/* ---- What the place is like --------------------------------------------------------------------------------------- */

bool sid__directory_is_writable(const char *path)
{
    struct statvfs info;
    return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0 && statvfs(path, &info) == 0 &&
           !(info.f_flag & ST_RDONLY);
}

bool sid__directory_is_remote(const char *path)
{
    /* 9P is none of them: it is how sandboxes and virtual machines see a folder of the machine they run on. */
    static const uint32_t remote[] = {0x6969 /* NFS */,        0x517b /* SMB */,      0xff534d42 /* CIFS */,
                                      0xfe534d42 /* SMB2 */,   0x5346414f /* AFS */,  0x00c36400 /* Ceph */,
                                      0x0bd00bd0 /* Lustre */, 0x47504653 /* GPFS */, 0x01161970 /* GFS2 */};
    struct statfs info;
    if (statfs(path, &info) != 0)
        return false;
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
        if ((uint32_t)info.f_type == remote[i])
            return true;
    return false;
}

sid_status sid__catalog_directory_check(const char *path, sid_error *err)
{
    const sid__place place = {.file = path, .byte = -1};
    char manifest[PATH_MAX];
    if (!sid__path_exists(path))
        return sid__fail_at(err, SID_ENOTFOUND, place, "no such catalogue; semid fit makes one");
    if (!sid__path_is_directory(path))
        return sid__fail_at(err, SID_EDATA, place, "a file; a catalogue is a directory that semid fit makes");
    SID_TRY(sid__path_join(manifest, sizeof manifest, path, SID__FILE_MANIFEST, err));
    if (!sid__path_exists(manifest))
        return sid__fail_at(err, SID_EDATA, place, "not a catalogue: %s is missing", SID__FILE_MANIFEST);
    return SID_OK;
}

sid_status sid__file_sync_path(const char *path, sid_error *err)
{
    sid__file file = {.fd = -1};
    SID_TRY(sid__file_open(path, &file, NULL, err));
    sid_status status = sid__file_sync(&file, err);
    sid__file_close(&file);
    return status;
}

static sid_status check_plain(const char *directory, const char *name, sid_error *err)
{
    char path[PATH_MAX];
    struct stat info;
    SID_TRY(sid__path_join(path, sizeof path, directory, name, err));
    if (lstat(path, &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))
        return SID_OK;
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1},
                        "%s; the files of a catalogue are plain ones; put the file itself here",
                        S_ISLNK(info.st_mode) ? "a symbolic link" : "no plain file");
}

sid_status sid__files_check_plain(const char *directory, sid_error *err)
{
    static const char *const name[] = {SID__FILE_MANIFEST, SID__FILE_QUANTIZER,    SID__FILE_ENCODER,
                                       SID__FILE_VECTORS,  SID__FILE_ITEMS,        SID__FILE_ITEMS "-wal",
                                       SID__FILE_INDEX,    SID__FILE_ITEMS "-shm", SID__FILE_METRICS,
                                       SID__FILE_SUM,      SID__FILE_LOCK,         SID__FILE_FUSION};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        SID_TRY(check_plain(directory, name[i], err));
    return SID_OK;
}

sid_status sid__files_check(const char *directory, const sid__manifest *manifest, sid_error *err)
{
    char path[PATH_MAX], hex[SID__SHA256_HEX_SIZE];
    for (int i = 0; i < manifest->file_count; i++) {
        const sid__manifest_file *file = &manifest->file[i];
        const sid__place place = {.file = path, .byte = -1};
        unsigned char digest[SID__SHA256_SIZE];
        int64_t size = 0;
        SID_TRY(check_plain(directory, file->name, err));
        SID_TRY(sid__path_join(path, sizeof path, directory, file->name, err));
        if (!sid__path_exists(path))
            return sid__fail_at(err, SID_ECORRUPT, place, "missing; the manifest lists it; restore or refit");
        SID_TRY(sid__sha256_file(path, digest, &size, err));
        if (size != file->size)
            return sid__fail_at(err, SID_ECORRUPT, place,
                                "%" PRId64 " bytes; the manifest says %" PRId64 "; restore or refit", size, file->size);
        sid__sha256_hex(digest, hex);
        if (strcmp(hex, file->sha256) != 0)
            return sid__fail_at(err, SID_ECORRUPT, place, "SHA-256 differs from the manifest; restore or refit");
    }
    return SID_OK;
}

/* ---- New directory ------------------------------------------------------------------------------------------------ */

/* Splits "a/b/" into parent "a" and name "b"; a symlink is followed, so that what it points to is replaced. */
static sid_status split_target(const char *path, sid__new_directory *d, const char **name, sid_error *err)
{
    char resolved[PATH_MAX];
    struct stat info;
    int n = snprintf(d->target, sizeof d->target, "%s", path);
    if (n < 0 || (size_t)n >= sizeof d->target)
        return sid__fail(err, SID_EUSAGE, "path is too long: %s", path);
    while (n > 1 && d->target[n - 1] == '/') /* with one, lstat would look behind the link */
        d->target[--n] = 0;
    if (lstat(d->target, &info) == 0 && S_ISLNK(info.st_mode) && realpath(d->target, resolved))
        memcpy(d->target, resolved, strlen(resolved) + 1);
    char *slash = strrchr(d->target, '/');
    *name = slash ? slash + 1 : d->target;
    if (**name == 0 || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
        return sid__fail(err, SID_EUSAGE, "\"%s\" is no place for a catalogue; name a new directory", path);
    (void)snprintf(d->parent, sizeof d->parent, "%.*s", slash ? (int)(slash - d->target) + (slash == d->target) : 1,
                   slash ? d->target : ".");
    return SID_OK;
}

/* A lock that an interrupted writer left in it does not count. */
static bool is_empty_directory(const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                 strcmp(entry->d_name, SID__FILE_LOCK) != 0;
    if (directory)
        (void)closedir(directory);
    return directory && count == 0;
}

/* What stands at the target may be replaced only when the user says so and it is ours. */
static sid_status check_replaced(sid__new_directory *d, bool force, sid_error *err)
{
    const sid__place place = {.file = d->target, .byte = -1};
    char manifest[PATH_MAX];
    if (!sid__path_exists(d->target))
        return SID_OK;
    if (!force)
        return sid__fail_at(err, SID_EEXISTS, place,
                            "exists already; name another place or pass --force to replace it");
    SID_TRY(sid__path_join(manifest, sizeof manifest, d->target, SID__FILE_MANIFEST, err));
    if (!sid__path_exists(manifest) && !is_empty_directory(d->target))
        return sid__fail_at(err, SID_EEXISTS, place, "is not a catalogue, so --force does not replace it");
    d->replaces = true;
    d->replaces_empty = !sid__path_exists(manifest);
    return SID_OK;
}

static sid_status check_place(const char *path, bool force, sid__new_directory *d, const char **name, sid_error *err)
{
    *d = (sid__new_directory){.lock_fd = -1, .replaced_lock_fd = -1};
    SID_TRY(split_target(path, d, name, err));
    SID_TRY(check_replaced(d, force, err));
    if (!sid__path_is_directory(d->parent))
        return sid__fail_errno(err, d->parent, "cannot make anything there", ENOENT);
    if (!sid__directory_is_writable(d->parent))
        return sid__fail_errno(err, d->parent, "cannot make anything there", EACCES);
    if (sid__directory_is_remote(d->parent))
        return sid__fail_at(err, SID_EREADONLY, (sid__place){.file = d->parent, .byte = -1},
                            "a network file system, whose locks cannot be relied on; write to a local disk and copy");
    return SID_OK;
}

sid_status sid__new_directory_check(const char *path, bool force, sid__new_directory *out, sid_error *err)
{
    const char *name = NULL;
    return check_place(path, force, out, &name, err);
}

static bool is_gone(long pid)
{
    return pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* Whoever wrote the lock file was another process than the one that has this pid now. */
static bool names_another(int lock_fd, long pid)
{
    char text[HOLDER_SIZE] = "";
    ssize_t n = pread(lock_fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    const char *start = strstr(text, ", start ");
    return start && strtoull(start + strlen(", start "), NULL, 10) != start_of(pid, NULL, 0);
}

/* A temporary directory is stale when nobody holds its lock and its process is gone. The lock alone does not tell: its
 * owner may just have made the file and not locked it yet; then nothing is written in it. */
static bool is_stale(const char *path, long pid)
{
    char lock[PATH_MAX];
    if (sid__path_join(lock, sizeof lock, path, SID__FILE_LOCK, NULL) != SID_OK)
        return false;
    int fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT && is_gone(pid);
    bool is_dead = (is_gone(pid) || names_another(fd, pid)) && try_lock(fd);
    (void)close(fd);
    return is_dead;
}

static void clear_stale(const sid__new_directory *d, const char *name)
{
    char prefix[PATH_MAX], path[PATH_MAX];
    int length = snprintf(prefix, sizeof prefix, ".%s.tmp-", name);
    DIR *directory = opendir(d->parent);
    for (struct dirent *entry; directory && length > 0 && (entry = readdir(directory));) {
        if (strncmp(entry->d_name, prefix, (size_t)length) == 0 &&
            sid__path_join(path, sizeof path, d->parent, entry->d_name, NULL) == SID_OK &&
            sid__path_is_directory(path) && is_stale(path, strtol(entry->d_name + length, NULL, 10)) &&
            sid__remove_tree(path, NULL) != SID_OK)
            continue; /* it stays, and the next writer tries again */
    }
    if (directory)
        (void)closedir(directory);
}

/* `.NAME.tmp-PID`, and `.NAME.tmp-PID-n` for further threads of one process. */
static sid_status make_temporary(sid__new_directory *d, const char *name, sid_error *err)
{
    for (int i = 0; i < SAME_NAME_TRIES; i++) {
        char suffix[16] = "";
        if (i > 0)
            (void)snprintf(suffix, sizeof suffix, "-%d", i);
        int n =
            snprintf(d->temporary, sizeof d->temporary, "%s/.%s.tmp-%ld%s", d->parent, name, (long)getpid(), suffix);
        if (n < 0 || (size_t)n >= sizeof d->temporary)
            return sid__fail(err, SID_EUSAGE, "path is too long: %s", d->target);
        if (mkdir(d->temporary, 0777) == 0)
            return SID_OK;
        if (errno != EEXIST)
            break;
    }
    return sid__fail_errno(err, d->temporary, "cannot create the directory", errno);
}

sid_status sid__new_directory_begin(const char *path, bool force, sid__new_directory *out, sid_error *err)
{
    const char *name = NULL;
    SID_TRY(check_place(path, force, out, &name, err));
    if (out->replaces)
        SID_TRY(sid__lock_take(out->target, &out->replaced_lock_fd, err));
    clear_stale(out, name);
    sid_status status = make_temporary(out, name, err);
    if (status != SID_OK)
        out->temporary[0] = 0;
    else
        status = sid__lock_take(out->temporary, &out->lock_fd, err);
    if (status != SID_OK)
        sid__new_directory_abandon(out);
    return status;
}

/* The new directory stands at its target, which stays so only when the parent could be synced: else what a power cut
 * would leave is not known, and the old catalogue must not be removed. */
static sid_status put_in_place(sid__new_directory *d, sid_error *err)
{
    SID_TRY(sid__directory_sync(d->temporary, err));
    SID_TRY(sid__rename(d->temporary, d->target, d->replaces, err));
    sid_status status = sid__directory_sync(d->parent, err);
    /* Where going back fails too, the new one stays at the target and the old one beside it, for the next writer to
     * clear. */
    if (status != SID_OK && sid__rename(d->target, d->temporary, d->replaces, NULL) != SID_OK)
        d->temporary[0] = 0;
    return status;
}

sid_status sid__new_directory_commit(const sid_ctx *ctx, sid__new_directory *directory, sid_error *err)
{
    sid_error why = {0};
    sid_status status = put_in_place(directory, err);
    if (status != SID_OK) {
        sid__new_directory_abandon(directory);
        return status;
    }
    if (directory->replaces && sid__remove_tree(directory->temporary, &why) != SID_OK)
        sid__ctx_warn(ctx, "the replaced catalogue is still there: %s", why.message);
    sid__lock_drop(directory->replaced_lock_fd);
    directory->temporary[0] = 0;
    directory->replaced_lock_fd = -1;
    return SID_OK;
}

void sid__new_directory_abandon(sid__new_directory *directory)
{
    char lock[PATH_MAX];
    if (directory->temporary[0])
        (void)sid__remove_tree(directory->temporary, NULL);
    if (directory->replaces_empty && directory->replaced_lock_fd >= 0 &&
        sid__path_join(lock, sizeof lock, directory->target, SID__FILE_LOCK, NULL) == SID_OK)
        (void)unlink(lock); /* ours; the directory is as empty again as it was */
    sid__lock_drop(directory->lock_fd);
    sid__lock_drop(directory->replaced_lock_fd);
    directory->temporary[0] = 0;
    directory->lock_fd = directory->replaced_lock_fd = -1;
}
