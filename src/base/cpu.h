/* cpu.h: what this processor and this process may use. */
#ifndef SEMID_BASE_CPU_H
#define SEMID_BASE_CPU_H

#include "base/error.h"

/* Kernel paths, worst to best. Results never depend on the path. */
#define SID__ISA_LIST(X)                                                                                               \
    X(PORTABLE, "portable")                                                                                            \
    X(AVX2, "avx2")                                                                                                    \
    X(AVX512, "avx512")                                                                                                \
    X(AVX512BF16, "avx512bf16")

typedef enum sid__isa {
#define SID__ISA_ENUM_(name, text) SID__ISA_##name,
    SID__ISA_LIST(SID__ISA_ENUM_)
#undef SID__ISA_ENUM_
        SID__ISA_COUNT
} sid__isa;

const char *sid__isa_name(sid__isa isa);
bool sid__isa_is_supported(sid__isa isa);
sid__isa sid__isa_best(void);
/* NULL: the best. SID_EUSAGE for an unknown name or one that this CPU lacks. */
sid_status sid__isa_parse(const char *name, sid__isa *out, sid_error *err);

/* The CPU has instructions for SHA-256. */
bool sid__cpu_has_sha(void);

/* CPUs allowed by affinity and by the cgroup's quota (rounded up), at least 1. */
int sid__cpu_allowed_count(void);
/* The cgroup's memory limit in bytes; 0: none. */
size_t sid__memory_cgroup_limit(void);

#endif
