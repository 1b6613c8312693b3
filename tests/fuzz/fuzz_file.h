/* fuzz_file.h: files for targets whose readers take a path: one folder a process, which replaces its files each run. */
#ifndef SEMID_TESTS_FUZZ_FILE_H
#define SEMID_TESTS_FUZZ_FILE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { FUZZ_PATH_SIZE = 256, FUZZ_FILES_MAX = 8 };

static char fuzz_folder[FUZZ_PATH_SIZE - 64];

static void fuzz_remove_folder(void)
{
    (void)rmdir(fuzz_folder);
}

/* The path of `name`; lives until the eighth next call. */
__attribute__((unused)) static const char *fuzz_file(const char *name)
{
    static char path[FUZZ_FILES_MAX][FUZZ_PATH_SIZE];
    static int last;
    const char *base = getenv("TMPDIR");
    if (!fuzz_folder[0]) {
        (void)snprintf(fuzz_folder, sizeof fuzz_folder, "%.100s/semid-fuzz-%ld", base && base[0] ? base : "/tmp",
                       (long)getpid());
        (void)mkdir(fuzz_folder, 0700);
        (void)atexit(fuzz_remove_folder);
    }
    last = (last + 1) % FUZZ_FILES_MAX;
    (void)snprintf(path[last], sizeof path[last], "%s/%s", fuzz_folder, name);
    return path[last];
}

__attribute__((unused)) static void fuzz_write(const char *path, const uint8_t *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    FUZZ_CHECK(fd >= 0);
    for (size_t at = 0; at < size;) {
        ssize_t n = write(fd, bytes + at, size - at);
        FUZZ_CHECK(n > 0);
        at += (size_t)n;
    }
    (void)close(fd);
}

static inline void fuzz_remove_names(const char *const *name, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)unlink(fuzz_file(name[i]));
}
#define fuzz_remove(...)                                                                                               \
    fuzz_remove_names((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

#endif
