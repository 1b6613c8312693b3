/* cgroup.c: the limits lie in the group's directory or in any above it. A container sees its own group as the root; a
 * systemd unit or a job of a cluster sees the whole tree, and only its path in /proc/self/cgroup leads to its limits.
 *
 *     0::/system.slice/semid.service       version 2: ROOT/system.slice/semid.service/cpu.max, .../memory.max
 *     4:cpu,cpuacct:/jobs/7                version 1: ROOT/cpu/jobs/7/cpu.cfs_quota_us, ...
 *     9:memory:/jobs/7                                ROOT/memory/jobs/7/memory.limit_in_bytes
 *
 * A path that is not there (version 1 shows the host's path inside containers) is climbed until one is.
 */
#include "base/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double memory_size_most = 1e18; /* version 1 writes "none" as nearly 2^63 */

/* Reads up to two numbers of a small file; "max" reads as -1. Gives how many were read. */
static int read_numbers(const char *directory, const char *name, double out[2])
{
    char path[PATH_MAX + 32], word[2][32] = {"", ""};
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    int count = fscanf(file, "%31s %31s", word[0], word[1]);
    (void)fclose(file);
    for (int i = 0; i < count; i++)
        out[i] = strcmp(word[i], "max") == 0 ? -1 : strtod(word[i], NULL);
    return count < 0 ? 0 : count;
}

static void limit_cpus(sid__cgroup *out, double quota, double period)
{
    if (quota > 0 && period > 0 && (out->cpus <= 0 || quota / period < out->cpus))
        out->cpus = quota / period;
}

static void limit_memory(sid__cgroup *out, double size)
{
    if (size > 0 && size < memory_size_most && (out->memory_size == 0 || size < (double)out->memory_size))
        out->memory_size = (size_t)size;
}

/* One directory; the names of the two versions differ, so that one look serves both. */
static void read_directory(const char *directory, sid__cgroup *out)
{
    double number[2] = {-1, -1}, period[2] = {-1, -1};
    if (read_numbers(directory, "cpu.max", number) == 2)
        limit_cpus(out, number[0], number[1]);
    if (read_numbers(directory, "cpu.cfs_quota_us", number) >= 1 &&
        read_numbers(directory, "cpu.cfs_period_us", period) >= 1)
        limit_cpus(out, number[0], period[0]);
    if (read_numbers(directory, "memory.max", number) >= 1)
        limit_memory(out, number[0]);
    if (read_numbers(directory, "memory.limit_in_bytes", number) >= 1)
        limit_memory(out, number[0]);
}

/* base + path, and all directories above it down to base itself. */
static void climb(const char *base, const char *path, sid__cgroup *out)
{
    char directory[PATH_MAX];
    size_t base_length = strlen(base);
    int length = snprintf(directory, sizeof directory, "%s%s", base, path);
    if (length < 0 || (size_t)length >= sizeof directory || strstr(path, "/..")) /* outside of what we may see */
        (void)snprintf(directory, sizeof directory, "%s", base);
    for (;;) {
        char *slash = strrchr(directory, '/');
        if (slash && slash[1]) /* not the empty name behind a last / */
            read_directory(directory, out);
        if (!slash || slash < directory + base_length)
            return;
        *slash = 0;
    }
}

/* "cpu" in "cpu,cpuacct" */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, length) == 0 && (at[length] == 0 || at[length] == ','))
            return true;
    }
    return false;
}

/* "id:controllers:path" */
static void read_membership_line(const char *root, char *line, sid__cgroup *out)
{
    static const char *const controller[] = {"cpu", "memory"};
    char base[PATH_MAX];
    char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path)
        return;
    *controllers++ = 0;
    *path++ = 0;
    path[strcspn(path, "\n")] = 0;
    if (*controllers == 0)
        climb(root, path, out);
    for (size_t i = 0; i < sizeof controller / sizeof *controller; i++) {
        if (has_word(controllers, controller[i])) {
            (void)snprintf(base, sizeof base, "%s/%s", root, controller[i]);
            climb(base, path, out);
        }
    }
}

void sid__cgroup_read(const char *root, const char *membership, sid__cgroup *out)
{
    char line[PATH_MAX + 256];
    *out = (sid__cgroup){0};
    read_directory(root, out);
    FILE *file = fopen(membership, "re");
    if (!file)
        return;
    while (fgets(line, sizeof line, file))
        read_membership_line(root, line, out);
    (void)fclose(file);
}
