/* items_sum.c: the SHA-256 of items.db at rest. The digest inside the database covers what the rows say; pages also hold
 * bytes that say nothing, and a flipped bit there is a sign of a failing disk that verify should not keep to itself.
 *
 * items.sum, two lines: "HASH SIZE VERSION" of items.db as a closing writer left it, and the SHA-256 of the first line.
 * While a version stands, SQLite does not touch the file: commits go to the WAL, and a checkpoint follows a commit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "catalog/catalog_files.h"

enum { LINE_SIZE = 160, SUM_SIZE_MAX = 4096 };

/* The first line for items.db as it is now. */
static sid_status make_line(const char *directory, int64_t version, char line[LINE_SIZE], sid_error *err)
{
    char path[PATH_MAX], hex[SID__SHA256_HEX_SIZE];
    unsigned char digest[SID__SHA256_SIZE];
    int64_t size = 0;
    SID_TRY(sid__path_join(path, sizeof path, directory, SID__FILE_ITEMS, err));
    SID_TRY(sid__sha256_file(path, digest, &size, err));
    sid__sha256_hex(digest, hex);
    (void)snprintf(line, LINE_SIZE, "%s %" PRId64 " %" PRId64 "\n", hex, size, version);
    return SID_OK;
}

/* *version 0: there is no sum. `line` gets the first line. */
static sid_status read_sum(const char *directory, char line[LINE_SIZE], int64_t *version, sid_error *err)
{
    char path[PATH_MAX], *text = NULL, wanted[LINE_SIZE + SID__SHA256_HEX_SIZE + 1], hex[SID__SHA256_HEX_SIZE];
    int64_t size = 0;
    *version = 0;
    SID_TRY(sid__path_join(path, sizeof path, directory, SID__FILE_SUM, err));
    if (!sid__path_exists(path))
        return SID_OK;
    SID_TRY(sid__read_whole(path, SUM_SIZE_MAX, &text, &size, err));
    size_t length = strcspn(text, "\n");
    bool is_whole = text[length] == '\n' && length + 2 <= LINE_SIZE;
    if (is_whole) {
        memcpy(line, text, length + 1);
        line[length + 1] = 0;
        sid__sha256_bytes(line, strlen(line), hex);
        (void)snprintf(wanted, sizeof wanted, "%s%s\n", line, hex);
        const char *last = strrchr(line, ' ');
        *version = last ? strtoll(last + 1, NULL, 10) : 0;
        is_whole = strlen(wanted) == (size_t)size && memcmp(wanted, text, (size_t)size) == 0 && *version > 0;
    }
    sid__free(text);
    return is_whole ? SID_OK
                    : sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1},
                                   "not as semid wrote it; check the disk, then remove this file or restore");
}

static bool has_wal(const char *directory)
{
    char path[PATH_MAX];
    struct stat info;
    return sid__path_join(path, sizeof path, directory, SID__FILE_ITEMS "-wal", NULL) == SID_OK &&
           stat(path, &info) == 0 && info.st_size > 0;
}

sid_status sid__items_sum_write(const char *directory, int64_t version, sid_error *err)
{
    char path[PATH_MAX], line[LINE_SIZE], hex[SID__SHA256_HEX_SIZE], text[LINE_SIZE + SID__SHA256_HEX_SIZE + 1];
    int64_t seen = 0;
    if (has_wal(directory))
        return SID_OK;
    if (read_sum(directory, line, &seen, NULL) == SID_OK && seen == version)
        return SID_OK;
    SID_TRY(sid__path_join(path, sizeof path, directory, SID__FILE_SUM, err));
    SID_TRY(make_line(directory, version, line, err));
    sid__sha256_bytes(line, strlen(line), hex);
    int length = snprintf(text, sizeof text, "%s%s\n", line, hex);
    return sid__replace_whole(path, text, (size_t)length, err);
}

sid_status sid__items_sum_check(const char *directory, int64_t version, sid_error *err)
{
    char told[LINE_SIZE], line[LINE_SIZE], path[PATH_MAX];
    int64_t seen = 0;
    SID_TRY(read_sum(directory, told, &seen, err));
    if (seen == 0 || seen < version || has_wal(directory))
        return SID_OK;
    SID_TRY(sid__path_join(path, sizeof path, directory, SID__FILE_ITEMS, err));
    if (seen == version) {
        SID_TRY(make_line(directory, version, line, err));
        if (strcmp(told, line) == 0)
            return SID_OK;
    }
    return sid__fail_at(err, SID_ECORRUPT, (sid__place){.file = path, .byte = -1},
                        "not as its last writer left it (%s differs); restore or refit", SID__FILE_SUM);
}
