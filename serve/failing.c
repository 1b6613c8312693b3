/* failing.c: see failing.h. */
#include "failing.h"

#include <stdarg.h>
#include <stdio.h>

sid_status srv_error(sid_error *err, sid_status status, const char *format, ...)
{
    va_list args;
    *err = (sid_error){.status = status, .row = -1, .byte = -1};
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return status;
}
