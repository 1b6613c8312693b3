/* machine.c: what `semid doctor` and bug reports say about the computer: CPU, counts, memory, kernels, libraries.
 *
 * Asked once a program, so nothing is kept. Versions are those of the libraries loaded now, not of the headers at build:
 * a distribution may replace a library under us, and its faults are those of what runs.
 */
#include "catalog/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <jansson.h>
#include <sqlite3.h>
#include <utf8proc.h>
#include <zlib.h>

#include "base/checked.h"
#include "base/cpu.h"

enum { LINE_MAX_SIZE = 512, BRAND_LEAF_FIRST = 0x80000002, BRAND_LEAF_COUNT = 3 };

/* Text from outside reaches terminals and JSON: one line of printable ASCII, cut to the room there is. */
static void copy_clean(char *out, size_t size, const char *text)
{
    size_t length = 0;
    for (; *text && length + 1 < size; text++) {
        bool is_blank = *text == ' ' || *text == '\t' || *text == '\n' || *text == '\r';
        if (is_blank && (length == 0 || out[length - 1] == ' '))
            continue;
        out[length++] = is_blank ? ' ' : *text > 0x20 && *text < 0x7f ? *text : '?';
    }
    while (length > 0 && out[length - 1] == ' ')
        length--;
    out[length] = 0;
}

bool sid__cpu_name_read(const char *cpuinfo_path, char *out, size_t size)
{
    static const char key[] = "model name";
    char line[LINE_MAX_SIZE];
    bool is_found = false;
    FILE *file = fopen(cpuinfo_path, "re");
    if (!file)
        return false;
    while (!is_found && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        is_found = colon && strncmp(line, key, sizeof key - 1) == 0 && colon[1 + strspn(colon + 1, " \t\r\n")];
        if (is_found)
            copy_clean(out, size, colon + 1);
    }
    (void)fclose(file);
    return is_found;
}

#if defined(__x86_64__)
/* Three leaves of 16 bytes each, zero-padded, spell the name. */
static bool read_brand(char text[16 * BRAND_LEAF_COUNT + 1])
{
    unsigned word[4 * BRAND_LEAF_COUNT];
    for (unsigned i = 0; i < BRAND_LEAF_COUNT; i++)
        if (!__get_cpuid((unsigned)BRAND_LEAF_FIRST + i, &word[4 * i], &word[4 * i + 1], &word[4 * i + 2],
                         &word[4 * i + 3]))
            return false;
    memcpy(text, word, sizeof word);
    text[sizeof word] = 0;
    return text[strspn(text, " ")] != 0;
}
#endif

void sid__cpu_name_ask(char *out, size_t size)
{
    struct utsname system;
#if defined(__x86_64__)
    char brand[16 * BRAND_LEAF_COUNT + 1];
    if (read_brand(brand)) {
        copy_clean(out, size, brand);
        return;
    }
#endif
    copy_clean(out, size, uname(&system) == 0 ? system.machine : "unknown");
}

static size_t physical_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page_size = sysconf(_SC_PAGESIZE);
    size_t size = 0;
    if (pages < 0 || page_size < 0 || !sid__mul_size((size_t)pages, (size_t)page_size, &size))
        return 0;
    return size;
}

/* Worst to best, so that the last one is the default. */
static void list_isas(char *out, size_t size)
{
    size_t used = 0;
    for (int isa = 0; isa < SID__ISA_COUNT && used < size; isa++) {
        if (sid__isa_is_supported((sid__isa)isa))
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", sid__isa_name((sid__isa)isa));
    }
}

static const char *loaded_jansson(void)
{
#if JANSSON_VERSION_HEX >= 0x020d00
    return jansson_version_str();
#else
    return JANSSON_VERSION;
#endif
}

void sid_machine_get(sid_machine *out)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    *out = (sid_machine){.cpus_online = online > 0 ? (int)online : 0,
                         .cpus_allowed = sid__cpu_allowed_count(),
                         .memory_size = physical_memory(),
                         .memory_limit_size = sid__memory_cgroup_limit()};
    if (!sid__cpu_name_read("/proc/cpuinfo", out->cpu, sizeof out->cpu))
        sid__cpu_name_ask(out->cpu, sizeof out->cpu);
    (void)snprintf(out->isa_best, sizeof out->isa_best, "%s", sid__isa_name(sid__isa_best()));
    list_isas(out->isa_list, sizeof out->isa_list);
    (void)snprintf(out->libraries, sizeof out->libraries, "sqlite %s, jansson %s, utf8proc %s, zlib %s",
                   sqlite3_libversion(), loaded_jansson(), utf8proc_version(), zlibVersion());
}
