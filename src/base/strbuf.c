/* strbuf.c: see strbuf.h. */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

sid_status sid__strbuf_append(sid__strbuf *buffer, const char *bytes, size_t size, sid_error *err)
{
    if (size > (size_t)(INT64_MAX - 1 - buffer->length))
        return sid__fail_memory(err, "a text", size);
    SID_TRY(sid__grow(&buffer->text, &buffer->capacity, buffer->length + (int64_t)size + 1, 1, "a text", err));
    if (size > 0) /* bytes may be NULL then, which memcpy may not take */
        memcpy(buffer->text + buffer->length, bytes, size);
    buffer->length += (int64_t)size;
    buffer->text[buffer->length] = 0;
    return SID_OK;
}

sid_status sid__strbuf_printf(sid__strbuf *buffer, sid_error *err, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    sid_status status = size < 0
                            ? sid__fail(err, SID_EINTERNAL, "text of format \"%s\" is too long or not valid", format)
                            : sid__grow(&buffer->text, &buffer->capacity, buffer->length + size + 1, 1, "a text", err);
    if (status == SID_OK) {
        (void)vsnprintf(buffer->text + buffer->length, (size_t)size + 1, format, again);
        buffer->length += size;
    }
    va_end(again);
    return status;
}

char *sid__strbuf_take(sid__strbuf *buffer)
{
    char *text = buffer->text;
    *buffer = (sid__strbuf){0};
    return text;
}

void sid__strbuf_drop(sid__strbuf *buffer)
{
    sid__free(buffer->text);
    *buffer = (sid__strbuf){0};
}
