/* vfs.h: the one way to files. Reads are positioned (never mapped: a file that shrinks is an error, not a signal),
 * writes are checked to the last byte, and replacing is write, fsync, rename, fsync of the directory.
 */
#ifndef SEMID_BASE_VFS_H
#define SEMID_BASE_VFS_H

#include "base/strbuf.h"

typedef struct sid__file {
    int fd;           /* -1: closed */
    const char *path; /* the caller's; must outlive the file */
} sid__file;

/* SID_EIO "no such file" and the like. `size` (NULL allowed) gets the file's size. Directories are refused. */
sid_status sid__file_open(const char *path, sid__file *out, int64_t *size, sid_error *err);
/* New file; an old one is truncated. */
sid_status sid__file_create(const char *path, sid__file *out, sid_error *err);
/* What stat says: 0 for pipes. */
sid_status sid__file_size(const sid__file *file, int64_t *size, sid_error *err);
/* Exactly `size` bytes at `offset`; a file that ends before is SID_EDATA with the byte. */
sid_status sid__file_read(const sid__file *file, void *bytes, size_t size, int64_t offset, sid_error *err);
/* Up to `size` bytes from where the last call stopped; *got 0 means the end. Works on pipes too. */
sid_status sid__file_next(const sid__file *file, void *bytes, size_t size, size_t *got, sid_error *err);
/* Appends exactly `size` bytes. */
sid_status sid__file_write(const sid__file *file, const void *bytes, size_t size, sid_error *err);
sid_status sid__file_sync(const sid__file *file, sid_error *err);
/* Never fails loudly: sync first when the data must last. */
void sid__file_close(sid__file *file);

/* The whole file ("-": standard input), with a zero byte after it that is not counted; over `size_max` is SID_EDATA. */
sid_status sid__read_whole(const char *path, int64_t size_max, char **bytes, int64_t *size, sid_error *err);
/* A new file of these bytes, on the disk when it returns. */
sid_status sid__write_whole(const char *path, const void *bytes, int64_t size, sid_error *err);
/* A file that appears whole or not at all: open, write to `file`, finish. It takes over the permissions of the file that
 * it replaces; where `path` is a link, the file behind it is replaced. What is no plain file (a device, a pipe; "-":
 * standard output) is written in place. */
typedef struct sid__output {
    sid__file file;
    const char *path; /* the caller's; must outlive the output */
    char *target;     /* path with its links followed; NULL: written in place */
    char *temporary;  /* what is written and then renamed to target; NULL: written in place */
} sid__output;
sid_status sid__output_open(const char *path, sid__output *out, sid_error *err);
/* With `status` SID_OK: fsync, rename, fsync of the directory. Else the temporary file goes and `status` comes back. */
sid_status sid__output_finish(sid__output *output, sid_status status, sid_error *err);
/* Writes `path` so that a crash leaves the old bytes or the new ones ("-": standard output). */
sid_status sid__replace_whole(const char *path, const void *bytes, size_t size, sid_error *err);

bool sid__path_exists(const char *path);
bool sid__path_is_directory(const char *path);
sid_status sid__directory_create(const char *path, sid_error *err);
sid_status sid__directory_sync(const char *path, sid_error *err); /* so that a rename in it lasts */
/* Removes a directory of plain files, or a file. What is not there is fine. */
sid_status sid__remove_tree(const char *path, sid_error *err);
/* Renames `from` to `to`, where `to` must not exist unless `exchange`: then the two swap places atomically. */
sid_status sid__rename(const char *from, const char *to, bool exchange, sid_error *err);
/* "dir/name"; SID_EUSAGE when it does not fit `size` bytes. */
sid_status sid__path_join(char *out, size_t size, const char *directory, const char *name, sid_error *err);
/* Bytes free for us on the file system that holds `path` (or its parent when it does not exist yet); -1: not known. */
int64_t sid__space_free(const char *path);

#endif
