/* utf8.h: is it text? Strict UTF-8 (no surrogates, no overlong forms), by utf8proc. */
#ifndef SEMID_IO_UTF8_H
#define SEMID_IO_UTF8_H

#include <stddef.h>

/* How many leading bytes are UTF-8: `size` when all are, else the offset of the first byte that is not. */
size_t sid__utf8_valid_size(const char *bytes, size_t size);

#endif
