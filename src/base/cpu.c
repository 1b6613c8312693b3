/* cpu.c: instruction sets by the compiler's cpuid helper; quotas from cgroup version 2, then 1. */
#define _GNU_SOURCE
#include "base/cpu.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const isa_name[] = {
#define ROW(name, text) [SID__ISA_##name] = text,
    SID__ISA_LIST(ROW)
#undef ROW
};

const char *sid__isa_name(sid__isa isa)
{
    return isa_name[isa];
}

bool sid__isa_is_supported(sid__isa isa)
{
#if defined(__x86_64__)
    switch (isa) {
    case SID__ISA_AVX512BF16:
        return sid__isa_is_supported(SID__ISA_AVX512) && __builtin_cpu_supports("avx512bf16");
    case SID__ISA_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("fma");
    case SID__ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    default:
        return isa == SID__ISA_PORTABLE;
    }
#else
    return isa == SID__ISA_PORTABLE;
#endif
}

sid__isa sid__isa_best(void)
{
    for (int isa = SID__ISA_COUNT - 1; isa > 0; isa--)
        if (sid__isa_is_supported((sid__isa)isa))
            return (sid__isa)isa;
    return SID__ISA_PORTABLE;
}

sid_status sid__isa_parse(const char *name, sid__isa *out, sid_error *err)
{
    if (!name || !*name) {
        *out = sid__isa_best();
        return SID_OK;
    }
    for (int isa = 0; isa < SID__ISA_COUNT; isa++) {
        if (strcmp(name, isa_name[isa]) != 0)
            continue;
        if (!sid__isa_is_supported((sid__isa)isa))
            return sid__fail(err, SID_EUSAGE, "isa \"%s\" is not on this CPU; its best is \"%s\"", name,
                             isa_name[sid__isa_best()]);
        *out = (sid__isa)isa;
        return SID_OK;
    }
    return sid__fail(err, SID_EUSAGE, "isa \"%s\" is unknown; known are portable, avx2, avx512, avx512bf16", name);
}

/* Reads up to two numbers of a small file; "max" reads as -1. Gives how many were read. */
static int read_numbers(const char *path, double out[2])
{
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    char word[2][32] = {"", ""};
    int count = fscanf(file, "%31s %31s", word[0], word[1]);
    (void)fclose(file);
    for (int i = 0; i < count; i++)
        out[i] = strcmp(word[i], "max") == 0 ? -1 : strtod(word[i], NULL);
    return count < 0 ? 0 : count;
}

static double cgroup_cpu_quota(void)
{
    double number[2] = {-1, 0}, period[2] = {0, 0};
    if (read_numbers("/sys/fs/cgroup/cpu.max", number) == 2)
        return number[0] > 0 && number[1] > 0 ? number[0] / number[1] : 0;
    if (read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", number) >= 1 &&
        read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period) >= 1)
        return number[0] > 0 && period[0] > 0 ? number[0] / period[0] : 0;
    return 0;
}

int sid__cpu_allowed_count(void)
{
    cpu_set_t set;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)online;
    double quota = cgroup_cpu_quota();
    if (quota > 0 && quota < count)
        count = (int)quota + (quota > (int)quota);
    return count < 1 ? 1 : count;
}

size_t sid__memory_cgroup_limit(void)
{
    double number[2] = {-1, 0};
    if (read_numbers("/sys/fs/cgroup/memory.max", number) < 1 &&
        read_numbers("/sys/fs/cgroup/memory/memory.limit_in_bytes", number) < 1)
        return 0;
    return number[0] > 0 && number[0] < 1e18 ? (size_t)number[0] : 0;
}
