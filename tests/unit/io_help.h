/* io_help.h: files for the tests of src/io: a temporary directory, golden files, and their bytes in memory. */
#ifndef SEMID_IO_HELP_H
#define SEMID_IO_HELP_H

#include <stdbool.h>
#include <unistd.h>

#include "base/vfs.h"
#include "test.h"

#define GOLDEN(name) TEST_TREE "/tests/golden/io/" name

/* A path in a directory of this process, made at the first call; the text lives until the next four calls. */
static inline const char *temporary_path(const char *name)
{
    static char directory[256], path[4][512];
    static int turn;
    if (!*directory) {
        const char *parent = getenv("TMPDIR");
        (void)snprintf(directory, sizeof directory, "%s/semid-io-XXXXXX", parent ? parent : "/tmp");
        assert_non_null(mkdtemp(directory));
    }
    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", directory, name);
    return path[turn];
}

/* Group teardown. */
static inline int remove_temporary(void **state)
{
    (void)state;
    char directory[512];
    (void)snprintf(directory, sizeof directory, "%s", temporary_path("x"));
    *strrchr(directory, '/') = 0;
    return sid__remove_tree(directory, NULL) == SID_OK ? 0 : -1;
}

static inline const char *write_temporary(const char *name, const void *bytes, size_t size)
{
    const char *path = temporary_path(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* The file's bytes in a block of exactly that size, so that ASan sees the first byte beyond. Free with free(). */
static inline char *read_bytes(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size ? *size : 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static inline char *copy_bytes(const void *bytes, size_t size)
{
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

#endif
