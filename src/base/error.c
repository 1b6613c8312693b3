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

__attribute__((format(printf, 4, 0))) static void fill(sid_error *err, sid_status status, sid__place place,
                                                       const char *format, va_list args)
{
    err->status = status;
    err->row = place.row > 0 ? place.row : -1;
    err->byte = place.byte;
    err->file[0] = 0;
    size_t used = 0, room = sizeof err->message;
    if (place.file) {
        size_t length = strlen(place.file), keep = length < sizeof err->file ? length : sizeof err->file - 1;
        memcpy(err->file, place.file + (length - keep), keep + 1);
        int n = place.row > 0 ? snprintf(err->message, room, "%s:%" PRId64 ": ", place.file, place.row)
                              : snprintf(err->message, room, "%s: ", place.file);
        used = n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
    }
    int n = vsnprintf(err->message + used, room - used, format, args);
    used += n < 0 ? 0 : (size_t)n;
    if (place.byte >= 0 && used < room)
        (void)snprintf(err->message + used, room - used, " (byte %" PRId64 ")", place.byte);
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
    return sid__fail_at(err, SID_EIO, (sid__place){.file = path, .byte = -1}, "%s: %s%s", what, strerror(errno_value),
                        next);
}

sid_status sid__fail_memory(sid_error *err, const char *what, size_t wanted_size)
{
    return sid__fail(err, SID_ENOMEM, "out of memory: %s needs %zu bytes", what, wanted_size);
}
