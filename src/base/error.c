/* error.c: filling a caller-owned sid_error. */
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef sid__fail
#undef sid__fail_at
#undef sid__fail_errno
#undef sid__fail_memory

static bool is_inside_character(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

void sid__utf8_mend(char *text)
{
    size_t length = strlen(text), start = length, wanted;
    while (start > 0 && length - start < 3 && is_inside_character(text[start - 1]))
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (length - start + 1 < wanted)
        text[start - 1] = 0;
}

/* The end of a path names the file; what is cut off its start is shown as "...". */
static void copy_path_end(char *file, size_t size, const char *path)
{
    size_t length = strlen(path);
    if (length < size) {
        memcpy(file, path, length + 1);
        return;
    }
    const char *end = path + length - (size - 1 - 3);
    while (is_inside_character(*end))
        end++;
    (void)snprintf(file, size, "...%s", end);
}

__attribute__((format(printf, 4, 0))) static void fill(sid_error *err, sid_status status, sid__place place,
                                                       const char *format, va_list args)
{
    err->status = status;
    err->row = place.row > 0 ? place.row : -1;
    err->byte = place.byte;
    err->file[0] = 0;
    size_t used = 0, room = sizeof err->message;
    if (place.file) {
        copy_path_end(err->file, sizeof err->file, place.file);
        int n = place.row > 0 ? snprintf(err->message, room, "%s:%" PRId64 ": ", err->file, place.row)
                              : snprintf(err->message, room, "%s: ", err->file);
        used = n < 0 ? 0 : (size_t)n; /* < room: the file's name is a quarter of the message at most */
    }
    int n = vsnprintf(err->message + used, room - used, format, args);
    used += n < 0 ? 0 : (size_t)n;
    if (place.byte >= 0 && used < room)
        (void)snprintf(err->message + used, room - used, " (byte %" PRId64 ")", place.byte);
    sid__utf8_mend(err->message);
}

sid_status sid__fail(sid_error *err, sid_status status, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        fill(err, status, (sid__place){.byte = -1}, format, args);
        va_end(args);
    }
    return status;
}

sid_status sid__fail_at(sid_error *err, sid_status status, sid__place place, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        fill(err, status, place, format, args);
        va_end(args);
    }
    return status;
}

sid_status sid__fail_errno(sid_error *err, const char *path, const char *what, int errno_value)
{
    const char *next = errno_value == ENOSPC || errno_value == EDQUOT ? "; free some space and try again" : "";
    char why[128]; /* strerror's text may be shared by threads */
    if (strerror_r(errno_value, why, sizeof why) != 0)
        (void)snprintf(why, sizeof why, "error %d", errno_value);
    return sid__fail_at(err, SID_EIO, (sid__place){.file = path, .byte = -1}, "%s: %s%s", what, why, next);
}

sid_status sid__fail_memory(sid_error *err, const char *what, size_t wanted_size)
{
    return sid__fail(err, SID_ENOMEM, "out of memory: %s needs %zu bytes", what, wanted_size);
}
