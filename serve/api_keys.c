/* api_keys.c: see api_keys.h. */
#define _GNU_SOURCE
#include "api_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

__attribute__((format(printf, 4, 5))) static sid_status fail(sid_error *err, sid_status status, const char *path,
                                                             const char *format, ...);
#include <stdarg.h>
static sid_status fail(sid_error *err, sid_status status, const char *path, const char *format, ...)
{
    va_list args;
    *err = (sid_error){.status = status, .row = -1, .byte = -1};
    int length = snprintf(err->message, sizeof err->message, "%.500s: ", path);
    va_start(args, format);
    (void)vsnprintf(err->message + length, sizeof err->message - (size_t)length, format, args);
    va_end(args);
    return status;
}

static sid_status take_line(srv_keys *keys, const char *path, int number, char *line, sid_error *err)
{
    char *rest = line + strspn(line, " \t");
    rest[strcspn(rest, "\r\n")] = 0;
    if (!*rest || *rest == '#')
        return SID_OK;
    srv_right right = strncmp(rest, "read ", 5) == 0    ? SRV_RIGHT_READ
                      : strncmp(rest, "write ", 6) == 0 ? SRV_RIGHT_WRITE
                                                        : SRV_RIGHT_NONE;
    if (right == SRV_RIGHT_NONE)
        return fail(err, SID_EDATA, path, "line %d is neither `read KEY` nor `write KEY`", number);
    rest += strcspn(rest, " ");
    rest += strspn(rest, " ");
    size_t length = strlen(rest);
    if (length < SRV_KEY_SIZE_MIN || length > SRV_KEY_SIZE_MAX || strcspn(rest, " \t") != length)
        return fail(
            err, SID_EDATA, path,
            "the key of line %d has %zu bytes; %d to %d without blanks are expected (openssl rand -hex 32 makes one)",
            number, length, SRV_KEY_SIZE_MIN, SRV_KEY_SIZE_MAX);
    if (keys->count == SRV_KEYS_MAX)
        return fail(err, SID_EDATA, path, "more than %d keys", SRV_KEYS_MAX);
    keys->key[keys->count].right = right;
    memcpy(keys->key[keys->count++].text, rest, length + 1);
    return SID_OK;
}

static sid_status take_file(FILE *file, const char *path, srv_keys *keys, sid_error *err)
{
    struct stat info;
    char line[2 * SRV_KEY_SIZE_MAX];
    sid_status status = SID_OK;
    if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode))
        return fail(err, SID_EIO, path, "is no file");
    if (info.st_mode & 077)
        return fail(err, SID_EUSAGE, path, "others may read it (mode %03o); run chmod 600",
                    (unsigned)(info.st_mode & 0777));
    for (int number = 1; status == SID_OK && fgets(line, sizeof line, file); number++)
        status = take_line(keys, path, number, line, err);
    if (status == SID_OK && keys->count == 0)
        return fail(err, SID_EDATA, path, "holds no key; lines `read KEY` or `write KEY` are expected");
    return status;
}

sid_status srv_keys_read(const char *path, srv_keys *out, sid_error *err)
{
    FILE *file = fopen(path, "re");
    *out = (srv_keys){0};
    if (!file)
        return fail(err, SID_EIO, path, "cannot be read: %s", strerror(errno));
    out->key = calloc(SRV_KEYS_MAX, sizeof *out->key);
    sid_status status = out->key ? take_file(file, path, out, err) : fail(err, SID_ENOMEM, path, "out of memory");
    (void)fclose(file);
    if (status != SID_OK)
        srv_keys_drop(out);
    return status;
}

void srv_keys_drop(srv_keys *keys)
{
    if (keys->key)
        explicit_bzero(keys->key, SRV_KEYS_MAX * sizeof *keys->key);
    free(keys->key);
    *keys = (srv_keys){0};
}

/* In a time that the key does not change. */
static bool is_equal(const srv_key *key, const char *given, size_t length)
{
    size_t own = strlen(key->text);
    unsigned difference = own != length;
    for (size_t i = 0; i < SRV_KEY_SIZE_MAX; i++)
        difference |= (unsigned)(unsigned char)key->text[i] ^ (unsigned)(unsigned char)(i < length ? given[i] : 0);
    return difference == 0;
}

srv_right srv_keys_right(const srv_keys *keys, const char *authorization)
{
    srv_right right = SRV_RIGHT_NONE;
    if (!keys->key)
        return SRV_RIGHT_WRITE;
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
        return SRV_RIGHT_NONE;
    const char *given = authorization + 7 + strspn(authorization + 7, " ");
    size_t length = strlen(given);
    for (int i = 0; i < keys->count; i++)
        if (is_equal(&keys->key[i], given, length) && keys->key[i].right > right)
            right = keys->key[i].right;
    return right;
}
