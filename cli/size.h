/* size.h: sizes as people type them. */
#ifndef SEMID_CLI_SIZE_H
#define SEMID_CLI_SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* "4G", "512M", "1.5g", "100 KiB", "4096": units of 1024. False when it is not a size, or too large. */
bool cli_size_parse(const char *text, size_t *out);
/* "1.5 GiB"; `text` has 32 bytes. */
void cli_size_format(double size, char *text);

#endif
