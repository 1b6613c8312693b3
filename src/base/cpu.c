/* cpu.c: instruction sets by the compiler's cpuid helper; quotas from cgroup.c. */
#define _GNU_SOURCE
#include "base/cpu.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/cgroup.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

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

/* Not among the names that __builtin_cpu_supports knows in every compiler. */
bool sid__cpu_has_sha(void)
{
#if defined(__x86_64__)
    enum { LEAF = 7, SHA_BIT = 29 };
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(LEAF, 0, &a, &b, &c, &d) && (b >> SHA_BIT & 1) && __builtin_cpu_supports("sse4.1") &&
           __builtin_cpu_supports("ssse3");
#else
    return false;
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

static sid__cgroup own_cgroup(void)
{
    sid__cgroup own;
    sid__cgroup_read("/sys/fs/cgroup", "/proc/self/cgroup", &own);
    return own;
}

int sid__cpu_allowed_count(void)
{
    cpu_set_t set;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)online;
    double quota = own_cgroup().cpus;
    if (quota > 0 && quota < count)
        count = (int)quota + (quota > (int)quota);
    return count < 1 ? 1 : count;
}

size_t sid__memory_cgroup_limit(void)
{
    return own_cgroup().memory_size;
}
