/* utf8.c: see utf8.h. Most text is ASCII, so eight bytes are looked at together first. */
#include "io/utf8.h"

#include <stdint.h>
#include <string.h>
#include <utf8proc.h>

static size_t ascii_size(const char *bytes, size_t size)
{
    size_t i = 0;
    for (uint64_t eight; i + sizeof eight <= size; i += sizeof eight) {
        memcpy(&eight, bytes + i, sizeof eight);
        if (eight & 0x8080808080808080u)
            break;
    }
    while (i < size && (unsigned char)bytes[i] < 0x80)
        i++;
    return i;
}

size_t sid__utf8_valid_size(const char *bytes, size_t size)
{
    size_t i = ascii_size(bytes, size);
    while (i < size) {
        /* A character has at most four bytes; the window keeps its size in range for any file. */
        utf8proc_ssize_t window = size - i < 4 ? (utf8proc_ssize_t)(size - i) : 4;
        utf8proc_int32_t character;
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)bytes + i, window, &character);
        if (used <= 0)
            return i;
        i += (size_t)used;
        i += ascii_size(bytes + i, size - i);
    }
    return size;
}
