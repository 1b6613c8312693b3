/* machine.h: the inside of sid_machine_get that a test must reach. */
#ifndef SEMID_CATALOG_MACHINE_H
#define SEMID_CATALOG_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* The first "model name" of a file like /proc/cpuinfo into out[size], blanks joined, anything but printable ASCII as '?'.
 * False, and out as it was, when the file has none (aarch64) or cannot be read. */
bool sid__cpu_name_read(const char *cpuinfo_path, char *out, size_t size);
/* The name without that file: the processor's own brand text (x86), else the architecture. */
void sid__cpu_name_ask(char *out, size_t size);

#endif
